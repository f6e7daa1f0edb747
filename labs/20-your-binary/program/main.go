// The first program that everybody writes, and a second goroutine.

package main

import "os"

func main() {
	for i := number(4); i >= 0; i-- {
		go greet("hello, world\n")
	}
	settle()
	stands()
}

func greet(text string) {
	os.Stdout.WriteString(text)
	select {}
}
