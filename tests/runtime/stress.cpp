// stress.cpp - everything at once: goroutines that are born and die, talk, select, lock, yield, sleep, call the system,
// grow their stacks and stick to their threads, until a number of operations is done (the argument; default 200,000).
//
// Each activity knows what must come out of it and checks that at once. Every goroutine signs in and out by its goid,
// so that a lost or a doubled one is noticed. stress_watch.cpp checks the scheduler meanwhile. One line of counts at
// the end; or what is wrong, and status 1.

#include "stress.hpp"

constexpr int64 workers = 64;

int64 operations;
static int64 wanted = 200000;

void broken(const char* what, int64 a, int64 b) {
    prints("stress: ");
    prints(what);
    prints(" ");
    printint(a);
    prints(" ");
    printint(b);
    prints("\n");
    exit_(1);
}

// ---- signing in and out --------------------------------------------------------------------------------------------

static int64 spawned, begun, ended;
static uint8 *in, *out;  // a bit for each goid
static int64 bits;

static void sign(uint8* book, const char* twice) {
    int64 id = getg()->goid;
    check(id > 0 && id < bits, "goid", id, bits);
    uint8 bit = static_cast<uint8>(1 << id % 8);
    check(!(__atomic_fetch_or(&book[id / 8], bit, __ATOMIC_SEQ_CST) & bit), twice, id);
}

template <class F> static void spawn(F f) {
    atomic::Xadd(&spawned, 1);
    go([f]() mutable {
        sign(in, "two goroutines began with one goid:");
        atomic::Xadd(&begun, 1);
        beat();
        f();
        sign(out, "a goroutine ended twice:");
        atomic::Xadd(&ended, 1);
    });
}

struct worker {
    uint32 random;
    uint32 below(uint32 n) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        return random % n;
    }
};

// ---- activities: each returns how many operations it was -----------------------------------------------------------

/// Born and dead; sometimes more than a ring holds.
static int64 children(worker& w) {
    int64 n = w.below(100) == 0 ? 400 : 1 + w.below(8);
    sync::WaitGroup wg;
    wg.Add(static_cast<int32>(n));
    int64 ran = 0;
    for (int64 i = 0; i < n; i++)
        spawn([&wg, &ran, i] {
            if (i % 4 == 0) runtime::Gosched();
            atomic::Xadd(&ran, 1);
            wg.Done();
        });
    wg.Wait();
    check(ran == n, "children: ran, spawned", ran, n);
    return 3 * n;
}

/// An unbuffered channel there and one back.
static int64 pingpong(worker& w) {
    int64 rounds = 1 + w.below(64);
    chan<int64> ping(0), pong(0);
    spawn([=]() mutable {
        for (int64 i = 0; i < rounds; i++) {
            int64 v = ping.recv();
            beat();
            pong.send(v + 1);
        }
    });
    for (int64 i = 0; i < rounds; i++) {
        ping.send(i);
        int64 v = pong.recv();
        check(v == i + 1, "ping and pong: sent, received", i, v);
        beat();
    }
    return 4 * rounds + 2;
}

/// Several producers, one channel of any size: each one's values arrive once and in order.
static int64 pipeline(worker& w) {
    int64 producers = 1 + w.below(4), each = 1 + w.below(64);
    chan<int64> c(w.below(17));
    for (int64 k = 0; k < producers; k++)
        spawn([=]() mutable {
            for (int64 i = 0; i < each; i++) {
                c.send(k << 32 | i);
                beat();
            }
        });
    int64 next[4] = {};
    for (int64 i = 0; i < producers * each; i++) {
        int64 v = c.recv(), k = v >> 32;
        check(k >= 0 && k < producers && (v & 0xffffffff) == next[k], "pipeline: received, producer", v, k);
        next[k]++;
        beat();
    }
    check(c.len() == 0, "pipeline: left over", c.len());
    return 2 * producers * each + 2 * producers;
}

/// Two channels, both offered and both waited for; a nil channel beside them.
static int64 selects(worker& w) {
    int64 each = 1 + w.below(64);
    chan<int64> a(0), b(w.below(3)), done(0), never;
    for (int k = 0; k < 2; k++)
        spawn([=]() mutable {
            for (int64 i = 1; i <= each; i++) {
                Select(a.onsend(i, [] {}), b.onsend(i, [] {}), never.onrecv([](int64, bool) {}));
                beat();
            }
            done.send(1);
        });
    int64 sum = 0;
    for (int64 left = 2; left > 0;) {
        Select(a.onrecv([&](int64 v, bool) { sum += v; }), b.onrecv([&](int64 v, bool) { sum += v; }),
               done.onrecv([&](int64, bool) { left--; }));
        beat();
    }
    while (b.len() > 0) sum += b.recv();
    check(sum == each * (each + 1), "select: sum, each", sum, each);
    return 4 * each + 6;
}

/// Nothing ready: the default at once, or a timeout.
static int64 timeout(worker& w) {
    chan<int64> quiet(0);
    bool other = false;
    Select(quiet.onrecv([](int64, bool) {}), otherwise([&] { other = true; }));
    check(other, "select: no default");
    int64 began = nanotime(), ns = 1000 * (1 + static_cast<int64>(w.below(200)));
    Select(quiet.onrecv([](int64, bool) {}), time::After(ns).onrecv([](int64, bool) {}));
    check(nanotime() - began >= ns, "a timeout came early: wanted, got", ns, nanotime() - began);
    return 3;
}

/// Closing a channel lets everybody go.
static int64 startgun(worker& w) {
    int64 n = 1 + w.below(16);
    chan<int64> gun(0), home(n);
    for (int64 i = 0; i < n; i++)
        spawn([=]() mutable {
            check(!gun.recv2().ok, "received from a channel that nobody sent to");
            home.send(1);
        });
    if (w.below(2)) runtime::Gosched();
    gun.close();
    int64 got = 0;
    for (int64 i = 0; i < n; i++) got += home.recv();
    check(got == n, "start gun: home, started", got, n);
    return 5 * n;
}

struct counter {
    sync::Mutex m;
    int64 count = 0, inside = 0;
};
static counter shared[4];  // not in the function: there, without a lock around it, it could be initialised twice

static int64 mutexes(worker& w) {
    counter& s = shared[w.below(4)];
    for (int i = 0; i < 16; i++) {
        s.m.Lock();
        check(++s.inside == 1, "two goroutines hold one Mutex");
        int64 seen = s.count;
        if (w.below(64) == 0) runtime::Gosched();
        s.count = seen + 1;
        s.inside--;
        s.m.Unlock();
        beat();
    }
    return 32;
}

static int64 rwmutexes(worker& w) {
    static sync::RWMutex rw;
    static int64 pair[2];
    for (int i = 0; i < 16; i++) {
        if (w.below(8) == 0) {
            rw.Lock();
            pair[0]++;
            if (w.below(16) == 0) runtime::Gosched();
            pair[1]++;
            rw.Unlock();
        } else {
            rw.RLock();
            int64 one = pair[0];
            if (w.below(64) == 0) runtime::Gosched();
            check(one == pair[1], "a reader saw a writer at work", one, pair[1]);
            rw.RUnlock();
        }
        beat();
    }
    return 32;
}

/// A condition, made of a Mutex and a list of channels: goroutines that take turns.
static int64 turns(worker& w) {
    struct round {
        sync::Mutex m;
        int64 turn = 0, n, waiting = 0;
        chan<bool> waiters[8];
    } r;
    r.n = 2 + w.below(7);
    sync::WaitGroup wg;
    wg.Add(static_cast<int32>(r.n));
    for (int64 me = 0; me < r.n; me++)
        spawn([&r, &wg, me] {
            for (int64 lap = 0; lap < 3; lap++) {
                r.m.Lock();
                while (r.turn % r.n != me) {
                    chan<bool> signal(1);
                    r.waiters[r.waiting++] = signal;
                    r.m.Unlock();
                    signal.recv();
                    beat();
                    r.m.Lock();
                }
                r.turn++;
                while (r.waiting > 0) r.waiters[--r.waiting].send(true);
                r.m.Unlock();
            }
            wg.Done();
        });
    wg.Wait();
    check(r.turn == 3 * r.n && r.waiting == 0, "turns: taken, of", r.turn, 3 * r.n);
    return 12 * r.n;
}

static int64 yields(worker&) {
    for (int i = 0; i < 32; i++) {
        runtime::Gosched();
        beat();
    }
    return 32;
}

static int64 sleeps(worker& w) {
    int64 began = nanotime(), ns = 1000 * static_cast<int64>(w.below(200));
    time::Sleep(ns);
    check(nanotime() - began >= ns, "a sleep was too short: wanted, got", ns, nanotime() - began);
    if (w.below(4)) return 1;
    time::Ticker ticker(20 * time::Microsecond);
    for (int i = 0; i < 3; i++) ticker.C.recv();
    return 5;
}

nosplit static int64 thread(uintptr, const void*, uintptr);
nosplit static int64 nap(uintptr ns, const void*, uintptr);
static int64 thread(uintptr, const void*, uintptr) { return gettid_(); }
static int64 nap(uintptr ns, const void*, uintptr) {
    timespec_t ts = {0, static_cast<int64>(ns)};
    return nanosleep_(&ts, nullptr);
}

/// Short calls, and sometimes one that is long enough for sysmon to take the P.
static int64 syscalls(worker& w) {
    for (int i = 0; i < 8; i++) {
        check(Syscall(thread, 0, nullptr, 0) > 0, "gettid");
        beat();
    }
    if (w.below(4)) return 8;
    Syscall(nap, 1000ull * w.below(300), nullptr, 0);
    return 9;
}

/// Down a deep stack, with something on every level that must still be there on the way up.
[[gnu::noinline]] static uint64 down(int64 n, uint64 seed, bool yield) {
    volatile uint64 mine[8];
    for (int i = 0; i < 8; i++) mine[i] = seed + static_cast<uint64>(i);
    uint64 below = 0;
    if (n > 0)
        below = down(n - 1, seed * 3 + 1, yield);
    else if (yield)
        runtime::Gosched();
    for (int i = 0; i < 8; i++)
        check(mine[i] == seed + static_cast<uint64>(i), "a stack was written by somebody else: level", n);
    return below + 1;
}

static int64 recursion(worker& w) {
    int64 n = w.below(w.below(32) == 0 ? 3000 : 60);
    uint64 levels = down(n, w.random, w.below(2));
    check(levels == static_cast<uint64>(n) + 1, "recursion: levels, wanted", static_cast<int64>(levels), n + 1);
    beat();
    return 1 + n / 16;
}

/// A goroutine locked to its thread runs there and nowhere else.
static int64 locked(worker& w) {
    chan<int64> c(0);
    lockOSThread();
    int64 tid = gettid_();
    spawn([=]() mutable { c.send(1); });
    c.recv();
    for (int i = 0; i < 4; i++) {
        if (w.below(2)) runtime::Gosched();
        check(Syscall(thread, 0, nullptr, 0) == tid, "a locked goroutine changed threads");
        beat();
    }
    unlockOSThread();
    return 10;
}

static int64 (*const activities[])(worker&) = {
    children, children, pingpong,  pingpong, pipeline, pipeline, selects,  selects,   startgun,
    mutexes,  mutexes,  rwmutexes, turns,    yields,   yields,   syscalls, recursion, recursion,
};
static int64 (*const slow[])(worker&) = {sleeps, timeout, locked};

static void work(uint32 seed) {
    worker w = {seed * 2654435761u | 1};
    while (atomic::Load(&operations) < wanted) {
        auto* a = w.below(32) == 0 ? slow[w.below(len(slow))] : activities[w.below(len(activities))];
        int64 n = a(w);
        beat();
        atomic::Xadd(&operations, n);
    }
}

// ---- main ----------------------------------------------------------------------------------------------------------

/// Goroutines other than the runtime's own that are not dead.
static int64 alive() {
    int64 n = 0;
    lock(&allglock);
    for (int64 i = 0; i < allgs.len; i++)
        n += !issystemgoroutine(allgs.array[i]) && readgstatus(allgs.array[i]) != _Gdead;
    unlock(&allglock);
    return n;
}

void main_main() {
    if (argslice.len > 1) {
        bool ok;
        wanted = atoi(argslice.array[1], &ok);
        if (!ok || wanted <= 0) {
            prints("usage: stress [OPERATIONS]\n");
            exit_(2);
        }
    }
    bits = wanted + (1 << 20);  // each goroutine is more than one operation, so there are fewer ids
    in = static_cast<uint8*>(spanalloc(2 * static_cast<uintptr>(bits) / 8 + 2));
    memset(in, 0, 2 * static_cast<uintptr>(bits) / 8 + 2);
    out = in + bits / 8 + 1;
    watch();

    sync::WaitGroup wg;
    wg.Add(workers);
    for (int64 i = 0; i < workers; i++)
        spawn([&wg, i] {
            work(static_cast<uint32>(i + 1));
            wg.Done();
        });
    wg.Wait();

    // Whoever has said that it is done may still have a few instructions to go.
    for (int64 began = nanotime(); alive() > 1;) {
        check(nanotime() - began < 60 * time::Second, "goroutines are left over:", alive() - 1);
        time::Sleep(time::Millisecond);
    }
    check(begun == spawned && ended == spawned, "goroutines: spawned, ended", spawned, ended);
    fmt::Println("ok operations", operations, "goroutines", spawned, "looks", counts.looks, "queued", counts.queued,
                 "waited", counts.waited);
}
