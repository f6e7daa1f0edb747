// standing.cpp - goroutines that stand still, for a debugger to look at: as many as the first argument says (20)
// receive at various depth, one waits for a mutex, and main calls standing and then sleeps. tests/gdb/standing.go is
// the same in Go.

#include "go.hpp"
#include "runtime.hpp"

void standing() GO("main.standing");
void standing() { fmt::Println("standing"); }

static int64 worker(chan<int64>& in, int64 depth, int64 number) {
    int64 mine = number * 1000 + depth;
    if (depth > 0) return worker(in, depth - 1, number) + mine;
    return in.recv() + mine;
}

static int64 workers() {
    if (argslice.len < 2) return 20;
    int64 n = 0;
    for (int64 i = 0; i < argslice.array[1].len; i++) n = n * 10 + (argslice.array[1].str[i] - '0');
    return n;
}

void main_main() {
    chan<int64> never(0);
    for (int64 i = 0, n = workers(); i < n; i++)
        go([never, i] {
            chan<int64> in = never;
            worker(in, i % 5, i);
        });
    sync::Mutex mu;
    mu.Lock();
    go([&mu] { mu.Lock(); });
    time::Sleep(50 * time::Millisecond);
    standing();
    time::Sleep(3600 * time::Second);
}
