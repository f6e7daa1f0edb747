// spin.cpp - who can be made to give way? Run it with GOMAXPROCS=1, then with 2.
//
// After 10 ms sysmon asks a goroutine for its P, by way of the stack guard that each function's prologue compares. A
// loop that calls functions sees that. A loop that calls nothing does not look, and with one P all others wait for it.

#include "go.hpp"

static volatile bool stop, over;
static volatile int64 turns;

[[gnu::noinline]] static void turn() { turns = turns + 1; }

static void withcalls() {
    while (!stop) turn();
    over = true;
}

static void withoutcalls() {
    for (int64 i = 0; i < 200000000; i++) turns = i;  // a good tenth of a second
    over = true;
}

static void watch(const char* loop) {
    time::Sleep(20 * time::Millisecond);
    fmt::Println(loop, over ? "main is back when the loop is over" : "main is back while the loop runs");
}

void main_main() {
    go(withcalls);
    watch("calls:   ");
    stop = true;
    while (!over) runtime::Gosched();

    over = false;
    go(withoutcalls);
    watch("no calls:");
}
