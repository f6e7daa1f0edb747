// What comes from outside: signals, the network, system calls, finalizers.
package main

import (
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// rt0: alive main.waitsForSignal 1
func init() {
	program("signal", func() {
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGUSR2)
		go waitsForSignal(c)
	})
}

//go:noinline
func waitsForSignal(c chan os.Signal) { <-c }

// rt0: alive main.accepts 1
// rt0: alive main.waitsForPeer 1
func init() {
	program("network", func() {
		listener, err := net.Listen("unix", "")
		if err != nil {
			panic(err)
		}
		c := make(chan net.Conn)
		go accepts(listener, c)
		go waitsForPeer(c)
	})
}

//go:noinline
func accepts(listener net.Listener, c chan net.Conn) {
	for {
		peer, err := listener.Accept()
		if err != nil {
			close(c)
			return
		}
		c <- peer
	}
}

//go:noinline
func waitsForPeer(c chan net.Conn) {
	for peer := range c {
		peer.Close()
	}
}

// rt0: alive main.readsPipe 1
// rt0: alive main.waitsForRead 1
func init() {
	program("file", func() {
		reader, writer, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		open = append(open, writer)
		c := make(chan byte)
		go readsPipe(reader, c)
		go waitsForRead(c)
	})
}

var open []io.Closer

//go:noinline
func readsPipe(reader io.Reader, c chan byte) {
	one := make([]byte, 1)
	reader.Read(one)
	c <- one[0]
}

//go:noinline
func waitsForRead(c chan byte) { <-c }

// rt0: alive main.inASystemCall 1
// rt0: alive main.waitsForSystemCall 1
func init() {
	program("system-call", func() {
		var ends [2]int
		if err := syscall.Pipe(ends[:]); err != nil {
			panic(err)
		}
		c := make(chan byte)
		go inASystemCall(ends[0], c)
		go waitsForSystemCall(c)
	})
}

//go:noinline
func inASystemCall(file int, c chan byte) {
	one := make([]byte, 1)
	syscall.Read(file, one)
	c <- one[0]
}

//go:noinline
func waitsForSystemCall(c chan byte) { <-c }

// rt0: alive main.inALockedThread 1
// rt0: alive main.waitsForLockedThread 1
func init() {
	program("locked-thread", func() {
		c := make(chan byte)
		go inALockedThread(c)
		go waitsForLockedThread(c)
	})
}

//go:noinline
func inALockedThread(c chan byte) {
	runtime.LockOSThread()
	forAnHour()
	c <- 1
}

//go:noinline
func waitsForLockedThread(c chan byte) { <-c }

// rt0: leaked main.readsNobody 1
// rt0: alive main.readsSleeper 1
// rt0: alive main.writesPipeLater 1
func init() {
	program("io-pipe", func() {
		lost, _ := io.Pipe()
		reader, writer := io.Pipe()
		go readsNobody(lost)
		go readsSleeper(reader)
		go writesPipeLater(writer)
	})
}

//go:noinline
func readsNobody(reader io.Reader) { reader.Read(make([]byte, 1)) }

//go:noinline
func readsSleeper(reader io.Reader) { reader.Read(make([]byte, 1)) }

//go:noinline
func writesPipeLater(writer io.Writer) {
	forAnHour()
	writer.Write([]byte("x"))
}

type handle struct {
	number int
	closed chan bool
}

// rt0: alive main.waitsForFinalizer 1
// rt0: alive main.hasHandle 1
// rt0: alive main.waitsForFinalized 1
func init() {
	program("finalizer", func() {
		h, c := &handle{1, make(chan bool)}, make(chan bool)
		runtime.SetFinalizer(h, func(h *handle) {
			close(h.closed)
			close(c)
		})
		go waitsForFinalizer(c)
		go waitsForFinalized(h.closed)
		go hasHandle(h)
	})
}

//go:noinline
func waitsForFinalizer(c chan bool) { <-c }

//go:noinline
func waitsForFinalized(c chan bool) { <-c }

//go:noinline
func hasHandle(h *handle) {
	forAnHour()
	runtime.KeepAlive(h)
}

// rt0: beyond main.waitsForOwnHandle 1
// rt0: beyond main.waitsForOwnFinalizer 1
func init() {
	program("finalizer-of-what-a-leak-keeps", func() {
		h, c := &handle{2, make(chan bool)}, make(chan bool)
		runtime.SetFinalizer(h, func(*handle) { close(c) })
		go waitsForOwnHandle(h)
		go waitsForOwnFinalizer(c)
	})
}

//go:noinline
func waitsForOwnHandle(h *handle) {
	<-h.closed
	runtime.KeepAlive(h)
}

//go:noinline
func waitsForOwnFinalizer(c chan bool) { <-c }

// rt0: leaked main.waitsForCleared 1
func init() {
	program("finalizer-cleared", func() {
		h, c := &handle{3, make(chan bool)}, make(chan bool)
		runtime.SetFinalizer(h, func(*handle) { close(c) })
		runtime.SetFinalizer(h, nil)
		go waitsForCleared(c)
	})
}

//go:noinline
func waitsForCleared(c chan bool) { <-c }
