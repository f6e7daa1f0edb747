// prologues.cpp - run with GOMAXPROCS=1: how many calls of a function that does nothing began a new time slice?
// None, unless somebody asks (sysmon does after 10 ms); all of them when linked with poison.cpp.

#include "go.hpp"
#include "runtime.hpp"

constexpr int64 calls = 1000;

static volatile int64 called;

[[gnu::noinline]] static void nothing() { called = called + 1; }

void main_main() {
    p* pp = getg()->m->p;
    uint32 before = pp->schedtick;
    for (int64 i = 0; i < calls; i++) nothing();
    uint32 free = pp->schedtick - before;

    // With a lock held the answer is no, and the request is not forgotten.
    static mutex l;
    lock(&l);
    before = pp->schedtick;
    for (int64 i = 0; i < calls; i++) nothing();
    uint32 locked = pp->schedtick - before;
    unlock(&l);
    before = pp->schedtick;
    nothing();
    fmt::Println("preempted", static_cast<int64>(free), "locked", static_cast<int64>(locked), "unlocked",
                 static_cast<int64>(pp->schedtick - before));
}
