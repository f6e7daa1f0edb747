//go:build handover
// +build handover

// What looks like a circle of global locks and is none: who took a lock has given it back, or another one will. In each
// program the first has had a lock, and waits for a second lock; the second has that and waits for the first lock,
// which somebody holds who sleeps.
package main

import (
	"sync"
	"time"
)

var handed [9]struct{ had, waited sync.Mutex }

// circling registers a program in which `first` has the lock `had` for a time, and then waits for the lock `waited`.
func circling(
	name string, n int, first func(had, waited *sync.Mutex),
	second func(had, waited *sync.Mutex, has chan bool), last func(int),
) {
	program(name, func() {
		had, waited, has := &handed[n].had, &handed[n].waited, make(chan bool)
		go second(had, waited, has)
		<-has
		go first(had, waited)
		time.Sleep(20 * time.Millisecond) // until the first waits
		had.Lock()
		has <- true
		go last(n)
	})
}

func hasAndWaits(had, waited *sync.Mutex, has chan bool) {
	waited.Lock()
	defer waited.Unlock()
	has <- true
	<-has
	had.Lock()
	defer had.Unlock()
}

func unlocksLater(n int) {
	forAnHour()
	handed[n].had.Unlock()
}

// rt0: alive main.gaveBack 1
// rt0: alive main.besideGaveBack 1
// rt0: alive main.afterGaveBack 1
func init() { circling("lock-given-back", 0, gaveBack, besideGaveBack, afterGaveBack) }

//go:noinline
func gaveBack(had, waited *sync.Mutex) {
	had.Lock()
	had.Unlock()
	waited.Lock()
	waited.Unlock()
}

//go:noinline
func besideGaveBack(had, waited *sync.Mutex, has chan bool) { hasAndWaits(had, waited, has) }

//go:noinline
func afterGaveBack(n int) { unlocksLater(n) }

// rt0: alive main.gaveBackInIf 1
// rt0: alive main.besideInIf 1
// rt0: alive main.afterInIf 1
func init() { circling("lock-given-back-in-a-branch", 1, gaveBackInIf, besideInIf, afterInIf) }

var never bool

//go:noinline
func gaveBackInIf(had, waited *sync.Mutex) {
	had.Lock()
	if !never {
		had.Unlock()
	}
	waited.Lock()
	waited.Unlock()
	if never {
		had.Unlock()
	}
}

//go:noinline
func besideInIf(had, waited *sync.Mutex, has chan bool) { hasAndWaits(had, waited, has) }

//go:noinline
func afterInIf(n int) { unlocksLater(n) }

// rt0: alive main.gaveBackByHelper 1
// rt0: alive main.besideByHelper 1
// rt0: alive main.afterByHelper 1
func init() {
	circling("lock-given-back-by-a-helper", 2, gaveBackByHelper, besideByHelper, afterByHelper)
}

//go:noinline
func gives(l *sync.Mutex) { l.Unlock() }

//go:noinline
func gaveBackByHelper(had, waited *sync.Mutex) {
	had.Lock()
	gives(had)
	waited.Lock()
	waited.Unlock()
}

//go:noinline
func besideByHelper(had, waited *sync.Mutex, has chan bool) { hasAndWaits(had, waited, has) }

//go:noinline
func afterByHelper(n int) { unlocksLater(n) }

// rt0: alive main.gaveBackByInterface 1
// rt0: alive main.besideByInterface 1
// rt0: alive main.afterByInterface 1
func init() {
	circling("lock-given-back-by-interface", 3, gaveBackByInterface, besideByInterface, afterByInterface)
}

//go:noinline
func asLocker(l *sync.Mutex) sync.Locker { return l }

//go:noinline
func gaveBackByInterface(had, waited *sync.Mutex) {
	had.Lock()
	asLocker(had).Unlock()
	waited.Lock()
	waited.Unlock()
}

//go:noinline
func besideByInterface(had, waited *sync.Mutex, has chan bool) { hasAndWaits(had, waited, has) }

//go:noinline
func afterByInterface(n int) { unlocksLater(n) }

// rt0: alive main.gaveBackByValue 1
// rt0: alive main.besideByValue 1
// rt0: alive main.afterByValue 1
func init() {
	circling("lock-given-back-by-method-value", 4, gaveBackByValue, besideByValue, afterByValue)
}

//go:noinline
func calls(f func()) { f() }

//go:noinline
func gaveBackByValue(had, waited *sync.Mutex) {
	had.Lock()
	calls(had.Unlock)
	waited.Lock()
	waited.Unlock()
}

//go:noinline
func besideByValue(had, waited *sync.Mutex, has chan bool) { hasAndWaits(had, waited, has) }

//go:noinline
func afterByValue(n int) { unlocksLater(n) }

// rt0: alive main.gaveBackInner 1
// rt0: alive main.besideInner 1
// rt0: alive main.afterInner 1
func init() { circling("lock-given-back-by-an-inner-defer", 5, gaveBackInner, besideInner, afterInner) }

//go:noinline
func gaveBackInner(had, waited *sync.Mutex) {
	func() {
		had.Lock()
		defer had.Unlock()
	}()
	waited.Lock()
	waited.Unlock()
}

//go:noinline
func besideInner(had, waited *sync.Mutex, has chan bool) { hasAndWaits(had, waited, has) }

//go:noinline
func afterInner(n int) { unlocksLater(n) }

// rt0: alive main.gaveBackByOther 1
// rt0: alive main.besideByOther 1
// rt0: alive main.afterByOther 1
func init() { circling("lock-given-back-by-another", 6, gaveBackByOther, besideByOther, afterByOther) }

//go:noinline
func gaveBackByOther(had, waited *sync.Mutex) {
	had.Lock()
	done := make(chan bool)
	go func() {
		had.Unlock()
		close(done)
	}()
	<-done
	waited.Lock()
	waited.Unlock()
}

//go:noinline
func besideByOther(had, waited *sync.Mutex, has chan bool) { hasAndWaits(had, waited, has) }

//go:noinline
func afterByOther(n int) { unlocksLater(n) }

// rt0: alive main.gaveBackInLoop 1
// rt0: alive main.besideInLoop 1
// rt0: alive main.afterInLoop 1
func init() { circling("lock-given-back-in-a-loop", 7, gaveBackInLoop, besideInLoop, afterInLoop) }

//go:noinline
func gaveBackInLoop(had, waited *sync.Mutex) {
	for i := 0; i < 3; i++ {
		had.Lock()
		if i == 2 {
			had.Unlock()
			waited.Lock()
			waited.Unlock()
			continue
		}
		had.Unlock()
	}
}

//go:noinline
func besideInLoop(had, waited *sync.Mutex, has chan bool) { hasAndWaits(had, waited, has) }

//go:noinline
func afterInLoop(n int) { unlocksLater(n) }

// rt0: alive main.triedInVain 1
// rt0: alive main.besideTried 1
// rt0: alive main.afterTried 1
func init() { circling("lock-tried-in-vain", 8, triedInVain, besideTried, afterTried) }

//go:noinline
func triedInVain(had, waited *sync.Mutex) {
	for had.TryLock() { // until another has it
		had.Unlock()
		soon()
	}
	if had.TryLock() {
		defer had.Unlock()
	}
	waited.Lock()
	waited.Unlock()
}

//go:noinline
func besideTried(had, waited *sync.Mutex, has chan bool) { hasAndWaits(had, waited, has) }

//go:noinline
func afterTried(n int) { unlocksLater(n) }
