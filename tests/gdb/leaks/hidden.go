// What looks leaked and is not, and the reverse: the way to what somebody waits for leads through closures, maps,
// interfaces, slices, into the middle of something, deep down a stack.
package main

import (
	"container/list"
	"sync"
	"sync/atomic"
	"time"
)

type server struct {
	name string
	port int
	quit chan bool
	next *server
}

func (s *server) stop()       { close(s.quit) }
func (s server) stopByValue() { close(s.quit) }

type stopper interface{ stop() }

//go:noinline
func (s *server) serves() { <-s.quit }

// hidden registers a program in which main.FUNCTION waits for a channel: `keeps` brings it to where somebody has it.
func hidden(name string, waits func(chan bool), keeps func(chan bool)) {
	program(name, func() {
		c := make(chan bool)
		go waits(c)
		keeps(c)
	})
}

// rt0: alive main.waitsForClosure 1
// rt0: alive main.callsLater 1
func init() {
	hidden("closure", waitsForClosure, func(c chan bool) {
		inner := func() { close(c) }
		go callsLater(func() { inner() })
	})
}

//go:noinline
func waitsForClosure(c chan bool) { <-c }

//go:noinline
func callsLater(f func()) {
	forAnHour()
	f()
}

var callbacks []func()

// rt0: alive main.waitsForRegistry 1
func init() {
	hidden("closure-in-global", waitsForRegistry, func(c chan bool) {
		callbacks = append(callbacks, func() { c <- true })
	})
}

//go:noinline
func waitsForRegistry(c chan bool) { <-c }

// rt0: alive main.waitsForDeferred 1
// rt0: alive main.defersClose 1
func init() { hidden("closure-deferred", waitsForDeferred, func(c chan bool) { go defersClose(c) }) }

//go:noinline
func waitsForDeferred(c chan bool) { <-c }

//go:noinline
func defersClose(c chan bool) {
	for i := 0; i < 2; i++ {
		c := c
		if i == 1 {
			c = make(chan bool)
		}
		defer func() { close(c) }()
	}
	c = nil
	forAnHour()
}

// rt0: alive main.waitsForMap 1
// rt0: alive main.hasMap 1
// rt0: leaked main.waitsForDeleted 1
func init() {
	program("map-of-a-sleeper", func() {
		servers := map[string]*server{}
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"} {
			servers[name] = &server{name: name, quit: make(chan bool)}
		}
		go waitsForMap(servers["e"].quit)
		go waitsForDeleted(servers["f"].quit)
		delete(servers, "f")
		go hasMap(&servers)
	})
}

//go:noinline
func waitsForMap(c chan bool) { <-c }

//go:noinline
func waitsForDeleted(c chan bool) { <-c }

//go:noinline
func hasMap(servers *map[string]*server) {
	forAnHour()
	for _, server := range *servers {
		server.stop()
	}
}

var subscribers = map[chan bool]int{}

// rt0: alive main.waitsForKey 20
func init() {
	program("map-keys", func() {
		for i := 0; i < 20; i++ {
			c := make(chan bool)
			subscribers[c] = i
			go waitsForKey(c)
		}
	})
}

//go:noinline
func waitsForKey(c chan bool) { <-c }

// rt0: alive main.waitsForInterface 1
// rt0: alive main.hasInterface 1
func init() {
	hidden("interface", waitsForInterface, func(c chan bool) { go hasInterface(c) })
}

//go:noinline
func waitsForInterface(c chan bool) { <-c }

//go:noinline
func hasInterface(any interface{}) {
	forAnHour()
	close(any.(chan bool))
}

// rt0: alive main.waitsForStopper 2
// rt0: alive main.hasStoppers 1
func init() {
	program("interface-with-methods", func() {
		a, b := &server{quit: make(chan bool)}, &server{quit: make(chan bool)}
		go waitsForStopper(a)
		go waitsForStopper(b)
		go hasStoppers([]stopper{a, b})
	})
}

//go:noinline
func waitsForStopper(s *server) { s.serves() }

//go:noinline
func hasStoppers(all []stopper) {
	forAnHour()
	for _, each := range all {
		each.stop()
	}
}

// rt0: alive main.waitsForMethod 2
// rt0: alive main.hasMethod 2
func init() {
	program("method-value", func() {
		a, b := &server{quit: make(chan bool)}, &server{quit: make(chan bool)}
		go waitsForMethod(a.quit)
		go waitsForMethod(b.quit)
		go hasMethod(a.stop)
		go hasMethod(b.stopByValue)
	})
}

//go:noinline
func waitsForMethod(c chan bool) { <-c }

//go:noinline
func hasMethod(f func()) {
	forAnHour()
	f()
}

// rt0: leaked main.waitsForDropped 1
func init() {
	program("method-value-dropped", func() {
		s := &server{quit: make(chan bool)}
		f := s.stop
		_ = f
		go waitsForDropped(s)
	})
}

//go:noinline
func waitsForDropped(s *server) { s.serves() }

// rt0: alive main.waitsForOwner 1
// rt0: alive main.hasField 1
func init() {
	program("pointer-into-a-struct", func() {
		s := &server{quit: make(chan bool)}
		go waitsForOwner(s.quit)
		go hasField(&s.port)
	})
}

//go:noinline
func waitsForOwner(c chan bool) { <-c }

//go:noinline
func hasField(port *int) {
	forAnHour()
	*port = 80
}

// rt0: alive main.waitsBeyondLength 1
// rt0: alive main.hasShortSlice 1
func init() {
	hidden("slice-beyond-length", waitsBeyondLength, func(c chan bool) {
		all := make([]chan bool, 4, 8)
		all[3] = c
		go hasShortSlice(all[:1])
	})
}

//go:noinline
func waitsBeyondLength(c chan bool) { <-c }

//go:noinline
func hasShortSlice(some []chan bool) {
	forAnHour()
	close(some[:4][3])
}

// rt0: alive main.waitsForSyncMap 1
// rt0: alive main.hasSyncMap 1
func init() {
	hidden("sync-map", waitsForSyncMap, func(c chan bool) {
		m := new(sync.Map)
		for i := 0; i < 10; i++ {
			m.Store(i, make(chan bool))
		}
		m.Store("c", c)
		go hasSyncMap(m)
	})
}

//go:noinline
func waitsForSyncMap(c chan bool) { <-c }

//go:noinline
func hasSyncMap(m *sync.Map) {
	forAnHour()
	c, _ := m.Load("c")
	close(c.(chan bool))
}

var pool sync.Pool

// rt0: leaked main.waitsForPool 1
func init() {
	hidden("sync-pool-emptied", waitsForPool, func(c chan bool) { pool.Put(&server{quit: c}) })
}

//go:noinline
func waitsForPool(c chan bool) { <-c }

// rt0: alive main.waitsForAtomic 1
// rt0: alive main.hasAtomic 1
func init() {
	hidden("atomic-value", waitsForAtomic, func(c chan bool) {
		value := new(atomic.Value)
		value.Store(&server{quit: c})
		go hasAtomic(value)
	})
}

//go:noinline
func waitsForAtomic(c chan bool) { <-c }

//go:noinline
func hasAtomic(value *atomic.Value) {
	forAnHour()
	value.Load().(*server).stop()
}

// rt0: alive main.waitsForList 30
// rt0: alive main.hasList 1
// rt0: leaked main.waitsForRemoved 1
func init() {
	program("cyclic-list", func() {
		all := list.New()
		for i := 0; i < 30; i++ {
			c := make(chan bool)
			all.PushBack(server{quit: c})
			go waitsForList(c)
		}
		c := make(chan bool)
		removed := all.PushFront(c)
		all.Remove(removed)
		go waitsForRemoved(c)
		go hasList(all.Back())
	})
}

//go:noinline
func waitsForList(c chan bool) { <-c }

//go:noinline
func waitsForRemoved(c chan bool) { <-c }

//go:noinline
func hasList(last *list.Element) {
	forAnHour()
	for each := last; each != nil; each = each.Prev() {
		each.Value.(server).stopByValue()
	}
}

// rt0: leaked main.waitsInRing 3
func init() {
	program("ring-of-servers", func() {
		first := &server{quit: make(chan bool)}
		first.next = &server{quit: make(chan bool), next: &server{quit: make(chan bool), next: first}}
		for s, i := first, 0; i < 3; s, i = s.next, i+1 {
			go waitsInRing(s)
		}
	})
}

//go:noinline
func waitsInRing(s *server) {
	s.serves()
	s.next.stop()
}

type large struct {
	name    string
	servers [5000]server
}

// rt0: alive main.waitsForLarge 1
// rt0: alive main.hasPartOfLarge 1
func init() {
	program("pointer-into-a-large-array", func() {
		all := new(large)
		all.servers[4711].quit = make(chan bool)
		go waitsForLarge(all.servers[4711].quit)
		go hasPartOfLarge(all.servers[2:3])
	})
}

//go:noinline
func waitsForLarge(c chan bool) { <-c }

//go:noinline
func hasPartOfLarge(some []server) {
	forAnHour()
	some[0].port = 80
}

// rt0: alive main.waitsForDeep 1
// rt0: alive main.goesDown 1
func init() { hidden("deep-stack", waitsForDeep, func(c chan bool) { go sleepsDeep(c) }) }

//go:noinline
func waitsForDeep(c chan bool) { <-c }

//go:noinline
func sleepsDeep(c chan bool) {
	goesDown(2000)
	c <- true
}

//go:noinline
func goesDown(n int) int {
	if n == 0 {
		forAnHour()
		return 1
	}
	return goesDown(n-1) + n
}

// rt0: alive main.waitsForArray 1
// rt0: alive main.hasArray 1
func init() { hidden("array-on-a-stack", waitsForArray, func(c chan bool) { go hasArray(c) }) }

//go:noinline
func waitsForArray(c chan bool) { <-c }

//go:noinline
func hasArray(c chan bool) {
	var all [100]chan bool
	all[70] = c
	c = nil
	forAnHour()
	for i := range all {
		if all[i] != nil {
			close(all[i])
		}
	}
}

// rt0: leaked main.waitsForForgetful 1
// rt0: alive main.forgets 1
func init() {
	hidden("set-to-nil", waitsForForgetful, func(c chan bool) { go forgets(&server{quit: c}) })
}

//go:noinline
func waitsForForgetful(c chan bool) { <-c }

//go:noinline
func forgets(s *server) {
	s.quit = nil
	forAnHour()
	s.port++
}

// rt0: alive main.waitsForLocked 1
// rt0: alive main.sleepsForLocked 1
func init() {
	hidden("pointer-to-a-pointer", waitsForLocked, func(c chan bool) {
		pointer := &c
		go sleepsForLocked(&pointer)
	})
}

//go:noinline
func waitsForLocked(c chan bool) { <-c }

//go:noinline
func sleepsForLocked(c **chan bool) {
	forAnHour()
	close(**c)
}

// rt0: alive main.waitsForBusy 1
// rt0: alive main.Spins 1
func init() {
	alone("busy", func() {
		c := make(chan bool)
		go waitsForBusy(c)
		go Spins(c)
	})
}

//go:noinline
func waitsForBusy(c chan bool) { <-c }

var spun, stops int64

//go:noinline
func Spins(c chan bool) {
	for atomic.LoadInt64(&stops) == 0 {
		spun++
	}
	close(c)
}

// rt0: alive main.wakesAWaker 1
// rt0: alive main.waitsForAWaker 1
// rt0: alive main.waitsForAWaked 1
func init() {
	program("waker-of-a-waker", func() {
		mu, group, c := newMutex(), new(sync.WaitGroup), make(chan bool)
		group.Add(1)
		go wakesAWaker(mu, c)
		<-c
		go waitsForAWaker(mu, group)
		go waitsForAWaked(group, c)
	})
}

//go:noinline
func wakesAWaker(mu *sync.Mutex, has chan bool) {
	mu.Lock()
	has <- true
	<-time.After(1000 * time.Hour)
	mu.Unlock()
}

//go:noinline
func waitsForAWaker(mu *sync.Mutex, group *sync.WaitGroup) {
	mu.Lock()
	group.Done()
}

//go:noinline
func waitsForAWaked(group *sync.WaitGroup, c chan bool) {
	group.Wait()
	close(c)
}

// rt0: leaked main.panicsAndWaits 1
func init() { program("deferred-while-panicking", func() { go panicsAndWaits(make(chan bool)) }) }

//go:noinline
func panicsAndWaits(c chan bool) {
	defer func() { recover() }()
	defer func() { <-c }()
	panic("stays in the deferred function")
}
