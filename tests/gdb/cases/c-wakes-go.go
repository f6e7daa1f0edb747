// c-wakes-go.go - a C thread sleeps, then calls Go, which wakes main.
package main

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <unistd.h>
extern void goSend(int);
static __attribute__((noinline)) void tick(void) { __asm__ volatile(""); }
static void *work(void *p) {
	for (int i = 0; i < 360000; i++) { usleep(10000); tick(); }
	goSend(42);
	return 0;
}
static void start(void) { pthread_t t; pthread_create(&t, 0, work, 0); }
*/
import "C"

var result = make(chan int)

//export goSend
func goSend(n C.int) { result <- int(n) }

func waitForC() int { return <-result }

func main() {
	C.start()
	println("got", waitForC())
}
