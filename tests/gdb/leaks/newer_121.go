//go:build go1.21
// +build go1.21

// context.AfterFunc and runtime.Pinner.
package main

import (
	"context"
	"runtime"
	"time"
)

// rt0: alive main.waitsAfterContext 1
// rt0: leaked main.waitsAfterLostContext 1
func init() {
	program("context-afterfunc", func() {
		c, lost := make(chan int), make(chan int)
		later, cancel := context.WithTimeout(context.Background(), 1000*time.Hour)
		never, cancelNever := context.WithCancel(context.Background())
		_, _ = cancel, cancelNever
		context.AfterFunc(later, func() { close(c) })
		context.AfterFunc(never, func() { close(lost) })
		go waitsAfterContext(c)
		go waitsAfterLostContext(lost)
	})
}

//go:noinline
func waitsAfterContext(c chan int) { <-c }

//go:noinline
func waitsAfterLostContext(c chan int) { <-c }

// rt0: alive main.waitsForPinned 1
// rt0: alive main.hasPinned 1
func init() {
	program("pinned", func() {
		s, pinner := &server{quit: make(chan bool)}, new(runtime.Pinner)
		pinner.Pin(s)
		go waitsForPinned(s.quit)
		go hasPinned(pinner)
	})
}

//go:noinline
func waitsForPinned(c chan bool) { <-c }

//go:noinline
func hasPinned(pinner *runtime.Pinner) {
	forAnHour()
	pinner.Unpin()
}
