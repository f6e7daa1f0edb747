// What the programs of the exercises on real Go share: a learner's own numbers, and the moment at which all stand.

package main

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
)

var state uint64 // of the learner's own numbers

// number gives the learner's next number from 0 to below n; it follows from the program's argument alone.
func number(n int) int {
	if state == 0 {
		given, _ := strconv.ParseUint(os.Args[len(os.Args)-1], 10, 64)
		state = given | 1
	}
	state ^= state << 13
	state ^= state >> 7
	state ^= state << 17
	return int(state >> 33 % uint64(n))
}

// settle comes back when every other goroutine has parked, however long that takes.
func settle() {
	text := make([]byte, 1<<16)
	for {
		n := runtime.Stack(text, true)
		if n == len(text) {
			text = make([]byte, 2*len(text))
		} else if bytes.Count(text[:n], []byte(" [run")) == 1 { // this one
			return
		} else {
			runtime.Gosched()
		}
	}
}

// stands is where a debugger looks: nothing moves any more.
//
//go:noinline
func stands() {}
