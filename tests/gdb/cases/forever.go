// forever.go - who waits for a nil channel, or in a select without cases, is never woken; the others are.
package main

import "time"

//go:noinline
func none() { select {} }

//go:noinline
func receive(c chan int) { <-c }

//go:noinline
func send(c chan int) { c <- 1 }

func main() {
	go ticking()
	go none()
	go receive(nil)
	go send(nil)
	go receive(make(chan int))
	time.Sleep(time.Hour)
}

// ticking lets a debugger look, again and again.
func ticking() {
	for {
		time.Sleep(10 * time.Millisecond)
		tick()
	}
}

//go:noinline
func tick() {}
