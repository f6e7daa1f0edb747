// hollow.go - a map from which everything was deleted, and zeros to put in the place of its buckets.
package main

var zeros [1 << 24]byte

//go:noinline
func stop() { zeros[0] = 0 }

func main() {
	hollow := map[int]int{}
	for i := 0; i < 100; i++ {
		hollow[i] = i
	}
	for i := 0; i < 100; i++ {
		delete(hollow, i)
	}
	stop()
	println(len(hollow))
}
