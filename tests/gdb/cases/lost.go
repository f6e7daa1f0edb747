// lost.go - goroutines that nobody can ever wake, beside others that look like them and can be.
package main

import (
	"sync"
	"time"
)

type job struct {
	name string
	done chan struct{}
}

type pair struct {
	left, right sync.Mutex
	both        sync.WaitGroup
}

//go:noinline
func lost(c chan int) { <-c }

//go:noinline
func waits(j *job) { <-j.done }

//go:noinline
func works(jobs []*job) {
	time.Sleep(time.Hour)
	for _, j := range jobs {
		close(j.done)
	}
}

//go:noinline
func crosses(p *pair, mine, other *sync.Mutex) {
	mine.Lock()
	p.both.Done()
	p.both.Wait()
	other.Lock()
	other.Unlock()
	mine.Unlock()
}

//go:noinline
func lose() {
	for i := 0; i < 3; i++ {
		go lost(make(chan int))
	}
}

//go:noinline
func start() {
	jobs := []*job{{"a", make(chan struct{})}, {"b", make(chan struct{})}}
	for _, j := range jobs {
		go waits(j)
	}
	go works(jobs)
	p := new(pair)
	p.both.Add(2)
	go crosses(p, &p.left, &p.right)
	go crosses(p, &p.right, &p.left)
}

func main() {
	began := make(chan bool)
	go func() { // on a stack of its own, of which nothing remains
		lose()
		start()
		began <- true
	}()
	<-began
	for {
		time.Sleep(10 * time.Millisecond)
		tick()
	}
}

//go:noinline
func tick() {}
