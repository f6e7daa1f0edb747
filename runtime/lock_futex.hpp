// lock_futex.hpp - locks that are taken only with a P in hand. Go's counterpart: lock_futex.go.
#pragma once

#include "proc.hpp"
#include "runtime.hpp"

[[gnu::always_inline]] inline void lockp(mutex* l) {
    if (!oneP() || l->key != 0) return lock(l);
    getg()->m->locks++;
    l->key = 1;
}
[[gnu::always_inline]] inline void unlockp(mutex* l) {
    if (!oneP() || l->key != 1) return unlock(l);
    l->key = 0;
    releasem(getg()->m);
}
