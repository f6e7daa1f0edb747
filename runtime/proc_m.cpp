// proc_m.cpp - threads: how an M begins, gets and loses its P, sleeps and is woken. Go's counterpart: proc.go.

#include "runtime.hpp"

// ---- beginning -----------------------------------------------------------------------------------------------------

void mstartm0() { initsig(false); }

/// Called by mstart on g0 with mstart's own pc and sp: where mcall and systemstack begin from now on.
/// Realigns the stack, which mstart keeps in Go's shape and not in C++'s; nosplit because it does.
void mstart1(uintptr pc, uintptr sp) {
    g* gp = getg();
    m* mp = gp->m;
    if (gp != mp->g0) throw_("mstart1: not on g0");

    gp->sched.pc = pc;
    gp->sched.sp = sp;
    gp->sched.g = gp;

    asminit();
    minit();
    if (mp == &m0) mstartm0();
    if (mp->mstartfn) mp->mstartfn();
    if (mp != &m0) {
        acquirep(mp->nextp);
        mp->nextp = nullptr;
    }
    schedule();
}

void mspinning() { getg()->m->spinning = true; }

/// An M whose thread is gone and off its stack, its memory as new; or null. An m is only ever used as an m again:
/// preemptone looks at those of others without a lock.
static m* reapm() {
    if (!atomic::LoadRelaxed(&sched.freem)) return nullptr;
    lock(&sched.lock);
    m** at = &sched.freem;
    while (*at && atomic::Load(&(*at)->freeWait) != 0) at = &(*at)->freelink;
    m* mp = *at;
    if (mp) *at = mp->freelink;
    unlock(&sched.lock);
    if (!mp) return nullptr;
    stackfree(mp->g0->stack);
    mfree(mp->g0, sizeof(g));
    mfree(mp->gsignal, sizeof(g));
    memset(mp, 0, sizeof *mp);
    return mp;
}

/// An m without a thread yet. Memory needs a P's caches, so an M that has none borrows pp.
m* allocm(p* pp, void (*fn)()) {
    g* gp = getg();
    gp->m->locks++;
    if (!gp->m->p) acquirep(pp);
    m* mp = reapm();
    if (!mp) mp = new_<m>();
    mp->mstartfn = fn;
    mcommoninit(mp);
    mp->g0 = malg(8192);
    mp->g0->m = mp;
    if (pp == gp->m->p) releasep();
    releasem(gp->m);
    return mp;
}

void newm1(m* mp) {
    m* self = acquirem();  // in Go also a lock against exec; what is seen of it is m.locks
    newosproc(mp, reinterpret_cast<void*>(mp->g0->stack.hi));
    releasem(self);
}

// A program may have put a locked thread into an unusual state, and a new thread inherits it from the one that makes
// it. So Ms that are wanted on a locked thread are made by another: the template thread, which LockOSThread starts.
static struct {
    mutex lock;
    m* newm;       // to be made, linked by schedlink
    bool waiting;  // the template thread sleeps on wake
    note wake;
    uint32 haveTemplateThread;
} newmHandoff;

/// A new thread that runs fn and then schedules with pp; or with fn = sysmon and no P.
void newm(void (*fn)(), p* pp) {
    m* mp = allocm(pp, fn);
    mp->nextp = pp;
    mp->sigmask = initSigmask;
    if (getg()->m->lockedExt == 0) {
        newm1(mp);
        return;
    }
    lock(&newmHandoff.lock);
    if (newmHandoff.haveTemplateThread == 0) throw_("newm: on a locked thread with no template thread");
    mp->schedlink = newmHandoff.newm;
    newmHandoff.newm = mp;
    if (newmHandoff.waiting) {
        newmHandoff.waiting = false;
        notewakeup(&newmHandoff.wake);
    }
    unlock(&newmHandoff.lock);
}

/// On an M of its own, without a P, for ever.
void templateThread() {
    lock(&sched.lock);
    sched.nmsys++;
    checkdead();
    unlock(&sched.lock);
    for (;;) {
        lock(&newmHandoff.lock);
        while (m* mp = newmHandoff.newm) {
            newmHandoff.newm = mp->schedlink;
            unlock(&newmHandoff.lock);
            mp->schedlink = nullptr;
            newm1(mp);
            lock(&newmHandoff.lock);
        }
        newmHandoff.waiting = true;
        noteclear(&newmHandoff.wake);
        unlock(&newmHandoff.lock);
        notesleep(&newmHandoff.wake);
    }
}

static void startTemplateThread_func1(void*) { newm(templateThread, nullptr); }

void startTemplateThread() {
    if (atomic::Load(&newmHandoff.haveTemplateThread) != 0) return;
    if (!atomic::Cas(&newmHandoff.haveTemplateThread, 0u, 1u)) return;
    systemstack<void>(startTemplateThread_func1, nullptr);
}

int32 mcount() { return static_cast<int32>(sched.mnext - sched.nmfreed); }

// ---- end -----------------------------------------------------------------------------------------------------------

/// From mstart, on g0: the thread ends, because its goroutine exited while locked to it. Realigns the stack, as mstart1
/// does. The first thread stays, asleep for ever: without it the process would look dead to its parent.
void mexit() {
    m* mp = getg()->m;
    if (mp == &m0) {
        handoffp(releasep());
        lock(&sched.lock);
        sched.nmfreed++;
        checkdead();
        unlock(&sched.lock);
        notesleep(&mp->park);
        throw_("mexit: locked m0 woke up");
    }

    unminit();
    stackfree(mp->gsignal->stack);
    lock(&sched.lock);
    m** at = &allm;
    while (*at != mp) {
        if (!*at) throw_("mexit: m not found in allm");
        at = &(*at)->alllink;
    }
    *at = mp->alllink;
    // On freem from here on, for reapm, which has to wait: this thread still stands on the g0 stack.
    mp->freeWait = 1;
    mp->freelink = sched.freem;
    sched.freem = mp;
    unlock(&sched.lock);

    // Only now may anybody think that nobody runs any more: handoffp has perhaps started an M.
    handoffp(releasep());
    lock(&sched.lock);
    sched.nmfreed++;
    checkdead();
    unlock(&sched.lock);
    exitThread(&mp->freeWait);
}

// ---- M and P -------------------------------------------------------------------------------------------------------

void acquirep1(p* pp) {
    m* mp = getg()->m;
    if (mp->p || mp->mcache) throw_("acquirep: already holds a P");
    if (pp->m || pp->status != _Pidle) throw_("acquirep: invalid p state");
    mp->p = pp;
    pp->m = mp;
    pp->status = _Prunning;
}

void acquirep(p* pp) {
    acquirep1(pp);
    getg()->m->mcache = pp->mcache;
}

p* releasep() {
    m* mp = getg()->m;
    p* pp = mp->p;
    if (!pp || !mp->mcache) throw_("releasep: holds no P");
    if (pp->m != mp || pp->mcache != mp->mcache || pp->status != _Prunning) throw_("releasep: invalid p state");
    mp->p = nullptr;
    mp->mcache = nullptr;
    pp->m = nullptr;
    pp->status = _Pidle;
    return pp;
}

// ---- idle Ms -------------------------------------------------------------------------------------------------------

/// With sched.lock held.
static void mput(m* mp) {
    mp->schedlink = sched.midle;
    sched.midle = mp;
    sched.nmidle++;
    checkdead();
}

/// With sched.lock held.
m* mget() {
    m* mp = sched.midle;
    if (mp) {
        sched.midle = mp->schedlink;
        sched.nmidle--;
    }
    return mp;
}

/// Sleeps until startm has a P for this M.
void stopm() {
    m* mp = getg()->m;
    if (mp->locks != 0) throw_("stopm: holding locks");
    if (mp->p) throw_("stopm: holding p");
    if (mp->spinning) throw_("stopm: spinning");
    leave();
    lock(&sched.lock);
    mput(mp);
    unlock(&sched.lock);
    notesleep(&mp->park);
    noteclear(&mp->park);
    acquirep(mp->nextp);
    mp->nextp = nullptr;
}

/// Some M is to run pp: a sleeping one or a new one. Without pp: any idle P, and nothing if there is none.
/// spinning: the caller has counted the M in nmspinning already.
void startm(p* pp, bool spinning) {
    lock(&sched.lock);
    if (!pp) {
        pp = pidleget();
        if (!pp) {
            unlock(&sched.lock);
            if (spinning && static_cast<int32>(atomic::Xadd(&sched.nmspinning, -1)) < 0)
                throw_("startm: negative nmspinning");
            return;
        }
    }
    m* mp = mget();
    unlock(&sched.lock);
    if (!mp) {
        newm(spinning ? mspinning : nullptr, pp);
        return;
    }
    if (mp->spinning) throw_("startm: m is spinning");
    if (mp->nextp) throw_("startm: m has p");
    if (spinning && !runqempty(pp)) throw_("startm: p has runnable gs");
    mp->spinning = spinning;
    mp->nextp = pp;
    notewakeup(&mp->park);
}

/// Somebody queued a goroutine and there are idle Ps: one searching M is enough, it wakes the next.
void wakep() {
    if (!atomic::Cas(&sched.nmspinning, 0u, 1u)) return;
    startm(nullptr, true);
}

/// A P whose M is in a system call or is locked to a goroutine that waits: who takes it?
void handoffp(p* pp) {
    if (!runqempty(pp) || !globrunqempty()) {
        startm(pp, false);
        return;
    }
    // No work, and nobody is looking for some: this P should.
    if (atomic::Load(&sched.nmspinning) + atomic::Load(&sched.npidle) == 0 && atomic::Cas(&sched.nmspinning, 0u, 1u)) {
        startm(pp, true);
        return;
    }
    lock(&sched.lock);
    if (sched.gcwaiting != 0) {
        pp->status = _Pgcstop;
        stoppedone();
        unlock(&sched.lock);
        return;
    }
    if (!globrunqempty()) {
        unlock(&sched.lock);
        startm(pp, false);
        return;
    }
    // The last running P must not go idle while nobody polls the network.
    if (atomic::Load(&sched.npidle) == static_cast<uint32>(atomic::Load(&gomaxprocs)) - 1 &&
        atomic::Load(&sched.lastpoll) != 0) {
        unlock(&sched.lock);
        startm(pp, false);
        return;
    }
    pidleput(pp);
    unlock(&sched.lock);
}

// ---- Ms that are locked to a goroutine -----------------------------------------------------------------------------

/// This M's goroutine cannot run now: give the P away and sleep until startlockedm brings one back.
void stoplockedm() {
    m* mp = getg()->m;
    if (!mp->lockedg || mp->lockedg->lockedm != mp) throw_("stoplockedm: inconsistent locking");
    leave();
    if (mp->p) handoffp(releasep());
    incidlelocked(1);
    notesleep(&mp->park);
    noteclear(&mp->park);
    if (readgstatus(mp->lockedg) != _Grunnable) throw_("stoplockedm: not runnable");
    acquirep(mp->nextp);
    mp->nextp = nullptr;
}

/// Hands this M's P to the M that gp is locked to, and sleeps.
void startlockedm(g* gp) {
    m* mp = gp->lockedm;
    if (mp == getg()->m) throw_("startlockedm: locked to me");
    if (mp->nextp) throw_("startlockedm: m has p");
    incidlelocked(-1);
    mp->nextp = releasep();
    notewakeup(&mp->park);
    stopm();
}

void incidlelocked(int32 v) {
    lock(&sched.lock);
    sched.nmidlelocked += v;
    if (v > 0) checkdead();
    unlock(&sched.lock);
}

// ---- deadlock ------------------------------------------------------------------------------------------------------

/// With sched.lock held, whenever an M goes to sleep: if no M runs any more, no goroutine ever will again.
void checkdead() {
    if (atomic::Load(&panicking) != 0) return;  // a report has frozen the world: all Ms may sleep
    int32 run = mcount() - sched.nmidle - sched.nmidlelocked - sched.nmsys;
    if (run > 0) return;
    if (run < 0) throw_("checkdead: inconsistent counts");

    int32 waiting = 0;
    lock(&allglock);
    for (int64 i = 0; i < allgs.len; i++) {
        g* gp = allgs.array[i];
        if (issystemgoroutine(gp)) continue;
        uint32 s = readgstatus(gp);
        if (s == _Gwaiting) waiting++;
        if (s == _Grunnable || s == _Grunning || s == _Gsyscall) throw_("checkdead: runnable g");
    }
    unlock(&allglock);
    getg()->m->throwing = -1;  // not the runtime's fault: no dump of its own stacks
    throw_(waiting ? "all goroutines are asleep - deadlock!"
                   : "no goroutines (main called runtime.Goexit) - deadlock!");
}
