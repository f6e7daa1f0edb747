// Goroutines by the thousand that wait for jobs, every other of which somebody can still find in a heap that grows with
// them, of 10,000 to 1 GB, 400 MB of it nodes with pointers that lie in no order: ready is called once all wait.
// Usage: reach GOROUTINES.
package main

import (
	"os"
	"strconv"
	"time"
)

type node struct {
	left, right *node
	job         *job
	key         [9]int
}

type job struct{ done chan int }

var (
	root  *node
	bytes [][]byte
)

//go:noinline
func ready() {}

//go:noinline
func wait(j *job) { <-j.done }

// tree makes so many nodes, a power of two, in another order than they stand in it.
func tree(nodes int) []*node {
	all := make([]*node, nodes)
	for i := range all {
		all[i*2654435761%nodes] = new(node)
	}
	for i := range all[:nodes/2-1] {
		all[i].left, all[i].right = all[2*i+1], all[2*i+2]
	}
	return all
}

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	for i := 0; i < n*6/100; i++ {
		bytes = append(bytes, make([]byte, 1<<20))
	}
	nodes := 1
	for nodes < 400*n {
		nodes *= 2
	}
	all := tree(nodes)
	root = all[0]
	for i := 0; i < n; i++ {
		j := &job{make(chan int)}
		if i%2 == 0 {
			all[nodes-2-i].job = j
		}
		go wait(j)
	}
	all = nil
	time.Sleep(300 * time.Millisecond)
	ready()
}
