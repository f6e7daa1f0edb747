// Objects that only finalizers keep: by what they lead to, by what the finalizer's closure has, by waiting for it.
package main

import (
	"runtime"
	"unsafe"
)

type node struct {
	next *node
	pad  [8]uintptr
}

var (
	objects [4]uintptr // with a finalizer, what that leads to, what its closure has, what waits in the queue
	kept    []*node
	running = make(chan int)
	never   chan int
)

//go:noinline
func stop() {}

//go:noinline
func made(next *node) *node { return &node{next: next} }

//go:noinline
func begin() {
	object, other := made(made(nil)), made(nil)
	objects = [4]uintptr{address(object), address(object.next), address(other)}
	runtime.SetFinalizer(object, func(n *node) {
		running <- 1
		<-never
		kept = append(kept, n, other)
	})
}

//go:noinline
func more() {
	object := made(nil)
	objects[3] = address(object)
	runtime.SetFinalizer(object, func(n *node) { kept = append(kept, n) })
}

func main() {
	begin()
	stop()
	runtime.GC()
	<-running
	more()
	runtime.GC()
	stop()
}

func address(n *node) uintptr { return uintptr(unsafe.Pointer(n)) }
