// print.hpp - Go's built-in print. Go's counterpart: print.go.
#pragma once

#include "runtime.hpp"

struct hex {
    uint64 v;
};
[[gnu::always_inline]] inline void print1(const char* s) { prints(s); }
[[gnu::always_inline]] inline void print1(gostring s) { printstring(s); }
[[gnu::always_inline]] inline void print1(int32 v) { printint(v); }
[[gnu::always_inline]] inline void print1(int64 v) { printint(v); }
[[gnu::always_inline]] inline void print1(uint64 v) { printuint(v); }
[[gnu::always_inline]] inline void print1(hex h) { printhex(h.v); }
/// Go's built-in print: its words stay together. A program may have a print of its own, hence static.
template <class... T> static void print(T... v) {
    printlock();
    (print1(v), ...);
    printunlock();
}
