// moves.cpp - goroutines that change threads, grow, recurse, panic and end while somebody steps them. moves.go is the
// same for Go.

#include "go.hpp"

/// Takes its thread for itself: whoever ran there before goes on elsewhere.
static void taker(chan<int64> done) {
    runtime::LockOSThread();
    done.send(1);
    chan<int64> never(0);
    never.recv();
}

static int64 receive(int64 n) {
    chan<int64> done(0);
    go([=] { taker(done); });
    int64 v = done.recv();  // receives
    return v + n;           // received
}

static int64 climb(int64 n) {
    if (n == 0) return receive(0);
    int64 v = climb(n - 1);  // climbs
    return v + n;            // climbed
}

static int64 deep(int64 n) {
    volatile uint8 a[256] = {};
    a[n % 256] = 1;
    if (n == 0) return a[0];
    return deep(n - 1) + a[1];
}

static int64 divide(int64 a, int64 b) {
    int64 v = receive(a);  // divides
    if (b == 0) panic("no divisor");
    return v / b;
}

static int64 safe(int64 a, int64 b) {
    return func([=](Defer& defer) -> int64 {
        defer([] { recover(); });
        int64 v = divide(a, b);
        return v;
    });
}

static int64 counts[3];

static void worker(int64 id, chan<int64> out) {
    for (int i = 0; i < 4; i++) {
        counts[id]++;        // counts
        runtime::Gosched();  // yields
    }
    out.send(id);  // last
}  // ends

void main_main() {
    int64 v = receive(1);  // begins
    v += climb(3);         // moved
    v += deep(1000);       // grows
    v += safe(1, 0);       // panics
    chan<int64> out(0);
    for (int64 id = 0; id < 3; id++) go([=] { worker(id, out); });
    v += out.recv();
    v += out.recv();
    v += out.recv();
    fmt::Println(v);
    out.recv();
}
