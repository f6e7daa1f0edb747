// time.cpp - package time but for Sleep, which is the runtime's, as in Go. Go's counterparts: time/sleep.go,
// time/tick.go.

#include "std/time.hpp"

#include "runtime.hpp"

namespace time {

static_assert(sizeof(runtimeTimer) == sizeof(timer));
static_assert(offsetof(runtimeTimer, tb) == offsetof(timer, tb) && offsetof(runtimeTimer, i) == offsetof(timer, i));
static_assert(offsetof(runtimeTimer, when) == offsetof(timer, when) &&
              offsetof(runtimeTimer, period) == offsetof(timer, period));
static_assert(offsetof(runtimeTimer, f) == offsetof(timer, f) && offsetof(runtimeTimer, arg) == offsetof(timer, arg));

static timer* the(runtimeTimer* r) { return reinterpret_cast<timer*>(r); }

namespace {

struct after {
    timer t;
    chan<int64> c;
};

}  // namespace

static void fire(void* arg) {
    auto* a = static_cast<after*>(arg);
    a->c.trysend(nanotime());
    a->~after();
    mfree(a, sizeof *a);
}

chan<int64> After(int64 ns) {
    auto* a = new (mallocgc(sizeof(after))) after{{}, chan<int64>(1)};
    chan<int64> c = a->c;
    a->t.when = nanotime() + (ns > 0 ? ns : 0);
    a->t.f = fire;
    a->t.arg = a;
    addtimer(&a->t);
    return c;
}

static void tick(void* arg) { static_cast<Ticker*>(arg)->C.trysend(nanotime()); }

Ticker::Ticker(int64 ns) {
    if (ns <= 0) panicplain("non-positive interval for NewTicker");
    r.when = nanotime() + ns;
    r.period = ns;
    r.f = tick;
    r.arg = this;
    addtimer(the(&r));
}

void Ticker::Stop() { deltimer(the(&r)); }

}  // namespace time
