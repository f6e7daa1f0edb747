package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"sync"
	"syscall"
	"time"
)

type tree struct {
	l, r *tree
	v    int
}
type named map[string]int
type ids []int
type text string
type level int
type mine struct {
	code int
	what string
}

func (m *mine) Error() string { return fmt.Sprint(m.code, m.what) }

type shape interface{ area() int }
type square struct{ side int }

func (s square) area() int { return s.side * s.side }

type method struct{ n int }

func (m *method) do() int { return m.n }

var wg sync.WaitGroup

//go:noinline
func nested() {
	defer func() {
		defer func() {
			recover()
			wg.Done()
			select {}
		}()
		panic(fmt.Errorf("second: %w", errors.New("inner")))
	}()
	panic("first")
}

//go:noinline
func exiting() {
	defer func() {
		wg.Done()
		select {}
	}()
	runtime.Goexit()
}

//go:noinline
func unrecovered() {
	defer func() {
		caught(fault)
		wg.Done()
		select {}
	}()
	panic(&mine{7, "lost"})
}

//go:noinline
func repanic() {
	defer func() {
		defer func() { wg.Done(); select {} }()
		if r := recover(); r != nil {
			panic(r)
		}
	}()
	var m map[string]int
	m["x"] = 1
}

//go:noinline
func deferring(n int) {
	defer wg.Add(0)
	for i := 0; i < n; i++ {
		defer fmt.Sprint(i)
	}
	wg.Done()
	select {}
}

//go:noinline
func opened(n int) {
	defer wg.Add(0)
	if n > 1 {
		defer fmt.Sprint(n)
	}
	defer func() { _ = n }()
	wg.Done()
	select {}
}

func fault() { (*tree)(nil).v = 1 }

func caught(f func()) (err error) {
	defer func() { err = recover().(error) }()
	f()
	return
}

func values() {
	var e1 interface{} = 42
	var e2 interface{} = "text"
	var e3 interface{} = &tree{nil, nil, 1}
	var e4 interface{} = tree{nil, nil, 2}
	var e5 interface{} = []int{1, 2, 3}
	var e6 interface{} = map[string]int{"a": 1}
	var e7 interface{} = level(3)
	var e8 interface{} = func(x int) int { return x }
	var e9 interface{} = struct{ a, b int }{1, 2}
	var eA interface{} = 2.5
	var eB interface{} = time.Second
	var eC interface{} = ids{4, 5}
	var eD interface{} = [1]*tree{{nil, nil, 9}}
	var eE interface{} = true
	var nile interface{}
	err1 := errors.New("plain")
	err2 := fmt.Errorf("wrapped: %w", err1)
	_, err3 := os.Open("/no/such")
	var err4 error = syscall.ENOENT
	var err5 error = &mine{5, "mine"}
	_, err6 := strconv.Atoi("x1")
	var err7 error = &fs.PathError{Op: "read", Path: "/x", Err: err2}
	err8 := context.DeadlineExceeded
	err9 := fmt.Errorf("two: %w %w", err1, err4)
	var nilerr error
	ring := &fs.PathError{Op: "round", Path: "/"}
	ring.Err = ring
	var circle error = ring
	var sh shape = square{3}
	var kept []error
	var texts []string
	three, five, less, zero, huge := []int{1, 2, 3}, 5, -1, 0, uint64(1<<63)
	for _, f := range []func(){
		func() { three[five]++ },
		func() { three[less]++ },
		func() { three[huge]++ },
		func() { panic(syscall.Errno(9999)) },
		func() { _ = three[1:five] },
		func() { _ = three[five:] },
		func() { five = five / zero },
		func() { five = e2.(int) },
		func() { _ = e2.(shape) },
		func() { five = nile.(int) },
		func() { close((chan int)(nil)) },
		func() { panic(&os.LinkError{Op: "link", Old: "a", New: "b", Err: os.NewSyscallError("linkat", err4)}) },
	} {
		err := caught(f)
		kept, texts = append(kept, err), append(texts, err.Error())
	}
	n := named{"n": 1}
	is := ids{4, 5, 6}
	tx := text("typed")
	html := "<b>bold</b>"
	binary := "a\x00b\xff\xfe\x1b[31m\r\n\t\"q\"\\\u202e\a"
	long := string(make([]byte, 300))
	x := 5
	fn := func(y int) int { return x + y }
	mv := (&method{1}).do
	fp := fmt.Sprint
	var nilfn func()
	d := 1500 * time.Millisecond
	t1 := time.Now()
	t2 := time.Date(2024, 2, 29, 12, 34, 56, 789000000, time.UTC)
	t3 := time.Date(1600, 1, 1, 0, 0, 0, 0, time.FixedZone("X", 3600))
	var t0 time.Time
	far := time.Unix(1<<40, 0)
	var moments []time.Time
	var spans []time.Duration
	var told []string
	for _, t := range []time.Time{t0, t1, t2, t3, t1.In(time.FixedZone("W", -5400)), time.Unix(-1, 5).UTC(), t1.Add(-time.Hour)} {
		moments, told = append(moments, t), append(told, t.String())
	}
	for i := time.Duration(0); i < 10; i++ { // the clock of one of them ends in 0
		moments, told = append(moments, t1.Add(i)), append(told, t1.Add(i).String())
	}
	for _, d := range []time.Duration{0, 999, -1001, d, -d, time.Minute, time.Hour + 2*time.Minute + 3500*time.Millisecond} {
		spans, told = append(spans, d), append(told, d.String())
	}
	mi := map[string]interface{}{"n": 3, "e": err2}
	si := []error{err1, nil, err3}
	st := struct {
		e error
		f func(int) int
		t time.Time
		d time.Duration
	}{err2, fn, t2, d}
	stop()
	_, _, _, _, _, _, _, _, _, _, _, _, _, _, _ = e1, e2, e3, e4, e5, e6, e7, e8, e9, eA, eB, eC, eD, eE, nile
	_, _, _, _, _ = circle, far, moments, spans, told
	_, _ = kept, texts
	_, _, _, _, _, _, _, _, _, _, _ = err1, err2, err3, err4, err5, err6, err7, err8, err9, nilerr, sh
	_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _ = n, is, tx, html, binary, long, fn, mv, fp, nilfn, d, t1, t2, t3, t0, mi, si, st, x
}

func main() {
	ctx := pprof.WithLabels(context.Background(), pprof.Labels("user", "bob", "path", "/api x"))
	wg.Add(7)
	go nested()
	go exiting()
	go unrecovered()
	go repanic()
	go deferring(3)
	go opened(2)
	go func() {
		pprof.SetGoroutineLabels(ctx)
		wg.Done()
		select {}
	}()
	wg.Wait()
	values()
	if len(os.Args) > 1 {
		func() {
			defer func() {
				panic(fmt.Errorf("again: %v", recover()))
			}()
			var p *tree
			p.v = 1
		}()
	}
}

//go:noinline
func stop() {}
