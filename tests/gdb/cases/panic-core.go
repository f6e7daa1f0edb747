package main

import (
	"fmt"
	"sync"
	"time"
)

type req struct {
	m    map[string]int
	name string
}

//go:noinline
func handle(r *req, n int) {
	local := fmt.Sprint("n=", n)
	r.m[local] = n // nil map: panic
}

//go:noinline
func spin(c chan int) {
	for i := 0; ; i++ {
		if i == -1 {
			c <- i
		}
	}
}

func main() {
	var wg sync.WaitGroup
	wg.Add(1)
	for i := 0; i < 3; i++ {
		go func(i int) { time.Sleep(time.Hour); fmt.Println(i) }(i)
	}
	go spin(make(chan int))
	go func() {
		defer wg.Done()
		time.Sleep(100 * time.Millisecond)
		handle(&req{name: "bob"}, 7)
	}()
	wg.Wait()
}
