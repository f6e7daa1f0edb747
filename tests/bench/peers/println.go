// Go's smallest hello: it prints through the runtime alone. The start-up figure to compare with.
package main

func main() {
	println("hello world")
}
