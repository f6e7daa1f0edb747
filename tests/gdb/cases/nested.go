package main

/*
#cgo CFLAGS: -fno-omit-frame-pointer
extern int goFirst(int);
extern int goSecond(int);
static int innerC(int n) { return goSecond(n) + 1; }
static int middleC(int n) { return innerC(n) + 1; }
static int outerC(int n) { return goFirst(n) + 1; }
*/
import "C"
import "time"

var gate = make(chan int)

//export goFirst
func goFirst(n C.int) C.int { return again(n) }

//go:noinline
func again(n C.int) C.int { return C.middleC(n) + 1 }

//export goSecond
func goSecond(n C.int) C.int {
	if n == 7 {
		return C.int(<-gate)
	}
	breakHere()
	return n
}

//go:noinline
func breakHere() { time.Sleep(0) }

func parked()  { C.outerC(7) }
func running() { C.outerC(3) }

func main() {
	go parked()
	time.Sleep(100 * time.Millisecond)
	running()
}
