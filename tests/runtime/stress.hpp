// stress.hpp - what the stress program's two halves know of each other: stress.cpp does things, stress_watch.cpp looks
// on.
#pragma once

#include "go.hpp"
#include "runtime.hpp"

/// Says what is wrong, in words and numbers, and ends the program with status 1.
[[noreturn]] void broken(const char* what, int64 a = 0, int64 b = 0);

inline void check(bool ok, const char* what, int64 a = 0, int64 b = 0) {
    if (!ok) broken(what, a, b);
}

// ---- stress_watch.cpp ----------------------------------------------------------------------------------------------

/// A goroutine that does something says so; one that is queued and has said nothing since the last look has not run.
extern uint32 beats[1 << 16];
inline void beat() { atomic::Xadd(&beats[getg()->goid % (1 << 16)], 1); }

/// Starts the watcher, on a thread of its own.
void watch();

/// Stops every other thread where it is. With sched.lock held, so that no M joins allm. False, and nobody is stopped,
/// if an M has no thread yet: it could begin to run behind our back.
bool freeze();

/// Checks everything, or ends the program. While the world is frozen.
void look();

struct lookcounts {
    int64 looks;   // how often the world was frozen and checked
    int64 queued;  // goroutines that were found on run queues, all looks together
    int64 waited;  // the longest that one was seen to stay in a P's ring, in schedticks of that P
};
extern lookcounts counts;

// ---- stress.cpp ----------------------------------------------------------------------------------------------------

extern int64 operations;  // done so far
