// alike.go - ten goroutines wait, each for a channel of its own, thirty sleep, and then all stand.
package main

import (
	"bytes"
	"runtime"
	"time"
)

func lost() {
	<-make(chan int)
}

//go:noinline
func ready() {}

func main() {
	for i := 0; i < 10; i++ {
		go lost()
	}
	for i := 1; i <= 30; i++ {
		go time.Sleep(time.Duration(i) * time.Hour)
	}
	text := make([]byte, 1<<16)
	for bytes.Count(text[:runtime.Stack(text, true)], []byte(" [run")) > 1 {
		runtime.Gosched()
	}
	ready()
}
