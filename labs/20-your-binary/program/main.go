// The first program that everybody writes, said by several goroutines.

package main

func main() {
	for i := 1 + number(4); i >= 0; i-- {
		go greet("hello, world")
	}
	settle()
	stands()
}

func greet(text string) {
	println(text)
	select {}
}
