// watch.cpp - what the explorer asks of the core: where its memory is, and what must never be. Compiled without hooks.

#include "runtime.hpp"

#include "mheap.hpp"

static bool waiting(p* pp) { return pp->runqhead != pp->runqtail || pp->runnext; }

/// All Ms sleep, or wait in a loop for what another is to do. What waits in a queue then beside an idle P was forgotten:
/// it runs when somebody comes by, and the P could run it now. everybody: no M sleeps for a moment only, but for sysmon.
extern "C" const char* watched(bool everybody) {
    if (sched.gcwaiting != 0) return nullptr;
    bool work = sched.runqsize != 0 || sched.injecthead;
    for (int64 i = 0; i < allp.len; i++) work = work || waiting(allp.array[i]);
    if (work && sched.npidle != 0 && sched.nmspinning == 0)
        return "a goroutine waits beside an idle P, and nobody looks for it";
    if (everybody && sched.nmspinning != 0) return "an M counts as spinning, and nobody is";
    return nullptr;
}

extern "C" void arena(uintptr* begin, uintptr* end) {
    *begin = mheap_.table;
    *end = mheap_.arena_used;
}

/// Is it a stack's? What stands there changes with every call, of which nobody tells.
extern "C" bool onstack(uintptr addr) {
    if (addr < mheap_.arena_start || addr >= mheap_.arena_used) return false;
    const mspan* s = reinterpret_cast<mspan*>(mheap_.arena_start) - 1 - (addr - mheap_.arena_start) / spanSize;
    return s->state == _MSpanManual;  // spanof is hooked
}

/// main.init: static constructors have been run by the C library.
void no_init() GO("__wrap_main.init");
void no_init() {}
