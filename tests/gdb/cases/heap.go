// Objects of which it is known what reaches them: from a variable, through others, from a stack only, from nowhere.
package main

import (
	"runtime"
	"unsafe"
)

type node struct {
	next *node
	pad  [8]uintptr
	data []byte
}

var (
	kept    *node
	table   = map[int]*node{}
	wide    []*node
	hidden  uintptr // an address that is no pointer, as the linker has noted
	within  *uintptr
	objects [5]uintptr // of what is in `names`, kept from the collector
	freed   [64]uintptr
)

//go:noinline
func stop() {}

//go:noinline
func made(next *node) *node { return &node{next: next} }

//go:noinline
func lose(i int) {
	freed[i] = address(made(made(nil)))
}

func main() {
	for i := 0; i < 100; i++ {
		kept = &node{next: kept, data: make([]byte, 10)}
		table[i] = &node{}
	}
	wide = make([]*node, 300000)
	wide[299999] = &node{}
	within = &(&node{}).pad[3]
	for i := range freed {
		lose(i)
	}
	local := made(made(nil))
	hidden = address(local)
	runtime.GC()
	runtime.GC()
	objects = [5]uintptr{address(kept.next.next), address(table[7]), address(wide[299999]), hidden, address(local.next)}
	stop()
	runtime.KeepAlive(local)
}

func address(n *node) uintptr { return uintptr(unsafe.Pointer(n)) }
