// Objects that a cleanup keeps, that are pinned, and one to which only a weak pointer leads.
package main

import (
	"runtime"
	"unsafe"
	"weak"
)

type node struct {
	next *node
	pad  [8]uintptr
}

var (
	objects [5]uintptr // with a cleanup, what that is given, what its closure has, pinned, weakly held
	kept    []*node
	pinner  runtime.Pinner
	handle  weak.Pointer[node]
)

//go:noinline
func stop() {}

//go:noinline
func made(next *node) *node { return &node{next: next} }

func main() {
	object, given, other, pinned, weakly := made(nil), made(nil), made(nil), made(nil), made(nil)
	objects = [5]uintptr{address(object), address(given), address(other), address(pinned), address(weakly)}
	runtime.AddCleanup(object, func(n *node) { kept = append(kept, n, other) }, given)
	pinner.Pin(pinned)
	handle = weak.Make(weakly)
	stop()
	runtime.KeepAlive(object)
	runtime.KeepAlive(weakly)
}

func address(n *node) uintptr { return uintptr(unsafe.Pointer(n)) }
