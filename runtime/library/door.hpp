// door.hpp - the runtime as the Python module sees it: begin, one step after the other, the end, and everything undone.
#pragma once

#include <stdint.h>

#include <string>

namespace world {

/// Which step of the boot: the order rt0_go calls them in.
enum { CHECK, ARGS, OSINIT, SCHEDINIT, NEWPROC, MSTART, STEPS };

/// What a process begins with: the block of words that the kernel would leave on the stack, argc first.
/// Starts the boot's thread, which stops before check. False: there is no thread to be had.
bool begin(uintptr_t* block, int ncpu);
/// Lets the boot go on with this step.
void go(int step);
/// Waits a little. True: the step is done, which is when the boot stands before the next one; or the program has ended.
bool done(int step);
/// The first step that Python has not asked for.
int next();
/// Whether the program has ended, and how.
bool ended();
int exit_code();
/// What it wrote to descriptor fd, 1 or 2.
std::string output(int fd);
/// The signals that the runtime wanted to catch, lowest first, as a bit mask. Only noted: they belong to Python.
uint64_t signals();

/// main.main is to be this function, on a thread of its own. It says what it came to, with program_raised in words.
void program(int64_t (*fn)(const char** panic));
/// From that function: parks g1. Comes back when the program has ended.
void park();
/// Whether this is that thread.
bool in_program();

/// Ends the program, if it has not ended.
void end();
/// After the end: waits for every thread of the runtime. They are quick to leave.
void join();
/// And for main.main's, which leaves when that function returns.
void join_program();
/// After that, or in the child of a fork, where there are no such threads: gives the memory back; the core's variables
/// are as in the file.
void reset();

/// Once, before anything else.
void load();

/// Runs fn(arg), a function of the core's, on this thread, but not on this stack. False: it was fatal, see output(2).
bool call(void (*fn)(void*), void* arg);

}  // namespace world
