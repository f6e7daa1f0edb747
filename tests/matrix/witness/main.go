// The witness of `./lab test --matrix`: goroutines that wait in every way, and the program's own word on each of them.
//
// It writes runtime.Stack to the file of its first argument once all stand where they stay, and calls main.ready; with
// a second argument it then panics.
package main

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"runtime/pprof"
	"sort"
	"sync"
	"syscall"
	"time"
)

var (
	never  = make(chan int)
	full   = make(chan string, 1)
	mu     sync.Mutex
	rw     sync.RWMutex
	wg     sync.WaitGroup
	once   sync.Once
	cond   = sync.NewCond(new(sync.Mutex))
	stop   bool
	nobody chan int
)

type store[K comparable, V any] struct {
	m  map[K]V
	ch chan V
}

//go:noinline
func (s *store[K, V]) wait(k K) V { s.m[k] = <-s.ch; return s.m[k] }

func apply[T any](xs []T, f func(T)) {
	for _, x := range xs {
		f(x)
	}
}

type runner interface{ run() }
type impl struct{ c chan int }
type embeds struct {
	name string
	impl
}

func (i impl) run() { <-i.c }

//go:noinline
func leaf(n int, s string) int {
	v := <-never
	return v + n + len(s)
}

func middle(n int) int { return leaf(n, "hello") + 1 }
func receiver(n int)   { middle(n) }
func sender(s string)  { full <- s }
func onNil()           { <-nobody }
func sleeper()         { time.Sleep(time.Hour) }
func timed()           { <-time.After(time.Hour) }
func locker()          { mu.Lock(); mu.Unlock() }
func reader()          { rw.RLock(); rw.RUnlock() }
func writer()          { rw.Lock(); rw.Unlock() }
func waiter()          { wg.Wait() }
func conditional()     { cond.L.Lock(); cond.Wait() }
func chooser() {
	select {
	case <-never:
	case full <- "x":
	}
}

func spin() {
	for !stop {
	}
}

func locked() {
	runtime.LockOSThread()
	<-never
}

//go:noinline
func deep(n int) int {
	if n == 0 {
		return <-never
	}
	return deep(n-1) + n
}

func panicking() {
	defer func() { <-never }()
	panic("one")
}

//go:noinline
func read(p *int) int {
	for i := 0; i < 3; i++ {
		if i == 2 {
			return *p
		}
	}
	return 1
}

func faulting() {
	defer func() { recover(); <-never }()
	read(nil)
}

func poller() {
	r, _, _ := os.Pipe()
	r.Read(make([]byte, 1))
}

func caller() {
	var ends [2]int
	syscall.Pipe(ends[:])
	syscall.Read(ends[0], make([]byte, 1))
}

func labelled() {
	pprof.Do(context.Background(), pprof.Labels("tenant", "a"), func(context.Context) { <-never })
}

//go:noinline
func ready() {}

//go:noinline
func crash() { panic("the end") }

func start() {
	s := &store[string, int]{map[string]int{}, make(chan int)}
	t := &store[int, []byte]{map[int][]byte{}, make(chan []byte)}
	var i runner = embeds{"e", impl{never}}
	full <- "a"
	mu.Lock()
	rw.Lock()
	wg.Add(1)
	for n := 0; n < 3; n++ {
		go receiver(n)
	}
	for _, each := range []func(){
		onNil, sleeper, timed, locker, locker, reader, writer, waiter, conditional, chooser, locked, panicking, faulting,
		poller, caller, labelled, spin,
	} {
		go each()
	}
	go sender("b")
	go func() { select {} }()
	go s.wait("x")
	go t.wait(4)
	go i.run()
	go (*impl).run(&impl{never})
	go deep(150)
	go apply([]string{"a"}, func(string) { <-never })
	go apply([]struct{ x int }{{1}}, func(struct{ x int }) { func() { <-never }() })
	go sort.Slice([]int{2, 1}, func(i, j int) bool { <-never; return false })
	go once.Do(func() { <-never })
	go once.Do(func() {})
	time.AfterFunc(time.Millisecond, func() { <-never })
	startPull()
	startC()
}

// parked is runtime.Stack's text of a moment when all but main and spin wait.
func parked() []byte {
	text := make([]byte, 1<<20)
	for {
		time.Sleep(20 * time.Millisecond)
		all := text[:runtime.Stack(text, true)]
		moving := 0
		for _, one := range bytes.Split(all, []byte("\n\n")) {
			if bytes.Contains(one[:bytes.IndexByte(one, '\n')], []byte("[runn")) && !bytes.Contains(one, []byte("main.spin(")) {
				moving++
			}
		}
		if moving == 1 {
			return all
		}
	}
}

func main() {
	if len(os.Args) < 2 {
		return
	}
	start()
	if err := os.WriteFile(os.Args[1], parked(), 0o644); err != nil {
		panic(err)
	}
	if len(os.Args) > 2 {
		go crash()
		select {}
	}
	for {
		ready()
	}
}
