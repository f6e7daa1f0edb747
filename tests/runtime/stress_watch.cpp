// stress_watch.cpp - looks at the whole scheduler again and again while the stress program runs, and says what is
// wrong.
//
// The watcher is a thread without a P, as sysmon is. For a look it takes sched.lock and freezes every other thread by a
// signal, at whatever instruction it is, also in the middle of a switch. So only what holds between any two
// instructions is checked: a goroutine has one owner at most; a queue does not hold what cannot run; counts are within
// bounds. That nobody waits for ever takes two looks: whoever is still in the same place must be getting nearer its
// turn.

#include "stress.hpp"

uint32 beats[1 << 16];
lookcounts counts;

constexpr int32 SIGUSR1 = 10;
constexpr int64 maxprocs = 64;
constexpr uint32 globalEvery = 61;                 // schedule: every so many ticks the global queue comes first
constexpr uint32 maxstay = runqlen + runqlen / 4;  // ticks in a ring: those before it, and what came from elsewhere
constexpr int64 second = 1000000000;

// ---- freezing ------------------------------------------------------------------------------------------------------

static uintptr frozen;  // 1: threads stay in the handler
static uint32 inhandler;

nosplit static void onfreeze(uint32, void*, void*);
static void onfreeze(uint32, void*, void*) {
    atomic::Xadd(&inhandler, 1);
    while (atomic::Load(&frozen) != 0) futex(&frozen, _FUTEX_WAIT, 1, nullptr, nullptr, 0);
    atomic::Xadd(&inhandler, -1);
}

bool freeze() {
    m* self = getg()->m;
    for (m* mp = allm; mp; mp = mp->alllink)
        if (mp->procid == 0) return false;
    atomic::Store(&frozen, 1);
    uint32 told = 0;
    for (m* mp = allm; mp; mp = mp->alllink)
        if (mp != self && tgkill_(getpid_(), static_cast<int64>(mp->procid), SIGUSR1) == 0) told++;
    while (atomic::Load(&inhandler) != told) osyield();
    return true;
}

static void thaw() {
    atomic::Store(&frozen, 0);
    futexwakeup(&frozen, 1 << 30);
    while (atomic::Load(&inhandler) != 0) osyield();
}

// ---- one owner -----------------------------------------------------------------------------------------------------

// Goroutines by address, and what the looks so far know of each.
struct sighting {
    g* gp;
    int64 look;  // the last look that saw it on a queue or an M
    // Since when it stays on the global queue, or is runnable and on no queue at all, and has not run:
    int64 since;  // look
    int64 last;   // look that confirmed it
    bool global;
    int64 goid;
    uint32 beat;
    uintptr sp;
    int64 position;
    int64 turns;  // of the global queue, when it began
};
static sighting table[1 << 17];

static sighting* find(g* gp) {
    uintptr h = reinterpret_cast<uintptr>(gp) / 64 * 0x9e3779b97f4a7c15 >> 47;
    while (table[h].gp && table[h].gp != gp) h = (h + 1) % len(table);
    table[h].gp = gp;
    return &table[h];
}

static sighting* owned(g* gp) {
    sighting* s = find(gp);
    check(s->look != counts.looks, "a goroutine has two owners: goid, status", gp->goid, gp->atomicstatus);
    s->look = counts.looks;
    return s;
}

static sighting* queued(g* gp) {
    check(gp->atomicstatus == _Grunnable, "on a run queue, but not runnable: goid, status", gp->goid, gp->atomicstatus);
    check(gp->m == nullptr, "on a run queue and on an M: goid, m", gp->goid, gp->m ? gp->m->id : -1);
    counts.queued++;
    return owned(gp);
}

/// True if gp is still where the look before saw it, and nothing says that it has run meanwhile.
static bool stays(sighting* s, bool global, int64 position, int64 turns) {
    g* gp = s->gp;
    uint32 b = beats[gp->goid % (1 << 16)];
    bool same = s->last == counts.looks - 1 && s->global == global && s->goid == gp->goid && s->beat == b &&
                s->sp == gp->sched.sp;
    s->last = counts.looks;
    if (!same) *s = {gp, s->look, counts.looks, counts.looks, global, gp->goid, b, gp->sched.sp, position, turns};
    return same;
}

// ---- what is checked -----------------------------------------------------------------------------------------------

/// What a P's ring held at the last look. A place is head's or tail's count, not the slot, so it is never used twice.
struct ringplace {
    g* gp;
    uint32 at;
    uint32 tick;
};
static ringplace rings[maxprocs][runqlen];
static uint32 schedticks[maxprocs], syscallticks[maxprocs];
static int64 moved[maxprocs];  // the last look that found a P in another time slice than before, or not running

static void checkp(p* pp) {
    int64 id = pp->id;
    check(pp->status == _Pidle || pp->status == _Prunning || pp->status == _Psyscall, "status of a P: p, status", id,
          pp->status);
    check(static_cast<int32>(pp->schedtick - schedticks[id]) >= 0, "schedtick goes backwards: p", id);
    check(static_cast<int32>(pp->syscalltick - syscallticks[id]) >= 0, "syscalltick goes backwards: p", id);
    if (pp->schedtick != schedticks[id] || pp->status != _Prunning) moved[id] = counts.looks;
    schedticks[id] = pp->schedtick;
    syscallticks[id] = pp->syscalltick;
    check(pp->gfreecnt >= 0 && pp->gfreecnt <= 64, "gfreecnt: p, count", id, pp->gfreecnt);
    check(pp->sudogcache.len <= pp->sudogcache.cap, "sudogcache: p, length", id, pp->sudogcache.len);

    uint32 n = pp->runqtail - pp->runqhead;
    check(n <= runqlen, "length of a run queue: p, length", id, n);
    if (pp->runnext) queued(pp->runnext);
    for (uint32 at = pp->runqhead; at != pp->runqtail; at++) {
        g* gp = pp->runq[at % runqlen];
        queued(gp);
        ringplace* r = &rings[id][at % runqlen];
        if (r->gp != gp || r->at != at) *r = {gp, at, pp->schedtick};
        uint32 ticks = pp->schedtick - r->tick;
        check(ticks <= maxstay, "starved in the queue of a P: goid, schedticks", gp->goid, ticks);
        if (ticks > counts.waited) counts.waited = ticks;
    }
}

static void checkidleps() {
    uint32 n = 0;
    for (p* pp = sched.pidle; pp; pp = pp->link) {
        n++;
        check(n <= static_cast<uint32>(gomaxprocs), "the list of idle Ps does not end");
        check(pp->status == _Pidle && !pp->m, "an idle P is not idle: p, status", pp->id, pp->status);
        check(pp->runqhead == pp->runqtail && !pp->runnext, "an idle P has goroutines: p", pp->id);
    }
    check(n == sched.npidle, "idle Ps: listed, counted", n, sched.npidle);
}

static void checkms() {
    static m* holder[maxprocs];
    for (int64 i = 0; i < gomaxprocs; i++) holder[i] = nullptr;
    int64 n = 0;
    for (m* mp = allm; mp; mp = mp->alllink) {
        n++;
        if (mp->curg) owned(mp->curg);
        // Who is in a system call has a P in mind that may be somebody else's by now.
        if (!mp->p || (mp->curg && mp->curg->atomicstatus == _Gsyscall)) continue;
        m*& h = holder[mp->p->id];
        check(!h, "two Ms hold one P: m, m", mp->id, h ? h->id : -1);
        h = mp;
    }
    check(n == sched.mnext, "Ms: listed, counted", n, sched.mnext);
    check(sched.nmspinning <= n, "nmspinning", static_cast<int32>(sched.nmspinning), n);

    int64 idle = 0;
    for (m* mp = sched.midle; mp; mp = mp->schedlink) {
        check(++idle <= n, "the list of idle Ms does not end");
        check(!mp->p && !mp->nextp && !mp->curg && !mp->spinning, "an idle M has something: m", mp->id);
    }
    check(idle == sched.nmidle, "idle Ms: listed, counted", idle, sched.nmidle);
}

/// With one P its holder changes this queue without the lock, and is perhaps frozen between linking a batch and
/// counting it.
static void checkglobal() {
    const bool exact = gomaxprocs != 1;
    const int64 most = sched.runqsize + (exact ? 0 : runqlen / 2 + 1);
    int64 turns = 0;  // every 61st tick of a P takes one from the global queue, if nothing else does
    for (int64 i = 0; i < allp.len; i++) turns += allp.array[i]->schedtick / globalEvery;
    int64 n = 0;
    g* last = nullptr;
    for (g* gp = sched.runqhead; gp; last = gp, gp = gp->schedlink, n++) {
        check(n < most, "the global queue is longer than counted", n, most);
        sighting* s = queued(gp);
        // Who has run and is back at once, without a beat, looks the same, so the bound is a wide one.
        if (stays(s, true, n, turns))
            check(turns - s->turns <= 64 * (s->position + 1) + 10000, "starved in the global queue: goid, turns",
                  gp->goid, turns - s->turns);
    }
    check(!exact || (n == sched.runqsize && last == sched.runqtail), "the global queue: listed, counted", n,
          sched.runqsize);
}

/// Runnable, but on no queue and no M: in somebody's hands, who may be waiting for sched.lock or for a CPU. No longer,
/// once every P has gone on to another time slice.
static void checklost() {
    int64 still = counts.looks;
    for (int64 i = 0; i < allp.len; i++)
        if (moved[i] < still) still = moved[i];
    for (int64 i = 0; i < allgs.len; i++) {
        g* gp = allgs.array[i];
        uint32 status = gp->atomicstatus;
        check(status <= _Gdead || status == _Gcopystack, "status of a goroutine: goid, status", gp->goid, status);
        if (status != _Grunnable) continue;
        sighting* s = find(gp);
        if (s->look == counts.looks || !stays(s, false, 0, 0)) continue;
        check(counts.looks - s->since < 30 || still <= s->since, "lost: runnable, but on no queue: goid", gp->goid);
    }
}

void look() {
    int64 now = nanotime();
    counts.looks++;
    checkms();
    checkidleps();
    for (int64 i = 0; i < allp.len; i++) checkp(allp.array[i]);
    checkglobal();
    checklost();

    static int64 when = now;
    for (int64 i = 0; i < allp.len; i++)
        if (moved[i] == counts.looks && allp.array[i]->status != _Pidle) when = now;
    check(now - when < 60 * second, "nothing has happened for a minute; operations so far", operations);
}

// ---- the thread ----------------------------------------------------------------------------------------------------

static void watcher() {
    lock(&sched.lock);
    sched.nmsys++;  // like sysmon, it does not keep a deadlock from being noticed
    unlock(&sched.lock);
    for (;;) {
        int64 began = nanotime();
        lock(&sched.lock);
        if (freeze()) {
            look();
            thaw();
        }
        unlock(&sched.lock);
        // Three quarters of the time belong to the program.
        int64 rest = nanotime() + 1000000 + 3 * (nanotime() - began);
        while (nanotime() < rest) usleep_(1000);
    }
}

static void startwatcher(void*) { newm(watcher, nullptr); }

void watch() {
    check(gomaxprocs <= maxprocs, "too many Ps to watch", gomaxprocs, maxprocs);
    constexpr uint64 SA_SIGINFO = 4, SA_RESTORER = 0x4000000, SA_ONSTACK = 0x8000000, SA_RESTART = 0x10000000;
    static const sigactiont sa = {reinterpret_cast<uintptr>(onfreeze),
                                  SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_RESTART,
                                  reinterpret_cast<uintptr>(sigreturn), ~0ull};
    rt_sigaction(SIGUSR1, &sa, nullptr, sizeof sa.sa_mask);
    systemstack<void>(startwatcher, nullptr);
}
