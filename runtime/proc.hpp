// proc.hpp - the scheduler's steps that are inlined. Go's counterpart: proc.go.
#pragma once

#include "runtime.hpp"
#include "stack.hpp"

/// A word of another thread's: always a literal, so that a text and a length that do not belong together end in others.
[[gnu::always_inline]] inline gostring look(const gostring& s) {
    return {atomic::LoadRelaxed(&s.str), atomic::LoadRelaxed(&s.len)};
}

[[gnu::always_inline]] inline m* acquirem() {
    g* gp = getg();
    gp->m->locks++;
    return gp->m;
}
[[gnu::always_inline]] inline void releasem(m* mp, g* gp) {
    mp->locks--;
    if (mp->locks == 0 && atomic::LoadRelaxed(&gp->preempt)) [[unlikely]] {
        // Asked for meanwhile: put the request back where a prologue sees it.
        atomic::StoreRelaxed(&gp->stackguard0, stackPreempt);
        settlsguard(stackPreempt);
    }
}

[[gnu::always_inline]] inline uint32 readgstatus(g* gp) { return atomic::Load(&gp->atomicstatus); }

/// From oldval to newval. In Go a compare-and-swap, because the collector may hold the status while it looks at the
/// stack; here it has one owner at a time, who is the only one to change it.
inline void casgstatus(g* gp, uint32 oldval, uint32 newval) {
    if (gp->atomicstatus != oldval || oldval == newval) fatal_nosplit("fatal: casgstatus: bad incoming status\n");
    atomic::StoreRel(&gp->atomicstatus, newval);
}

/// The M and its goroutine let go of each other.
inline void dropg() {
    m* mp = getg()->m;
    mp->curg->m = nullptr;
    mp->curg = nullptr;
}

inline void goready(g* gp) { ready(gp, true); }
inline void goparkunlockp(mutex* l, gostring reason) { gopark(parkunlockp, l, reason); }

/// A sudog from the P's cache. No function is called between the look at the P and the use of its cache, so there is no
/// prologue where this goroutine could be sent to another P.
inline sudog* acquireSudog() {
    slice<sudog*>* cache;
    while (cache = &getg()->m->p->sudogcache, cache->len == 0) refillSudogs();  // and then it may be another P
    sudog* s = cache->array[--cache->len];
    if (s->elem) throw_("acquireSudog: s.elem is set in the cache");
    return s;
}

inline void releaseSudog(sudog* s) {
    if (s->elem || s->isSelect || s->next || s->prev || s->waitlink || s->c) throw_("releaseSudog: still in use");
    slice<sudog*>* cache;
    while (cache = &getg()->m->p->sudogcache, cache->len == cache->cap) spillSudogs();
    cache->array[cache->len++] = s;
}

/// Asks for what one touches of a g to run it: not its last fields.
[[gnu::always_inline]] inline void prefetchg(g* gp) {
    auto* line = reinterpret_cast<uint8*>(gp);
    for (uintptr at = 0; at < 256; at += 64) __builtin_prefetch(line + at, 1);
}
/// And of the stack whose pointer is sp: the caller's frame, to which it will return, and what a switch puts below.
[[gnu::always_inline]] inline void prefetchstack(uintptr sp) {
    auto* line = reinterpret_cast<uint8*>(sp) + 48;
    for (uintptr at = 0; at < 256; at += 64) __builtin_prefetch(line - at, 1);
}
