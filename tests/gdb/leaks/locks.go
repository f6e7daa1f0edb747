// Mutexes and RWMutexes: forgotten, taken twice, taken crosswise, and only held for long.
package main

import "sync"

// newMutex gives one that has its block of memory for itself: a sync.Mutex alone is so small that it shares one with
// others, and whatever leads to one of them then leads to all.
func newMutex() *sync.Mutex { return &new(lockAndName).mu }

type lockAndName struct {
	name string
	mu   sync.Mutex
	once sync.Once
}

func newOnce() *sync.Once { return &new(lockAndName).once }

// rt0: leaked main.waitsForForgotten 2
func init() {
	program("mutex-forgotten", func() {
		mu := newMutex()
		mu.Lock()
		go waitsForForgotten(mu)
		go waitsForForgotten(mu)
	})
}

//go:noinline
func waitsForForgotten(mu *sync.Mutex) {
	mu.Lock()
	mu.Unlock()
}

// rt0: leaked main.locksTwice 1
func init() { program("mutex-twice", func() { go locksTwice(newMutex()) }) }

//go:noinline
func locksTwice(mu *sync.Mutex) {
	mu.Lock()
	defer mu.Unlock()
	mu.Lock()
}

type account struct {
	name    string
	mu      sync.Mutex
	balance int
}

// rt0: alive main.waitsForAccount 2
// rt0: alive main.holdsAccount 1
func init() {
	program("mutex-held-long", func() {
		a, locked := &account{name: "a"}, make(chan bool)
		go holdsAccount(a, locked)
		<-locked
		go waitsForAccount(a)
		go waitsForAccount(a)
	})
}

//go:noinline
func holdsAccount(a *account, locked chan bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	locked <- true
	forAnHour()
}

//go:noinline
func waitsForAccount(a *account) {
	a.mu.Lock()
	a.balance++
	a.mu.Unlock()
}

// A meeting is where all wait until the last has come.
type meeting struct{ come, begin chan bool }

func newMeeting() meeting { return meeting{make(chan bool), make(chan bool)} }

func (m meeting) comes() {
	m.come <- true
	<-m.begin
}

func (m meeting) of(n int) {
	for i := 0; i < n; i++ {
		<-m.come
	}
	close(m.begin)
}

// rt0: leaked main.transfers 2
func init() {
	program("mutexes-crossed", func() {
		a, b, both := &account{name: "a"}, &account{name: "b"}, newMeeting()
		go transfers(a, b, both)
		go transfers(b, a, both)
		both.of(2)
	})
}

//go:noinline
func transfers(from, to *account, both meeting) {
	from.mu.Lock()
	both.comes()
	to.mu.Lock()
	to.balance++
	to.mu.Unlock()
	from.mu.Unlock()
}

var left, right, third sync.Mutex

// rt0: circle main.leftThenRight 1 go-silent
// rt0: circle main.rightThenLeft 1 go-silent
func init() {
	program("mutexes-crossed-global", func() {
		both := newMeeting()
		go leftThenRight(both)
		go rightThenLeft(both)
		both.of(2)
	})
}

//go:noinline
func leftThenRight(both meeting) {
	left.Lock()
	both.comes()
	right.Lock()
	right.Unlock()
	left.Unlock()
}

//go:noinline
func rightThenLeft(both meeting) {
	right.Lock()
	defer right.Unlock()
	both.comes()
	left.Lock()
	defer left.Unlock()
}

var forks [3]sync.Mutex

// rt0: circle main.philosopher 3 go-silent
func init() {
	program("philosophers", func() {
		all := newMeeting()
		for i := range forks {
			go philosopher(&forks[i], &forks[(i+1)%len(forks)], all)
		}
		all.of(len(forks))
	})
}

//go:noinline
func philosopher(one, other *sync.Mutex, all meeting) {
	one.Lock()
	defer one.Unlock()
	all.comes()
	other.Lock()
	defer other.Unlock()
}

// rt0: beyond main.waitsForGlobalLock 1
func init() {
	program("mutex-forgotten-global", func() {
		third.Lock()
		go waitsForGlobalLock()
	})
}

//go:noinline
func waitsForGlobalLock() {
	third.Lock()
	third.Unlock()
}

// rt0: leaked main.holdsAndReceives 1
// rt0: leaked main.wantsLockToSend 1
func init() {
	program("mutex-and-channel", func() {
		mu, c, locked := newMutex(), make(chan int), make(chan bool)
		go holdsAndReceives(mu, c, locked)
		<-locked
		go wantsLockToSend(mu, c)
	})
}

//go:noinline
func holdsAndReceives(mu *sync.Mutex, c chan int, locked chan bool) {
	mu.Lock()
	defer mu.Unlock()
	locked <- true
	<-c
}

//go:noinline
func wantsLockToSend(mu *sync.Mutex, c chan int) {
	mu.Lock()
	c <- 1
	mu.Unlock()
}

// rt0: leaked main.upgrades 1
func init() { program("rwmutex-upgrade", func() { go upgrades(new(sync.RWMutex)) }) }

//go:noinline
func upgrades(mu *sync.RWMutex) {
	mu.RLock()
	mu.Lock()
	mu.Unlock()
	mu.RUnlock()
}

// rt0: leaked main.readsAgain 1
// rt0: leaked main.writesBetween 1
func init() {
	program("rwmutex-read-write-read", func() {
		mu, read := new(sync.RWMutex), make(chan bool)
		go readsAgain(mu, read)
		<-read
		go writesBetween(mu, read)
	})
}

//go:noinline
func readsAgain(mu *sync.RWMutex, read chan bool) {
	mu.RLock()
	defer mu.RUnlock()
	read <- true
	<-read
	soon()
	for mu.TryRLock() { // until the writer waits
		mu.RUnlock()
		soon()
	}
	mu.RLock()
	defer mu.RUnlock()
}

//go:noinline
func writesBetween(mu *sync.RWMutex, read chan bool) {
	read <- true
	mu.Lock()
	mu.Unlock()
}

// rt0: alive main.readsLong 1
// rt0: alive main.writesAfter 1
// rt0: alive main.readsAfter 2
func init() {
	program("rwmutex-read-long", func() {
		mu, read := new(sync.RWMutex), make(chan bool)
		go readsLong(mu, read)
		<-read
		go writesAfter(mu)
		go readsAfter(mu)
		go readsAfter(mu)
	})
}

//go:noinline
func readsLong(mu *sync.RWMutex, read chan bool) {
	mu.RLock()
	read <- true
	forAnHour()
	mu.RUnlock()
}

//go:noinline
func writesAfter(mu *sync.RWMutex) {
	mu.Lock()
	mu.Unlock()
}

//go:noinline
func readsAfter(mu *sync.RWMutex) {
	for mu.TryRLock() {
		mu.RUnlock()
		soon()
	}
	mu.RLock()
	mu.RUnlock()
}

// rt0: leaked main.writesForgotten 1
// rt0: leaked main.readsForgotten 2
func init() {
	program("rwmutex-forgotten", func() {
		mu := new(sync.RWMutex)
		mu.RLock()
		go writesForgotten(mu)
		go readsForgotten(mu)
		go readsForgotten(mu)
	})
}

//go:noinline
func writesForgotten(mu *sync.RWMutex) {
	mu.Lock()
	mu.Unlock()
}

//go:noinline
func readsForgotten(mu *sync.RWMutex) {
	for mu.TryRLock() {
		mu.RUnlock()
		soon()
	}
	mu.RLock()
	mu.RUnlock()
}

type guarded struct {
	sync.RWMutex
	values map[string]int
}

var registry = guarded{values: map[string]int{}}

// rt0: circle main.upgradesGlobal 1 go-silent
func init() { program("rwmutex-upgrade-global", func() { go upgradesGlobal() }) }

//go:noinline
func upgradesGlobal() {
	registry.RLock()
	defer registry.RUnlock()
	if registry.values["one"] == 0 {
		registry.Lock()
		defer registry.Unlock()
		registry.values["one"] = 1
	}
}

var twice sync.Mutex

// rt0: circle main.locksTwiceGlobal 1 go-silent
func init() { program("mutex-twice-global", func() { go locksTwiceGlobal() }) }

//go:noinline
func locksTwiceGlobal() {
	twice.Lock()
	defer twice.Unlock()
	twice.Lock()
	defer twice.Unlock()
}
