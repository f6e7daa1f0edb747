package main

/*
#include <unistd.h>
extern int goBack(int);
static int inner(int n) { return goBack(n) + 1; }
static int there(int n) { return inner(n) + 1; }
static void inC(void) { for (;;) pause(); }
*/
import "C"

//export goBack
func goBack(n C.int) C.int { return n + C.int(<-never) }

func callback() { C.there(7) }
func staysInC() { C.inC() }

// startC starts one goroutine that stays in C, and one that C calls back into Go and that waits there.
func startC() {
	go staysInC()
	go callback()
}
