// sync.cpp - package sync, on top of sema.cpp. Go's counterparts: sync/mutex.go, rwmutex.go, waitgroup.go, cond.go.

#include "std/sync.hpp"

#include "runtime.hpp"
#include "sema.hpp"

namespace sync {

static_assert(sizeof(notifyList) == sizeof(::notifyList) && offsetof(notifyList, wait) == offsetof(::notifyList, wait));
static_assert(offsetof(notifyList, notify) == offsetof(::notifyList, notify) &&
              offsetof(notifyList, lock) == offsetof(::notifyList, lock));
static_assert(offsetof(notifyList, head) == offsetof(::notifyList, head) &&
              offsetof(notifyList, tail) == offsetof(::notifyList, tail));

static ::notifyList* the(notifyList* l) { return reinterpret_cast<::notifyList*>(l); }

constexpr uint32 mutexLocked = 1, mutexWoken = 2, mutexStarving = 4, mutexWaiter = 8;
constexpr int64 starvationThresholdNs = 1000000;
constexpr int32 rwmutexMaxReaders = 1 << 30;
constexpr int spins = 4;  // rounds of active_spin_cnt pauses, if there is another P that may unlock meanwhile

static bool canSpin(int i) {
    return i < spins && ncpu > 1 &&
           static_cast<uint32>(gomaxprocs) >
               atomic::LoadRelaxed(&sched.npidle) + atomic::LoadRelaxed(&sched.nmspinning) + 1 &&
           runqempty(getg()->m->p);
}

/// Normal mode: a woken waiter competes with newcomers, who are on a CPU already and usually win. Starving mode, once
/// somebody has waited too long: newcomers queue, Unlock hands over. The last waiter, or one that did not wait long,
/// ends it.
void Mutex::lockSlow() {
    int64 since = 0;
    bool starving = false, awoke = false;
    int spun = 0;
    uint32 old = atomic::Load(&state);
    for (;;) {
        if ((old & (mutexLocked | mutexStarving)) == mutexLocked && canSpin(spun)) {
            // Tell Unlock not to wake somebody else: we are awake.
            if (!awoke && !(old & mutexWoken) && old / mutexWaiter != 0 && atomic::Casp(&state, old, old | mutexWoken))
                awoke = true;
            procyield(30);
            spun++;
            old = atomic::Load(&state);
            continue;
        }
        uint32 now = old;
        if (!(old & mutexStarving)) now |= mutexLocked;
        if (old & (mutexLocked | mutexStarving)) now += mutexWaiter;
        if (starving && (old & mutexLocked)) now |= mutexStarving;
        if (awoke) {
            if (!(now & mutexWoken)) throw_("sync: inconsistent mutex state");
            now &= ~mutexWoken;
        }
        if (!atomic::Casp(&state, old, now)) {
            old = atomic::Load(&state);
            continue;
        }
        if (!(old & (mutexLocked | mutexStarving))) return;

        bool again = since != 0;
        if (!again) since = nanotime();
        semacquire(&sema, again);  // who has waited before waits in front
        starving = starving || nanotime() - since > starvationThresholdNs;
        old = atomic::Load(&state);
        if (old & mutexStarving) {
            // Handed over: it is ours, though state does not say locked yet and still counts us as a waiter.
            if ((old & (mutexLocked | mutexWoken)) || old / mutexWaiter == 0) throw_("sync: inconsistent mutex state");
            uint32 delta = mutexLocked - mutexWaiter;
            if (!starving || old / mutexWaiter == 1) delta -= mutexStarving;
            atomic::Xaddp(&state, delta);
            return;
        }
        awoke = true;
        spun = 0;
    }
}

void Mutex::unlockSlow(uint32 now) {
    if (!((now + mutexLocked) & mutexLocked)) throw_("sync: unlock of unlocked mutex");
    if (now & mutexStarving) {
        semrelease(&sema, true);
        return;
    }
    for (uint32 old = now;;) {
        // Nobody waits, or somebody is awake already and will see to it.
        if (old / mutexWaiter == 0 || (old & (mutexLocked | mutexWoken | mutexStarving))) return;
        if (atomic::Casp(&state, old, (old - mutexWaiter) | mutexWoken)) {
            semrelease(&sema, false);
            return;
        }
        old = atomic::Load(&state);
    }
}

void RWMutex::RLock() {
    if (atomic::Xaddp(&readerCount, 1) < 0) semacquire(&readerSem, false);
}

void RWMutex::RUnlock() {
    int32 r = atomic::Xaddp(&readerCount, -1);
    if (r >= 0) return;
    if (r + 1 == 0 || r + 1 == -rwmutexMaxReaders) throw_("sync: RUnlock of unlocked RWMutex");
    if (atomic::Xaddp(&readerWait, -1) == 0) semrelease(&writerSem, false);
}

void RWMutex::Lock() {
    w.Lock();
    int32 r = atomic::Xaddp(&readerCount, -rwmutexMaxReaders) + rwmutexMaxReaders;
    if (r != 0 && atomic::Xaddp(&readerWait, r) != 0) semacquire(&writerSem, false);
}

void RWMutex::Unlock() {
    int32 r = atomic::Xaddp(&readerCount, rwmutexMaxReaders);
    if (r >= rwmutexMaxReaders) throw_("sync: Unlock of unlocked RWMutex");
    for (int32 i = 0; i < r; i++) semrelease(&readerSem, false);
    w.Unlock();
}

void WaitGroup::Add(int32 delta) {
    uint64 s = atomic::Xaddp(&state, static_cast<uint64>(static_cast<int64>(delta)) << 32);
    int32 v = static_cast<int32>(s >> 32);
    uint32 waiters = static_cast<uint32>(s);
    if (v < 0) panicplain("sync: negative WaitGroup counter");
    if (v > 0 || waiters == 0) return;
    // The counter reached zero and nobody may add now: wake all.
    atomic::StoreRel(&state, 0);
    for (; waiters != 0; waiters--) semrelease(&sema, false);
}

void WaitGroup::Wait() {
    for (;;) {
        uint64 s = atomic::Load(&state);
        if (s >> 32 == 0) return;
        if (atomic::Casp(&state, s, s + 1)) {
            semacquire(&sema, false);
            return;
        }
    }
}

void Cond::Wait() {
    uint32 t = notifyListAdd(the(&notify));  // with L held: whoever locks it next finds us in line
    L->Unlock();
    notifyListWait(the(&notify), t);
    L->Lock();
}

void Cond::Signal() { notifyListNotifyOne(the(&notify)); }

void Cond::Broadcast() { notifyListNotifyAll(the(&notify)); }

}  // namespace sync
