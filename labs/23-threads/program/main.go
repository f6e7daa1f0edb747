// Forty goroutines that wait in the kernel, some that sleep, and two Ps: how many threads does that take?

package main

import (
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

var reading, read int32

func main() {
	debug.SetMaxThreads(1000 + number(9000))
	n := 30 + number(20)
	for i := 12 + number(10); i > 0; i-- {
		go time.Sleep(time.Hour)
	}
	begins()
	var ends []int
	for i := 0; i < n; i++ {
		var pipe [2]int
		if syscall.Pipe(pipe[:]) != nil {
			panic("no pipe")
		}
		ends = append(ends, pipe[1])
		go block(pipe[0])
	}
	for atomic.LoadInt32(&reading) != int32(n) {
		runtime.Gosched()
	}
	settle()
	stands()
	for _, end := range ends {
		syscall.Close(end)
	}
	for atomic.LoadInt32(&read) != int32(n) {
		runtime.Gosched()
	}
	after()
}

// block waits in the kernel until the other end of the pipe is closed.
func block(pipe int) {
	atomic.AddInt32(&reading, 1)
	syscall.Read(pipe, make([]byte, 1))
	atomic.AddInt32(&read, 1)
}

// begins is where nobody waits in the kernel yet.
//
//go:noinline
func begins() {}

// after is where nobody does any more.
//
//go:noinline
func after() {}
