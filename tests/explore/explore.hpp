// explore.hpp - what a case asks of the explorer: where the search begins, and what must hold in every order of steps.
//
//     static void two_meet() { ...; explore::begin(); ...; explore::check(x == 2, "somebody came twice"); }
//     CASE(two_meet, two_meet);
//     CASE(two_meet_on_three, two_meet, .cpus = 3);
//
// A case is main.main: it runs on the first goroutine, after a whole boot; what it does up to begin() is done once. A run
// that returns, or leaves by exit_(0), was right. Memory is kept as it was at begin(): no file, no signal, no clock but
// the explorer's.
#pragma once

#include "types.hpp"

namespace explore {

struct Case {
    const char* name;
    void (*run)();
    int cpus = 2;
    int preemptions = 3;         // the most that a schedule has; fewer are tried first
    int late = 4;                // stores that may be seen late, at each switch
    int sysmon = 1;              // how often sysmon may come though others can go on
    long random = 2000;          // runs with switches anywhere, after those
    long most = 20000;           // runs of the search that has all orders; a search that is cut says so
    const char* ends = nullptr;  // what the process must say when it ends badly, as it has to; null: it must not
};

/// The other threads go on until they all sleep. Before begin(): the search is smaller then.
void settle() GO("explore.settle");
/// From here on the order of steps is searched through. What came before was done once.
void begin() GO("explore.begin");
/// A step at which another thread may come, where the code has none: what a system call would be.
void point() GO("explore.point");
/// This run shows a fault.
[[noreturn]] void fail(const char* what) GO("explore.fail");
[[gnu::always_inline]] inline void check(bool holds, const char* what) {
    if (!holds) fail(what);
}
/// What this run came to: the search tells all that there were. A run that says several has all of their digits.
void outcome(int64 n) GO("explore.outcome");

// What the explorer has counted since the boot began; a case looks at differences.

/// Threads that a futex call has woken, and how often a thread slept in one.
int64 wakes() GO("explore.wakes");
int64 sleeps() GO("explore.sleeps");
/// Threads that were made, sysmon's and the first among them.
int64 threads() GO("explore.threads");
/// The explorer's clock, in nanoseconds. It moves when somebody looks at it, and when time is all that can help.
int64 now() GO("explore.now");

}  // namespace explore

/// A function is a case of this name, with limits of its own.
#define CASE(name_, function, ...)                                                                          \
    static const explore::Case case_##name_ = {.name = #name_, .run = function __VA_OPT__(, ) __VA_ARGS__}; \
    [[gnu::section("explore_cases"), gnu::used]] static const explore::Case* const at_##name_ = &case_##name_
