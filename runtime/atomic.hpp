// atomic.hpp - Go's runtime/internal/atomic, and package sync/atomic for programs: fields stay plain words that gdb
// prints as such, each access says what it is.
#pragma once

#include "types.hpp"

namespace atomic {

// As on amd64 in Go: loads are plain moves (acquire), stores are XCHG, the rest carries a LOCK prefix.
template <class T> [[gnu::always_inline]] inline T Load(const T* p) { return __atomic_load_n(p, __ATOMIC_SEQ_CST); }
/// A look at a word that others write meanwhile: it orders nothing, and what was seen may be past.
template <class T> [[gnu::always_inline]] inline T LoadRelaxed(const T* p) {
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}
/// A plain read, of a word that nobody writes now: the place says why. A compiler may make one of several.
template <class T> [[gnu::always_inline]] inline T Still(const T* p) { return *p; }
/// LoadRelaxed's other half: somebody looks at the word at any time, and nothing that was written before goes with it.
template <class T, class U> [[gnu::always_inline]] inline void StoreRelaxed(T* p, U v) {
    __atomic_store_n(p, static_cast<T>(v), __ATOMIC_RELAXED);
}
template <class T, class U> [[gnu::always_inline]] inline void Store(T* p, U v) {
    __atomic_store_n(p, static_cast<T>(v), __ATOMIC_SEQ_CST);
}
template <class T, class U> [[gnu::always_inline]] inline T Xchg(T* p, U v) {
    return __atomic_exchange_n(p, static_cast<T>(v), __ATOMIC_SEQ_CST);
}
/// Adds and returns the new value, as Go's Xadd does.
template <class T, class U> [[gnu::always_inline]] inline T Xadd(T* p, U d) {
    return __atomic_add_fetch(p, static_cast<T>(d), __ATOMIC_SEQ_CST);
}
template <class T, class U, class V> [[gnu::always_inline]] inline bool Cas(T* p, U old, V want) {
    T expected = static_cast<T>(old);
    return __atomic_compare_exchange_n(p, &expected, static_cast<T>(want), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
/// The release half of a pair whose other half is Load: what was written before is seen by who loads the value.
template <class T, class U> [[gnu::always_inline]] inline void StoreRel(T* p, U v) {
    __atomic_store_n(p, static_cast<T>(v), __ATOMIC_RELEASE);
}
template <class T, class U, class V> [[gnu::always_inline]] inline bool CasRel(T* p, U old, V want) {
    return Cas(p, old, want);
}

// ---- a single P ----------------------------------------------------------------------------------------------------

extern int32 gomaxprocs GO("runtime.gomaxprocs") __attribute__((visibility("hidden")));

/// Nobody else holds a P, so what needs a P to be touched needs no atomic instructions. It stays so until this P stops:
/// gomaxprocs changes while all Ps are stopped, under sched.lock, and who asks holds a P or that lock.
[[gnu::always_inline]] inline bool oneP() { return Still(&gomaxprocs) == 1; }

// For words that are touched only with a P in hand: those of goroutines. Go has one kind for all.
template <class T, class U> [[gnu::always_inline]] inline T Xaddp(T* p, U d) {
    if (oneP()) return *p += static_cast<T>(d);
    return Xadd(p, d);
}
template <class T, class U> [[gnu::always_inline]] inline void Storep(T* p, U v) {
    if (oneP()) return StoreRelaxed(p, v);
    Store(p, v);
}
template <class T, class U, class V> [[gnu::always_inline]] inline bool Casp(T* p, U old, V want) {
    if (!oneP()) return Cas(p, old, want);
    if (*p != static_cast<T>(old)) return false;
    StoreRelaxed(p, want);
    return true;
}

}  // namespace atomic
