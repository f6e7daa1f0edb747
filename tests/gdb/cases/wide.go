// wide.go - `channels N`: N goroutines wait on as many channels; `select N`: one waits in a select with N cases.
package main

import (
	"os"
	"reflect"
	"strconv"
	"time"
)

//go:noinline
func wait(c chan int) { <-c }

//go:noinline
func choose(cases []reflect.SelectCase) { reflect.Select(cases) }

func main() {
	go ticking()
	n, _ := strconv.Atoi(os.Args[2])
	var cases []reflect.SelectCase
	for i := 0; i < n; i++ {
		c := make(chan int)
		if os.Args[1] == "channels" {
			go wait(c)
		}
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(c)})
	}
	if os.Args[1] == "select" {
		go choose(cases)
	}
	time.Sleep(time.Hour)
	println(len(cases))
}

// ticking lets a debugger look, again and again.
func ticking() {
	for {
		time.Sleep(10 * time.Millisecond)
		tick()
	}
}

//go:noinline
func tick() {}
