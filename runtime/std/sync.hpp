// sync.hpp - package sync for programs: Mutex, RWMutex, WaitGroup, Once, Cond. Go's counterparts: sync/*.go.
#pragma once

#include "atomic.hpp"
#include "types.hpp"

namespace sync {

/// The runtime's list of waiters as this package sees it; sync.cpp holds the two together.
struct notifyList {
    uint32 wait, notify;
    uintptr lock;
    void *head, *tail;
};

/// Mutual exclusion. Fair in the long run: who has waited for more than 1 ms gets the lock handed over.
class Mutex {
    uint32 state = 0;  // mutexLocked | mutexWoken | mutexStarving | waiters << 3
    uint32 sema = 0;
    void lockSlow() GO("sync.Mutex.lockSlow");
    void unlockSlow(uint32 now) GO("sync.Mutex.unlockSlow");

public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    void Lock() {
        if (!atomic::Casp(&state, 0u, 1u)) lockSlow();
    }
    void Unlock() {
        if (uint32 now = atomic::Xaddp(&state, -1)) unlockSlow(now);
    }
};

/// Many readers or one writer. A waiting writer keeps new readers out.
class RWMutex {
    Mutex w;  // held by writers
    uint32 writerSem = 0, readerSem = 0;
    int32 readerCount = 0;  // readers, less rwmutexMaxReaders while a writer waits or works
    int32 readerWait = 0;   // readers that the writer still waits for

public:
    void RLock() GO("sync.RWMutex.RLock");
    void RUnlock() GO("sync.RWMutex.RUnlock");
    void Lock() GO("sync.RWMutex.Lock");
    void Unlock() GO("sync.RWMutex.Unlock");
};

/// Waits for a number of goroutines to end: Add before each starts, Done in each, Wait for all.
class WaitGroup {
    uint64 state = 0;  // counter << 32 | waiters
    uint32 sema = 0;

public:
    void Add(int32 delta) GO("sync.WaitGroup.Add");
    void Done() { Add(-1); }
    void Wait() GO("sync.WaitGroup.Wait");
};

/// Calls a function the first time only; everybody else waits until it has returned.
class Once {
    Mutex m;
    uint32 done = 0;

public:
    template <class F> void Do(F f) {
        if (atomic::Load(&done) == 1) return;
        m.Lock();
        if (done == 0) {
            f();
            atomic::Store(&done, 1);
        }
        m.Unlock();
    }
};

/// For those who wait until something has become true, which they look at with L held, in a loop around Wait.
/// In Go L is any Locker, here it is a Mutex.
class Cond {
    notifyList notify{};

public:
    Mutex* L;
    explicit Cond(Mutex* l) : L(l) {}
    Cond(const Cond&) = delete;
    /// Unlocks L, waits to be woken, locks L again. Whoever has L after that and wakes, wakes this one.
    void Wait() GO("sync.Cond.Wait");
    /// Wakes the one that has waited longest.
    void Signal() GO("sync.Cond.Signal");
    /// Wakes all.
    void Broadcast() GO("sync.Cond.Broadcast");
};

}  // namespace sync
