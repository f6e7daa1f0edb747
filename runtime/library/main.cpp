// main.cpp - where the library's C side and Python's program meet the core: _cgo_init, and main.main.
// Go's counterparts: runtime/cgo/callbacks.go, gcc_linux_amd64.c, gcc_libinit.c; runtime/cgocall.go.

#include "runtime.hpp"

#include "main.hpp"
#include "world.hpp"

// ---- what rt0_go finds in place of two zeros -----------------------------------------------------------------------

/// On the boot's thread: its stack is the C library's, which knows where it ends.
static void x_cgo_init(g* gp) { gp->stack.lo = reinterpret_cast<uintptr>(world_stack_lo()); }

extern void (*const _cgo_init)(g*);
extern void (*const _cgo_sys_thread_create)(void (*)(void*), void*);
void (*const _cgo_init)(g*) = x_cgo_init;
void (*const _cgo_sys_thread_create)(void (*)(void*), void*) = world_thread_create;

// ---- main.main -----------------------------------------------------------------------------------------------------

/// Called by runtime.main on g1. Python's function runs on a thread of its own: no goroutine's stack is large enough.
/// For the scheduler g1 is in a system call meanwhile, as in Go when C runs, so others can have its P.
void wrap_main() {
    if (!hasprogram()) {
        real_main();
        return;
    }
    switch (Syscall(await, 0, nullptr, 0)) {
    case program_returned: return;
    case program_raised: panicplain(world_panic());
    case program_parks: gopark(nullptr, nullptr, str("select (no cases)"));
    }
}
