// chans.cpp - what a channel promises: order, close, zero values, elements that can only be moved, nothing leaked.

#include "go.hpp"

static int64 alive;

/// Knows its own address: a copy of its bytes would not do. Cannot be copied.
struct handle {
    handle* self;
    int64 n;
    explicit handle(int64 v = 0) : self(this), n(v) { atomic::Xadd(&alive, 1); }
    handle(handle&& o) noexcept : self(this), n(o.self == &o ? o.n : -1) { atomic::Xadd(&alive, 1); }
    handle& operator=(handle&&) = delete;
    ~handle() { atomic::Xadd(&alive, -1); }
};

void main_main() {
    {
        chan<int64> c(3);
        c.send(1), c.send(2), c.send(3);
        fmt::Println("len", c.len(), "cap", c.cap());
        c.close();
        int64 a = c.recv(), b = c.recv(), d = c.recv();
        auto [zero, ok] = c.recv2();
        fmt::Println("order", a, b, d, "then", zero, ok ? "open" : "closed");
    }
    {
        chan<handle> c(2);
        chan<int64> done(0);
        go([=] {
            for (int64 i = 1; i <= 100; i++) c.send(handle(i));
            c.close();
        });
        int64 sum = 0;
        for (handle h : c) sum += h.n;
        fmt::Println("moved", sum);
    }
    fmt::Println("alive", atomic::Load(&alive));

    chan<int64> never;
    go([=] { never.recv(); });
    runtime::Gosched();
    fmt::Println("nil channel waits");
}
