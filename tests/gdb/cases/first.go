package main

import (
	"runtime"
	"sync"
	"time"
)

var faulted sync.WaitGroup

// read faults in its first instruction where it is optimised: a pc that nothing returns to.
//
//go:noinline
//go:nosplit
func read(p *int) int { return *p }

func safe(p *int) {
	defer func() { faulted.Done(); recover(); select {} }()
	read(p)
}

// tick spends its time in the kernel's code, on g0's stack.
//
//go:noinline
func tick() int64 { return time.Now().UnixNano() }

func main() {
	runtime.GOMAXPROCS(1) // while main runs, safe does not
	faulted.Add(1)
	go safe(nil)
	faulted.Wait()
	stop()
	tick()
}

//go:noinline
func stop() {}
