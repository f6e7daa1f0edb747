// A small service that hangs: shops that sell, and one goroutine that watches over them.

package main

import "sync"

func main() {
	open := []func(int){crossed, full, silent, onetoomany}[number(4)]
	for i := number(5); i > 0; i-- {
		go clerk(make(chan string))
	}
	open(2 + number(3))
	go watch()
	select {}
}

// watch looks whether anything moves, and is there when nothing does.
func watch() {
	settle()
	stands()
	select {}
}

// clerk waits for customers, of whom there are none today.
func clerk(customers chan string) {
	for range customers {
	}
}

// ---- accounts with a lock each: every transfer takes two

type account struct {
	sync.Mutex
	money int
}

func crossed(n int) {
	accounts := make([]*account, n)
	for i := range accounts {
		accounts[i] = &account{money: 100}
	}
	ready := make(chan bool)
	begin := make(chan bool)
	first := number(n)
	for i := range accounts {
		from, to := accounts[(first+i)%n], accounts[(first+i+1)%n]
		go transfer(from, to, ready, begin)
		<-ready
	}
	for i := number(3); i >= 0; i-- {
		go audit(accounts[first])
	}
	close(begin)
}

func transfer(from, to *account, ready, begin chan bool) {
	from.Lock()
	ready <- true
	<-begin
	to.Lock()
	from.money--
	to.money++
	to.Unlock()
	from.Unlock()
}

func audit(of *account) {
	of.Lock()
	defer of.Unlock()
	if of.money < 0 {
		panic("an account is overdrawn")
	}
}

// ---- a channel that is full, and the only one who reads it

func full(n int) {
	orders, bills := make(chan int, n), make(chan int)
	go pack(orders, bills)
	for i := number(3); i >= 0; i-- {
		go order(orders, n+2)
	}
	go cash(orders, bills, n+2)
}

func order(orders chan int, n int) {
	for i := 0; i < n; i++ {
		orders <- i
	}
}

func pack(orders, bills chan int) {
	for one := range orders {
		bills <- one
	}
}

// cash takes the bills, but not before it has ordered for itself.
func cash(orders, bills chan int, n int) {
	for i := 0; i < n; i++ {
		orders <- i
	}
	for range bills {
	}
}

// ---- a Cond that nobody signals

type shelf struct {
	sync.Mutex
	filled *sync.Cond
	goods  []int
}

func silent(n int) {
	one := &shelf{}
	one.filled = sync.NewCond(one)
	sold := make(chan int)
	for i := 0; i < n; i++ {
		go sell(one.filled, one, sold)
	}
	go fill(one.filled, one, sold, n)
}

func sell(filled *sync.Cond, from *shelf, sold chan int) {
	from.Lock()
	for len(from.goods) == 0 {
		filled.Wait()
	}
	one := from.goods[0]
	from.goods = from.goods[1:]
	from.Unlock()
	sold <- one
}

// fill puts goods on the shelf when those before are sold.
func fill(filled *sync.Cond, on *shelf, sold chan int, n int) {
	for i := 0; i < n; i++ {
		on.Lock()
		on.goods = append(on.goods, i)
		on.Unlock()
		<-sold
	}
	filled.Broadcast()
}

// ---- a WaitGroup that counts one too many

func onetoomany(n int) {
	var working sync.WaitGroup
	working.Add(n + 1)
	home := make(chan bool)
	for i := 0; i < n; i++ {
		go work(&working, home)
	}
	go closing(&working, home)
}

func work(working *sync.WaitGroup, home chan bool) {
	working.Done()
	<-home
	working.Wait()
}

// closing sends everybody home when all have worked.
func closing(working *sync.WaitGroup, home chan bool) {
	working.Wait()
	close(home)
}
