//go:build go1.24
// +build go1.24

// iter.Pull, weak pointers, unique handles, cleanups; and a signal that nobody sends on any more, which an older
// os/signal leaves behind in its list.
package main

import (
	"iter"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"unique"
	"weak"
)

// rt0: leaked main.pulledAndLeft 1 go-silent
func init() {
	program("pull-left", func() {
		next, _ := iter.Pull(pulledAndLeft)
		next()
	})
}

//go:noinline
func pulledAndLeft(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

// rt0: alive main.pulledLater 1
// rt0: alive main.pullsLater 1
// rt0: alive main.waitsForPulled 1
func init() {
	program("pull-later", func() {
		c := make(chan bool)
		next, stop := iter.Pull(func(yield func(int) bool) { pulledLater(yield, c) })
		next()
		go pullsLater(next, stop)
		go waitsForPulled(c)
	})
}

//go:noinline
func pulledLater(yield func(int) bool, c chan bool) {
	defer close(c)
	for i := 0; yield(i); i++ {
	}
}

//go:noinline
func pullsLater(next func() (int, bool), stop func()) {
	defer stop()
	forAnHour()
	next()
}

//go:noinline
func waitsForPulled(c chan bool) { <-c }

// rt0: alive main.waitsForWeak 1 go-errs
// rt0: alive main.hasWeak 1
func init() {
	program("weak-pointer", func() {
		s := &server{quit: make(chan bool)}
		go waitsForWeak(s)
		go hasWeak(weak.Make(s))
	})
}

//go:noinline
func waitsForWeak(s *server) {
	<-s.quit
	s.port++
}

//go:noinline
func hasWeak(pointer weak.Pointer[server]) {
	forAnHour()
	if s := pointer.Value(); s != nil {
		s.stop()
	}
}

type topic struct {
	name string
	c    chan bool
}

// rt0: alive main.waitsForUnique 1
// rt0: alive main.hasUnique 1
func init() {
	program("unique-handle", func() {
		c := make(chan bool)
		go waitsForUnique(c)
		go hasUnique(unique.Make(topic{"news", c}))
	})
}

//go:noinline
func waitsForUnique(c chan bool) { <-c }

//go:noinline
func hasUnique(handle unique.Handle[topic]) {
	forAnHour()
	close(handle.Value().c)
}

// rt0: alive main.waitsForCleanup 2
// rt0: alive main.hasCleanup 1
// rt0: leaked main.waitsForStoppedCleanup 1
func init() {
	program("cleanup", func() {
		h, argument, captured, stopped := &handle{number: 4}, make(chan bool), make(chan bool), make(chan bool)
		runtime.AddCleanup(h, func(c chan bool) { close(c) }, argument)
		runtime.AddCleanup(h, func(int) { close(captured) }, 1)
		never := runtime.AddCleanup(h, func(c chan bool) { close(c) }, stopped)
		never.Stop()
		go waitsForCleanup(argument)
		go waitsForCleanup(captured)
		go waitsForStoppedCleanup(stopped)
		go hasCleanup(h)
	})
}

//go:noinline
func waitsForCleanup(c chan bool) { <-c }

//go:noinline
func waitsForStoppedCleanup(c chan bool) { <-c }

//go:noinline
func hasCleanup(h *handle) {
	forAnHour()
	runtime.KeepAlive(h)
}

// rt0: leaked main.waitsForNoSignal 1
func init() {
	program("signal-stopped", func() {
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGUSR2)
		signal.Stop(c)
		go waitsForNoSignal(c)
	})
}

//go:noinline
func waitsForNoSignal(c chan os.Signal) { <-c }
