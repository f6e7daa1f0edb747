// signal-locks.go - locks as signals: who waits for one has locked it himself, and others unlock it in an hour.
package main

import (
	"sync"
	"time"
)

var a, b, c sync.Mutex

type S struct{ mu sync.Mutex }

var kept = &S{}

func later() { time.Sleep(time.Hour); a.Unlock() }

func twoUnlockers() {
	a.Lock()
	go later()
	a.Lock()
}

func deep() { time.Sleep(time.Hour); unlockB() }

//go:noinline
func unlockB() { b.Unlock() }

func byCallee() {
	b.Lock()
	go deep()
	b.Lock()
}

func literal() {
	c.Lock()
	go func() { time.Sleep(time.Hour); c.Unlock() }()
	c.Lock()
}

//go:noinline
func (s *S) unlock() { s.mu.Unlock() }

func keptOne() {
	kept.mu.Lock()
	go func() { time.Sleep(time.Hour); kept.unlock() }()
	kept.mu.Lock()
}

//go:noinline
func tick() {}

func main() {
	go twoUnlockers()
	go byCallee()
	go literal()
	go keptOne()
	for {
		time.Sleep(20 * time.Millisecond)
		tick()
	}
}
