// holders.go - each goroutine is called after how it has its lock, or after why it has none.
package main

import (
	"runtime"
	"sync"
	"time"
)

type S struct {
	pad  int
	mu   sync.Mutex
	rw   sync.RWMutex
	in   *S
	cond *sync.Cond
}

var global, first, second sync.Mutex
var rw sync.RWMutex
var block = make(chan int)
var both sync.WaitGroup

func plain(s *S)     { s.mu.Lock(); <-block; s.mu.Unlock() }
func inner(s *S)     { s.in.mu.Lock(); <-block; s.in.mu.Unlock() }
func inGlobal(s *S)  { global.Lock(); <-block; global.Unlock() }
func deferred(s *S)  { s.mu.Lock(); defer s.mu.Unlock(); <-block }
func literal(s *S)   { s.mu.Lock(); defer func() { s.pad++; s.mu.Unlock() }(); <-block }
func reader(s *S)    { s.rw.RLock(); <-block; s.rw.RUnlock() }
func deferring(s *S) { s.rw.RLock(); defer s.rw.RUnlock(); <-block }
func writer(s *S)    { s.rw.Lock(); <-block; s.rw.Unlock() }
func released(s *S)  { s.mu.Lock(); s.pad++; s.mu.Unlock(); <-block; s.mu.Lock() }
func twice(s *S)     { s.mu.Lock(); s.mu.Lock(); s.mu.Unlock() }

func perhaps(s *S) {
	if s.pad == 0 {
		s.mu.Lock()
	}
	<-block
	s.pad++
}

func literalPerhaps(s *S) {
	defer func() {
		if s.pad > 0 {
			s.mu.Unlock()
		}
	}()
	<-block
}

func away(s *S) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cond.Wait()
}

func inLoop(s *S) {
	for i := 0; i < 2; i++ {
		each := &S{}
		each.mu.Lock()
		defer each.mu.Unlock()
	}
	<-block
}

func cross(x, y *sync.Mutex) {
	x.Lock()
	both.Done()
	both.Wait()
	y.Lock()
	y.Unlock()
	x.Unlock()
}

func readsAgain() {
	rw.RLock()
	both.Done()
	untilWriter()
	rw.RLock()
}

//go:noinline
func untilWriter() {
	for rw.TryRLock() {
		rw.RUnlock()
		runtime.Gosched()
	}
}

func writes() { rw.Lock() }

func main() {
	for _, f := range []func(*S){
		plain, inner, inGlobal, deferred, literal, reader, deferring, writer, released, twice, perhaps, literalPerhaps,
		away, inLoop,
	} {
		s := &S{in: &S{}}
		s.cond = sync.NewCond(&s.mu)
		go f(s)
	}
	both.Add(3)
	go cross(&first, &second)
	go cross(&second, &first)
	go readsAgain()
	both.Wait()
	go writes()
	for {
		time.Sleep(10 * time.Millisecond)
		tick()
	}
}

//go:noinline
func tick() {}
