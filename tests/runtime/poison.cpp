// poison.cpp - linked with a program, it has every goroutine preempted at every prologue that it comes to.
//
// Sysmon asks a goroutine to yield by writing stackPreempt over its guard, once in 10 ms; execute takes the request
// back when the goroutine runs again. Here the request stands all the time. The core does not know: the linker puts
// these two functions in front of its own (--wrap), as runtime/library does at the library door.

#include "runtime.hpp"

void real_gogo(gobuf* buf) GO("__real_runtime.gogo");
nosplit void wrap_gogo(gobuf* buf) GO("__wrap_runtime.gogo");

/// On every way from the scheduler to a goroutine. Its guard is what the next prologue looks at; preempt puts the
/// request back where the guard is written anew: at the end of a system call, on a new segment, by releasem. A prologue
/// that may not yield (a lock is held) comes by newstack to here, so that the next one asks again.
void wrap_gogo(gobuf* buf) {
    g* gp = buf->g;
    gp->preempt = true;
    gp->stackguard0 = stackPreempt;
    real_gogo(buf);
}

bool preemptone(p* pp) GO("runtime.preemptone");
void real_usleep(uint32 usec) GO("__real_runtime.usleep");
nosplit void wrap_usleep(uint32 usec) GO("__wrap_runtime.usleep");

/// Sysmon's pause: short for ever, and then everybody is asked. This is the half that comes from another thread, at any
/// moment: it also hits Ms that are on g0 by then (straypreempt).
void wrap_usleep(uint32 usec) {
    real_usleep(usec < 20 ? usec : 20);
    for (int64 i = 0; i < allp.len; i++) preemptone(allp.array[i]);
}
