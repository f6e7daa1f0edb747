// panics.cpp - panics, deferred calls, recover and Goexit: the argument says which.

#include "go.hpp"
#include "runtime.hpp"

static bool is(const char* want) {
    if (argc < 2) return false;
    const char* s = reinterpret_cast<const char*>(argv[1]);
    while (*s && *s == *want) s++, want++;
    return *s == *want;
}

static volatile int64 zero, sink;
static int64* volatile nowhere;

[[gnu::noinline]] static void divide(int64 a) { sink = a / zero; }
[[gnu::noinline]] static void dereference() { sink = nowhere[3]; }

static void (*volatile nothing)();
[[gnu::noinline]] static void callnothing() {
    nothing();
    sink = 1;
}

static void (*volatile wild)() = reinterpret_cast<void (*)()>(16);
[[gnu::noinline]] static void callwild() {
    wild();
    sink = 1;
}

[[gnu::noinline]] static int64 deep(int64 n) {
    volatile char room[300];
    room[n % 300] = 1;
    if (n == 0) panic("deep");
    if (n < 0) return room[0];
    return deep(n - 1) + room[n % 300];
}

/// What f panicked with.
template <class F> static gostring caught(F f) {
    gostring s = str("nothing");
    func([&](Defer& defer) {
        defer([&] {
            any r = recover();
            if (r) s = r.s;
        });
        f();
    });
    return s;
}

static void order() {
    func([](Defer& defer) {
        for (int64 i = 1; i <= 3; i++) defer([=] { fmt::Println("deferred", i); });
        fmt::Println("body");
    });
}

// A case is a line.
// clang-format off
static void recovers() {
    fmt::Println("send:", caught([] { chan<int64> c(1); c.close(); c.send(1); }));
    fmt::Println("close:", caught([] { chan<int64> c(1); c.close(); c.close(); }));
    fmt::Println("nil:", caught([] { chan<int64>().close(); }));
    fmt::Println("size:", caught([] { chan<int64> c(-1); }));
    fmt::Println("group:", caught([] { sync::WaitGroup w; w.Done(); }));
    fmt::Println("divide:", caught([] { divide(42); }));
    fmt::Println("memory:", caught([] { dereference(); }));
    fmt::Println("deep:", caught([] { deep(1000); }));
    fmt::Println("again:", caught([] { deep(1000); }));
    fmt::Println("none:", caught([] {}));
    fmt::Println("value:", func([](Defer&) -> int64 { return 7; }), func([](Defer& defer) -> int64 {
        defer([] { recover(); });
        panic("x");
    }));
}
// clang-format on

/// Deferred calls of a function that has recovered are made, once; recover means the panic that runs the call.
static void nested() {
    func([](Defer& defer) {
        defer([] { fmt::Println("first deferred, last called", static_cast<bool>(recover()) ? "bad" : "ok"); });
        defer([] {
            func([](Defer& inner) { inner([] { fmt::Println("not this panic's", recover() ? "bad" : "ok"); }); });
            any r = recover();
            fmt::Println("recovered", r.s, recover() ? "bad" : "once");
        });
        defer([] { panic("second"); });
        panic("first");
    });
    fmt::Println("outside", recover() ? "bad" : "ok");
}

struct witness {
    sync::WaitGroup* group;
    explicit witness(sync::WaitGroup* g) : group(g) {}
    witness(witness&& o) noexcept : group(o.group) { o.group = nullptr; }
    ~witness() {
        if (!group) return;
        fmt::Println("destroyed");
        group->Done();
    }
};

static void exits() {
    sync::WaitGroup w;
    w.Add(1);
    go([c = witness(&w)] {
        func([](Defer& defer) {
            defer([] { fmt::Println("deferred", recover() ? "bad" : "ok"); });
            runtime::Goexit();
        });
    });
    w.Wait();
}

[[gnu::noinline]] static int64 overflow(int64 n) {
    volatile char room[400];
    room[n % 400] = 1;
    if (n < 0) return room[0];
    return overflow(n + 1) + room[n % 400];
}

static sync::Mutex held;

/// Callee-saved registers of func's caller: the compiler keeps these sums in some of them.
[[gnu::noinline]] static int64 registers(int64 a, int64 b, int64 c, int64 d, int64 e) {
    for (int64 i = 0; i < 1000; i++) {
        caught([=] { deep(i % 40); });
        a += i, b ^= i, c += 2 * i, d -= i, e += 3 * i;
    }
    return a + b + c + d + e;
}

void main_main() {
    if (is("order")) order();
    if (is("recovers")) recovers();
    if (is("nested")) nested();
    if (is("exits")) exits();
    if (is("registers")) fmt::Println(registers(1, 2, 3, 4, 5));
    if (is("plain")) panic("boom");
    if (is("number")) panic(-42ll);
    if (is("goroutine")) {
        go([] { panic("there"); });
        chan<int64>(0).recv();
    }
    if (is("repanic"))
        func([](Defer& defer) {
            defer([] { panic("b"); });
            panic("a");
        });
    if (is("recovered"))
        func([](Defer& defer) {
            defer([] { panic(recover()); });
            panic("a");
        });
    if (is("unlock")) {
        sync::Mutex m;
        m.Unlock();
    }
    if (is("beside")) {
        chan<int64> never(0);
        go([=] { chan<int64>(never).recv(); });
        runtime::Gosched();
        go([=] { chan<int64>(never).recv(); });
        panic("beside");
    }
    if (is("call")) callnothing();
    if (is("callwild")) callwild();
    if (is("system")) systemstack<int64>([](int64* p) { sink = *p; }, nullptr);
    if (is("nil")) dereference();
    if (is("divide")) divide(42);
    if (is("wild")) {
        nowhere = reinterpret_cast<int64*>(0x123456789000);
        dereference();
    }
    if (is("overflow")) overflow(0);
    if (is("overflowlocked")) {
        held.Lock();
        go([] { overflow(0); });
        held.Lock();
    }
    if (is("both")) {
        chan<int64> ready(0);
        for (int64 i = 0; i < 2; i++)
            go([=] {
                chan<int64>(ready).recv();
                panic("together");
            });
        ready.close();
        chan<int64>(0).recv();
    }
    if (is("goexit")) {
        chan<int64> gone(0);
        go([=] {
            chan<int64>(gone).recv2();
            fmt::Println("others go on");
        });
        func([=](Defer& defer) {
            defer([=] {
                fmt::Println("main's deferred");
                chan<int64>(gone).close();
            });
            runtime::Goexit();
        });
    }
}
