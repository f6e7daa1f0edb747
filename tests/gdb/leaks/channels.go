// Channels: of every kind, and who has their other end.
package main

// rt0: leaked main.recvNobody 3
func init() {
	program("recv-nobody", func() {
		for i := 0; i < 3; i++ {
			go recvNobody(make(chan int))
		}
	})
}

//go:noinline
func recvNobody(c chan int) { <-c }

// rt0: leaked main.sendNobody 2
func init() {
	program("send-nobody", func() {
		c := make(chan string)
		go sendNobody(c)
		go sendNobody(c)
	})
}

//go:noinline
func sendNobody(c chan string) { c <- "said" }

// rt0: leaked main.sendFull 1
func init() { program("send-full", func() { go sendFull(make(chan *int, 2)) }) }

//go:noinline
func sendFull(c chan *int) {
	for {
		c <- new(int)
	}
}

// rt0: leaked main.recvDrained 1
func init() {
	program("recv-drained", func() {
		c := make(chan int, 4)
		c <- 1
		go recvDrained(c)
	})
}

//go:noinline
func recvDrained(c <-chan int) {
	for range c {
	}
}

// rt0: leaked main.recvNil 1
// rt0: leaked main.sendNil 1
func init() {
	program("nil-channels", func() {
		go recvNil(nil)
		go sendNil(nil)
	})
}

//go:noinline
func recvNil(c chan int) { <-c }

//go:noinline
func sendNil(c chan int) { c <- 1 }

// rt0: alive main.closedLater 2
// rt0: alive main.closesLater 1
func init() {
	program("closed-later", func() {
		c := make(chan struct{})
		go closedLater(c)
		go closedLater(c)
		go closesLater(c)
	})
}

//go:noinline
func closedLater(c <-chan struct{}) {
	for range c {
	}
}

//go:noinline
func closesLater(c chan<- struct{}) {
	forAnHour()
	close(c)
}

// rt0: alive main.asksInBuffer 1
// rt0: alive main.answersLater 1
func init() {
	program("reply-in-a-buffer", func() {
		requests := make(chan chan int, 3)
		go asksInBuffer(requests)
		go answersLater(requests)
	})
}

//go:noinline
func asksInBuffer(requests chan<- chan int) {
	reply := make(chan int)
	requests <- reply
	<-reply
}

//go:noinline
func answersLater(requests <-chan chan int) {
	forAnHour()
	for reply := range requests {
		reply <- 1
	}
}

// rt0: leaked main.asksNobody 2
// rt0: leaked main.answersNobody 1
func init() {
	program("reply-of-the-gone", func() {
		requests := make(chan chan int, 1)
		requests <- nil
		go asksNobody(requests)
		go asksNobody(make(chan chan int, 1))
		go answersNobody(make(chan chan int))
	})
}

//go:noinline
func asksNobody(requests chan<- chan int) {
	reply := make(chan int)
	requests <- reply
	<-reply
}

//go:noinline
func answersNobody(requests chan chan int) {
	reply := <-requests
	reply <- 1
}

// rt0: leaked main.talksToItself 1
func init() { program("both-ends", func() { go talksToItself(make(chan int), make(chan int)) }) }

//go:noinline
func talksToItself(in, out chan int) {
	out <- 1
	in <- <-out
}

// rt0: leaked main.leftOfPair 1
// rt0: leaked main.rightOfPair 1
func init() {
	program("pair", func() {
		a, b := make(chan int), make(chan int)
		go leftOfPair(a, b)
		go rightOfPair(a, b)
	})
}

//go:noinline
func leftOfPair(a, b chan int) {
	<-a
	b <- 1
}

//go:noinline
func rightOfPair(a, b chan int) {
	<-b
	a <- 1
}

// rt0: alive main.linkInChain 5
// rt0: alive main.firstInChain 1
func init() {
	program("chain", func() {
		c := make(chan int)
		go firstInChain(c)
		for i := 0; i < 5; i++ {
			next := make(chan int)
			go linkInChain(c, next)
			c = next
		}
	})
}

//go:noinline
func firstInChain(c chan int) {
	forAnHour()
	c <- 1
}

//go:noinline
func linkInChain(from, to chan int) { to <- <-from }

// rt0: leaked main.linkInBroken 5
func init() {
	program("broken-chain", func() {
		c := make(chan int)
		for i := 0; i < 5; i++ {
			next := make(chan int)
			go linkInBroken(c, next)
			c = next
		}
	})
}

//go:noinline
func linkInBroken(from, to chan int) { to <- <-from }

// rt0: beyond main.hearsNobody 1
// rt0: alive main.onlyListens 1
func init() {
	program("two-that-listen", func() {
		c := make(chan int)
		go hearsNobody(c)
		go onlyListens(c)
	})
}

//go:noinline
func hearsNobody(c <-chan int) { <-c }

//go:noinline
func onlyListens(c <-chan int) {
	forAnHour()
	<-c
}

var everybodys = make(chan int)

// rt0: alive main.waitsForGlobal 2
func init() {
	program("global", func() {
		go waitsForGlobal()
		go waitsForGlobal()
	})
}

//go:noinline
func waitsForGlobal() { <-everybodys }
