// atomic.hpp - Go's runtime/internal/atomic: fields stay plain words that gdb prints as such, accesses say what
// they are.
#pragma once

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

}  // namespace atomic
