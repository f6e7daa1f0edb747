// sys_linux_amd64.S - the kernel's side door: raw system calls, thread creation, TLS set-up, signal entry.
// Go's counterpart: sys_linux_amd64.s. What C++ calls is declared in os_linux.hpp. Only the static programs are linked
// with this file: in the library, library/sys_library_amd64.S stands in its place.

#include "defs_linux_amd64.h"
#include "go_asm.h"
#include "go_tls.h"
#include "textflag.h"

// A system call that is nothing else: arguments are where C++ put them, but the fourth, which the kernel wants in R10
// because SYSCALL itself overwrites RCX. The result, or -errno, is in RAX.
#define SYSCALL(name, number) \
	TEXT(name) mov $number, %eax; mov %rcx, %r10; syscall; ret; END(name)

SYSCALL(runtime.read, SYS_read)
SYSCALL(runtime.write, SYS_write)
SYSCALL(runtime.open, SYS_open)
SYSCALL(runtime.closefd, SYS_close)
SYSCALL(runtime.sysMmap, SYS_mmap)
SYSCALL(runtime.munmap, SYS_munmap)
SYSCALL(runtime.rt_sigaction, SYS_rt_sigaction)
SYSCALL(runtime.rtsigprocmask, SYS_rt_sigprocmask)
SYSCALL(runtime.osyield, SYS_sched_yield)
SYSCALL(runtime.madvise, SYS_madvise)
SYSCALL(runtime.nanosleep, SYS_nanosleep)
SYSCALL(runtime.getpid, SYS_getpid)
SYSCALL(syscall.socketpair, SYS_socketpair)
SYSCALL(syscall.fcntl, SYS_fcntl)
SYSCALL(runtime.sigaltstack, SYS_sigaltstack)
SYSCALL(runtime.gettid, SYS_gettid)
SYSCALL(runtime.futex, SYS_futex)
SYSCALL(runtime.sched_getaffinity, SYS_sched_getaffinity)
SYSCALL(runtime.clock_gettime, SYS_clock_gettime)
SYSCALL(runtime.exit, SYS_exit_group)
SYSCALL(runtime.epollwait, SYS_epoll_wait)
SYSCALL(runtime.epollctl, SYS_epoll_ctl)
SYSCALL(runtime.tgkill, SYS_tgkill)
SYSCALL(runtime.epollcreate1, SYS_epoll_create1)
SYSCALL(syscall.pipe2, SYS_pipe2)

// void settls(RDI): FS = RDI + 8, so that -8(FS) is the word RDI points at. Called by rt0_go before C++ can run,
// and by clone's child; leaves RDX, R8 and R9 alone.
TEXT(runtime.settls)
	lea	8(%rdi), %rsi
	mov	$ARCH_SET_FS, %edi
	mov	$SYS_arch_prctl, %eax
	syscall
	cmp	$-MAX_ERRNO, %rax
	jb	.Lsettls_ok
	movl	$0xf1, 0xf1			// crash
.Lsettls_ok:
	ret
END(runtime.settls)

// int32 clone(int32 flags EDI, void* stk RSI, m* mp RDX, g* gp RCX, void (*fn)() R8)
// The parent gets the thread id or -errno. The child starts on stk as mp's g0 and calls fn, which is mstart.
TEXT(runtime.clone)
	mov	%rcx, %r9			// RCX does not survive SYSCALL; R8, R9 and RDX do
	xor	%r10d, %r10d
	mov	$SYS_clone, %eax
	syscall
	test	%eax, %eax
	jz	.Lchild
	ret

.Lchild:
	.cfi_undefined rip			// nobody called: this is where the thread begins
	mov	$SYS_gettid, %eax
	syscall
	mov	%rax, m_procid(%rdx)

	lea	m_tls(%rdx), %rdi
	call	runtime.settls

	// The current g is the new M's g0, and 0(FS) is FS.
	mov	%rdx, g_m(%r9)
	get_tls(%rcx)
	mov	%r9, g(%rcx)
	lea	(m_tls+8)(%rdx), %rcx
	mov	%rcx, (m_tls+8)(%rdx)
	mov	g_stackguard0(%r9), %rcx
	mov	%rcx, tls_guard

	xor	%ebp, %ebp
	call	*%r8

	// mstart came back: the thread is done.
	mov	$111, %edi
.Lexitthread:
	mov	$SYS_exit, %eax
	syscall
	jmp	.Lexitthread
END(runtime.clone)

// void exitThread(uint32* wait RDI): this thread only. When the word is 0 the stack may be somebody else's already, so
// nothing may touch it from there on.
TEXT(runtime.exitThread)
	movl	$0, (%rdi)
	xor	%edi, %edi
	mov	$SYS_exit, %eax
	syscall
	int3
END(runtime.exitThread)

// sigtramp(sig EDI, info RSI, ctx RDX): the kernel enters here on the signal stack, whatever was running.
// The C++ handler saves what the ABI says; the kernel restores the rest.
TEXT(runtime.sigtramp)
	.cfi_signal_frame
	FRAME_BEGIN
	call	runtime.sigtrampgo
	FRAME_END
	ret
END(runtime.sigtramp)

// sigreturn: where a signal handler returns to. The name and the two instructions are what gdb recognises.
TEXT(runtime.sigreturn)
	mov	$SYS_rt_sigreturn, %eax
	syscall
	int3
END(runtime.sigreturn)

// _exit(int): what Boost.Context calls when a context's function returns. None of ours does.
TEXT(_exit)
	mov	$SYS_exit_group, %eax
	syscall
	hlt
END(_exit)
