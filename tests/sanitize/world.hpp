// world.hpp - what world.cpp, over the C library, and switches.cpp, among the core, know of each other.
#pragma once

#include <stdint.h>

/// A thread that is wanted for an M. Stands at the top of its g0.
struct NewM {
    void *mp, *gp;
    void (*fn)();
};

extern "C" {
int world_thread(NewM* m);
[[noreturn]] void world_thread_exit(uint32_t* waiting);
/// On the new thread, on the M's g0. Does not return.
void switches_m(NewM* m);
}
