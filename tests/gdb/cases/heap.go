// Objects of which it is known what reaches them: from a variable, through others, from a stack only, from nowhere.
package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"unsafe"
)

type node struct {
	next *node
	pad  [8]uintptr
	data []byte
}

var (
	kept  *node
	table = map[int]*node{}
	wide  []*node
	mixed struct { // of which the second is no pointer, as the linker has noted
		node   *node
		hidden uintptr
	}
	within  *uintptr
	objects [5]uintptr // the addresses of what is reached in these ways
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
	wide = make([]*node, 140000)
	wide[139999] = &node{}
	within = &(&node{}).pad[3]
	for i := range freed {
		lose(i)
	}
	local := made(made(nil))
	mixed.hidden = address(local)
	runtime.GC()
	runtime.GC()
	objects = [5]uintptr{address(kept.next.next), address(table[7]), address(wide[139999]), mixed.hidden, address(local.next)}
	if len(os.Args) > 1 { // to write there what Go itself knows of its heap
		file, _ := os.Create(os.Args[1])
		debug.WriteHeapDump(file.Fd())
		runtime.KeepAlive(file)
	}
	stop()
	runtime.KeepAlive(local)
}

func address(n *node) uintptr { return uintptr(unsafe.Pointer(n)) }
