// Goroutines that wait and hold things, each in another way. Go's collector says which things they keep: until
// `before` it has not run, after `after` the finalizers of those that nobody keeps have.
package main

import (
	"reflect"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

type thing struct {
	id   int
	next *thing
	room [2]int
}

type box struct {
	size  int
	thing *thing
}

type wide struct {
	words [14]int
	thing *thing
}

type keeper struct{ gate chan int }

var (
	where   [64]uintptr
	gone    [64]int32
	names   [64]string
	gates   [64]chan int
	waiting int32
	sum     int
	stopped int32
)

func made(id int) *thing {
	t := &thing{id: id}
	where[id] = uintptr(reflect.ValueOf(t).Pointer())
	runtime.SetFinalizer(t, func(t *thing) { atomic.StoreInt32(&gone[t.id], 1) })
	return t
}

//go:noinline
func use(t *thing) {
	if t != nil {
		sum += t.id
	}
}

//go:noinline
func (t *thing) use() { sum += t.id }

//go:noinline
func fill(b *box, t *thing) { b.thing = t }

//go:noinline
func wait(gate chan int) {
	atomic.AddInt32(&waiting, 1)
	<-gate
}

//go:noinline
func waitThenUse(gate chan int, t *thing) {
	wait(gate)
	use(t)
}

//go:noinline
func useThenWait(gate chan int, t *thing) {
	use(t)
	wait(gate)
}

//go:noinline
func waitWide(gate chan int, w wide) {
	wait(gate)
	use(w.thing)
}

//go:noinline
func waitMany(gate chan int, all ...interface{}) {
	wait(gate)
	use(all[len(all)-1].(*thing))
}

func (k *keeper) Wait(t *thing) { waitThenUse(k.gate, t) }

//go:noinline
func deep(left int, gate chan int, t *thing) int {
	if left == 0 {
		wait(gate)
		return 0
	}
	n := deep(left-1, gate, nil)
	use(t)
	return n + left
}

func result(gate chan int, t *thing) (r *thing) {
	defer func() { recover() }()
	r = t
	wait(gate)
	return
}

// What keeps its thing while it waits, and what has let go of it.
var cases = []struct {
	name string
	run  func(gate chan int, id int)
}{
	{"local", func(gate chan int, id int) { t := made(id); wait(gate); use(t) }},
	{"dead local", func(gate chan int, id int) { t := made(id); use(t); wait(gate) }},
	{"argument", func(gate chan int, id int) { waitThenUse(gate, made(id)) }},
	{"dead argument", func(gate chan int, id int) { useThenWait(gate, made(id)) }},
	{"overwritten", func(gate chan int, id int) { t := made(id); use(t); t = nil; wait(gate); use(t) }},
	{"closure", func(gate chan int, id int) { t := made(id); f := func() { use(t) }; wait(gate); f() }},
	{"go statement", func(gate chan int, id int) { t := made(id); go func() { wait(gate); use(t) }() }},
	{"deferred", func(gate chan int, id int) { defer use(made(id)); wait(gate) }},
	{"deferred in a loop", func(gate chan int, id int) {
		for i := 0; i < 2; i++ {
			defer use(made(id))
		}
		wait(gate)
	}},
	{"deferred in a loop, then another", func(gate chan int, id int) {
		for i := 0; i < 1; i++ {
			defer use(made(id))
		}
		defer use(nil)
		wait(gate)
	}},
	{"deferred closure", func(gate chan int, id int) { t := made(id); defer func() { use(t) }(); wait(gate) }},
	{"variable with an address", func(gate chan int, id int) { var b box; fill(&b, made(id)); wait(gate); use(b.thing) }},
	{"dead variable with an address", func(gate chan int, id int) { var b box; fill(&b, made(id)); use(b.thing); wait(gate) }},
	{"variables in a row", func(gate chan int, id int) {
		var b box
		fill(&b, made(id))
		c := &b
		d := &c
		wait(gate)
		use((*d).thing)
	}},
	{"interface", func(gate chan int, id int) {
		var i interface{} = made(id)
		wait(gate)
		use(i.(*thing))
	}},
	{"slice", func(gate chan int, id int) { s := []*thing{nil, made(id)}; wait(gate); use(s[1]) }},
	{"map", func(gate chan int, id int) { m := map[int]*thing{id: made(id)}; wait(gate); use(m[id]) }},
	{"result", func(gate chan int, id int) { use(result(gate, made(id))) }},
	{"method value", func(gate chan int, id int) { f := made(id).use; wait(gate); f() }},
	{"into the thing", func(gate chan int, id int) { p := &made(id).room[1]; wait(gate); sum += *p }},
	{"behind the thing", func(gate chan int, id int) { t := &thing{next: made(id)}; wait(gate); use(t.next) }},
	{"wide argument", func(gate chan int, id int) { waitWide(gate, wide{thing: made(id)}) }},
	{"variadic", func(gate chan int, id int) { waitMany(gate, 1, "two", made(id)) }},
	{"panic's value", func(gate chan int, id int) {
		defer func() { recover() }()
		defer func() { wait(gate) }()
		panic(made(id))
	}},
	{"deferred under a panic", func(gate chan int, id int) {
		defer func() { recover() }()
		t := made(id)
		defer func() { use(t) }()
		defer func() { wait(gate) }()
		panic(1)
	}},
	{"deferred under a fault", func(gate chan int, id int) {
		defer func() { recover() }()
		t := made(id)
		defer func() { use(t) }()
		defer func() { wait(gate) }()
		var nowhere *thing
		nowhere.id = 1
	}},
	{"deferred under Goexit", func(gate chan int, id int) {
		t := made(id)
		defer func() { use(t) }()
		defer func() { wait(gate) }()
		runtime.Goexit()
	}},
	{"send", func(gate chan int, id int) {
		c := make(chan *thing)
		atomic.AddInt32(&waiting, 1)
		c <- made(id)
	}},
	{"select that sends", func(gate chan int, id int) {
		c := make(chan *thing)
		atomic.AddInt32(&waiting, 1)
		select {
		case c <- made(id):
		case <-gate:
		}
	}},
	{"receive into the thing", func(gate chan int, id int) {
		t := made(id)
		c := make(chan int)
		atomic.AddInt32(&waiting, 1)
		t.room[0] = <-c
	}},
	{"reflect's function", func(gate chan int, id int) {
		f := reflect.MakeFunc(reflect.TypeOf(use), func(all []reflect.Value) []reflect.Value {
			wait(gate)
			use(all[0].Interface().(*thing))
			return nil
		})
		f.Interface().(func(*thing))(made(id))
	}},
	{"reflect's wide argument", func(gate chan int, id int) {
		f := reflect.MakeFunc(reflect.TypeOf(func(wide) {}), func([]reflect.Value) []reflect.Value { wait(gate); return nil })
		f.Interface().(func(wide))(wide{thing: made(id)})
	}},
	{"reflect's method", func(gate chan int, id int) {
		f := reflect.ValueOf(&keeper{gate}).Method(0).Interface().(func(*thing))
		f(made(id))
	}},
	{"deep", func(gate chan int, id int) { sum += deep(20000, gate, made(id)) }},
	{"locked thread", func(gate chan int, id int) { runtime.LockOSThread(); waitThenUse(gate, made(id)) }},
	{"system call", func(gate chan int, id int) {
		t := made(id)
		var ends [2]int
		syscall.Pipe(ends[:])
		atomic.AddInt32(&waiting, 1)
		syscall.Read(ends[0], make([]byte, 1))
		use(t)
	}},
	{"running", func(gate chan int, id int) {
		t := made(id)
		atomic.AddInt32(&waiting, 1)
		for atomic.LoadInt32(&stopped) == 0 {
		}
		use(t)
	}},
	{"not begun", func(gate chan int, id int) {
		t := made(id)
		atomic.AddInt32(&waiting, 1)
		go func() { <-gate; use(t) }()
	}},
}

//go:noinline
func before() {}

//go:noinline
func after() {}

func main() {
	debug.SetGCPercent(-1)
	for id := range cases {
		names[id], gates[id] = cases[id].name, make(chan int)
		go cases[id].run(gates[id], id)
	}
	for int(atomic.LoadInt32(&waiting)) < len(cases) {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond)
	before()
	for i := 0; i < 4; i++ {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
	after()
	atomic.StoreInt32(&stopped, 1)
}
