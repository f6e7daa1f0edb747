package main

import (
	"runtime"
	"sync"
)

var faulted sync.WaitGroup

//go:noinline
func read(p *int) int {
	for i := 0; i < 3; i++ {
		if i == 2 {
			return *p
		}
	}
	return 1
}

func safe(p *int) {
	defer func() { faulted.Done(); recover(); select {} }()
	read(p)
}

func main() {
	runtime.GOMAXPROCS(1) // while main runs, safe does not
	faulted.Add(1)
	go safe(nil)
	faulted.Wait()
	stop()
}

//go:noinline
func stop() {}
