// stack.hpp - how large stacks are, and where their guards stand. Go's counterpart: stack.go.
#pragma once

#include "runtime2.hpp"

constexpr uintptr _StackMin = 2048;  // what a goroutine begins with
constexpr uintptr _FixedStack = 2048;
constexpr uintptr _StackGuard = 880;                           // the guard stands this far above lo
constexpr uintptr stackPreempt = static_cast<uintptr>(-1314);  // 0xfffffffffffffade: no SP is above it

/// Where the guard of gp's stack stands: at its end, or above everything while somebody wants gp's P. Returns it.
[[gnu::always_inline]] inline uintptr setguard(g* gp) {
    uintptr guard = atomic::LoadRelaxed(&gp->preempt) ? stackPreempt : gp->stack.lo + _StackGuard;
    atomic::StoreRelaxed(&gp->stackguard0, guard);
    return guard;
}
