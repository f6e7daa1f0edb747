// One goroutine that never calls a function, and a collector that must stop everybody.

package main

import "runtime"

var turns int

func main() {
	begun, never := make(chan bool), make(chan bool)
	for i := number(4); i >= 0; i-- {
		go func() { <-never }()
	}
	go spin(begun)
	<-begun
	runtime.GC()
	again()
}

// spin says that it runs, and then goes round and round.
func spin(begun chan bool) {
	begun <- true
	spins()
	for {
		turns++
	}
}

// spins is where the loop begins.
//
//go:noinline
func spins() {}

// again is where somebody else runs, though the loop has not ended.
//
//go:noinline
func again() {}
