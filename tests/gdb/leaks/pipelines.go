// How goroutines work together in real programs, and what is left of that where one of them gives up.
package main

import (
	"errors"
	"sync"
	"time"
)

// rt0: leaked main.poolWorker 4
// rt0: leaked main.waitsForPoolWorkers 1
func init() {
	program("worker-pool-never-closed", func() {
		jobs, group := make(chan int), new(sync.WaitGroup)
		for i := 0; i < 4; i++ {
			group.Add(1)
			go poolWorker(jobs, group)
		}
		jobs <- 1
		go waitsForPoolWorkers(group)
	})
}

//go:noinline
func poolWorker(jobs <-chan int, group *sync.WaitGroup) {
	defer group.Done()
	for range jobs {
	}
}

//go:noinline
func waitsForPoolWorkers(group *sync.WaitGroup) { group.Wait() }

// rt0: alive main.busyPoolWorker 4
// rt0: alive main.feedsPool 1
// rt0: alive main.collects 1
func init() {
	program("worker-pool", func() {
		jobs, results := make(chan int), make(chan int)
		for i := 0; i < 4; i++ {
			go busyPoolWorker(jobs, results)
		}
		go feedsPool(jobs)
		go collects(results)
	})
}

//go:noinline
func busyPoolWorker(jobs, results chan int) {
	for job := range jobs {
		results <- job
	}
}

//go:noinline
func feedsPool(jobs chan int) {
	forAnHour()
	close(jobs)
}

//go:noinline
func collects(results chan int) {
	for range results {
	}
}

// rt0: leaked main.generates 1
// rt0: leaked main.squares 1
func init() {
	program("pipeline-left-early", func() {
		numbers, squared := make(chan int), make(chan int)
		go generates(numbers)
		go squares(numbers, squared)
		<-squared
	})
}

//go:noinline
func generates(out chan<- int) {
	for i := 0; ; i++ {
		out <- i
	}
}

//go:noinline
func squares(in <-chan int, out chan<- int) {
	for n := range in {
		out <- n * n
	}
}

// rt0: alive main.generatesUntilDone 1
// rt0: alive main.squaresUntilDone 1
// rt0: alive main.saysDone 1
func init() {
	program("pipeline-with-done", func() {
		numbers, squared, done := make(chan int), make(chan int), make(chan bool)
		go generatesUntilDone(numbers, done)
		go squaresUntilDone(numbers, squared, done)
		<-squared
		go saysDone(done)
	})
}

//go:noinline
func generatesUntilDone(out chan<- int, done chan bool) {
	for i := 0; ; i++ {
		select {
		case out <- i:
		case <-done:
			return
		}
	}
}

//go:noinline
func squaresUntilDone(in <-chan int, out chan<- int, done chan bool) {
	for n := range in {
		select {
		case out <- n * n:
		case <-done:
			return
		}
	}
}

//go:noinline
func saysDone(done chan bool) {
	forAnHour()
	close(done)
}

// rt0: leaked main.replica 2
func init() {
	program("first-answer-wins", func() {
		answers := make(chan int)
		for i := 0; i < 3; i++ {
			go replica(answers, i)
		}
		<-answers
	})
}

//go:noinline
func replica(answers chan int, n int) { answers <- n }

// rt0: leaked main.answersTooLate 1
func init() {
	program("answer-after-timeout", func() {
		answer := make(chan error)
		go answersTooLate(answer)
		select {
		case <-answer:
		case <-time.After(time.Microsecond):
		}
	})
}

//go:noinline
func answersTooLate(answer chan error) {
	soon()
	answer <- nil
}

type tasks struct {
	group sync.WaitGroup
	once  sync.Once
	err   error
}

func (t *tasks) run(f func() error) {
	t.group.Add(1)
	go func() {
		defer t.group.Done()
		if err := f(); err != nil {
			t.once.Do(func() { t.err = err })
		}
	}()
}

// rt0: leaked main.failsSecond 2
// rt0: leaked main.waitsForTasks 1
func init() {
	program("group-of-tasks", func() {
		t, failures := new(tasks), make(chan int, 1)
		for i := 0; i < 3; i++ {
			t.run(func() error { return failsSecond(failures) })
		}
		go waitsForTasks(t)
	})
}

//go:noinline
func failsSecond(failures chan int) error {
	failures <- 1
	return errors.New("failed")
}

//go:noinline
func waitsForTasks(t *tasks) { t.group.Wait() }

// rt0: alive main.taskAtWork 3
// rt0: alive main.waitsForWork 1
func init() {
	program("group-at-work", func() {
		t := new(tasks)
		for i := 0; i < 3; i++ {
			t.run(taskAtWork)
		}
		go waitsForWork(t)
	})
}

//go:noinline
func taskAtWork() error {
	forAnHour()
	return nil
}

//go:noinline
func waitsForWork(t *tasks) { t.group.Wait() }

// rt0: leaked main.produces 1
func init() {
	program("consumer-that-fails", func() {
		items, failed := make(chan int, 2), make(chan error, 1)
		go produces(items)
		go consumes(items, failed)
		<-failed
	})
}

//go:noinline
func produces(items chan<- int) {
	for i := 0; ; i++ {
		items <- i
	}
}

//go:noinline
func consumes(items <-chan int, failed chan<- error) {
	for item := range items {
		if item == 3 {
			failed <- errors.New("no threes")
			return
		}
	}
}

// rt0: leaked main.takesToken 2
func init() {
	program("tokens-not-given-back", func() {
		tokens := make(chan struct{}, 2)
		for i := 0; i < 4; i++ {
			go takesToken(tokens)
		}
	})
}

//go:noinline
func takesToken(tokens chan struct{}) { tokens <- struct{}{} }

type loop struct {
	events chan int
	quit   chan bool
	mu     sync.Mutex
	seen   map[int]bool
}

func newLoop() *loop {
	return &loop{events: make(chan int), quit: make(chan bool), seen: map[int]bool{}}
}

func (l *loop) runs() {
	for {
		select {
		case event := <-l.events:
			l.mu.Lock()
			l.seen[event] = true
			l.mu.Unlock()
		case <-l.quit:
			return
		}
	}
}

var loops = map[string]*loop{}

// rt0: leaked main.runsDropped 1
// rt0: alive main.runsRegistered 1
func init() {
	program("event-loops", func() {
		dropped, registered := newLoop(), newLoop()
		loops["registered"] = registered
		go runsDropped(dropped)
		go runsRegistered(registered)
		dropped.events <- 1
		registered.events <- 1
	})
}

//go:noinline
func runsDropped(l *loop) { l.runs() }

//go:noinline
func runsRegistered(l *loop) { l.runs() }

type broker struct {
	mu     sync.RWMutex
	topics map[string][]chan string
}

// rt0: alive main.subscribed 2
// rt0: leaked main.unsubscribed 1
// rt0: alive main.publishes 1
func init() {
	program("broker", func() {
		b := &broker{topics: map[string][]chan string{}}
		for i := 0; i < 2; i++ {
			c := make(chan string, 1)
			b.topics["news"] = append(b.topics["news"], c)
			go subscribed(c)
		}
		c := make(chan string, 1)
		b.topics["old"] = append(b.topics["old"], c)
		go unsubscribed(c)
		delete(b.topics, "old")
		go publishes(b)
	})
}

//go:noinline
func subscribed(c chan string) { <-c }

//go:noinline
func unsubscribed(c chan string) { <-c }

//go:noinline
func publishes(b *broker) {
	forAnHour()
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, all := range b.topics {
		for _, c := range all {
			c <- "said"
		}
	}
}

type promise struct {
	done  chan struct{}
	value int
}

// rt0: leaked main.awaitsForEver 2
// rt0: alive main.awaits 2
// rt0: alive main.fulfils 1
func init() {
	program("promises", func() {
		never, later := &promise{done: make(chan struct{})}, &promise{done: make(chan struct{})}
		for i := 0; i < 2; i++ {
			go awaitsForEver(never)
			go awaits(later)
		}
		go fulfils([]*promise{{}, later})
	})
}

//go:noinline
func awaitsForEver(p *promise) int {
	<-p.done
	return p.value
}

//go:noinline
func awaits(p *promise) int {
	<-p.done
	return p.value
}

//go:noinline
func fulfils(jobs []*promise) {
	forAnHour()
	for _, each := range jobs {
		each.value = 1
		close(each.done)
	}
}

// rt0: leaked main.stopsItself 1
// rt0: leaked main.servesForStop 1
func init() {
	program("stop-waits-for-its-own-loop", func() {
		quit, stopped := make(chan bool), make(chan bool)
		go servesForStop(quit, stopped, make(chan int))
		go stopsItself(quit, stopped)
	})
}

//go:noinline
func servesForStop(quit, stopped chan bool, out chan int) {
	out <- 1 // nobody listens any more
	<-quit
	close(stopped)
}

//go:noinline
func stopsItself(quit, stopped chan bool) {
	quit <- true
	<-stopped
}
