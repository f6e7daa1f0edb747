// sched.go - what scheduling costs in Go: the twin of ../sched.cpp, function by function.
package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

func yield(goroutines, n int) {
	var wg sync.WaitGroup
	wg.Add(goroutines)
	for i := 0; i < goroutines; i++ {
		go func() {
			for k := 0; k < n/goroutines; k++ {
				runtime.Gosched()
			}
			wg.Done()
		}()
	}
	wg.Wait()
}

func handoff(n int) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v + 1
		}
	}()
	for v := 0; v < n; {
		ping <- v + 1
		v = <-pong
	}
}

func spawn(batch, n int) {
	var wg sync.WaitGroup
	for i := 0; i < n; i += batch {
		wg.Add(batch)
		for k := 0; k < batch; k++ {
			go func() { wg.Done() }()
		}
		wg.Wait()
	}
}

func node(up chan int, number, leaves int) {
	if leaves == 1 {
		up <- number
		return
	}
	down := make(chan int)
	for i := 0; i < 10; i++ {
		go node(down, number+i*(leaves/10), leaves/10)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-down
	}
	up <- sum
}

func skynet(n int) {
	sum := make(chan int)
	go node(sum, 0, n)
	if <-sum != n*(n-1)/2 {
		panic("skynet: wrong sum")
	}
}

func sieve(n int) {
	in := make(chan int)
	go func(out chan int) {
		for i := 2; ; i++ {
			out <- i
		}
	}(in)
	for i := 0; i < n; i++ {
		prime := <-in
		out := make(chan int)
		go func(in chan int) {
			for v := range in {
				if v%prime != 0 {
					out <- v
				}
			}
		}(in)
		in = out
	}
}

func prodcons(n int) {
	c := make(chan int, 128)
	var producers, consumers sync.WaitGroup
	producers.Add(4)
	consumers.Add(4)
	for k := 0; k < 4; k++ {
		go func() {
			for i := 0; i < n/4; i++ {
				c <- i
			}
			producers.Done()
		}()
		go func() {
			for range c {
			}
			consumers.Done()
		}()
	}
	producers.Wait()
	close(c)
	consumers.Wait()
}

func park(n int) {
	var parked int64
	never := make(chan int)
	for i := 0; i < n; i++ {
		go func() {
			atomic.AddInt64(&parked, 1)
			<-never
		}()
	}
	for atomic.LoadInt64(&parked) != int64(n) {
		runtime.Gosched()
	}
}

func resident() int {
	text, _ := os.ReadFile("/proc/self/statm")
	pages, _ := strconv.Atoi(string(bytes.Fields(text)[1]))
	return pages * 4096
}

func elapsed(figure func(int), n int) int {
	began := time.Now()
	figure(n)
	return int(time.Since(began))
}

func growth(figure func(int), n int) int {
	began := resident()
	figure(n)
	return resident() - began
}

func main() {
	figures := map[string]func(int){
		"yield2":    func(n int) { yield(2, n) },
		"yield1000": func(n int) { yield(1000, n) },
		"handoff":   handoff,
		"spawn":     func(n int) { spawn(1, n) },
		"batch":     func(n int) { spawn(1000, n) },
		"million":   func(n int) { spawn(n, n) },
		"skynet":    skynet,
		"sieve":     sieve,
		"prodcons":  prodcons,
		"park":      park,
		"memory":    park,
	}
	if len(os.Args) == 3 {
		n, _ := strconv.Atoi(os.Args[2])
		if figure := figures[os.Args[1]]; figure != nil && n > 0 {
			measure := elapsed
			if os.Args[1] == "memory" {
				measure = growth
			}
			fmt.Println(measure(figure, n))
			return
		}
	}
	println("usage: sched FIGURE N")
	os.Exit(2)
}
