//go:build go1.23

package main

import "iter"

func numbers(yield func(int) bool) {
	yield(1)
	<-never
}

// startPull starts a goroutine that waits for a coroutine, which waits for a channel.
func startPull() {
	go func() {
		next, stop := iter.Pull(numbers)
		defer stop()
		next()
		next()
	}()
}
