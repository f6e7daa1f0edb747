// goroutines.cpp - the life of a goroutine: who runs next, what it leaves behind when it is over, and for whom.

#include "together.hpp"

#define ONCE .preemptions = 0, .random = 0
#define SHORT .preemptions = 2, .random = 500, .most = 5000

// ---- one P: an order that is always the same -----------------------------------------------------------------------

static int64 order;

static void note_down(int64 who) { order = 10 * order + who; }

static void the_newest_runs_first() {
    explore::begin();
    go([] { note_down(1); });
    go([] { note_down(2); });
    runtime::Gosched();
    explore::check(order == 21, "the newest goroutine is not the next, or who yields does not go behind all");
}
CASE(the_newest_runs_first, the_newest_runs_first, .cpus = 1, ONCE);

static void the_last_readied_runs_first() {
    chan<int64> first(0), second(0);
    go([&] { note_down(first.recv()); });
    go([&] { note_down(second.recv()); });
    runtime::Gosched();
    explore::begin();
    first.send(1);
    second.send(2);
    runtime::Gosched();
    explore::check(order == 21, "who was readied last is not the next");
}
CASE(the_last_readied_runs_first, the_last_readied_runs_first, .cpus = 1, ONCE);

/// As sysmon asks.
static void ask_to_yield(g* gp) {
    atomic::StoreRelaxed(&gp->preempt, true);
    atomic::StoreRelaxed(&gp->stackguard0, stackPreempt);
}

static void who_spawns_yields() {
    explore::begin();
    ask_to_yield(getg());
    go([] { note_down(1); });
    explore::check(order == 1, "a go statement did not let others run, though that was asked for");
}
CASE(who_spawns_yields, who_spawns_yields, .cpus = 1, ONCE);

/// The ring is full, so one goroutine's wake-up takes long, and there are prologues on its way.
static void who_readies_keeps_its_p() {
    volatile char room[5000];  // so that there is no need for another segment, which would come first
    room[0] = 0;
    explore::begin();
    g* waits = nullptr;
    go([&] {
        waits = getg();
        gopark(nullptr, nullptr, str("until it is readied"));
    });
    runtime::Gosched();
    m* mp = acquirem();
    for (uint32 i = 0; i <= runqlen; i++) go([] { order = 1; });
    ask_to_yield(getg());
    settlsguard(stackPreempt);
    mp->locks--;
    ready(waits, true);
    explore::check(order == 0, "others had the P while one was about to put somebody into its ring");
}
CASE(who_readies_keeps_its_p, who_readies_keeps_its_p, .cpus = 1, ONCE);

static void a_park_may_be_refused() {
    explore::begin();
    uint32 slice = getg()->m->p->schedtick;
    gopark([](g*, void*) { return false; }, nullptr, str("refused"));
    explore::check(readgstatus(getg()) == _Grunning && getg()->m->curg == getg(), "it goes on, but does not run");
    explore::check(getg()->m->p->schedtick == slice, "who cannot park has a new time slice whenever it tries");
}
CASE(a_park_may_be_refused, a_park_may_be_refused, .cpus = 1, ONCE);

/// C++ wants a stack on a boundary of 16 bytes, whatever the function has captured.
static void stacks_are_aligned() {
    explore::begin();
    for (int64 i = 1; i < 3; i++) {
        int64 a = i, b = i;
        auto aligned = [] {
            alignas(16) char here[16];
            char* at = here;
            __asm__ volatile("" : "+r"(at));
            explore::check(reinterpret_cast<uintptr>(at) % 16 == 0, "a goroutine's stack is not aligned");
            arrive();
        };
        go([a, aligned] { aligned(), (void)a; });
        go([a, b, aligned] { aligned(), (void)a, (void)b; });
    }
    runtime::Gosched();
    await(4);
}
CASE(stacks_are_aligned, stacks_are_aligned, .cpus = 1, ONCE);

// ---- who is there --------------------------------------------------------------------------------------------------

static void they_are_counted() {
    explore::begin();
    explore::check(runtime::NumGoroutine() == 1, "main is not the only one, or the runtime's own are counted");
    for (int round = 0; round < 2; round++) {
        chan<int64> c(0);
        for (int i = 0; i < 150; i++) go([&] { c.recv(); });
        runtime::Gosched();
        explore::check(runtime::NumGoroutine() == 151, "the living are not as many as they should be");
        c.close();
        for (int i = 0; i < 5; i++) runtime::Gosched();  // the global queue has its turn now and then
        explore::check(runtime::NumGoroutine() == 1, "the dead are counted");
        explore::check(sched.ngfree > 0, "one P keeps all that are dead");
    }
    explore::check(allglen < 160, "the dead are not used again");
}
CASE(they_are_counted, they_are_counted, .cpus = 1, ONCE);

/// Two Ps need new ids at the same moment.
static void ids_are_unique() {
    static p *mine, *theirs;
    auto finish = [] {
        p* pp = getg()->m->p;
        while (pp->goidcache != pp->goidcacheend) go([] {});
        return pp;
    };
    go([=] {
        theirs = finish();
        meet(2);
        go([] {});
        meet(4);  // for ever: what is in its queue is not to run
    });
    await(1);
    mine = finish();
    explore::begin();
    meet(2);
    go([] {});
    await(3);
    explore::check(mine->goidcacheend < theirs->goidcache || theirs->goidcacheend < mine->goidcache,
                   "two Ps have the same numbers to give");
}
CASE(ids_are_unique, ids_are_unique, SHORT);

/// One walks over all goroutines, as a traceback does, while the table grows.
static void allgs_can_be_read_at_any_time() {
    chan<int64> c(0);
    while (allgs.len != allgs.cap - 1) {
        go([&] { c.recv(); });
        runtime::Gosched();
    }
    auto walk = [] {
        for (uintptr i = 0, n = atomic::Load(&allglen); i < n; i++)
            explore::check(allgs.array[i] && readgstatus(allgs.array[i]) != _Gidle, "there is no goroutine in allgs");
    };
    beside([walk] {
        walk();
        walk();
    });
    open();
    go([] {});
    go([] {});
    await(1);
    walk();
    explore::check(static_cast<int64>(allglen) == allgs.len, "allglen is not how many there are");
}
CASE(allgs_can_be_read_at_any_time, allgs_can_be_read_at_any_time, SHORT);

// ---- death ---------------------------------------------------------------------------------------------------------

static void yield_until(int64 mfreed) {
    while (atomic::Load(&sched.nmfreed) < mfreed) {
        runtime::Gosched();
        procyield(10);
    }
}

/// A program locks a thread to change it, so nobody else may have it: it ends. The g may be had.
static void a_thread_ends_with_its_goroutine() {
    static g* was;
    static int64 tid;
    chan<int64> c(0);
    explore::begin();
    go([&] {
        runtime::LockOSThread();
        was = getg();
        tid = gettid_();
        c.send(1);
    });
    c.recv();
    yield_until(1);
    explore::check(was->lockedm == nullptr, "a dead g is locked to a thread");
    for (int i = 0; i < 3; i++) {
        go([] {
            explore::check(gettid_() != tid, "a goroutine runs on a thread that was another's for itself");
            arrive();
        });
    }
    while (atomic::Load(&arrived) < 3) {
        runtime::Gosched();
        procyield(10);
    }
}
CASE(a_locked_thread_is_nobody_elses, a_thread_ends_with_its_goroutine, .preemptions = 1, .random = 200, .most = 3000);
CASE(a_thread_ends_on_one_p, a_thread_ends_with_its_goroutine, .cpus = 1, .preemptions = 1, .random = 200,
     .most = 3000);

/// The first thread sleeps for ever then, and is nobody's.
static void the_first_thread_is_nobody_s() {
    explore::begin();
    go([] {
        yield_until(1);
        explore::check(m0.lockedExt == 0, "the thread still counts as locked");
        explore::check(!m0.lockedg, "the thread is locked to a goroutine that is dead");
        exit_(0);
    });
    runtime::LockOSThread();
    runtime::LockOSThread();
    runtime::Goexit();
}
CASE(the_first_thread_is_nobody_s, the_first_thread_is_nobody_s, SHORT);

/// Goexit's last step, many stack segments down, with nowhere to yield before it.
[[gnu::noinline]] static void end_deep(int n) {
    char room[500];
    __asm__ volatile("" : : "r"(room) : "memory");
    if (n > 0) return end_deep(n - 1);
    explore::check(getg()->stktop, "the stack has not grown");
    ask_to_yield(getg());
    mcall(goexit0);
}

/// What its next owner must not find in it.
static void a_dead_g_keeps_nothing() {
    explore::begin();
    static g* gp;
    go([] {
        gp = getg();
        gp->param = gp;
        gp->paniconfault = true;
        time::Sleep(1);
        func([](Defer& defer) {
            defer([] { end_deep(30); });
            panic("goodbye");
        });
    });
    while (!gp || readgstatus(gp) != _Gdead) {
        runtime::Gosched();
        procyield(10);
    }
    explore::check(!gp->_defer && !gp->_panic, "deferred calls or a panic");
    explore::check(!gp->timer, "a timer");
    explore::check(!gp->stktop, "stack segments");
    explore::check(!gp->preempt && gp->stackguard0 == gp->stack.lo + _StackGuard, "a request to yield");
    explore::check(!gp->m && !gp->lockedm, "a thread");
    explore::check(!gp->param && !gp->waitreason.str && !gp->context, "what it waited for");
    explore::check(!gp->paniconfault, "what a bad address is to it");
}
CASE(a_dead_g_keeps_nothing, a_dead_g_keeps_nothing, .cpus = 1, ONCE);

// ---- free lists, by one thread -------------------------------------------------------------------------------------

static void free_gs_are_shared() {
    static p mine, theirs, third;
    static g gs[70];
    explore::begin();
    for (g& gp : gs) gp.atomicstatus = _Gdead;
    int32 before = sched.ngfree;
    for (int i = 0; i < 64; i++) gfput(&mine, &gs[i]);
    explore::check(mine.gfreecnt == 31, "a P that has 64 does not keep 31");
    explore::check(sched.ngfree - before == 33, "ngfree is not how many are in the global list");
    int seen[70] = {};
    for (int i = 0; i < 33; i++) {
        g* gp = gfget(&theirs);
        explore::check(gp, "there is none for a P that has none, though there are some in the global list");
        seen[gp - gs]++;
        if (i == 0) explore::check(theirs.gfreecnt == 31, "a P that has none does not fetch 32");
    }
    explore::check(sched.ngfree == before && theirs.gfreecnt == 0, "what was fetched is still counted");
    gfpurge(&mine);
    explore::check(mine.gfreecnt == 0 && !mine.gfree, "a P that is no more keeps some");
    explore::check(sched.ngfree - before == 31, "what a P leaves is not counted");
    while (g* gp = gfget(&third)) seen[gp - gs]++;
    for (int i = 0; i < 64; i++) explore::check(seen[i] == 1, "a free g is lost, or is there twice");
}
CASE(free_gs_are_shared, free_gs_are_shared, ONCE);

static void free_sudogs_are_shared() {
    static sudog* held[200];
    explore::begin();
    p* pp = getg()->m->p;
    while (pp->sudogcache.len > 0) held[0] = acquireSudog();
    for (sudog*& s : held) s = acquireSudog();
    for (sudog* s : held) releaseSudog(s);
    int64 total = pp->sudogcache.len;
    explore::check(total <= pp->sudogcache.cap, "there are more in the cache than it has room for");
    for (sudog* s = sched.sudogcache; s; s = s->next) total++;
    explore::check(total == 200, "a sudog is lost");
    explore::check(pp->sudogcache.len < pp->sudogcache.cap * 3 / 4, "a full cache did not give half away");
    purgeSudogs(pp, 0);
    sudog* first = sched.sudogcache;
    for (int64 i = 0; i < 200; i++) {
        sudog* s = acquireSudog();
        explore::check(!s->next, "a sudog that is to be used is still linked");
        for (sudog*& h : held)
            if (h == s) h = nullptr;
    }
    explore::check(first && !sched.sudogcache, "new ones were made, though there are some in the global cache");
    for (sudog* h : held) explore::check(!h, "a free sudog is lost");
}
CASE(free_sudogs_are_shared, free_sudogs_are_shared, .cpus = 1, ONCE);
