// panic.cpp - how the runtime gives up: throw for its own faults, panic for the program's. Go's counterpart: panic.go.

#include "runtime.hpp"

GOVAR(uint32, panicking);
GOVAR(uint32, runningPanicDefers);

static void fatal(const char* kind, const char* s) {
    m* mp = getg()->m;
    if (mp->throwing == 0) mp->throwing = 1;
    atomic::Xadd(&panicking, 1);
    printlock();
    prints(kind);
    prints(s);
    prints("\n");
    printunlock();
    exit_(2);
}

void throw_(const char* s) {
    fatal("fatal error: ", s);
    __builtin_unreachable();
}

void panicplain(const char* s) {
    fatal("panic: ", s);
    __builtin_unreachable();
}

void fatal_nosplit(const char* s) {
    write_(2, s, findnull(s));
    exit_(2);
}
