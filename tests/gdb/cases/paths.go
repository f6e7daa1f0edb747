// paths.go - each goroutine is called after where the channel lies that it waits on.
package main

import (
	"fmt"
	"time"
)

type job struct {
	id   int
	done chan int
}

type server struct {
	jobs  []*job
	named map[string]*job
	any   interface{}
	f     func()
	arr   [3]job
}

var table [4]*job

//go:noinline
func serve(s *server, gate chan int) {
	<-gate
	fmt.Println(s.jobs, s.named, s.any, s.f, s.arr)
}

func inSlice(j *job)     { <-j.done }
func inMap(j *job)       { <-j.done }
func inInterface(j *job) { <-j.done }
func inClosure(j *job)   { <-j.done }
func inArray(j *job)     { <-j.done }
func inVariable(j *job)  { <-j.done }
func nowhere(j *job)     { <-j.done }

func with(wait func(*job)) *job {
	j := &job{done: make(chan int)}
	go wait(j)
	return j
}

//go:noinline
func start() {
	s := &server{jobs: []*job{{}, {}, {}, with(inSlice)}}
	s.named = map[string]*job{"x": with(inMap)}
	s.any = with(inInterface)
	c := with(inClosure)
	s.f = func() { c.done <- 1 }
	s.arr[2].done = make(chan int)
	go inArray(&s.arr[2])
	table[1] = with(inVariable)
	with(nowhere)
	go serve(s, make(chan int))
}

func main() {
	start()
	for {
		time.Sleep(10 * time.Millisecond)
		tick()
	}
}

//go:noinline
func tick() {}
