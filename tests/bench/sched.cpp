// sched.cpp - what scheduling costs: `sched FIGURE N` does an operation N times and prints the nanoseconds that took in
// all, for the memory figure the bytes. The peers (peers/sched.go, fiber.cpp, switch.cpp) do the same in the same
// shape.

#include "go.hpp"
#include "runtime.hpp"

static void yield(int64 goroutines, int64 n) {
    sync::WaitGroup wg;
    wg.Add(static_cast<int32>(goroutines));
    for (int64 i = 0; i < goroutines; i++)
        go([&wg, each = n / goroutines] {
            for (int64 k = 0; k < each; k++) runtime::Gosched();
            wg.Done();
        });
    wg.Wait();
}

static void yield2(int64 n) { yield(2, n); }
static void yield1000(int64 n) { yield(1000, n); }

/// A number goes back and forth; either way is a hand-off.
static void handoff(int64 n) {
    chan<int64> ping(0), pong(0);
    go([=] {
        for (int64 v : ping) pong.send(v + 1);
    });
    for (int64 v = 0; v < n;) {
        ping.send(v + 1);
        v = pong.recv();
    }
}

/// Spawns `batch` goroutines and waits for them, n / batch times.
static void spawn(int64 batch, int64 n) {
    sync::WaitGroup wg;
    for (int64 i = 0; i < n; i += batch) {
        wg.Add(static_cast<int32>(batch));
        for (int64 k = 0; k < batch; k++) go([&wg] { wg.Done(); });
        wg.Wait();
    }
}

static void one(int64 n) { spawn(1, n); }
static void batch(int64 n) { spawn(1000, n); }
static void million(int64 n) { spawn(n, n); }

/// A tree of goroutines, ten to each: n leaves send their numbers, everybody else the sum of what came.
static void node(chan<int64> up, int64 number, int64 leaves) {
    if (leaves == 1) return up.send(number);
    chan<int64> down(0);
    for (int64 i = 0; i < 10; i++) go([=] { node(down, number + i * (leaves / 10), leaves / 10); });
    int64 sum = 0;
    for (int64 i = 0; i < 10; i++) sum += down.recv();
    up.send(sum);
}

static void skynet(int64 n) {
    chan<int64> sum(0);
    go([=] { node(sum, 0, n); });
    if (sum.recv() != n * (n - 1) / 2) panicplain("skynet: wrong sum");
}

/// The first n primes; each prime is a goroutine that passes on what it does not divide.
static void sieve(int64 n) {
    chan<int64> in(0);
    go([=] {
        for (int64 i = 2;; i++) in.send(i);
    });
    for (int64 i = 0; i < n; i++) {
        int64 prime = in.recv();
        chan<int64> out(0);
        go([=] {
            for (int64 v : in)
                if (v % prime != 0) out.send(v);
        });
        in = out;
    }
}

/// Four producers, four consumers, one channel with a buffer.
static void prodcons(int64 n) {
    chan<int64> c(128);
    sync::WaitGroup producers, consumers;
    producers.Add(4), consumers.Add(4);
    for (int k = 0; k < 4; k++) {
        go([=, &producers] {
            for (int64 i = 0; i < n / 4; i++) c.send(i);
            producers.Done();
        });
        go([=, &consumers] {
            for (int64 v : c) (void)v;
            consumers.Done();
        });
    }
    producers.Wait();
    c.close();
    consumers.Wait();
}

/// n goroutines that wait for ever.
static void park(int64 n) {
    static int64 parked;
    chan<int64> never(0);
    for (int64 i = 0; i < n; i++)
        go([=] {
            atomic::Xadd(&parked, 1);
            never.recv();
        });
    while (atomic::Load(&parked) != n) runtime::Gosched();
}

// ---- the command line, the clock, the memory -----------------------------------------------------------------------

/// Bytes in RAM, as /proc/self/statm has them.
static int64 resident() {
    int64 fd = 2;  // open
    asm volatile("syscall" : "+a"(fd) : "D"("/proc/self/statm"), "S"(0), "d"(0) : "rcx", "r11", "memory");
    char text[128];
    int64 n = read_(static_cast<int32>(fd), text, sizeof text), at = 0, pages = 0;
    while (at < n && text[at] != ' ') at++;
    at++;
    for (; at < n && text[at] != ' '; at++) pages = pages * 10 + (text[at] - '0');
    return pages * 4096;
}

static int64 elapsed(void (*figure)(int64), int64 n) {
    int64 began = nanotime();
    figure(n);
    return nanotime() - began;
}

static int64 growth(void (*figure)(int64), int64 n) {
    int64 began = resident();
    figure(n);
    return resident() - began;
}

static constexpr struct {
    const char* name;
    void (*figure)(int64);
    int64 (*measure)(void (*)(int64), int64);
} figures[] = {{"yield2", yield2, elapsed}, {"yield1000", yield1000, elapsed}, {"handoff", handoff, elapsed},
               {"spawn", one, elapsed},     {"batch", batch, elapsed},         {"million", million, elapsed},
               {"skynet", skynet, elapsed}, {"sieve", sieve, elapsed},         {"prodcons", prodcons, elapsed},
               {"park", park, elapsed},     {"memory", park, growth}};

void main_main() {
    if (argslice.len == 3) {
        gostring name = argslice.array[1];
        bool ok;
        int64 n = atoi(argslice.array[2], &ok);
        for (auto& f : figures)
            if (ok && n > 0 && findnull(f.name) == name.len && memcmp(f.name, name.str, name.len) == 0) {
                fmt::Println(f.measure(f.figure, n));
                return;
            }
    }
    prints("usage: sched FIGURE N\n");
    exit_(2);
}
