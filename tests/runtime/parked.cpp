// parked.cpp - goroutines that wait for each kind of thing, as many of one kind as the first argument says. Then main
// stops in main.ready, for a debugger to look, and returns.

#include "go.hpp"
#include "runtime.hpp"

extern slice<gostring> argslice;

__attribute__((noinline)) void ready() GO("main.ready");
void ready() { __asm__ volatile(""); }

// What is stepped through for `lab bench gdb`: nobody else runs meanwhile.
__attribute__((noinline)) static void turn(int64 i) GO("main.turn");
static void turn(int64 i) {
    static volatile int64 turns;
    turns = turns + i;
    turns = turns + 1;
}

static int64 leaf(chan<int64> c, int64 n) GO("main.leaf");
static int64 leaf(chan<int64> c, int64 n) { return c.recv() + n; }

static int64 middle(chan<int64> c, int64 n) GO("main.middle");
static int64 middle(chan<int64> c, int64 n) {
    int64 twice = 2 * n;
    return leaf(c, n) + twice;
}

static int64 number(const gostring& s) {
    int64 n = 0;
    for (int64 i = 0; i < s.len; i++) n = 10 * n + s.str[i] - '0';
    return n;
}

void main_main() {
    static sync::Mutex mu;
    static sync::RWMutex rw;
    static sync::WaitGroup wg;
    chan<int64> c(0), full(3);
    int64 n = argslice.len > 1 ? number(argslice.array[1]) : 4;
    mu.Lock();
    rw.Lock();
    wg.Add(1);
    for (int64 i = 0; i < 3; i++) full.send(i);
    for (int64 i = 0; i < n; i++) go([=] { middle(c, i); });
    go([=] { chan<int64>(full).send(7); });
    go([] { mu.Lock(), mu.Unlock(); });
    go([] { mu.Lock(), mu.Unlock(); });
    go([] { rw.RLock(), rw.RUnlock(); });
    go([] { time::Sleep(3600 * time::Second); });
    go([=] { Select(c.onrecv([](int64, bool) {}), full.onsend(9, [] {})); });
    go([] { wg.Wait(); });
    time::Sleep(200 * time::Millisecond);
    ready();
    for (int64 i = 0; i < 1 << 16; i++) turn(i);
}
