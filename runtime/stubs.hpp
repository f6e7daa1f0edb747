// stubs.hpp - what every file needs at hand. Go's counterparts: stubs.go, string.go.
#pragma once

#include "runtime.hpp"

/// Runs fn(arg) on the g0 stack: at once if already there, else by going there and coming back.
template <class T> [[gnu::always_inline]] inline void systemstack(void (*fn)(T*), T* arg) {
    systemstack_(reinterpret_cast<void (*)(void*)>(fn), arg);
}

inline bool hasprefix(const char* s, const char* prefix) {
    while (*prefix && *s == *prefix) s++, prefix++;
    return !*prefix;
}

/// How many elements an array has.
template <class T, size_t n> [[gnu::always_inline]] constexpr int32 len(T (&)[n]) { return n; }
