// go.cpp - the little of Go's library that programs use, and main.init, which in Go the compiler writes.
// Go's counterpart: fmt/print.go.

#include "go.hpp"

// ---- package time --------------------------------------------------------------------------------------------------

namespace {

struct after {
    timer t;
    chan<int64> c;
};

void fire(void* arg) {
    auto* a = static_cast<after*>(arg);
    a->c.trysend(nanotime());
    a->~after();
    mfree(a, sizeof *a);
}

void tick(void* arg) { static_cast<time::Ticker*>(arg)->C.trysend(nanotime()); }

}  // namespace

chan<int64> time::After(int64 ns) {
    auto* a = new (mallocgc(sizeof(after))) after{{}, chan<int64>(1)};
    chan<int64> c = a->c;
    a->t.when = nanotime() + (ns > 0 ? ns : 0);
    a->t.f = fire;
    a->t.arg = a;
    addtimer(&a->t);
    return c;
}

time::Ticker::Ticker(int64 ns) {
    if (ns <= 0) panicplain("non-positive interval for NewTicker");
    t.when = nanotime() + ns;
    t.period = ns;
    t.f = tick;
    t.arg = this;
    addtimer(&t);
}

// ---- package fmt ---------------------------------------------------------------------------------------------------

int64 fmt::println(const word* w, int64 n) {
    int64 size = n ? n : 1;
    for (int64 i = 0; i < n; i++) size += w[i].number ? 20 : w[i].s.len;
    auto* buf = static_cast<char*>(mallocgc(size));
    char* p = buf;
    for (int64 i = 0; i < n; i++) {
        if (i) *p++ = ' ';
        if (!w[i].number) {
            memcpy(p, w[i].s.str, w[i].s.len);
            p += w[i].s.len;
            continue;
        }
        uint64 v = w[i].n < 0 ? -static_cast<uint64>(w[i].n) : static_cast<uint64>(w[i].n);
        if (w[i].n < 0) *p++ = '-';
        uint64 digit = 1;
        while (v / digit >= 10) digit *= 10;
        for (; digit; digit /= 10) *p++ = static_cast<char>('0' + v / digit % 10);
    }
    *p++ = '\n';
    os::result r = os::stdoutwrite(buf, p - buf);
    mfree(buf, size);
    return r.n;
}

// ---- package main --------------------------------------------------------------------------------------------------

extern "C" [[gnu::visibility("hidden")]] void (*__init_array_start[])(int, uint8**, uint8**);
extern "C" [[gnu::visibility("hidden")]] void (*__init_array_end[])(int, uint8**, uint8**);

/// Called by runtime.main: packages first, then what the program itself initialises, which in C++ are its static
/// constructors.
void main_init() {
    os::init();
    for (auto* f = __init_array_start; f != __init_array_end; f++) (*f)(argc, argv, argv + argc + 1);
}
