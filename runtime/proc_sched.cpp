// proc_sched.cpp - who runs next: the run queues, work stealing, schedule and execute. Go's counterpart: proc.go.
//
// A P has a ring of 256 goroutines and one in runnext, which runs before the ring and inherits the time slice of the
// goroutine that readied it. The owner needs no lock: it alone moves runqtail, and everybody moves runqhead by CAS.

#include "runtime.hpp"

constexpr uint32 runqlen = sizeof(p::runq) / sizeof(guintptr);

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

bool runqputslow(p* pp, g* gp, uint32 h, uint32 t) GO("runtime.runqputslow");

/// By the owner. next: into runnext, and what was there to the tail. A full ring gives half of itself away.
void runqput(p* pp, g* gp, bool next) {
    if (next) {
        g* old = atomic::Load(&pp->runnext);
        while (!atomic::Cas(&pp->runnext, old, gp)) old = atomic::Load(&pp->runnext);
        if (!old) return;
        gp = old;
    }
    for (;;) {
        uint32 h = atomic::Load(&pp->runqhead);
        uint32 t = pp->runqtail;
        if (t - h < runqlen) {
            pp->runq[t % runqlen] = gp;
            atomic::StoreRel(&pp->runqtail, t + 1);  // now thieves may take it
            return;
        }
        if (runqputslow(pp, gp, h, t)) return;  // false: a thief made room meanwhile
    }
}

/// Moves half the ring and gp to the global queue.
bool runqputslow(p* pp, g* gp, uint32 h, uint32 t) {
    g* batch[runqlen / 2 + 1];
    uint32 n = (t - h) / 2;
    if (n != runqlen / 2) throw_("runqputslow: queue is not full");
    for (uint32 i = 0; i < n; i++) batch[i] = pp->runq[(h + i) % runqlen];
    if (!atomic::CasRel(&pp->runqhead, h, h + n)) return false;
    batch[n] = gp;
    for (uint32 i = 0; i < n; i++) batch[i]->schedlink = batch[i + 1];
    lock(&sched.lock);
    globrunqputbatch(batch[0], batch[n], static_cast<int32>(n + 1));
    unlock(&sched.lock);
    return true;
}

/// By the owner. *inheritTime: it came from runnext and goes on with the current time slice.
g* runqget(p* pp, bool* inheritTime) {
    for (;;) {
        g* next = atomic::Load(&pp->runnext);
        if (!next) break;
        if (atomic::Cas(&pp->runnext, next, nullptr)) {
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
        if (atomic::CasRel(&pp->runqhead, h, h + 1)) return gp;
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
            if (pp->status == _Prunning) usleep_(3);
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

// ---- global queues, with sched.lock held ---------------------------------------------------------------------------

void globrunqput(g* gp) { globrunqputbatch(gp, gp, 1); }

void globrunqputbatch(g* ghead, g* gtail, int32 n) {
    gtail->schedlink = nullptr;
    if (sched.runqtail)
        sched.runqtail->schedlink = ghead;
    else
        sched.runqhead = ghead;
    sched.runqtail = gtail;
    sched.runqsize += n;
}

static g* globrunqpop() {
    g* gp = sched.runqhead;
    sched.runqhead = gp->schedlink;
    if (!sched.runqhead) sched.runqtail = nullptr;
    sched.runqsize--;
    return gp;
}

/// This P's share of the global queue: one to run, the rest into its ring. max 0: no limit of the caller's.
g* globrunqget(p* pp, int32 max) {
    if (sched.runqsize == 0) return nullptr;
    int32 n = sched.runqsize / gomaxprocs + 1;
    if (n > sched.runqsize) n = sched.runqsize;
    if (max > 0 && n > max) n = max;
    if (n > static_cast<int32>(runqlen / 2)) n = runqlen / 2;
    g* gp = globrunqpop();
    while (--n > 0) runqput(pp, globrunqpop(), false);
    return gp;
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

/// The M and its goroutine let go of each other.
void dropg() {
    m* mp = getg()->m;
    mp->curg->m = nullptr;
    mp->curg = nullptr;
}

/// Runs gp on this M until it parks, yields or ends; then mcall comes back to g0's beginning, not here.
void execute(g* gp, bool inheritTime) {
    m* mp = getg()->m;
    casgstatus(gp, _Grunnable, _Grunning);
    gp->waitsince = 0;
    gp->preempt = false;
    gp->stackguard0 = gp->stack.lo + _StackGuard;
    if (!inheritTime) mp->p->schedtick++;
    mp->curg = gp;
    gp->m = mp;
    gogo(&gp->sched);
}

static uint32 gcd(uint32 a, uint32 b) { return b == 0 ? a : gcd(b, a % b); }

/// One pass of theft over all Ps: from a random P on, in steps that are coprime to their number, so that each comes once.
static g* stealpass(p* pp, bool stealRunNextG) {
    uint32 count = static_cast<uint32>(gomaxprocs);
    uint32 r = fastrand();
    uint32 pos = r % count, step = r / count % count + 1;
    while (gcd(step, count) != 1) step = step % count + 1;
    for (uint32 i = 0; i < count; i++, pos = (pos + step) % count) {
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

static g* globrunqgetlocked(p* pp, int32 max) {
    lock(&sched.lock);
    g* gp = globrunqget(pp, max);
    unlock(&sched.lock);
    return gp;
}

/// Looks everywhere for a goroutine to run; if there is none, gives the P away and sleeps until there may be.
g* findrunnable(bool* inheritTime) GO("runtime.findrunnable");
g* findrunnable(bool* inheritTime) {
    m* mp = getg()->m;
    *inheritTime = false;
    for (;;) {
        p* pp = mp->p;
        if (fingwait && fingwake)
            if (g* gp = wakefing()) ready(gp, true);

        if (g* gp = runqget(pp, inheritTime)) return gp;
        if (sched.runqsize != 0)
            if (g* gp = globrunqgetlocked(pp, 0)) return gp;

        // Steal. Not when all others are idle, nor when half of the busy Ps have a thief looking already.
        uint32 procs = static_cast<uint32>(gomaxprocs);
        bool search = atomic::Load(&sched.npidle) != procs - 1 &&
                      (mp->spinning || 2 * atomic::Load(&sched.nmspinning) < procs - atomic::Load(&sched.npidle));
        if (search) {
            if (!mp->spinning) {
                mp->spinning = true;
                atomic::Xadd(&sched.nmspinning, 1);
            }
            for (int i = 0; i < 4; i++)
                if (g* gp = stealpass(pp, i > 2)) return gp;
        }

        // Nothing. Give up the P, in a way that no wake-up is lost: first the P becomes idle, then this M stops
        // counting as spinning, then all queues are looked at once more. Who queues a goroutine does it the
        // other way round: first the queue, then a look for spinning Ms and idle Ps.
        lock(&sched.lock);
        if (sched.runqsize != 0) {
            g* gp = globrunqget(pp, 0);
            unlock(&sched.lock);
            return gp;
        }
        if (releasep() != pp) throw_("findrunnable: wrong p");
        pidleput(pp);
        unlock(&sched.lock);

        bool wasSpinning = mp->spinning;
        if (wasSpinning) {
            mp->spinning = false;
            if (static_cast<int32>(atomic::Xadd(&sched.nmspinning, -1)) < 0) throw_("findrunnable: negative nmspinning");
        }
        bool again = false;
        for (int64 i = 0; i < allp.len && !again; i++) {
            if (runqempty(allp.array[i])) continue;
            lock(&sched.lock);
            pp = pidleget();
            unlock(&sched.lock);
            if (!pp) break;
            acquirep(pp);
            if (wasSpinning) {
                mp->spinning = true;
                atomic::Xadd(&sched.nmspinning, 1);
            }
            again = true;
        }
        if (!again) stopm();
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
        execute(mp->lockedg, false);
    }
    for (;;) {
        g* gp = nullptr;
        bool inheritTime = false;
        // Now and then the global queue comes first: two goroutines that ready each other for ever would starve it.
        if (mp->p->schedtick % 61 == 0 && sched.runqsize > 0) gp = globrunqgetlocked(mp->p, 1);
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
        execute(gp, inheritTime);
    }
}
