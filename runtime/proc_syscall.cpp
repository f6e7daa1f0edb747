// proc_syscall.cpp - a goroutine in a system call: it keeps its M, its P may be taken away. Go's counterpart: proc.go.
//
// Between entersyscall and exitsyscall nothing may check the stack, because newstack needs a P: hence nosplit, and
// throwsplit to catch who forgets.

#include "runtime.hpp"

nosplit static void save(g* gp, uintptr pc, uintptr sp, uintptr bp);
static void save(g* gp, uintptr pc, uintptr sp, uintptr bp) {
    gp->sched.pc = pc;
    gp->sched.sp = sp;
    gp->sched.bp = bp;
    gp->sched.ret = 0;
    gp->sched.g = gp;
}

/// With sched.lock held: a P is about to run again, so sysmon has something to watch.
void wakesysmon() {
    if (atomic::Load(&sched.sysmonwait) == 0) return;
    atomic::Store(&sched.sysmonwait, 0);
    notewakeup(&sched.sysmonnote);
}

void entersyscall_sysmon(void*) {
    lock(&sched.lock);
    wakesysmon();
    unlock(&sched.lock);
}

/// Somebody stops the world and may have looked at this P just before it became _Psyscall: then it is ours to stop.
void entersyscall_gcwait(p* pp) {
    lock(&sched.lock);
    if (sched.stopwait > 0 && atomic::Cas(&pp->status, _Psyscall, _Pgcstop)) {
        pp->syscalltick++;
        stoppedone();
    }
    unlock(&sched.lock);
}

/// What both ways in do first: no preemption, no growth, and the caller's frame is what sched describes while the call
/// lasts.
nosplit static m* reentersyscall(g* gp, uintptr pc, uintptr sp, uintptr bp);
static m* reentersyscall(g* gp, uintptr pc, uintptr sp, uintptr bp) {
    m* mp = gp->m;
    mp->locks++;
    atomic::StoreRelaxed(&gp->stackguard0, stackPreempt);
    settlsguard(stackPreempt);
    gp->throwsplit = true;
    save(gp, pc, sp, bp);
    gp->syscallsp = sp;
    gp->syscallpc = pc;
    casgstatus(gp, _Grunning, _Gsyscall);
    return mp;
}

/// A system call that may block: the P stays at hand, for sysmon to take if it takes long.
void entersyscall() {
    uintptr pc = getcallerpc(), sp = getcallersp(), bp = getcallerbp();
    g* gp = getg();
    m* mp = reentersyscall(gp, pc, sp, bp);
    if (atomic::Load(&sched.sysmonwait) != 0) {
        systemstack<void>(entersyscall_sysmon, nullptr);
        save(gp, pc, sp, bp);
    }

    mp->syscalltick = mp->p->syscalltick;
    mp->mcache = nullptr;
    mp->p->m = nullptr;
    atomic::Store(&mp->p->status, _Psyscall);  // from here on sysmon may take it
    if (atomic::Load(&sched.gcwaiting) != 0) {
        systemstack(entersyscall_gcwait, mp->p);
        save(gp, pc, sp, bp);
    }
    mp->locks--;
}

void entersyscallblock_handoff(void*) { handoffp(releasep()); }

/// For a call that will block for sure: do not wait for sysmon to find out.
void entersyscallblock() {
    uintptr pc = getcallerpc(), sp = getcallersp(), bp = getcallerbp();
    g* gp = getg();
    m* mp = reentersyscall(gp, pc, sp, bp);
    mp->syscalltick = mp->p->syscalltick;
    mp->p->syscalltick++;
    systemstack<void>(entersyscallblock_handoff, nullptr);
    save(gp, pc, sp, bp);  // systemstack has left its own mark there
    mp->locks--;
}

void exitsyscallfast_pidle(bool* ok) {
    lock(&sched.lock);
    p* pp = pidleget();
    if (pp) wakesysmon();
    unlock(&sched.lock);
    if (pp) acquirep(pp);
    *ok = pp != nullptr;
}

bool exitsyscallfast() {
    m* mp = getg()->m;
    // The usual case: nobody took the P.
    if (mp->p && atomic::Load(&mp->p->status) == _Psyscall && atomic::Cas(&mp->p->status, _Psyscall, _Prunning)) {
        mp->mcache = mp->p->mcache;
        mp->p->m = mp;
        return true;
    }
    mp->mcache = nullptr;
    mp->p = nullptr;
    bool ok = false;
    if (atomic::LoadRelaxed(&sched.pidle)) systemstack(exitsyscallfast_pidle, &ok);
    return ok;
}

void exitsyscall() {
    g* gp = getg();
    m* mp = gp->m;
    mp->locks++;
    if (getcallersp() > gp->syscallsp) fatal_nosplit("fatal: exitsyscall: syscall frame is no longer valid\n");
    atomic::StoreRelaxed(&gp->waitsince, 0);

    if (exitsyscallfast()) {
        mp->p->syscalltick++;
        casgstatus(gp, _Gsyscall, _Grunning);
        gp->syscallsp = 0;
        mp->locks--;
        settlsguard(setguard(gp));
        gp->throwsplit = false;
        return;
    }

    gp->sysexitticks = 0;
    mp->locks--;
    mcall(exitsyscall0);  // comes back when the goroutine has a P again, perhaps on another M
    gp->syscallsp = 0;
    gp->m->p->syscalltick++;
    gp->throwsplit = false;
}

/// On g0, no P: queue the goroutine and find something else for this M, which is to sleep.
void exitsyscall0(g* gp) {
    m* mp = getg()->m;
    casgstatus(gp, _Gsyscall, _Grunnable);
    dropg();
    lock(&sched.lock);
    p* pp = pidleget();
    if (pp)
        wakesysmon();
    else
        globrunqinject(gp);
    unlock(&sched.lock);
    if (pp) {
        acquirep(pp);
        return execute(gp, false);
    }
    if (mp->lockedg) {  // nobody else may run it
        stoplockedm();
        return execute(gp, false);
    }
    stopm();
    schedule();
}

/// A raw system call that may block, on the goroutine's stack.
int64 Syscall(int64 (*fn)(uintptr, const void*, uintptr), uintptr a, const void* b, uintptr c) {
    entersyscall();
    int64 r = fn(a, b, c);
    exitsyscall();
    return r;
}
