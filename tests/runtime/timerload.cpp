// timerload.cpp - timers under load: thousands on the heap, added and deleted in any order, while they fire, too; and a
// ticker that falls behind.

#include "go.hpp"
#include "runtime.hpp"

constexpr int64 workers = 8, each = 400, rounds = 20;

/// A timer that knows when it may fire, how often it did, and whether nobody may use it any more.
struct alarm {
    timer t;
    int64 due;
    int64 fired;
    bool added;
    bool gone;
};

static int64 wrong, fired, deleted;

static void expect(bool ok) {
    if (!ok) atomic::Xadd(&wrong, 1);
}

static void ring(void* arg) {
    auto* a = static_cast<alarm*>(arg);
    expect(!a->gone && nanotime() >= a->due);
    runtime::Gosched();  // deltimer meets it at work
    atomic::StoreRelaxed(&a->fired, a->fired + 1);
}

static void start(alarm* a, int64 ns, int64 period) {
    a->due = nanotime() + ns;
    a->t.when = a->due;
    a->t.period = period;
    a->t.f = ring;
    a->t.arg = a;
    a->added = true;
    addtimer(&a->t);
}

/// Takes it away: it has fired or it was there, one of the two; and it will not fire any more.
static void stop(alarm* a) {
    int64 before = atomic::LoadRelaxed(&a->fired);
    bool there = deltimer(&a->t);
    int64 n = a->fired;
    expect(a->t.period ? there : there == (n == 0));
    expect(!deltimer(&a->t));
    expect(n >= before);
    atomic::Xadd(&deleted, there);
    atomic::Xadd(&fired, n);
    a->fired = 0;
    a->added = false;
}

static int64 last;

static void number(void* arg) { static_cast<alarm*>(arg)->fired = atomic::Xadd(&last, 1); }

/// Many at once on a heap, half of them deleted from anywhere in it. The others of each bucket fire in their order.
static bool inorder() {
    constexpr int64 n = 1000;
    static alarm alarms[n];
    int64 left = n;
    for (alarm& a : alarms) {
        a.due = a.t.when = nanotime() + 20 * time::Millisecond + fastrand() % 1000000;
        a.t.f = number;
        a.t.arg = &a;
        addtimer(&a.t);
    }
    for (alarm& a : alarms)
        if (fastrand() % 2 == 0 && deltimer(&a.t)) {
            a.due = 0;
            left--;
        }
    while (atomic::Load(&last) < left) time::Sleep(time::Millisecond);
    for (alarm& a : alarms)
        for (alarm& b : alarms)
            if (a.due && a.due < b.due && a.t.tb == b.t.tb && a.fired > b.fired) return false;
    return true;
}

constexpr int64 period = 100 * time::Microsecond;

/// Takes ten periods. Those that went by are dropped: the next time is a multiple of the period, and was to come when
/// the call before this one ended.
static void dawdle(void* arg) {
    static int64 ended;
    auto* a = static_cast<alarm*>(arg);
    expect((a->t.when - a->due) % period == 0 && a->t.when > ended);
    for (int64 begun = nanotime(); nanotime() < begun + 10 * period;) continue;
    ended = nanotime();
    atomic::Xadd(&a->fired, 1);
}

void main_main() {
    sync::WaitGroup wg;
    wg.Add(workers);
    for (int64 w = 0; w < workers; w++)
        go([&wg] {
            auto* alarms = static_cast<alarm*>(mallocgc(sizeof(alarm) * each));
            for (int64 k = 0; k < rounds * each; k++) {
                alarm* a = &alarms[fastrand() % each];
                if (a->added) stop(a);  // and the same again: Reset
                // Due now, soon, or never within this program; every eighth ticks, faster than anybody can.
                int64 in = fastrand() % 3;
                start(a,
                      in == 0   ? 0
                      : in == 1 ? fastrand() % 1000 * time::Microsecond
                                : 3600 * time::Second,
                      fastrand() % 8 == 0 ? 1 : 0);
                if (k % 32 == 0) time::Sleep(100 * time::Microsecond);
            }
            for (int64 i = 0; i < each; i++) {
                if (alarms[i].added) stop(&alarms[i]);
                alarms[i].gone = true;
            }
            runtime::Gosched();
            wg.Done();
        });
    wg.Wait();
    fmt::Println("timers", fired > 0 && deleted > 0 ? "ok" : "IDLE", "wrong", wrong);

    fmt::Println("order", inorder() ? "ok" : "WRONG");

    static alarm slow;
    slow.t.f = dawdle;
    slow.t.arg = &slow;
    slow.t.period = period;
    slow.t.when = slow.due = nanotime() + period;
    addtimer(&slow.t);
    while (atomic::Load(&slow.fired) < 10) time::Sleep(period);
    fmt::Println("stopped", deltimer(&slow.t) ? "ok" : "WRONG", "wrong", wrong);
}
