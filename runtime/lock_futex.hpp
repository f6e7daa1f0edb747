// lock_futex.hpp - locks that are taken only with a P in hand. Go's counterpart: lock_futex.go.
#pragma once

#include "proc.hpp"
#include "runtime.hpp"

[[gnu::always_inline]] inline void lockp(mutex* l, g* gp) {
    if (!oneP() || l->key != 0) return lock(l);
    gp->m->locks++;
    l->key = 1;
}
[[gnu::always_inline]] inline void unlockp(mutex* l, g* gp) {
    if (!oneP()) return unlock(l);
    l->key = 0;  // nobody is asleep: who waits does it with a P
    releasem(gp->m, gp);
}
