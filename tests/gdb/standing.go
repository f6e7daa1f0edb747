// Goroutines that stand still, for a debugger to look at; tests/runtime/standing.cpp is the same on our runtime.
package main

import (
	"os"
	"strconv"
	"sync"
	"time"
)

//go:noinline
func standing() { os.Stdout.WriteString("standing\n") }

func worker(in chan int, depth, number int) int {
	mine := number*1000 + depth
	if depth > 0 {
		return worker(in, depth-1, number) + mine
	}
	return <-in + mine
}

func main() {
	n := 20
	if len(os.Args) > 1 {
		n, _ = strconv.Atoi(os.Args[1])
	}
	never := make(chan int)
	for i := 0; i < n; i++ {
		i := i
		go func() { worker(never, i%5, i) }()
	}
	var mu sync.Mutex
	mu.Lock()
	go func() { mu.Lock() }()
	time.Sleep(50 * time.Millisecond)
	standing()
	time.Sleep(time.Hour)
}
