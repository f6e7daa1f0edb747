// sys_library_amd64.S - the library's door to the operating system: what sys_linux_amd64.S is for a static program.
//
// Cast: SEAM answers a function of os_linux.hpp with one of world.cpp; DOOR stops the boot before one of its steps;
// world_enter leads a thread of the C library's into the runtime.
//
// Two stacks a thread. The runtime runs on its own (a goroutine's may have a few hundred bytes left), the C library on
// the thread's, of which world_self->sp is the part that is free. While the C library runs, the word at 0x70(FS) is 0:
// that is how it left it, and a stack check that sees 0 never fires.

#include "defs_linux_amd64.h"
#include "go_asm.h"
#include "go_tls.h"
#include "textflag.h"

#define Thread_sp	0
#define Thread_leaving	8

// To the thread's own stack, and back: the frame pointer remembers the runtime's. The guard is the current g's again,
// so a request to preempt it that came meanwhile is seen. But if the C library's side has said so, the thread does not
// come back: its frames there are done, and what it left behind in the runtime has no destructors that must run.
#define TO_LIBC \
	mov world_self@gottpoff(%rip), %rax; mov %fs:(%rax), %rax; \
	mov Thread_sp(%rax), %rsp; movq $0, tls_guard
#define FROM_LIBC \
	mov world_self@gottpoff(%rip), %rcx; mov %fs:(%rcx), %rcx; cmpb $0, Thread_leaving(%rcx); jne .Lworld_leave; \
	get_tls(%rcx); mov g(%rcx), %rcx; mov g_stackguard0(%rcx), %rcx; mov %rcx, tls_guard; \
	mov %rbp, %rsp

#define SEAM(name, answer) \
	TEXT(name) FRAME_BEGIN; TO_LIBC; call answer; FROM_LIBC; FRAME_END; ret; END(name)

SEAM(runtime.read, world_read)
SEAM(runtime.write, world_write)
SEAM(runtime.open, world_open)
SEAM(runtime.closefd, world_close)
SEAM(runtime.sysMmap, world_mmap)
SEAM(runtime.munmap, world_munmap)
SEAM(runtime.madvise, world_madvise)
SEAM(runtime.rt_sigaction, world_sigaction)
SEAM(runtime.rtsigprocmask, world_sigprocmask)
SEAM(runtime.sigaltstack, world_sigaltstack)
SEAM(runtime.osyield, world_osyield)
SEAM(runtime.nanosleep, world_nanosleep)
SEAM(runtime.getpid, world_getpid)
SEAM(runtime.gettid, world_gettid)
SEAM(runtime.tgkill, world_tgkill)
SEAM(runtime.futex, world_futex)
SEAM(runtime.sched_getaffinity, world_getaffinity)
SEAM(runtime.clock_gettime, world_clock_gettime)
SEAM(runtime.exit, world_exit)
SEAM(runtime.clone, world_clone)
SEAM(runtime.exitThread, world_exit_thread)

// Files other than the three that are there have no place in this world.
SEAM(syscall.pipe2, world_nofiles)
SEAM(syscall.socketpair, world_nofiles)
SEAM(syscall.fcntl, world_nofiles)
SEAM(runtime.epollcreate1, world_nofiles)
SEAM(runtime.epollctl, world_nofiles)
SEAM(runtime.epollwait, world_nofiles)

// The two that only this world has: main.cpp.
SEAM(library.hasprogram, world_hasprogram)
SEAM(library.await, world_await)

// The linker leads the first call of each step here (--wrap). The arguments and the return address are as the caller
// left them, so the step cannot tell.
#define DOOR(name, step) \
	TEXT(__wrap_##name) FRAME_BEGIN; push %rdi; push %rsi; \
	TO_LIBC; mov $step, %edi; call world_door; FROM_LIBC; \
	mov -8(%rbp), %rdi; mov -16(%rbp), %rsi; FRAME_END; jmp __real_##name; END(__wrap_##name)

DOOR(runtime.check, 0)
DOOR(runtime.args, 1)
DOOR(runtime.osinit, 2)
DOOR(runtime.schedinit, 3)
DOOR(runtime.newproc, 4)
DOOR(runtime.mstart1, 5)		// mstart itself is in rt0_go's own file: this is the first call that leaves it

// void world_enter(Thread* RDI, void* stk RSI, void (*fn)() RDX, m* mp RCX, g* gp R8): fn on stk. With an mp, as
// clone's child: its g0, gp, becomes the current g. If fn returns, so does this; or else when the thread leaves.
TEXT(world_enter)
	FRAME_BEGIN
	push	%rbx
	.cfi_offset rbx, -24
	push	%r12
	.cfi_offset r12, -32
	push	%r13
	.cfi_offset r13, -40
	push	%r14
	.cfi_offset r14, -48
	push	%r15
	.cfi_offset r15, -56
	sub	$8, %rsp			// keeps the stack even
	mov	%rdi, %rbx
	mov	%rsp, Thread_sp(%rbx)
	mov	%rsi, %rsp
	test	%rcx, %rcx
	jz	.Lrun

	mov	%rcx, %r9			// RCX does not survive SYSCALL
	mov	$SYS_gettid, %eax
	syscall
	mov	%rax, m_procid(%r9)
	mov	%r9, g_m(%r8)
	get_tls(%rcx)
	mov	%r8, g(%rcx)
	mov	g_stackguard0(%r8), %rcx
	mov	%rcx, tls_guard
.Lrun:
	call	*%rdx
	mov	%rbx, %rcx

	// From FROM_LIBC, too, with the Thread in RCX and whatever the runtime had in the other registers.
.Lworld_leave:
	mov	Thread_sp(%rcx), %rsp
	lea	48(%rsp), %rbp
	add	$8, %rsp
	pop	%r15
	.cfi_restore r15
	pop	%r14
	.cfi_restore r14
	pop	%r13
	.cfi_restore r13
	pop	%r12
	.cfi_restore r12
	pop	%rbx
	.cfi_restore rbx
	FRAME_END
	ret
END(world_enter)

// What this world never does: rt0_go leaves FS alone when there is a C library, and no signal gets here, because
// initsig's system calls are only noted.
TEXT(runtime.settls)
	ud2
END(runtime.settls)
TEXT(runtime.sigtramp)
	ud2
END(runtime.sigtramp)
TEXT(runtime.sigreturn)
	ud2
END(runtime.sigreturn)
