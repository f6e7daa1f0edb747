// The smallest program that boots: the notes build it for many systems, and with many Gos.
package main

func main() { println("hello") }
