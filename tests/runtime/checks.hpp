// checks.hpp - a program of small checks: the first argument names one, and "ok" says that it held.
#pragma once

#include "go.hpp"
#include "runtime.hpp"

inline void must(bool holds, const char* what) {
    if (holds) return;
    print("not so: ", what, "\n");
    exit_(1);
}

/// Runs the check if it is the one that was asked for. main goes on.
inline void check(const char* name, void (*f)()) {
    if (argslice.len < 2 || !(argslice.array[1] == str(name))) return;
    f();
    fmt::Println("ok");
}
#define CHECK(f) check(#f, f)

/// f() on g0, where nothing is preempted and no stack grows.
template <class F> static void ong0(F f) {
    systemstack<F>([](F* p) { (*p)(); }, &f);
}

/// f(cache) on g0, with a new cache for this M.
template <class F> static void withcache(F f) {
    ong0([&] {
        m* mp = getg()->m;
        mcache* own = mp->mcache;
        mp->mcache = allocmcache();
        f(mp->mcache);
        mp->mcache = own;
    });
}
