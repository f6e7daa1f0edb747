package main

import (
	"os"
	"strconv"
	"sync"
)

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	var ready sync.WaitGroup
	never := make(chan int)
	for i := 0; i < n; i++ {
		ready.Add(1)
		go func() { ready.Done(); <-never }()
	}
	ready.Wait()
	parked(n)
}

//go:noinline
func parked(n int) { println("parked", n) }
