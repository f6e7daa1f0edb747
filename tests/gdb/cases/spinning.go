// Two goroutines that never wait, on one P: the runtime puts them off by a signal, at any instruction.
package main

func spin() {
	for {
	}
}

//go:noinline
func leaf(i int) int {
	return i + 1
}

func main() {
	go spin()
	for i := 0; ; {
		i = leaf(i) // calls
		i -= 2      // takes
		i++         // adds
	}
}
