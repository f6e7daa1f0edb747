// proc_world.cpp - stop the world, change it, start it again, for GOMAXPROCS. Go's counterparts: proc.go, debug.go.
//
// Stopped is when every P is _Pgcstop. Who stops the world takes idle Ps and those in system calls himself; a P that
// runs is asked to preempt its goroutine, and its M gives it up in gcstopm on the next way through schedule or
// findrunnable. sched.stopwait counts the Ms that are still to do so, and the last one wakes sched.stopnote. Nobody can
// get a P meanwhile: none is idle.

#include "runtime.hpp"

#include "extern.hpp"
#include "sema.hpp"

static int32 newprocs;  // what startTheWorld is to make of gomaxprocs, or 0

// ---- stop ----------------------------------------------------------------------------------------------------------

/// Best effort, as preemptone is: who asks must ask again.
bool preemptall() {
    bool any = false;
    for (int64 i = 0; i < allp.len; i++) {
        p* pp = allp.array[i];
        if (atomic::Load(&pp->status) == _Prunning && preemptone(pp)) any = true;
    }
    return any;
}

void stoppedone() {
    if (--sched.stopwait == 0) notewakeup(&sched.stopnote);
}

/// On g0, worldsema held. Returns when every P is stopped.
void stopTheWorldWithSema(void*) {
    m* mp = getg()->m;
    if (mp->locks > 0) throw_("stopTheWorld: holding locks");  // an M that waits for one of them would never stop

    lock(&sched.lock);
    sched.stopwait = gomaxprocs;
    atomic::Store(&sched.gcwaiting, 1);
    preemptall();
    mp->p->status = _Pgcstop;
    sched.stopwait--;
    for (int64 i = 0; i < allp.len; i++) {
        p* pp = allp.array[i];
        if (atomic::Load(&pp->status) == _Psyscall && atomic::Cas(&pp->status, _Psyscall, _Pgcstop)) {
            pp->syscalltick++;
            sched.stopwait--;
        }
    }
    while (p* pp = pidleget()) {
        pp->status = _Pgcstop;
        sched.stopwait--;
    }
    bool wait = sched.stopwait > 0;
    unlock(&sched.lock);

    // The request to preempt can miss: the goroutine may just have been switched. So ask every 100 us.
    if (wait) {
        while (!notetsleep(&sched.stopnote, 100000)) preemptall();
        noteclear(&sched.stopnote);
    }
    if (sched.stopwait != 0) throw_("stopTheWorld: not stopped (stopwait != 0)");
    for (int64 i = 0; i < allp.len; i++)
        if (allp.array[i]->status != _Pgcstop) throw_("stopTheWorld: not stopped (status != _Pgcstop)");
}

void stopTheWorld(gostring reason) {
    semacquire(&worldsema, false);
    getg()->m->preemptoff = reason;  // this M must keep its goroutine, now that the others wait for it
    systemstack<void>(stopTheWorldWithSema, nullptr);
}

/// From schedule and findrunnable, when sched.gcwaiting is set: gives the P up and sleeps until startTheWorld.
void gcstopm() {
    m* mp = getg()->m;
    if (atomic::Load(&sched.gcwaiting) == 0) throw_("gcstopm: not waiting for gc");
    if (mp->spinning) {
        mp->spinning = false;  // startTheWorld wakes Ms as needed
        if (static_cast<int32>(atomic::Xadd(&sched.nmspinning, -1)) < 0) throw_("gcstopm: negative nmspinning");
    }
    p* pp = releasep();
    lock(&sched.lock);
    pp->status = _Pgcstop;
    stoppedone();
    unlock(&sched.lock);
    stopm();
}

// ---- start ---------------------------------------------------------------------------------------------------------

void startTheWorldWithSema(void*) {
    m* mp = acquirem();  // a P stands in a local variable
    if (netpollinited()) injectglist(netpoll(false));

    lock(&sched.lock);
    int32 procs = newprocs ? newprocs : gomaxprocs;
    newprocs = 0;
    p* p1 = procresize(procs);
    atomic::Store(&sched.gcwaiting, 0);
    wakesysmon();
    unlock(&sched.lock);

    // Ps with work get the Ms that procresize found for them, or new ones.
    while (p* pp = p1) {
        p1 = p1->link;
        if (m* sleeper = pp->m) {
            pp->m = nullptr;
            if (sleeper->nextp) throw_("startTheWorld: inconsistent m.nextp");
            sleeper->nextp = pp;
            notewakeup(&sleeper->park);
        } else {
            newm(nullptr, pp);
        }
    }
    // One more M to search: the queues may hold more than these Ps can take on. It wakes others if there is much.
    if (atomic::Load(&sched.npidle) != 0 && atomic::Load(&sched.nmspinning) == 0) wakep();
    releasem(mp);
}

void startTheWorld() {
    systemstack<void>(startTheWorldWithSema, nullptr);
    // Only now: gomaxprocs must not change while somebody holds worldsema.
    semrelease(&worldsema, false);
    getg()->m->preemptoff = {nullptr, 0};
}

// ---- package runtime -----------------------------------------------------------------------------------------------

int32 runtime::GOMAXPROCS(int32 n) {
    if (n > _MaxGomaxprocs) n = _MaxGomaxprocs;
    lock(&sched.lock);
    int32 old = gomaxprocs;
    unlock(&sched.lock);
    if (n <= 0 || n == old) return old;
    stopTheWorld(str("GOMAXPROCS"));
    newprocs = n;
    startTheWorld();
    return old;
}

int32 runtime::NumCPU() { return ncpu; }

/// Those that live and are the program's own.
int32 gcount() {
    int32 n = static_cast<int32>(atomic::Load(&allglen)) - atomic::Load(&sched.ngfree) -
              static_cast<int32>(atomic::Load(&sched.ngsys));
    for (int64 i = 0; i < allp.len; i++) n -= atomic::Load(&allp.array[i]->gfreecnt);
    return n < 1 ? 1 : n;  // all of this can change meanwhile, and whoever asks is one
}

int32 runtime::NumGoroutine() { return gcount(); }
