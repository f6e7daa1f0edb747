// hooks_amd64.S - where compiled code of the core says what it is about to touch: the compiler calls these before each
// access when it is asked for ThreadSanitizer's instrumentation, whose library is not there. memory.cpp answers.
//
// A goroutine's stack may have a few hundred bytes left, so each goes to the thread's own stack, as the seam does.

#include "go_asm.h"
#include "go_tls.h"
#include "textflag.h"

#define Thread_sp	0

// RAX is the answer of an atomic access. The guard is the current g's afterwards: a request to preempt it may have come
// meanwhile. Before the boot there is no thread, and on its own stack (the C library's side) nothing is instrumented.
// A debugger that goes up takes a frame on another stack for a broken one, unless it is a signal's.
#define HOOK(name, answer) \
	TEXT(name) .cfi_signal_frame; FRAME_BEGIN; \
	mov world_self@gottpoff(%rip), %rax; mov %fs:(%rax), %rax; \
	mov Thread_sp(%rax), %rsp; movq $0, tls_guard; call answer; mov %rbp, %rsp; \
	get_tls(%rcx); mov g(%rcx), %rcx; test %rcx, %rcx; jz 1f; mov g_stackguard0(%rcx), %rcx; mov %rcx, tls_guard; 1: \
	FRAME_END; ret; END(name);

#define PLAIN(size) \
	HOOK(__tsan_read##size, explore_read##size) \
	HOOK(__tsan_write##size, explore_write##size) \
	HOOK(__tsan_unaligned_read##size, explore_read##size) \
	HOOK(__tsan_unaligned_write##size, explore_write##size)
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)
HOOK(__tsan_read_range, explore_read_range)
HOOK(__tsan_write_range, explore_write_range)

#define ATOMIC(bits) \
	HOOK(__tsan_atomic##bits##_load, explore_load##bits) \
	HOOK(__tsan_atomic##bits##_store, explore_store##bits) \
	HOOK(__tsan_atomic##bits##_exchange, explore_exchange##bits) \
	HOOK(__tsan_atomic##bits##_fetch_add, explore_fetch_add##bits) \
	HOOK(__tsan_atomic##bits##_fetch_sub, explore_fetch_sub##bits) \
	HOOK(__tsan_atomic##bits##_fetch_and, explore_fetch_and##bits) \
	HOOK(__tsan_atomic##bits##_fetch_or, explore_fetch_or##bits) \
	HOOK(__tsan_atomic##bits##_compare_exchange_strong, explore_cas##bits) \
	HOOK(__tsan_atomic##bits##_compare_exchange_weak, explore_cas##bits)
ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

TEXT(__tsan_init)
	ret
END(__tsan_init)
TEXT(__tsan_func_entry)
	ret
END(__tsan_func_entry)
TEXT(__tsan_func_exit)
	ret
END(__tsan_func_exit)

// void procyield(uint32): a turn for the others. Calls from assembly stay there and pause.
HOOK(__wrap_runtime.procyield, explore_yield)

// What a case calls.
HOOK(explore.begin, explore_begin)
HOOK(explore.settle, explore_settle)
HOOK(explore.point, explore_point)
HOOK(explore.outcome, explore_outcome)
HOOK(explore.wakes, explore_wakes)
HOOK(explore.sleeps, explore_sleeps)
HOOK(explore.threads, explore_threads)
HOOK(explore.now, explore_ticks)
HOOK(__wrap_runtime.cputicks, explore_ticks)

// void fail(const char*): it does not return. A call that ends its function has the next one behind it, so the frame says
// that it was in the middle of the call.
TEXT(explore.fail)
	.cfi_signal_frame
	FRAME_BEGIN
	decq	8(%rbp)
	mov	world_self@gottpoff(%rip), %rax
	mov	%fs:(%rax), %rax
	mov	Thread_sp(%rax), %rsp
	movq	$0, tls_guard
	call	explore_fail
	ud2
END(explore.fail)
