// WaitGroup, Cond, Once: who must still come.
package main

import "sync"

// rt0: leaked main.waitsForMissing 1
func init() {
	program("waitgroup-missing-done", func() {
		group := new(sync.WaitGroup)
		group.Add(2)
		go forgetsDone(group, true)
		go forgetsDone(group, false)
		go waitsForMissing(group)
	})
}

//go:noinline
func forgetsDone(group *sync.WaitGroup, fails bool) {
	if fails {
		return
	}
	group.Done()
}

//go:noinline
func waitsForMissing(group *sync.WaitGroup) { group.Wait() }

// rt0: leaked main.waitsInLoop 1
func init() { program("waitgroup-wait-in-loop", func() { go waitsInLoop() }) }

//go:noinline
func waitsInLoop() {
	group := new(sync.WaitGroup)
	group.Add(3)
	for i := 0; i < 3; i++ {
		go func() { group.Done() }()
		group.Wait()
	}
}

type job struct {
	number int
	group  sync.WaitGroup
}

// rt0: alive main.waitsForJob 1
// rt0: alive main.doesJob 2
func init() {
	program("waitgroup-at-work", func() {
		j := &job{}
		j.group.Add(2)
		go doesJob(j)
		go doesJob(j)
		go waitsForJob(j)
	})
}

//go:noinline
func doesJob(j *job) {
	defer j.group.Done()
	forAnHour()
}

//go:noinline
func waitsForJob(j *job) { j.group.Wait() }

// rt0: leaked main.waitsForStuck 1
// rt0: leaked main.stuckBeforeDone 1
func init() {
	program("waitgroup-stuck-worker", func() {
		group := new(sync.WaitGroup)
		group.Add(1)
		go stuckBeforeDone(group, make(chan int))
		go waitsForStuck(group)
	})
}

//go:noinline
func stuckBeforeDone(group *sync.WaitGroup, c chan int) {
	<-c
	group.Done()
}

//go:noinline
func waitsForStuck(group *sync.WaitGroup) { group.Wait() }

type queue struct {
	mu    sync.Mutex
	some  *sync.Cond
	items []int
}

func newQueue() *queue {
	q := &queue{}
	q.some = sync.NewCond(&q.mu)
	return q
}

func (q *queue) get() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 {
		q.some.Wait()
	}
	item := q.items[0]
	q.items = q.items[1:]
	return item
}

func (q *queue) put(item int) {
	q.mu.Lock()
	q.items = append(q.items, item)
	q.mu.Unlock()
	q.some.Signal()
}

// rt0: leaked main.getsNothing 3
func init() {
	program("cond-nobody", func() {
		q := newQueue()
		for i := 0; i < 3; i++ {
			go getsNothing(q)
		}
	})
}

//go:noinline
func getsNothing(q *queue) { q.get() }

// rt0: alive main.getsLater 3
// rt0: alive main.putsLater 1
func init() {
	program("cond-later", func() {
		q := newQueue()
		for i := 0; i < 3; i++ {
			go getsLater(q)
		}
		go putsLater(q)
	})
}

//go:noinline
func getsLater(q *queue) { q.get() }

//go:noinline
func putsLater(q *queue) {
	forAnHour()
	q.put(1)
}

// rt0: leaked main.missesSignal 1
func init() {
	program("cond-signal-before-wait", func() {
		cond := sync.NewCond(newMutex())
		cond.Signal()
		go missesSignal(cond)
	})
}

//go:noinline
func missesSignal(cond *sync.Cond) {
	cond.L.Lock()
	cond.Wait()
	cond.L.Unlock()
}

// rt0: leaked main.onceForEver 1
// rt0: leaked main.onceBehind 2
func init() {
	program("once-for-ever", func() {
		once, inside := newOnce(), make(chan int)
		go onceForEver(once, inside)
		<-inside
		go onceBehind(once)
		go onceBehind(once)
	})
}

//go:noinline
func onceForEver(once *sync.Once, c chan int) {
	once.Do(func() {
		c <- 1
		c <- 2
	})
}

//go:noinline
func onceBehind(once *sync.Once) { once.Do(func() {}) }

// rt0: leaked main.onceInItself 1
func init() { program("once-in-itself", func() { go onceInItself(newOnce()) }) }

//go:noinline
func onceInItself(once *sync.Once) { once.Do(func() { once.Do(func() {}) }) }

// rt0: alive main.onceSlowly 1
// rt0: alive main.onceBehindSlow 2
func init() {
	program("once-slowly", func() {
		once, inside := newOnce(), make(chan int)
		go onceSlowly(once, inside)
		<-inside
		go onceBehindSlow(once)
		go onceBehindSlow(once)
	})
}

//go:noinline
func onceSlowly(once *sync.Once, c chan int) {
	once.Do(func() {
		c <- 1
		forAnHour()
	})
}

//go:noinline
func onceBehindSlow(once *sync.Once) { once.Do(func() {}) }
