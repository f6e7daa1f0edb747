// extern.hpp - what package runtime exports to programs. Go's counterpart: extern.go (debug.go,
// proc.go, panic.go).
#pragma once

#include "builtin.hpp"

// Inside another namespace, so that outside of all a debugger may know a variable `runtime`, whose g0 is runtime.g0.
inline namespace packages { namespace runtime {

/// How many Ps there are, and from now on n if n > 0. Stops the world for a moment.
int32 GOMAXPROCS(int32 n) GO("runtime.GOMAXPROCS");
/// How many CPUs the process may use.
int32 NumCPU() GO("runtime.NumCPU");
/// How many goroutines there are, without the runtime's own.
int32 NumGoroutine() GO("runtime.NumGoroutine");

/// From now on this goroutine runs on this thread, and nobody else does, until UnlockOSThread has been called as often.
/// If it returns while locked, the thread ends with it.
void LockOSThread() GO("runtime.LockOSThread");
void UnlockOSThread() GO("runtime.UnlockOSThread");

/// Lets others run; this goroutine goes to the end of the global queue.
void Gosched() GO("runtime.Gosched");
/// Ends the goroutine, after its deferred calls. On the main one: the program goes on without it.
[[noreturn]] void Goexit() GO("runtime.Goexit");

}}  // namespace packages::runtime
