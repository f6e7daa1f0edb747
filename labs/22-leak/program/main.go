// A service that has been up for a month: thousands of goroutines wait, and one kind of them will wait for ever.

package main

import "time"

func main() {
	jobs, quit := make(chan int), make(chan bool)
	parts := []func(){
		func() { serve(100*(11+number(9)) + number(100)) },
		func() { sessions(100*(21+number(9)) + number(100)) },
		func() { pool(jobs, 100*(1+number(9))+number(100)) },
	}
	for first := number(3); len(parts) > 0; first = 0 {
		parts[first]()
		parts = append(parts[:first], parts[first+1:]...)
	}
	settle()
	stands()
	close(jobs)
	close(quit)
}

// pool starts workers that wait for jobs; main has the channel.
func pool(jobs chan int, n int) {
	for i := 0; i < n; i++ {
		go worker(jobs)
	}
}

func worker(jobs chan int) {
	for range jobs {
	}
}

// sessions lets n users stay logged in for a while.
func sessions(n int) {
	for i := 0; i < n; i++ {
		go session(time.Hour)
	}
}

func session(until time.Duration) {
	time.Sleep(until)
}

// ---- requests: each asks a second goroutine for help

// serve has answered n requests; which way the service asks for help was decided long ago.
func serve(n int) {
	way := []func(){search, listen, follow}[number(3)]
	for i := 0; i < n; i++ {
		way()
	}
}

// search takes the answer, or gives up.
func search() {
	answer := make(chan int)
	go func() {
		answer <- look()
	}()
	select {
	case <-answer:
	default: // too late
	}
}

//go:noinline
func look() int { return 42 }

// listen starts who writes the log of one request.
func listen() {
	log := make(chan string, 1)
	go func() {
		for range log {
		}
	}()
	log <- "served"
}

// follow waits for the first of two events; neither belongs to anybody.
func follow() {
	done, changed := make(chan bool), make(chan bool)
	go func() {
		select {
		case <-done:
		case <-changed:
		}
	}()
}
