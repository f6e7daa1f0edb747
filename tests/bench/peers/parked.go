// parked.go - as many goroutines as the argument says, all parked in a receive three calls deep; then main.ready, for a debugger
// to stop in.
package main

import (
	"os"
	"strconv"
	"time"
)

var c = make(chan int)

//go:noinline
func ready() {}

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
}
