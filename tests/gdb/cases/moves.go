// Goroutines that change threads, grow, recurse, panic and end while somebody steps them. moves.cpp is the same for the mirror.
package main

import "runtime"

// takes its thread for itself: whoever ran there before goes on elsewhere.
func taker(done chan int) {
	runtime.LockOSThread()
	done <- 1
	select {}
}

func receive(n int) int {
	done := make(chan int)
	go taker(done)
	v := <-done // receives
	return v + n // received
}

func climb(n int) int {
	if n == 0 {
		return receive(0)
	}
	v := climb(n - 1) // climbs
	return v + n      // climbed
}

func deep(n int) int {
	var a [256]byte
	a[n%256] = 1
	if n == 0 {
		return int(a[0])
	}
	return deep(n-1) + int(a[1])
}

func divide(a, b int) int {
	return receive(a) / b // divides
}

func safe(a, b int) (r int) {
	defer func() {
		recover()
	}()
	v := divide(a, b)
	return v
}

var counts [3]int

func worker(id int, out chan int) {
	for i := 0; i < 4; i++ {
		counts[id]++      // counts
		runtime.Gosched() // yields
	}
	out <- id // last
} // ends

func main() {
	v := receive(1) // begins
	v += climb(3)   // moved
	v += deep(1000) // grows
	v += safe(1, 0) // panics
	out := make(chan int)
	go worker(0, out)
	go worker(1, out)
	go worker(2, out)
	v += <-out
	v += <-out
	v += <-out
	println(v)
	select {}
}
