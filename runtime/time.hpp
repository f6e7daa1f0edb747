// time.hpp - timers for the runtime, and package time for programs. Go's counterparts: runtime/time.go, time/sleep.go.
#pragma once

#include "runtime2.hpp"

struct timersBucket;

/// A function to be called at a time, by timerproc: it must not block.
struct timer {
    timersBucket* tb;  // where it is
    int64 i;           // and at which place of the heap; -1 once it has fired or was deleted
    int64 when;        // ns, as nanotime counts
    int64 period;      // > 0: again and again
    void (*f)(void*);
    void* arg;
};

void addtimer(timer* t) GO("runtime.addtimer");
/// False if it has fired already. On a goroutine; when it returns, nobody uses t any more.
bool deltimer(timer* t) GO("runtime.deltimer");
void timerproc(funcval*) GO("runtime.timerproc");

namespace time {

constexpr int64 Nanosecond = 1, Microsecond = 1000, Millisecond = 1000 * Microsecond, Second = 1000 * Millisecond;

/// Parks the goroutine for at least ns.
void Sleep(int64 ns) GO("time.Sleep");

}  // namespace time
