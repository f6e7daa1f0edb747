// Go's usual hello: it prints through fmt and os, whose initialisation it pays for.
package main

import "fmt"

func main() {
	fmt.Println("hello world")
}
