// healthy.go - what a server's goroutines wait for when there is nothing to do: each will be woken, by what only the heap leads to.
package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"time"
)

type queue struct {
	mu    sync.Mutex
	some  *sync.Cond
	items []int
}

func (q *queue) get() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 {
		q.some.Wait()
	}
	return q.items[0]
}

type server struct {
	jobs, results chan int
	done, read    chan struct{}
	cache         sync.RWMutex
	q             queue
	subscribers   map[int]chan int
}

//go:noinline
func (s *server) worker() {
	for job := range s.jobs {
		s.results <- job
	}
}

//go:noinline
func (s *server) collector() {
	for {
		select {
		case <-s.results:
		case <-s.done:
			return
		}
	}
}

//go:noinline
func (s *server) subscriber(c chan int) {
	for range c {
	}
}

//go:noinline
func (s *server) writer() { s.cache.Lock() }

//go:noinline
func (s *server) reader() {
	s.cache.RLock()
	close(s.read)
	<-s.done
	s.cache.RUnlock()
}

//go:noinline
func listener(r *os.File) { r.Read(make([]byte, 1)) }

//go:noinline
func request(ctx context.Context) { <-ctx.Done() }

//go:noinline
func idle(t *time.Ticker) {
	for range t.C {
	}
}

func start() *server {
	s := &server{jobs: make(chan int), results: make(chan int), done: make(chan struct{}), read: make(chan struct{}), subscribers: map[int]chan int{}}
	s.q.some = sync.NewCond(&s.q.mu)
	for i := 0; i < 10; i++ {
		go s.worker()
		go func() { s.q.get() }()
		c := make(chan int)
		s.subscribers[i] = c
		go s.subscriber(c)
		ctx, _ := context.WithTimeout(context.Background(), time.Hour)
		go request(ctx)
		go idle(time.NewTicker(time.Hour))
		r, _, _ := os.Pipe()
		go listener(r)
	}
	go s.collector()
	go s.reader()
	<-s.read
	go s.writer()
	return s
}

var servers []*server

func main() {
	go ticking()
	servers = append(servers, start())
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	<-c
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
