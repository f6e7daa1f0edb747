// proc_sysmon.cpp - the watcher: a thread without a P that takes Ps back from long system calls and long runs, and
// prints what GODEBUG=schedtrace asks for.
// Go's counterpart: proc.go.

#include "runtime.hpp"

static int64 lastforcegc;

constexpr int64 forcePreemptNS = 10000000;  // a time slice

/// Asks the goroutine on pp to yield at its next function call. Best effort: it may be the wrong one by the time it
/// looks, which does no harm, or may never call a function.
bool preemptone(p* pp) {
    m* mp = atomic::Load(&pp->m);
    if (!mp || mp == getg()->m) return false;
    g* gp = atomic::Load(&mp->curg);
    if (!gp || gp == mp->g0) return false;
    atomic::StoreRelaxed(&gp->preempt, true);
    atomic::StoreRelaxed(&gp->stackguard0, stackPreempt);  // the g's own,
    atomic::Store(&mp->tlsguard, stackPreempt);            // and the copy that compiled prologues read
    return true;
}

/// Looks at every P. Returns how many were taken from system calls.
uint32 retake(int64 now) {
    uint32 n = 0;
    lock(&allpLock);
    for (int64 i = 0; i < allp.len; i++) {
        p* pp = allp.array[i];
        if (!pp) continue;  // procresize is about to make it
        sysmontick* pd = &pp->sysmontick;
        uint32 s = atomic::Load(&pp->status);
        if (s == _Psyscall) {
            // For at least one tick of ours (20 us), and then only if there is something to do for it, or for 10 ms.
            if (uint32 tick = atomic::LoadRelaxed(&pp->syscalltick); pd->syscalltick != tick) {
                pd->syscalltick = tick;
                pd->syscallwhen = now;
                continue;
            }
            if (runqempty(pp) && atomic::Load(&sched.nmspinning) + atomic::Load(&sched.npidle) > 0 &&
                pd->syscallwhen + forcePreemptNS > now)
                continue;
            // The M that gets the P must count as running before this one's goes to sleep, or checkdead would err.
            unlock(&allpLock);  // sched.lock comes first
            incidlelocked(-1);
            if (atomic::Cas(&pp->status, s, _Pidle)) {
                n++;
                pp->syscalltick++;
                handoffp(pp);
            }
            incidlelocked(1);
            lock(&allpLock);
        } else if (s == _Prunning) {
            // The first look compares with time 0: a P that has not switched since boot is preempted at once, as in Go.
            if (uint32 tick = atomic::LoadRelaxed(&pp->schedtick); pd->schedtick != tick) {
                pd->schedtick = tick;
                pd->schedwhen = now;
                continue;
            }
            if (pd->schedwhen + forcePreemptNS > now) continue;
            preemptone(pp);
        }
    }
    unlock(&allpLock);
    return n;
}

/// Wakes forcegchelper: a goroutine that waits outside of any queue becomes runnable on the global one.
static void wakeforcegc() {
    lock(&forcegc.lock);
    forcegc.idle = 0;
    g* gp = forcegc.g;
    lock(&sched.lock);
    casgstatus(gp, _Gwaiting, _Grunnable);
    globrunqinject(gp);
    unlock(&sched.lock);
    if (atomic::Load(&sched.npidle) != 0) startm(nullptr, false);
    unlock(&forcegc.lock);
}

// ---- GODEBUG=schedtrace=N,scheddetail=1 ----------------------------------------------------------------------------

static int64 starttime;

/// One name=value of a line.
static void field(const char* name, int64 v) {
    prints(name);
    printint(v);
}

static int64 idof(m* mp) { return mp ? mp->id : -1; }
static int64 idof(g* gp) { return gp ? gp->goid : -1; }
static int64 idof(p* pp) { return pp ? pp->id : -1; }

/// Its first line, or the beginning of its only one.
static void tracesched(int64 now, bool detailed) {
    field("SCHED ", (now - starttime) / 1000000);
    field("ms: gomaxprocs=", atomic::LoadRelaxed(&gomaxprocs));
    field(" idleprocs=", atomic::LoadRelaxed(&sched.npidle));
    field(" threads=", mcount());
    field(" spinningthreads=", atomic::LoadRelaxed(&sched.nmspinning));
    field(" idlethreads=", atomic::LoadRelaxed(&sched.nmidle));
    field(" runqueue=", atomic::LoadRelaxed(&sched.runqsize));
    if (!detailed) return;
    field(" gcwaiting=", atomic::LoadRelaxed(&sched.gcwaiting));
    field(" nmidlelocked=", atomic::LoadRelaxed(&sched.nmidlelocked));
    field(" stopwait=", atomic::LoadRelaxed(&sched.stopwait));
    field(" sysmonwait=", atomic::LoadRelaxed(&sched.sysmonwait));
    prints("\n");
}

static void tracep(int64 i, const p* pp, bool detailed) {
    uint32 h = atomic::LoadRelaxed(&pp->runqhead);
    uint32 t = atomic::LoadRelaxed(&pp->runqtail);
    if (!detailed) {
        field(i == 0 ? " [" : " ", static_cast<int32>(t - h));
        return;
    }
    field("  P", i);
    field(": status=", atomic::LoadRelaxed(&pp->status));
    field(" schedtick=", atomic::LoadRelaxed(&pp->schedtick));
    field(" syscalltick=", atomic::LoadRelaxed(&pp->syscalltick));
    field(" m=", idof(atomic::LoadRelaxed(&pp->m)));
    field(" runqsize=", static_cast<int32>(t - h));
    field(" gfreecnt=", atomic::LoadRelaxed(&pp->gfreecnt));
    prints("\n");
}

static void tracem(const m* mp) {
    field("  M", mp->id);
    field(": p=", idof(atomic::LoadRelaxed(&mp->p)));
    field(" curg=", idof(atomic::LoadRelaxed(&mp->curg)));
    field(" mallocing=", atomic::LoadRelaxed(&mp->mallocing));
    field(" throwing=", atomic::LoadRelaxed(&mp->throwing));
    prints(" preemptoff=");
    printstring(look(mp->preemptoff));
    field(" locks=", atomic::LoadRelaxed(&mp->locks));
    field(" dying=", atomic::LoadRelaxed(&mp->dying));
    field(" helpgc=", atomic::LoadRelaxed(&mp->helpgc));
    prints(atomic::LoadRelaxed(&mp->spinning) ? " spinning=true" : " spinning=false");
    prints(atomic::LoadRelaxed(&mp->blocked) ? " blocked=true" : " blocked=false");
    field(" lockedg=", idof(atomic::LoadRelaxed(&mp->lockedg)));
    prints("\n");
}

static void traceg(g* gp) {
    field("  G", gp->goid);
    field(": status=", readgstatus(gp));
    prints("(");
    printstring(look(gp->waitreason));
    field(") m=", idof(atomic::LoadRelaxed(&gp->m)));
    field(" lockedm=", idof(atomic::LoadRelaxed(&gp->lockedm)));
    prints("\n");
}

/// The state of the scheduler, in one line, or with a line for each P, M and G. Others run on meanwhile, and sched.lock
/// keeps little of this still: so each pointer is read once and may be out of date.
void schedtrace(bool detailed) {
    int64 now = nanotime();
    if (starttime == 0) starttime = now;
    lock(&sched.lock);
    printlock();
    tracesched(now, detailed);
    for (int64 i = 0; i < allp.len; i++) tracep(i, allp.array[i], detailed);
    if (!detailed) prints("]\n");
    for (m* mp = detailed ? allm : nullptr; mp; mp = mp->alllink) tracem(mp);
    if (detailed) {
        lock(&allglock);
        for (int64 i = 0; i < allgs.len; i++) traceg(allgs.array[i]);
        unlock(&allglock);
    }
    printunlock();
    unlock(&sched.lock);
}

// ---- the loop ------------------------------------------------------------------------------------------------------

/// Nobody runs, so there is nothing to watch. Trusted only with sched.lock held. With something to print it goes on.
static bool nothingtowatch() {
    return debug.schedtrace <= 0 && (atomic::Load(&sched.gcwaiting) != 0 ||
                                     atomic::Load(&sched.npidle) == static_cast<uint32>(atomic::Load(&gomaxprocs)));
}

/// On m1's g0, for ever. Sleeps 20 us between looks, longer and longer while nothing happens, up to 10 ms.
void sysmon() {
    lock(&sched.lock);
    sched.nmsys++;
    checkdead();
    unlock(&sched.lock);

    lastforcegc = nanotime();
    int64 lasttrace = 0;
    int32 idle = 0;
    uint32 delay = 0;
    for (;;) {
        if (idle == 0) delay = 20;
        if (idle > 50) delay *= 2;
        if (delay > 10 * 1000) delay = 10 * 1000;
        usleep_(delay);

        // Nobody runs: sleep until somebody comes back from a system call.
        if (nothingtowatch()) {
            lock(&sched.lock);
            if (nothingtowatch()) {
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

        // Nobody has polled the network for 10 ms: do it. What comes of it must count as running before anybody
        // looks for a deadlock, and sysmon itself does not count.
        int64 lastpoll = static_cast<int64>(atomic::Load(&sched.lastpoll));
        int64 now = nanotime();
        if (netpollinited() && lastpoll != 0 && lastpoll + 10000000 < now) {
            atomic::Cas(&sched.lastpoll, lastpoll, now);
            incidlelocked(-1);
            injectglist(netpoll(false));
            incidlelocked(1);
        }

        idle = retake(now) != 0 ? 0 : idle + 1;
        if (now - lastforcegc > forcegcperiod && atomic::Load(&forcegc.idle) != 0) {
            lastforcegc = now;
            wakeforcegc();
        }
        if (debug.schedtrace > 0 && lasttrace + debug.schedtrace * 1000000ll <= now) {
            lasttrace = now;
            schedtrace(debug.scheddetail > 0);
        }
    }
}
