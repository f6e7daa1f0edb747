// preempt.cpp - run with GOMAXPROCS=1: a loop that calls a function gives way to others, because sysmon asks and the
// function's prologue obeys. Without preemption main would never come back.

#include "go.hpp"

static volatile bool stop;
static volatile int64 turns;

[[gnu::noinline]] static void work() { turns = turns + 1; }

void main_main() {
    chan<bool> done(0);
    go([=] {
        while (!stop) work();
        done.send(true);
    });
    int64 before = turns;
    while (turns == before) runtime::Gosched();
    runtime::Gosched();  // the loop runs; only preemption brings us back
    stop = true;
    done.recv();
    fmt::Println("preempted");
}
