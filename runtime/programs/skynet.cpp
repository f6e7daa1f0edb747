// skynet.cpp - a million goroutines that send their number up a tree, ten to a node; the sum arrives at main.
//
// How many stand at a time depends on who runs first. The newest goroutine is its P's runnext, so the tree is walked
// depth first as long as nobody steals: some thousands of stacks instead of a million.

#include "go.hpp"

static void node(chan<int64> up, int64 number, int64 leaves) {
    if (leaves == 1) {
        up.send(number);
        return;
    }
    chan<int64> down(0);
    int64 each = leaves / 10, sum = 0;
    for (int64 i = 0; i < 10; i++) go([=] { node(down, number + i * each, each); });
    for (int64 i = 0; i < 10; i++) sum += down.recv();
    up.send(sum);
}

void main_main() {
    chan<int64> sum(0);
    go([=] { node(sum, 0, 1000000); });
    fmt::Println("the sum of 0 to 999999 is", sum.recv());
}
