// C: whom it calls back, whom it keeps a handle of, and threads of its own.
package main

/*
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

extern void goWaits(uintptr_t);
extern void goIsCalled(uintptr_t);

static uintptr_t kept;

static void callsGo(uintptr_t handle) { goWaits(handle); }

static void sleepsThenCallsGo(uintptr_t handle) {
	for (;;)
		pause();
	goIsCalled(handle);
}

static void keeps(uintptr_t handle) { kept = handle; }

static void *thread(void *handle) {
	goWaits((uintptr_t)handle);
	return 0;
}

static void startsThread(uintptr_t handle) {
	pthread_t made;
	pthread_create(&made, 0, thread, (void *)handle);
}
*/
import "C"
import "runtime/cgo"

// taken gives what a handle stands for, and the handle back.
func taken(number C.uintptr_t) func() {
	handle := cgo.Handle(number)
	defer handle.Delete()
	return handle.Value().(func())
}

//export goWaits
func goWaits(number C.uintptr_t) { taken(number)() }

//export goIsCalled
func goIsCalled(number C.uintptr_t) { taken(number)() }

// rt0: leaked main.waitsInCallback 1
func init() { program("c-callback-that-waits", func() { go callsCThatCallsGo(make(chan int)) }) }

//go:noinline
func callsCThatCallsGo(c chan int) {
	C.callsGo(C.uintptr_t(cgo.NewHandle(func() { waitsInCallback(c) })))
}

//go:noinline
func waitsInCallback(c chan int) { <-c }

// rt0: alive main.callsCThatSleeps 1
// rt0: alive main.waitsForCallback 1
func init() {
	program("c-calls-back-later", func() {
		c := make(chan int)
		go callsCThatSleeps(c)
		go waitsForCallback(c)
	})
}

//go:noinline
func callsCThatSleeps(c chan int) {
	C.sleepsThenCallsGo(C.uintptr_t(cgo.NewHandle(func() { c <- 1 })))
}

//go:noinline
func waitsForCallback(c chan int) { <-c }

// rt0: alive main.waitsForHandle 1
func init() {
	program("c-keeps-a-handle", func() {
		c := make(chan int)
		C.keeps(C.uintptr_t(cgo.NewHandle(c)))
		go waitsForHandle(c)
	})
}

//go:noinline
func waitsForHandle(c chan int) { <-c }

// rt0: leaked main.waitsOnCThread 1
// rt0: alive main.waitsOnLuckyCThread 1
// rt0: alive main.wakesCThread 1
func init() {
	program("c-threads-in-go", func() {
		lost, c, begun := make(chan int), make(chan int), make(chan bool)
		C.startsThread(C.uintptr_t(cgo.NewHandle(func() { waitsOnCThread(lost, begun) })))
		<-begun
		C.startsThread(C.uintptr_t(cgo.NewHandle(func() { waitsOnLuckyCThread(c, begun) })))
		<-begun
		go wakesCThread(c)
	})
}

//go:noinline
func waitsOnCThread(c chan int, begun chan bool) {
	begun <- true
	<-c
}

//go:noinline
func waitsOnLuckyCThread(c chan int, begun chan bool) {
	begun <- true
	<-c
}

//go:noinline
func wakesCThread(c chan int) {
	forAnHour()
	c <- 1
}
