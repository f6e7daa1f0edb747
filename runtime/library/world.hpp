// world.hpp - what the core's side may ask of the library's world, beyond os_linux.hpp: threads and Python's main.main.
//
// No types of either side, so that both can include it: the core's headers and the C library's cannot be had together.
// sys_library_amd64.S leads there from the core; the Python module's side is door.hpp.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Why Python's main.main lets g1 go on.
enum : int64_t { program_returned = 1, program_raised = 2, program_parks = 3 };

extern "C" {
/// One of the six steps of the boot is about to be called: waits until Python wants it.
void world_door(int step);
/// The lowest address of this thread's stack.
void* world_stack_lo();
/// A new thread that calls fn(arg), with much room: the boot's.
void world_thread_create(void (*fn)(void*), void* arg);
/// What is to be said of the exception that left Python's main.main.
const char* world_panic();
}
