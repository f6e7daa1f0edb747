// beside.hpp - goroutines that run already, each on a P of its own, when the search begins: so that its few preemptions
// are spent where they meet, not on the way there.
#pragma once

#include "runtime.hpp"

#include "explore.hpp"
#include "go.hpp"

namespace beside {

inline uintptr begun;  // a futex
inline uint32 done;

/// f() runs beside main, from begin() on.
template <class F> void run(F f) {
    int64 asleep = explore::sleeps();
    go([=] {
        while (atomic::Load(&begun) == 0) futexsleep(&begun, 0, -1);
        f();
        atomic::Xadd(&done, 1);
    });
    while (explore::sleeps() == asleep) procyield(10);
}

inline void begin() {
    explore::begin();
    atomic::Store(&begun, 1);
    futexwakeup(&begun, ~0u);
}

/// So many of those have ended.
inline void wait(uint32 n) {
    while (atomic::Load(&done) < n) procyield(10);
}

}  // namespace beside
