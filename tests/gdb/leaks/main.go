// Small programs of which it is known who can still be woken, all in one executable: its arguments say which of them to
// run, none means all that can share a process, -list names all. A line `rt0: VERDICT FUNCTION N` above a program says
// that N goroutines with this function on their stack have this verdict for ever, once the program has settled:
//
//	leaked  nobody can ever wake them, and nothing that can still act leads to what they wait for
//	circle  they wait for each other, but others can reach what they wait for (locks in global variables)
//	alive   they go on by themselves, or somebody who does can wake them: naming them would be a false accusation
//	beyond  nobody will wake them, but something leads to what they wait for: no search of memory can tell
//
// Behind it may stand what Go's own goroutine leak profile makes of it where that is something else: `go-silent` (it
// does not name them), `go-errs` (it names them, wrongly).
package main

import (
	"os"
	"runtime"
	"strings"
	"time"
)

type small struct {
	name  string
	alone bool
	start func()
}

var programs []small

func program(name string, start func()) { programs = append(programs, small{name, false, start}) }

func alone(name string, start func()) { programs = append(programs, small{name, true, start}) }

// forAnHour is how somebody waits who will go on by himself.
func forAnHour() { time.Sleep(1000 * time.Hour) }

// began lets a program's start run where nothing of it remains afterwards: on a stack that is given back.
func began(start func()) {
	done := make(chan bool)
	go func() {
		start()
		done <- true
	}()
	<-done
}

// settle waits until nobody but its caller runs or is about to, several times in a row, and gives all stacks then.
func settle() (text []byte) {
	all := make([]byte, 1<<20)
	for still := 0; still < 4; {
		time.Sleep(20 * time.Millisecond)
		runtime.GC()
		still++
		text = all[:runtime.Stack(all, true)]
		own := true
		for _, stack := range strings.Split(string(text), "\n\n") {
			first := stack[:strings.IndexByte(stack, ':')]
			moving := strings.Contains(first, "[runn") || strings.Contains(first, "[sleep") && strings.Contains(stack, "main.soon(")
			if moving && !own && !strings.Contains(stack, "Spins(") {
				still = 0
			}
			own = false
		}
	}
	return text
}

// soon is how somebody waits for what comes before the program has settled.
//
//go:noinline
func soon() { time.Sleep(5 * time.Millisecond) }

//go:noinline
func ready() {}

// written notes all stacks where somebody wants to know them.
func written(path string, stacks []byte) {
	if path != "" {
		if err := os.WriteFile(path, stacks, 0o600); err != nil {
			panic(err)
		}
	}
}

// ownProfile writes what Go's own leak profile says, if it has one and somebody wants to know.
var ownProfile = func(path string) {}

func chosen(name string, alone bool) bool {
	for _, argument := range os.Args[1:] {
		if argument == name {
			return true
		}
	}
	return len(os.Args) == 1 && !alone
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "-list" {
		for _, each := range programs {
			os.Stdout.WriteString(each.name + "\n")
		}
		return
	}
	for _, each := range programs {
		if chosen(each.name, each.alone) {
			began(each.start)
		}
	}
	written(os.Getenv("LEAK_STACKS"), settle())
	ownProfile(os.Getenv("LEAK_PROFILE"))
	os.Stdout.WriteString("ready\n")
	for {
		ready()
		time.Sleep(50 * time.Millisecond)
	}
}
