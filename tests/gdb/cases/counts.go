// The smallest program that counts its goroutines: NumGoroutine says one, a debugger lists more.
package main

import "runtime"

func main() {
	println(runtime.NumGoroutine())
}
