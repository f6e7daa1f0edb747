// What a server does at three in the morning: many wait for the network, some for channels, in selects and for timers.
package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"time"
)

const readers = 6

type Map[K comparable, V any] struct{ c chan V }

func (m *Map[K, V]) Wait() V { return <-m.c }

func Each[T any](c chan T) T { return <-c }

func readLoop(c net.Conn) {
	var b [1]byte
	c.SetReadDeadline(time.Now().Add(time.Hour))
	c.Read(b[:])
}

func choose(numbers chan int, names chan string, done chan bool) {
	select {
	case n := <-numbers:
		println(n)
	case names <- "x":
	case <-done:
	}
}

func accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			panic(err)
		}
		go readLoop(c)
	}
}

// twice stands at one of two lines.
func twice(c chan string, first bool) {
	if first {
		<-c
	}
	<-c
}

func later()   {}
func stopped() {}
func setAnew() {}

// failures are errors of package net, texts what they say.
var failures []error
var texts []string

func fail() {
	_, err := net.Dial("tcp", "127.0.0.1:1")
	ip6, ip4 := &net.TCPAddr{IP: net.ParseIP("fe80::1"), Port: 5, Zone: "x"}, &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 80}
	failures = []error{
		err,
		&net.OpError{Op: "read", Net: "tcp", Source: ip6, Addr: ip4, Err: &net.AddrError{Err: "e", Addr: "a"}},
		&net.OpError{Op: "write", Net: "udp", Addr: &net.UDPAddr{Port: 53}, Err: &net.AddrError{Err: "e"}},
		&net.DNSError{Err: "no such host", Name: "h"},
		&net.DNSError{Err: "no such host", Name: "h", Server: "s"},
	}
	for _, err := range failures {
		texts = append(texts, err.Error())
	}
}

//go:noinline
func ready() {}

// parked says whether so many wait for such a reason; each of them has parked by the time that Go says so.
func parked(reason string, n int) bool {
	text := make([]byte, 1<<20)
	return bytes.Count(text[:runtime.Stack(text, true)], []byte("["+reason)) == n
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go accept(l)
	conns := make([]net.Conn, readers)
	for i := range conns {
		if conns[i], err = net.Dial("tcp", l.Addr().String()); err != nil {
			panic(err)
		}
	}
	m, strings := &Map[string, int]{make(chan int)}, make(chan string)
	go m.Wait()
	go Each(strings)
	numbers, names, done := make(chan int), make(chan string), make(chan bool)
	go choose(numbers, names, done)
	pprof.Do(context.Background(), pprof.Labels("request", "42"), func(context.Context) {
		go func() { <-strings }()
	})
	for _, first := range []bool{true, false} {
		go twice(strings, first)
	}
	reads, pipe, _ := os.Pipe()
	go pipe.Write(make([]byte, 1<<20))
	fail()
	go time.Sleep(time.Hour)
	ticker := time.NewTicker(10 * time.Minute)
	go func() { <-ticker.C }()
	time.AfterFunc(20*time.Minute, later)
	time.AfterFunc(20*time.Minute, stopped).Stop()
	time.AfterFunc(20*time.Minute, setAnew).Reset(3 * time.Hour)
	for !(parked("IO wait", readers+2) && parked("chan receive", 6) && parked("select", 1) && parked("sleep", 1)) {
		time.Sleep(time.Millisecond)
	}
	ready()
	runtime.KeepAlive(conns)
	runtime.KeepAlive(reads)
	runtime.KeepAlive(pipe)
	runtime.KeepAlive(m)
	runtime.KeepAlive(ticker)
}
