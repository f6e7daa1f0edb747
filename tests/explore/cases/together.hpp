// together.hpp - for cases of goroutines that are to run at once: who waits for others does it on his P, asleep.
#pragma once

#include "runtime.hpp"

#include "explore.hpp"
#include "go.hpp"

static uintptr arrived, gate;

[[maybe_unused]] static void arrive() {
    atomic::Xadd(&arrived, 1);
    futexwakeup(&arrived, ~0u);
}

/// Comes back when n have arrived.
[[maybe_unused]] static void await(uintptr n) {
    for (uintptr now; (now = atomic::Load(&arrived)) < n;) futexsleep(&arrived, static_cast<uint32>(now), -1);
}

/// The same, and is one of them.
[[maybe_unused]] static void meet(uintptr n) {
    arrive();
    await(n);
}

/// Starts f on another M, which stands at the gate until open. Arrives when f has ended.
template <class F> static void beside(F f) {
    uintptr before = atomic::Load(&arrived);
    go([=] {
        arrive();
        while (atomic::Load(&gate) == 0) futexsleep(&gate, 0, -1);
        f();
        arrive();
    });
    await(before + 1);
    atomic::Xadd(&arrived, -1);
}

/// The search begins, with all who stand at the gate.
[[maybe_unused]] static void open() {
    explore::begin();
    atomic::Store(&gate, 1);
    futexwakeup(&gate, ~0u);
}
