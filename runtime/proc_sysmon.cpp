// proc_sysmon.cpp - the watcher: a thread without a P that takes Ps back from long system calls and long runs.
// Go's counterpart: proc.go.

#include "runtime.hpp"

GOVAR(int64, forcegcperiod) = 120ll * 1000000000;
GOVAR(forcegcstate, forcegc);
static int64 lastforcegc;

constexpr int64 forcePreemptNS = 10 * 1000 * 1000;  // a time slice

/// Asks the goroutine on pp to yield at its next function call. Best effort: it may be the wrong one by the time it
/// looks, which does no harm, or may never call a function.
bool preemptone(p* pp) GO("runtime.preemptone");
bool preemptone(p* pp) {
    m* mp = pp->m;
    if (!mp || mp == getg()->m) return false;
    g* gp = mp->curg;
    if (!gp || gp == mp->g0) return false;
    gp->preempt = true;
    gp->stackguard0 = stackPreempt;             // the g's own,
    atomic::Store(&mp->tlsguard, stackPreempt); // and the copy that compiled prologues read
    return true;
}

/// Looks at every P. Returns how many were taken from system calls.
uint32 retake(int64 now) GO("runtime.retake");
uint32 retake(int64 now) {
    uint32 n = 0;
    for (int64 i = 0; i < allp.len; i++) {
        p* pp = allp.array[i];
        if (!pp) continue;
        sysmontick* pd = &pp->sysmontick;
        uint32 s = atomic::Load(&pp->status);
        if (s == _Psyscall) {
            // For at least one tick of ours (20 us), and then only if there is something to do for it, or for 10 ms.
            if (pd->syscalltick != pp->syscalltick) {
                pd->syscalltick = pp->syscalltick;
                pd->syscallwhen = now;
                continue;
            }
            if (runqempty(pp) && atomic::Load(&sched.nmspinning) + atomic::Load(&sched.npidle) > 0 &&
                pd->syscallwhen + forcePreemptNS > now)
                continue;
            // The M that gets the P must count as running before this one's goes to sleep, or checkdead would err.
            incidlelocked(-1);
            if (atomic::Cas(&pp->status, s, _Pidle)) {
                n++;
                pp->syscalltick++;
                handoffp(pp);
            }
            incidlelocked(1);
        } else if (s == _Prunning) {
            // The first look compares with time 0: a P that has not switched since boot is preempted at once, as in Go.
            if (pd->schedtick != pp->schedtick) {
                pd->schedtick = pp->schedtick;
                pd->schedwhen = now;
                continue;
            }
            if (pd->schedwhen + forcePreemptNS > now) continue;
            preemptone(pp);
        }
    }
    return n;
}

/// Wakes forcegchelper: a goroutine that waits outside of any queue becomes runnable on the global one.
static void wakeforcegc() {
    lock(&forcegc.lock);
    forcegc.idle = 0;
    g* gp = forcegc.g;
    lock(&sched.lock);
    casgstatus(gp, _Gwaiting, _Grunnable);
    globrunqput(gp);
    unlock(&sched.lock);
    if (sched.npidle != 0) startm(nullptr, false);
    unlock(&forcegc.lock);
}

/// On m1's g0, for ever. Sleeps 20 us between looks, longer and longer while nothing happens, up to 10 ms.
void sysmon() {
    lock(&sched.lock);
    sched.nmsys++;
    checkdead();
    unlock(&sched.lock);

    lastforcegc = nanotime();
    int32 idle = 0;
    uint32 delay = 0;
    for (;;) {
        if (idle == 0) delay = 20;
        if (idle > 50) delay *= 2;
        if (delay > 10 * 1000) delay = 10 * 1000;
        usleep_(delay);

        // Nobody runs: sleep until somebody comes back from a system call.
        if (atomic::Load(&sched.gcwaiting) != 0 || atomic::Load(&sched.npidle) == static_cast<uint32>(gomaxprocs)) {
            lock(&sched.lock);
            if (atomic::Load(&sched.gcwaiting) != 0 || atomic::Load(&sched.npidle) == static_cast<uint32>(gomaxprocs)) {
                atomic::Store(&sched.sysmonwait, 1);
                unlock(&sched.lock);
                notetsleep(&sched.sysmonnote, forcegcperiod / 2);
                lock(&sched.lock);
                atomic::Store(&sched.sysmonwait, 0);
                noteclear(&sched.sysmonnote);
                idle = 0;
                delay = 20;
            }
            unlock(&sched.lock);
        }

        int64 now = nanotime();
        idle = retake(now) != 0 ? 0 : idle + 1;
        if (now - lastforcegc > forcegcperiod && atomic::Load(&forcegc.idle) != 0) {
            lastforcegc = now;
            wakeforcegc();
        }
    }
}
