// Selects: it takes one channel that somebody has.
package main

import (
	"reflect"
	"time"
)

// rt0: leaked main.selectNothing 1
func init() { program("select-nothing", func() { go selectNothing() }) }

//go:noinline
func selectNothing() { select {} }

// rt0: leaked main.selectDead 2
func init() {
	program("select-dead", func() {
		go selectDead(make(chan int), make(chan string), make(chan bool))
		go selectDead(make(chan int), nil, make(chan bool))
	})
}

//go:noinline
func selectDead(a chan int, b chan string, c chan bool) {
	select {
	case <-a:
	case b <- "said":
	case <-c:
	}
}

// rt0: leaked main.selectNils 1
func init() { program("select-nils", func() { go selectNils(nil, nil) }) }

//go:noinline
func selectNils(a, b chan int) {
	select {
	case <-a:
	case b <- 1:
	}
}

// rt0: alive main.selectOneAlive 1
// rt0: alive main.wakesSelect 1
func init() {
	program("select-one-alive", func() {
		c := make(chan bool)
		go selectOneAlive(make(chan int), nil, c)
		go wakesSelect(c)
	})
}

//go:noinline
func selectOneAlive(a chan int, b chan string, c chan bool) {
	select {
	case <-a:
	case b <- "said":
	case <-c:
	}
}

//go:noinline
func wakesSelect(c chan bool) {
	forAnHour()
	c <- true
}

// rt0: alive main.selectTimeout 1
func init() { program("select-timeout", func() { go selectTimeout(make(chan int)) }) }

//go:noinline
func selectTimeout(a chan int) {
	select {
	case <-a:
	case <-time.After(1000 * time.Hour):
	}
}

// rt0: leaked main.selectsAgain 1
func init() {
	program("select-in-a-loop", func() {
		events := make(chan int, 1)
		events <- 1
		go selectsAgain(events, make(chan bool))
	})
}

//go:noinline
func selectsAgain(events chan int, quit chan bool) {
	for {
		select {
		case <-events:
		case <-quit:
			return
		}
	}
}

// rt0: leaked main.reflectDead 1
// rt0: alive main.reflectAlive 1
// rt0: alive main.wakesReflect 1
func init() {
	program("select-by-reflect", func() {
		c := make(chan int)
		go reflectDead(make(chan int), make(chan int))
		go reflectAlive(make(chan int), c)
		go wakesReflect(reflect.ValueOf(c))
	})
}

func reflected(channels ...chan int) {
	var cases []reflect.SelectCase
	for _, c := range channels {
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(c)})
	}
	reflect.Select(cases)
}

//go:noinline
func reflectDead(a, b chan int) { reflected(a, b) }

//go:noinline
func reflectAlive(a, b chan int) { reflected(a, b) }

//go:noinline
func wakesReflect(c reflect.Value) {
	forAnHour()
	c.Close()
}
