// tracebacks.cpp - goroutines that wait in every way there is, for the reports to show: one way for each argument.

#include "go.hpp"
#include "runtime.hpp"

[[gnu::noinline]] static void leaf(chan<int64>& c) {
    c.recv();
    fmt::Println("never");
}

struct tree {
    chan<int64> c;
    [[gnu::noinline]] void wait(int64 depth) {
        if (depth > 0)
            wait(depth - 1);
        else
            leaf(c);
        volatile int64 after = depth;  // no tail call
        (void)after;
    }
};

namespace shop {
[[gnu::noinline]] static void open() {
    chan<int64> c;
    c.send(1);
    fmt::Println("never");
}
}  // namespace shop

static bool is(const char* want) {
    if (argc < 2) return false;
    const char* s = reinterpret_cast<const char*>(argv[1]);
    while (*s && *s == *want) s++, want++;
    return *s == *want;
}

static sync::Mutex held;

[[gnu::noinline]] static void waits() {
    go([] { tree{chan<int64>(0)}.wait(2); });
    go([] { shop::open(); });
    go([] {
        auto inner = [] {
            Select();
            fmt::Println("never");
        };
        inner();
    });
    go([] {
        held.Lock();
        held.Lock();
    });
    for (int i = 0; i < 20; i++) runtime::Gosched();
    chan<int64>(0).recv();
}

// Deep enough to cross many segment borders.
[[gnu::noinline]] static int64 deep(int64 n, chan<int64>& c) {
    volatile char room[200];
    room[n % 200] = 1;
    if (n == 0) return c.recv();
    return deep(n - 1, c) + room[n % 200];
}

/// Puts v where the caller's frame pointer is kept, and waits. 0: where that is.
[[gnu::noinline]] static void smash(uintptr v) {
    volatile uintptr* frame = static_cast<uintptr*>(__builtin_frame_address(0));
    frame[0] = v ? v : reinterpret_cast<uintptr>(frame);
    chan<int64>(0).recv();
    for (;;) frame[0] = 0;
}

void main_main() {
    if (is("waits")) {
        waits();
    } else if (is("deep")) {
        chan<int64> c(0);
        fmt::Println(deep(30, c));
    } else if (is("smashed")) {
        // Far away, not aligned, on this stack but the wrong way or in a circle, on another goroutine's stack.
        go([] { smash(0x4141414141414141); });
        go([] { smash(getg()->stack.hi - 4); });
        go([] { smash(getg()->stack.lo); });
        go([] { smash(0); });
        go([other = getg()] { smash(other->stack.hi - 64); });
        chan<int64>(0).recv();
    } else if (is("locked")) {
        lockOSThread();
        chan<int64>(0).recv();
    } else if (is("quit")) {
        go([] { time::Sleep(1000ll * 1000000000); });
        go([] {
            for (int i = 0;; i++) {
                if (i == 20) fmt::Println("ready");  // by now the others wait
                runtime::Gosched();
            }
        });
        chan<int64>(0).recv();
    } else {
        chan<int64>(0).recv();
    }
}
