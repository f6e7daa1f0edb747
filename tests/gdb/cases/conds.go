// conds.go - five wait for a sync.Cond that only the heap leads to, and one for them.
package main

import (
	"sync"
	"time"
)

type q struct {
	pad [5]int
	mu  sync.Mutex
	c   *sync.Cond
}

//go:noinline
func (x *q) get() { x.mu.Lock(); x.c.Wait(); x.mu.Unlock() }

func main() {
	go ticking()
	x := &q{}
	x.c = sync.NewCond(&x.mu)
	var w sync.WaitGroup
	for i := 0; i < 5; i++ {
		w.Add(1)
		go func() { x.get(); w.Done() }()
	}
	go func() { w.Wait() }()
	time.Sleep(time.Hour)
	x.c.Signal()
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
