// lock_futex.cpp - the runtime's own lock and its one-time event, on futexes. Go's counterpart: lock_futex.go.
//
// These block the thread, not the goroutine: for the scheduler's own data, and short.

#include "runtime.hpp"

enum : uintptr { mutex_unlocked, mutex_locked, mutex_sleeping };

constexpr int active_spin = 4, active_spin_cnt = 30, passive_spin = 1;
constexpr int note_spin = 50;  // times active_spin_cnt pauses: about 40 us

/// Holding a lock keeps the goroutine on its M: locks > 0 forbids preemption.
void lock(mutex* l) {
    g* gp = getg();
    if (gp->m->locks < 0) throw_("lock: locks < 0");
    gp->m->locks++;

    uintptr v = atomic::Xchg(&l->key, mutex_locked);
    if (v == mutex_unlocked) return;

    // Whoever saw threads asleep must leave the lock saying so, or nobody would wake them. Each pause is twice the one
    // before (Go's are alike): every look takes the lock's cache line from its holder, who may be through many times
    // meanwhile. All together they are shorter than what it takes to sleep and be woken.
    uintptr wait = v;
    int spin = ncpu > 1 ? active_spin : 0;
    for (;;) {
        for (int i = 0; i < spin; i++) {
            while (atomic::LoadRelaxed(&l->key) == mutex_unlocked)
                if (atomic::Cas(&l->key, mutex_unlocked, wait)) return;
            procyield(active_spin_cnt << i);
        }
        for (int i = 0; i < passive_spin; i++) {
            while (atomic::LoadRelaxed(&l->key) == mutex_unlocked)
                if (atomic::Cas(&l->key, mutex_unlocked, wait)) return;
            osyield();
        }
        v = atomic::Xchg(&l->key, mutex_sleeping);
        if (v == mutex_unlocked) return;
        wait = mutex_sleeping;
        futexsleep(&l->key, mutex_sleeping, -1);
    }
}

void unlock(mutex* l) {
    uintptr v = atomic::Xchg(&l->key, mutex_unlocked);
    if (v == mutex_unlocked) throw_("unlock: the lock is not locked");
    if (v == mutex_sleeping) futexwakeup(&l->key, 1);

    m* mp = getg()->m;
    if (mp->locks < 1) throw_("unlock: locks < 1");
    releasem(mp);
}

void noteclear(note* n) { n->key = 0; }

void notewakeup(note* n) {
    uintptr old = atomic::Xchg(&n->key, 1ull);
    if (old != 0) throw_("notewakeup: woken twice");
    futexwakeup(&n->key, 1);
}

/// Go sleeps at once. Here an M looks for a moment first: to wake a thread costs its waker 10 us and the woken one up
/// to 60, and during the boot, when g1's M waits for bgsweep, the answer comes sooner than that.
void notesleep(note* n) {
    g* gp = getg();
    if (gp != gp->m->g0) throw_("notesleep: not on g0");
    for (int i = 0; ncpu > 1 && i < note_spin && atomic::Load(&n->key) == 0; i++) procyield(active_spin_cnt);
    while (atomic::Load(&n->key) == 0) {
        gp->m->blocked = true;
        futexsleep(&n->key, 0, -1);
        gp->m->blocked = false;
    }
}

nosplit static bool notetsleep_internal(note* n, int64 ns);
static bool notetsleep_internal(note* n, int64 ns) {
    m* mp = getg()->m;
    int64 deadline = nanotime() + ns;
    while (atomic::Load(&n->key) == 0) {
        int64 left = ns < 0 ? -1 : deadline - nanotime();
        if (ns >= 0 && left <= 0) break;
        mp->blocked = true;
        futexsleep(&n->key, 0, left);
        mp->blocked = false;
    }
    return atomic::Load(&n->key) != 0;
}

bool notetsleep(note* n, int64 ns) {
    g* gp = getg();
    if (gp != gp->m->g0 && gp->m->preemptoff.len == 0) throw_("notetsleep: not on g0");
    return notetsleep_internal(n, ns);
}

bool notetsleepg(note* n, int64 ns) {
    g* gp = getg();
    if (gp == gp->m->g0) throw_("notetsleepg: on g0");
    entersyscallblock();
    bool ok = notetsleep_internal(n, ns);
    exitsyscall();
    return ok;
}
