// parked.go - as many goroutines as the argument says, all parked in a receive three calls deep; then main.ready, for a debugger
// to stop in, and many times main.turn.
package main

import (
	"os"
	"strconv"
	"time"
)

var c = make(chan int)

//go:noinline
func ready() {}

var turns int

// turn is what a debugger steps through: nobody else runs meanwhile.
//
//go:noinline
func turn(n int) {
	turns += n
	turns++
}

//go:noinline
func leaf(n int) int { return <-c + n }

//go:noinline
func middle(n int) int { return leaf(n) + 2*n }

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	for i := 0; i < n; i++ {
		go middle(i)
	}
	time.Sleep(300 * time.Millisecond)
	ready()
	for i := 0; i < 1<<16; i++ {
		turn(i)
	}
}
