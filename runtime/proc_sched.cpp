// proc_sched.cpp - who runs next: the run queues, work stealing, schedule and execute. Go's counterpart: proc.go.
//
// A P has a ring of 256 goroutines and one in runnext, which runs before the ring and inherits the time slice of the
// goroutine that readied it. The owner needs no lock: it alone moves runqtail, and everybody moves runqhead by CAS.
// With a single P there are no thieves, and plain stores do what Go does with atomic ones whatever GOMAXPROCS is.

#include "runtime.hpp"

// ---- local run queue -----------------------------------------------------------------------------------------------

bool runqempty(p* pp) {
    // runqput may move a goroutine from runnext to the ring between two reads: look until nothing moved.
    for (;;) {
        uint32 head = atomic::Load(&pp->runqhead);
        uint32 tail = atomic::Load(&pp->runqtail);
        g* runnext = atomic::Load(&pp->runnext);
        if (tail == atomic::Load(&pp->runqtail)) return head == tail && !runnext;
    }
}

/// At the ring's tail. False: it is full, with head *h and tail *t.
[[gnu::always_inline]] static inline bool runqputtail(p* pp, g* gp, uint32* h, uint32* t) {
    *h = atomic::Load(&pp->runqhead);
    *t = pp->runqtail;
    if (*t - *h >= runqlen) return false;
    pp->runq[*t % runqlen] = gp;
    // Now thieves may take it. The caller looks for idle Ps next, and must not do so before this is seen.
    atomic::Storep(&pp->runqtail, *t + 1);
    return true;
}

struct runqputargs {
    p* pp;
    g* gp;
};

/// If runqputslow finds that a thief has made room meanwhile, there is a place after all.
static void runqputfull_func1(runqputargs* a) {
    uint32 h, t;
    for (bool put = false; !put;) put = runqputtail(a->pp, a->gp, &h, &t) || runqputslow(a->pp, a->gp, h, t);
}

/// The ring was full. From here on there are prologues, and this P must stay ours: on g0 nobody is asked to give way. And
/// who readies somebody has come here without a prologue, so that little is left of its stack.
[[gnu::noinline]] nosplit static void runqputfull(p* pp, g* gp);
void runqputfull(p* pp, g* gp) {
    runqputargs a = {pp, gp};
    systemstack(runqputfull_func1, &a);
}

/// By the owner. next: into runnext, and what was there to the tail. A full ring gives half of itself away.
void runqput(p* pp, g* gp, bool next) {
    if (next) {
        g* old = atomic::Load(&pp->runnext);
        while (!atomic::Casp(&pp->runnext, old, gp)) old = atomic::Load(&pp->runnext);
        if (!old) return;
        gp = old;
    }
    uint32 h, t;
    if (!runqputtail(pp, gp, &h, &t)) runqputfull(pp, gp);
}

/// later is to stand eight behind gp on the global queue. Only a prefetch relies on that.
[[gnu::always_inline]] static inline void setahead(g* gp, g* later) {
    gp->schedahead = static_cast<int32>(reinterpret_cast<uintptr>(later) - reinterpret_cast<uintptr>(gp));
}

/// Moves half the ring and gp to the global queue.
bool runqputslow(p* pp, g* gp, uint32 h, uint32 t) {
    g* batch[runqlen / 2 + 1];
    uint32 n = (t - h) / 2;
    if (n != runqlen / 2) throw_("runqputslow: queue is not full");
    for (uint32 i = 0; i < n; i++) batch[i] = pp->runq[(h + i) % runqlen];
    if (!atomic::CasRel(&pp->runqhead, h, h + n)) return false;
    batch[n] = gp;
    for (uint32 i = 0; i < n; i++) {
        batch[i]->schedlink = batch[i + 1];
        setahead(batch[i], batch[i + 8 < n ? i + 8 : n]);
    }
    globrunqputbatch(batch[0], batch[n], static_cast<int32>(n + 1));
    return true;
}

/// By the owner. *inheritTime: it came from runnext and goes on with the current time slice.
g* runqget(p* pp, bool* inheritTime) {
    for (;;) {
        g* next = atomic::Load(&pp->runnext);
        if (!next) break;
        if (atomic::Casp(&pp->runnext, next, nullptr)) {
            *inheritTime = true;
            return next;
        }
    }
    *inheritTime = false;
    for (;;) {
        uint32 h = atomic::Load(&pp->runqhead);
        uint32 t = pp->runqtail;
        if (t == h) return nullptr;
        g* gp = pp->runq[h % runqlen];
        // With many goroutines each is out of the cache by the time it runs again: fetch the g that is some turns off,
        // and of one whose g has come the top of the stack.
        if (t - h > 3) prefetchstack(pp->runq[(h + 3) % runqlen]->sched.sp);
        if (t - h > 8) prefetchg(pp->runq[(h + 8) % runqlen]);
        if (atomic::Casp(&pp->runqhead, h, h + 1)) return gp;
    }
}

/// By a thief: half of pp's queue into batch, a ring like its own, from batchHead on.
static uint32 runqgrab(p* pp, guintptr (&batch)[runqlen], uint32 batchHead, bool stealRunNextG) {
    for (;;) {
        uint32 h = atomic::Load(&pp->runqhead);
        uint32 t = atomic::Load(&pp->runqtail);
        uint32 n = t - h;
        n = n - n / 2;
        if (n == 0) {
            if (!stealRunNextG) return 0;
            g* next = atomic::Load(&pp->runnext);
            if (!next) return 0;
            // Its owner is probably about to run it: give it the chance, or two Ps would throw it back and forth.
            if (atomic::LoadRelaxed(&pp->status) == _Prunning) usleep_(3);
            if (!atomic::Cas(&pp->runnext, next, nullptr)) continue;
            batch[batchHead % runqlen] = next;
            return 1;
        }
        if (n > runqlen / 2) continue;  // head and tail were read at different moments
        for (uint32 i = 0; i < n; i++) batch[(batchHead + i) % runqlen] = pp->runq[(h + i) % runqlen];
        if (atomic::CasRel(&pp->runqhead, h, h + n)) return n;
    }
}

/// Steals half of p2's goroutines for pp, and returns one of them to run.
g* runqsteal(p* pp, p* p2, bool stealRunNextG) {
    uint32 t = pp->runqtail;
    uint32 n = runqgrab(p2, pp->runq, t, stealRunNextG);
    if (n == 0) return nullptr;
    n--;
    g* gp = pp->runq[(t + n) % runqlen];
    if (n == 0) return gp;
    uint32 h = atomic::Load(&pp->runqhead);
    if (t - h + n >= runqlen) throw_("runqsteal: runq overflow");
    atomic::StoreRel(&pp->runqtail, t + n);
    return gp;
}

// ---- the global queue ----------------------------------------------------------------------------------------------
//
// sched.lock guards it. With a single P it belongs to who holds that P, and needs no lock; the Ms that hold none put
// goroutines on a list beside it, with the lock, and the holder moves them over before it looks at the queue.
//
// What needs the lock stands in functions of its own: with one P, who calls them saves no registers for it.

/// Puts the list ghead .. gtail at the end of a queue.
[[gnu::always_inline]] static inline void append(guintptr* head, guintptr* tail, g* ghead, g* gtail) {
    gtail->schedlink = nullptr;
    if (*tail)
        (*tail)->schedlink = ghead;
    else
        *head = ghead;
    *tail = gtail;
}

[[gnu::always_inline]] static inline void appendglob(g* ghead, g* gtail, int32 n) {
    append(&sched.runqhead, &sched.runqtail, ghead, gtail);
    sched.runqsize += n;
}

/// A queue of more gs than this is not in the cache any more when they are taken, and only each one says who is next.
constexpr int32 longqueue = 16;

/// So each says besides where the one is that came eight after it.
[[gnu::always_inline]] static inline void lookahead(g* gp) {
    static g* latest[8];
    static uint32 count;
    g*& before = latest[count++ % 8];
    if (before) setahead(before, gp);
    before = gp;
}

[[gnu::noinline]] static void appendgloblocked(g* ghead, g* gtail, int32 n) {
    lock(&sched.lock);
    appendglob(ghead, gtail, n);
    if (sched.runqsize > longqueue && n == 1) lookahead(gtail);
    unlock(&sched.lock);
}

[[gnu::noinline]] nosplit static void appendglobfar(g* ghead, g* gtail, int32 n);
static void appendglobfar(g* ghead, g* gtail, int32 n) {
    if (!oneP()) return appendgloblocked(ghead, gtail, n);
    appendglob(ghead, gtail, n);
    if (n == 1) lookahead(gtail);  // else runqputslow has said it
}

inline void globrunqputbatch(g* ghead, g* gtail, int32 n) {
    if (!oneP() || sched.runqsize >= longqueue) return appendglobfar(ghead, gtail, n);
    appendglob(ghead, gtail, n);
}

void globrunqput(g* gp) { globrunqputbatch(gp, gp, 1); }

void globrunqinject(g* gp) {
    if (oneP())
        append(&sched.injecthead, &sched.injecttail, gp, gp);
    else
        appendglob(gp, gp, 1);
}

void globrunqcollect() {
    int32 n = 0;
    for (g* gp = sched.injecthead; gp; gp = gp->schedlink) n++;
    if (n == 0) return;
    append(&sched.runqhead, &sched.runqtail, sched.injecthead, sched.injecttail);
    sched.runqsize += n;
    sched.injecthead = sched.injecttail = nullptr;
}

bool globrunqempty() { return atomic::LoadRelaxed(&sched.runqsize) == 0 && !atomic::Load(&sched.injecthead); }

/// At the front. Only while the world is stopped.
void globrunqputhead(g* gp) {
    gp->schedlink = sched.runqhead;
    sched.runqhead = gp;
    if (!sched.runqtail) sched.runqtail = gp;
    sched.runqsize++;
}

/// This P's share of the global queue: one to run, the rest into its ring. max 0: no limit of the caller's.
/// With sched.lock held, or the only P.
g* globrunqget(p* pp, int32 max) {
    int32 size = sched.runqsize;
    if (size == 0) return nullptr;
    int32 n = (oneP() ? size : size / gomaxprocs) + 1;
    if (n > size) n = size;
    if (max > 0 && n > max) n = max;
    if (n > static_cast<int32>(runqlen / 2)) n = runqlen / 2;

    // The ring has room for them: nothing comes back to this queue meanwhile.
    sched.runqsize = size - n;
    if (size == n) sched.runqtail = nullptr;
    g* gp = sched.runqhead;
    g* next = sched.runqhead = gp->schedlink;
    while (--n > 0) {
        g* gp1 = next;
        __builtin_prefetch(reinterpret_cast<uint8*>(&gp1->schedlink) + gp1->schedahead);
        next = sched.runqhead = gp1->schedlink;
        runqput(pp, gp1, false);
    }
    return gp;
}

void injectglist(g* glist) {
    if (!glist) return;
    int32 n = 0;
    lock(&sched.lock);
    for (; glist; n++) {
        g* gp = glist;
        glist = gp->schedlink;
        casgstatus(gp, _Gwaiting, _Grunnable);
        globrunqinject(gp);
    }
    unlock(&sched.lock);
    for (; n != 0 && atomic::Load(&sched.npidle) != 0; n--) startm(nullptr, false);
}

void pidleput(p* pp) {
    if (!runqempty(pp)) throw_("pidleput: the P has goroutines");
    pp->link = sched.pidle;
    sched.pidle = pp;
    atomic::Xadd(&sched.npidle, 1);
}

p* pidleget() {
    p* pp = sched.pidle;
    if (pp) {
        sched.pidle = pp->link;
        atomic::Xadd(&sched.npidle, -1);
    }
    return pp;
}

// ---- the scheduler -------------------------------------------------------------------------------------------------

/// Runs gp on this M until it parks, yields or ends; then mcall comes back to g0's beginning, not here.
void execute(g* gp, bool inheritTime) {
    m* mp = getg()->m;
    casgstatus(gp, _Grunnable, _Grunning);
    atomic::StoreRelaxed(&gp->waitsince, 0);
    atomic::StoreRelaxed(&gp->preempt, false);
    atomic::StoreRelaxed(&gp->stackguard0, gp->stack.lo + _StackGuard);
    if (!inheritTime) mp->p->schedtick++;
    mp->curg = gp;
    gp->m = mp;
    gogo(&gp->sched);
}

static uint32 gcd(uint32 a, uint32 b) { return b == 0 ? a : gcd(b, a % b); }

/// One pass of theft over all Ps: from a random P on, in steps that are coprime to their number, so that each comes
/// once.
static g* stealpass(p* pp, bool stealRunNextG) {
    uint32 count = static_cast<uint32>(gomaxprocs);
    uint32 r = fastrand();
    uint32 pos = r % count, step = r / count % count + 1;
    while (gcd(step, count) != 1) step = step % count + 1;
    for (uint32 i = 0; i < count; i++, pos = (pos + step) % count) {
        if (atomic::Load(&sched.gcwaiting) != 0) return nullptr;
        p* p2 = allp.array[pos];
        if (p2 == pp) {
            bool inherit;
            if (g* gp = runqget(pp, &inherit)) return gp;
        } else if (g* gp = runqsteal(pp, p2, stealRunNextG)) {
            return gp;
        }
    }
    return nullptr;
}

[[gnu::noinline]] static g* globrunqgetlocked(p* pp, int32 max) {
    lock(&sched.lock);
    g* gp = globrunqget(pp, max);
    unlock(&sched.lock);
    return gp;
}

/// The same without the lock, where that is nobody else's.
[[gnu::always_inline]] static inline g* fromglob(p* pp, int32 max) {
    return oneP() ? globrunqget(pp, max) : globrunqgetlocked(pp, max);
}

/// The first goroutine of netpoll's list, for this M to run; the others are for everybody.
static g* takefirst(g* gp) {
    injectglist(gp->schedlink);
    casgstatus(gp, _Gwaiting, _Grunnable);
    return gp;
}

// findrunnable is one function in Go 1.10, with the labels top and stop. Its steps from "Steal work from other P's." on
// are functions here, in its order; later Gos have some of them as functions, too, whose names these bear.

[[gnu::always_inline]] static inline void startspinning(m* mp) {
    mp->spinning = true;
    atomic::Xadd(&sched.nmspinning, 1);
}

/// Steal. Not when all others are idle, nor when half of the busy Ps have a thief looking already.
[[gnu::always_inline]] static inline g* stealWork(m* mp, p* pp) {
    uint32 procs = static_cast<uint32>(gomaxprocs);
    if (atomic::Load(&sched.npidle) == procs - 1) return nullptr;
    if (!mp->spinning) {
        if (2 * atomic::Load(&sched.nmspinning) >= procs - atomic::Load(&sched.npidle)) return nullptr;
        startspinning(mp);
    }
    for (int i = 0; i < 4; i++)
        if (g* gp = stealpass(pp, i > 2)) return gp;
    return nullptr;
}

/// Go's label stop: the P becomes idle. False: it is kept, because the world is to stop, or because there is something
/// in the global queue now, in *gp.
[[gnu::always_inline]] static inline bool giveup(p* pp, g** gp) {
    lock(&sched.lock);
    if (sched.gcwaiting != 0) {
        unlock(&sched.lock);
        return false;
    }
    globrunqcollect();
    if (sched.runqsize != 0) {
        *gp = globrunqget(pp, 0);
        unlock(&sched.lock);
        return false;
    }
    if (releasep() != pp) throw_("findrunnable: wrong p");
    pidleput(pp);
    unlock(&sched.lock);
    return true;
}

/// Without a P: stops counting as spinning. Says whether this M did.
[[gnu::always_inline]] static inline bool stopspinning(m* mp) {
    if (!mp->spinning) return false;
    mp->spinning = false;
    if (static_cast<int32>(atomic::Xadd(&sched.nmspinning, -1)) < 0) throw_("findrunnable: negative nmspinning");
    return true;
}

[[gnu::always_inline]] static inline p* pidlegetlocked() {
    lock(&sched.lock);
    p* pp = pidleget();
    unlock(&sched.lock);
    return pp;
}

/// Looks at all run queues once more. True: one has something, and this M has a P again.
[[gnu::always_inline]] static inline bool checkRunqsNoP(m* mp, slice<p*> all, bool wasSpinning) {
    for (int64 i = 0; i < all.len; i++) {
        if (runqempty(all.array[i])) continue;
        p* pp = pidlegetlocked();
        if (!pp) return false;
        acquirep(pp);
        if (wasSpinning) startspinning(mp);
        return true;
    }
    return false;
}

/// The last resort: one M sleeps in the network poller, which is then the place where work can come from. Null: there
/// is somebody there, or no P to run with what came.
[[gnu::always_inline]] static inline g* pollUntilNoP() {
    if (!netpollinited() || atomic::Load(&netpollWaiters) == 0 || atomic::Xchg(&sched.lastpoll, 0) == 0) return nullptr;
    g* gp = netpoll(true);
    atomic::Store(&sched.lastpoll, nanotime());
    if (p* pp = pidlegetlocked()) {
        acquirep(pp);
        return takefirst(gp);
    }
    injectglist(gp);
    return nullptr;
}

/// Looks everywhere for a goroutine to run; if there is none, gives the P away and sleeps until there may be.
g* findrunnable(bool* inheritTime) {
    m* mp = getg()->m;
    *inheritTime = false;
    for (;;) {  // Go's label top
        if (atomic::Load(&sched.gcwaiting) != 0) {
            gcstopm();
            continue;
        }
        p* pp = mp->p;
        if (atomic::LoadRelaxed(&fingwait) && atomic::LoadRelaxed(&fingwake))
            if (g* gp = wakefing()) ready(gp, true);

        if (g* gp = runqget(pp, inheritTime)) return gp;
        if (atomic::LoadRelaxed(&sched.runqsize) != 0)
            if (g* gp = fromglob(pp, 0)) return gp;
        leave();  // from here on it can take long

        // Poll the network. Only a shortcut: if somebody else waits for it already, he will tell.
        if (netpollinited() && atomic::Load(&netpollWaiters) > 0 && atomic::Load(&sched.lastpoll) != 0)
            if (g* gp = netpoll(false)) return takefirst(gp);
        if (g* gp = stealWork(mp, pp)) return gp;

        // Nothing. Give up the P, in a way that no wake-up is lost: first the P becomes idle, then this M stops
        // counting as spinning, then all queues are looked at once more. Who queues a goroutine does it the
        // other way round: first the queue, then a look for spinning Ms and idle Ps.
        slice<p*> all = allp;  // without a P nothing keeps allp as it is; what it points at stays
        g* gp = nullptr;
        if (!giveup(pp, &gp)) {
            if (gp) return gp;
            continue;
        }
        bool wasSpinning = stopspinning(mp);
        if (checkRunqsNoP(mp, all, wasSpinning)) continue;
        gp = pollUntilNoP();
        if (gp) return gp;
        stopm();
    }
}

/// This M has found work and stops searching. If it was the last searcher, another one takes over.
static void resetspinning() {
    m* mp = getg()->m;
    if (!mp->spinning) throw_("resetspinning: not spinning");
    mp->spinning = false;
    uint32 n = atomic::Xadd(&sched.nmspinning, -1);
    if (static_cast<int32>(n) < 0) throw_("resetspinning: negative nmspinning");
    if (n == 0 && atomic::Load(&sched.npidle) > 0) wakep();
}

/// One round of the scheduler, on g0. Comes from mstart1 the first time, from a function of mcall's ever after.
void schedule() {
    m* mp = getg()->m;
    if (mp->locks != 0) throw_("schedule: holding locks");
    if (mp->lockedg) {
        stoplockedm();
        return execute(mp->lockedg, false);
    }
    for (;;) {
        if (atomic::Load(&sched.gcwaiting) != 0) {
            gcstopm();
            continue;
        }
        g* gp = nullptr;
        bool inheritTime = false;
        if (atomic::Load(&sched.injecthead)) {
            lock(&sched.lock);
            globrunqcollect();
            unlock(&sched.lock);
        }
        // Now and then the global queue comes first: two goroutines that ready each other for ever would starve it.
        if (mp->p->schedtick % 61 == 0 && atomic::LoadRelaxed(&sched.runqsize) > 0) gp = fromglob(mp->p, 1);
        if (!gp) {
            gp = runqget(mp->p, &inheritTime);
            if (gp && mp->spinning) throw_("schedule: spinning with local work");
        }
        if (!gp) gp = findrunnable(&inheritTime);
        if (mp->spinning) resetspinning();
        if (gp->lockedm) {
            startlockedm(gp);  // it runs on its own thread only, which gets this P
            continue;
        }
        return execute(gp, inheritTime);
    }
}
