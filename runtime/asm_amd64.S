// asm_amd64.S - from the entry point to the scheduler, and how the scheduler changes stacks. Go's counterpart:
// asm_amd64.s.
//
// Cast: rt0_go makes g0 and m0 out of nothing and calls the boot functions in order. gogo, mcall, systemstack and
// morestack are the four ways from one stack to another; goexit is where every goroutine returns to.
// C++ arguments come in RDI, RSI, ...; where Go passes arguments on the stack, the stack words are kept as well.

#include "context.h"
#include "go_asm.h"
#include "go_tls.h"
#include "textflag.h"

// _rt0_amd64: from the entry point of every system. The kernel left argc at 0(SP) and argv from 8(SP) on.
// Exit to rt0_go with RDI = argc, RSI = argv; the stack as it was.
TEXT(_rt0_amd64) ROOT
	mov	0(%rsp), %rdi
	lea	8(%rsp), %rsi
	jmp	runtime.rt0_go
END(_rt0_amd64)

// void _rt0_amd64_lib(int argc, uint8** argv): the other door, for a program that loads the runtime as a library.
// It keeps the arguments, starts a thread that boots, and returns. Threads are the C library's there: who uses this
// door brings the function that makes one. (Go can do without: newosproc0.)
TEXT(_rt0_amd64_lib)
	FRAME_BEGIN
	mov	%edi, _rt0_amd64_lib_argc(%rip)
	mov	%rsi, _rt0_amd64_lib_argv(%rip)
	lea	_rt0_amd64_lib_go(%rip), %rdi
	xor	%esi, %esi
	call	*_cgo_sys_thread_create(%rip)
	FRAME_END
	ret
END(_rt0_amd64_lib)

// void _rt0_amd64_lib_go(void*): the new thread. From here on the two doors are one.
TEXT(_rt0_amd64_lib_go) ROOT
	mov	_rt0_amd64_lib_argc(%rip), %edi
	mov	_rt0_amd64_lib_argv(%rip), %rsi
	jmp	runtime.rt0_go
END(_rt0_amd64_lib_go)

// rt0_go(RDI argc, RSI argv): jumped to, so nothing can return from here. Stack it makes:
//
//	g0.stack.hi = SP ->  0(SP)  argument slot: argc for args
//	                     8(SP)  argument slot: argv for args
//	                    16(SP)  argc, copied
//	                    24(SP)  argv, copied
TEXT(runtime.rt0_go) ROOT
	// Make room for four words, and the alignment that C++ and SSE want.
	mov	%rdi, %rax
	mov	%rsi, %rbx
	sub	$39, %rsp
	and	$~15, %rsp
	mov	%rax, 16(%rsp)
	mov	%rbx, 24(%rsp)

	// g0 runs on the stack the kernel made. How large that is nobody says: call it 64 KB less a little.
	// The guards equal lo for now, with no slack; mstart sets them properly.
	lea	runtime.g0(%rip), %rdi
	lea	(-64*1024+104)(%rsp), %rbx
	mov	%rbx, g_stackguard0(%rdi)
	mov	%rbx, g_stackguard1(%rdi)
	mov	%rbx, (g_stack+stack_lo)(%rdi)
	mov	%rsp, (g_stack+stack_hi)(%rdi)

	// What processor is this? Leaf 0: the highest leaf, and the maker's name.
	xor	%eax, %eax
	cpuid
	mov	%eax, %esi
	test	%eax, %eax
	jz	nocpuinfo
	cmp	$0x756e6547, %ebx		// "Genu"
	jne	notintel
	cmp	$0x49656e69, %edx		// "ineI"
	jne	notintel
	cmp	$0x6c65746e, %ecx		// "ntel"
	jne	notintel
	movb	$1, runtime.isIntel(%rip)
	movb	$1, runtime.lfenceBeforeRdtsc(%rip)
notintel:

	// Leaf 1: version and the older features. Each CPUID costs a trip to the hypervisor in a virtual
	// machine, so ECX and EDX are used at once, where Go asks a second time.
	mov	$1, %eax
	cpuid
	mov	%eax, runtime.processorVersionInfo(%rip)
	bt	$26, %edx
	setc	runtime.support_sse2(%rip)
	bt	$9, %ecx
	setc	runtime.support_ssse3(%rip)
	bt	$19, %ecx
	setc	runtime.support_sse41(%rip)
	bt	$20, %ecx
	setc	runtime.support_sse42(%rip)
	bt	$23, %ecx
	setc	runtime.support_popcnt(%rip)
	bt	$25, %ecx
	setc	runtime.support_aes(%rip)
	bt	$27, %ecx
	setc	runtime.support_osxsave(%rip)
	bt	$28, %ecx
	setc	runtime.support_avx(%rip)

	// Leaf 7: the newer features.
	cmp	$7, %esi
	jl	no7
	mov	$7, %eax
	xor	%ecx, %ecx
	cpuid
	bt	$3, %ebx
	setc	runtime.support_bmi1(%rip)
	bt	$5, %ebx
	setc	runtime.support_avx2(%rip)
	bt	$8, %ebx
	setc	runtime.support_bmi2(%rip)
	bt	$9, %ebx
	setc	runtime.support_erms(%rip)
no7:

	// AVX counts only if the system saves its registers: XCR0 bits 1 and 2.
	cmpb	$0, runtime.support_osxsave(%rip)
	je	noavx
	xor	%ecx, %ecx
	xgetbv
	and	$6, %eax
	cmp	$6, %eax
	je	nocpuinfo
noavx:
	movb	$0, runtime.support_avx(%rip)
	movb	$0, runtime.support_avx2(%rip)

nocpuinfo:
	// Did a C library bring its own threads? Then FS is its business, the thread-local slot works already, and
	// _cgo_init(RDI = g0) knows how large this stack really is: the guards can stand where they belong.
	mov	_cgo_init(%rip), %rax
	test	%rax, %rax
	jz	needtls
	call	*%rax
	lea	runtime.g0(%rip), %rcx
	mov	(g_stack+stack_lo)(%rcx), %rax
	add	$STACK_GUARD, %rax
	mov	%rax, g_stackguard0(%rcx)
	mov	%rax, g_stackguard1(%rcx)
	jmp	ok

needtls:
	// Point FS at m0.tls, so that the current g has an address that each thread sees for itself.
	lea	(runtime.m0+m_tls)(%rip), %rdi
	call	runtime.settls

	// Prove it: what is stored through FS must arrive in m0.tls[0].
	get_tls(%rbx)
	movq	$0x123, g(%rbx)
	mov	(runtime.m0+m_tls)(%rip), %rax
	cmp	$0x123, %rax
	je	ok
	mov	%eax, 0				// abort
ok:
	// The current g is g0. From here on getg() works, and so does C++.
	get_tls(%rbx)
	lea	runtime.g0(%rip), %rcx
	mov	%rcx, g(%rbx)
	lea	runtime.m0(%rip), %rax

	// g0 and m0 know each other.
	mov	%rcx, m_g0(%rax)
	mov	%rax, g_m(%rcx)

	// What compiled code expects behind FS: FS itself, and the stack guard.
	lea	(m_tls+8)(%rax), %rdx
	mov	%rdx, (m_tls+8)(%rax)
	mov	g_stackguard0(%rcx), %rdx
	mov	%rdx, tls_guard

	cld					// strings go up, by convention
	call	runtime.check

	// args(argc, argv): C++ takes them in registers, Go at 0(SP) and 8(SP).
	mov	16(%rsp), %edi
	mov	%edi, 0(%rsp)
	mov	24(%rsp), %rsi
	mov	%rsi, 8(%rsp)
	call	runtime.args
	call	runtime.osinit
	call	runtime.schedinit

	// newproc(0, &mainPC): a goroutine that will run runtime.main. It is only queued here.
	lea	runtime.mainPC(%rip), %rsi
	push	%rsi
	.cfi_adjust_cfa_offset 8
	push	$0
	.cfi_adjust_cfa_offset 8
	xor	%edi, %edi
	call	runtime.newproc
	pop	%rax
	.cfi_adjust_cfa_offset -8
	pop	%rax
	.cfi_adjust_cfa_offset -8

	// This thread becomes an M and never comes back.
	call	runtime.mstart

	movl	$0xf1, 0xf1			// so this crashes, at an address that tells who did it
	ret
END(runtime.rt0_go)

	.section .data.rel.ro, "aw"		// constant, once the address is known
	.globl	runtime.mainPC
	.hidden	runtime.mainPC
	.type	runtime.mainPC, @object
	.size	runtime.mainPC, 8
	.balign	8
runtime.mainPC:					// a funcval: a word that holds the code's address
	.quad	runtime.main

	// Two addresses that a C library, where there is one, puts in place of these zeros at link time: who looks after
	// TLS, and who makes threads.
	.weak	_cgo_init, _cgo_sys_thread_create
	.hidden	_cgo_init, _cgo_sys_thread_create
	.type	_cgo_init, @object
	.type	_cgo_sys_thread_create, @object
	.size	_cgo_init, 8
	.size	_cgo_sys_thread_create, 8
_cgo_init:
	.quad	0
_cgo_sys_thread_create:
	.quad	0
	.text

// void mstart(): on g0 of a new M, or of m0. Entry: SP = g0.stack.hi - 8 (m0, or a stack that clone began).
// Its frame is four words, so mstart1's caller is at hi-40 as in Go. Go writes this one in Go up to 1.16; here it must
// be assembly, because that frame leaves the stack 8 bytes off what C++ expects (mstart1 realigns it).
TEXT(runtime.mstart)
	sub	$32, %rsp
	.cfi_adjust_cfa_offset 32

	// The stack has its final bounds; leave room for functions that do not check.
	get_tls(%rax)
	mov	g(%rax), %rax
	mov	(g_stack+stack_lo)(%rax), %rcx
	add	$STACK_GUARD, %rcx
	mov	%rcx, g_stackguard0(%rax)
	mov	%rcx, g_stackguard1(%rax)
	mov	%rcx, tls_guard

	// mstart1(pc, sp): what it saves as the place where g0 begins, whenever it is needed.
	lea	.Lmstart1_returns(%rip), %rdi
	mov	%rsp, %rsi
	call	runtime.mstart1
.Lmstart1_returns:
	// Not from mstart1: a goroutine exited while it was locked to this thread, and takes it along.
	call	runtime.mexit
	add	$32, %rsp
	.cfi_adjust_cfa_offset -32
	ret
END(runtime.mstart)

// void asminit(): per-thread processor state. Nothing on amd64.
TEXT(runtime.asminit)
	ret
END(runtime.asminit)

// For debuggers: SP is where SAVE_REGISTERS (below) has left it.
.macro SAVED_FRAME
	.cfi_def_cfa rsp, 64
	.cfi_offset rbp, -16
	.cfi_offset rbx, -24
	.cfi_offset r12, -32
	.cfi_offset r13, -40
	.cfi_offset r14, -48
	.cfi_offset r15, -56
.endm

// Back into the registers, RAX apart.
.macro RESTORE_REGISTERS
	pop	%r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore r15
	pop	%r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore r14
	pop	%r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore r13
	pop	%r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore r12
	pop	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbx
.endm

// Nobody is to go again to where a gobuf leads. RCX is 0 afterwards.
.macro CLEAR_GOBUF buf
	xor	%ecx, %ecx
	mov	%rcx, gobuf_sp(\buf)
	mov	%rcx, gobuf_ret(\buf)
	mov	%rcx, gobuf_ctxt(\buf)
	mov	%rcx, gobuf_bp(\buf)
.endm

// The goroutine in RDX goes on: its gobuf in RDI and its context have been used.
.macro USED_UP
	xor	%ecx, %ecx
	mov	%rcx, gobuf_sp(%rdi)
	mov	%rcx, gobuf_bp(%rdi)
	mov	%rcx, g_context(%rdx)
.endm

// On g0: the scheduler has chosen, and its functions have returned. m.curg goes on.
.macro GO_ON
	get_tls(%rcx)
	mov	g(%rcx), %rdx
	mov	g_m(%rdx), %rcx
	mov	m_curg(%rcx), %rdx
	lea	g_sched(%rdx), %rdi
	jmp	.Lgo
.endm

// void gogo(gobuf* RDI): on g0, from execute; go on where buf says. From mstart1's round of the scheduler it does not
// return. From any other it does: the goroutine that mcall or morestack came from is still to be left, and they do both
// in one switch once the scheduler's functions have returned to them. That is a jump less than going to g0's context
// and from there to the next, and it keeps the processor's guesses of where each `ret` goes right.
TEXT(runtime.gogo)
	mov	gobuf_g(%rdi), %rdx
	mov	0(%rdx), %rcx			// a null or wild g faults here, not later
	mov	g_m(%rdx), %rcx
	cmpq	$0, m_leaving(%rcx)
	je	.Lgo
	ret

	// On g0. RDI = the gobuf, RDX = its g, RCX = the M; m.leaving says whose registers are to be put away: a goroutine's,
	// or (g0 or null) nobody's.
.Lgo:
	mov	m_leaving(%rcx), %rax
	mov	g_context(%rdx), %rsi
	test	$1, %sil
	jnz	.Lnotleft
.Lchosen:
	movq	$0, m_leaving(%rcx)
	get_tls(%rcx)
	mov	%rdx, g(%rcx)
	mov	g_stackguard0(%rdx), %rcx
	mov	%rcx, tls_guard
	cmp	%rdx, %rax
	je	.Lstay
	test	%rsi, %rsi
	jz	.Lnew

	// It has run before: its registers wait on its own stack.
	USED_UP
	mov	%rsi, %rdi
	jmp	.Lleave

.Lnotleft:
	// This M was about to leave it, and stays instead. Or another M is, will have done so in a moment, and may be
	// waiting for the goroutine that this M is about to leave: so leave that one first, then look again.
	cmp	%rdx, %rax
	je	.Lchosen
	mov	%rdx, %rbx			// no caller is waiting for it: gogo's round ends here
	call	runtime.leave
	mov	$10, %edi
	call	runtime.procyield
	testb	$1, g_context(%rbx)
	jz	.Lleftnow
	mov	%rsp, %rbx
	and	$~15, %rsp
	call	runtime.osyield			// the other M's thread is not running, it seems
	mov	%rbx, %rsp
.Lleftnow:
	GO_ON

.Lnew:	// It has not. Nobody is to be left, or only g0, which begins afresh at g0.sched.sp: then this is a matter of SP.
	test	%rax, %rax
	jz	.Lload
	testb	$1, g_context(%rax)
	jz	.Lload

	// Who is to be left needs a context to go to: make one below the words that newproc1 prepared.
	push	%rax
	.cfi_adjust_cfa_offset 8
	mov	%rsp, %rbx
	and	$~15, %rsp
	mov	gobuf_sp(%rdi), %rdi
	sub	$8, %rdi
	xor	%esi, %esi
	lea	.Lgogo_first(%rip), %rdx
	call	context_make
	mov	%rbx, %rsp
	mov	%rax, %rdi
	pop	%rax
	.cfi_adjust_cfa_offset -8

	// RDI = the context to go to, RAX = who leaves. A goroutine is left from its own stack, where mcall's registers are.
.Lleave:
	mov	%rax, %rsi
	test	%rax, %rax
	jz	.Lnobody
	mov	g_context(%rax), %rax
	test	$1, %al
	jz	.Lnobody			// g0
	lea	-1(%rax), %rsp
	.cfi_remember_state
	SAVED_FRAME
	jmp	.Ljump
	.cfi_restore_state
.Lnobody:
	and	$~15, %rsp
	xor	%esi, %esi

	// The one place where goroutines are left, and so the one where they go on. context_jump does not come back by a
	// `ret`, so it is not called: the processor would expect one, and guess wrong at all that follow.
.Ljump:
	.cfi_remember_state
	SAVED_FRAME
	lea	.Larrive(%rip), %rcx
	push	%rcx
	.cfi_adjust_cfa_offset 8
	jmp	context_jump
	.cfi_adjust_cfa_offset -8
	call	context_jump			// never reached: what a debugger finds before the place where it returns
.Larrive:
	// RAX = the context of the one that left, RDX = its g: now others may run it.
	test	%rdx, %rdx
	jz	.Lended
	mov	%rax, g_context(%rdx)
	jmp	.Lback

.Lended:
	// The one before has ended, from two calls further in: let the processor see these return.
	lea	.Lgoexit_returned(%rip), %rcx
	push	%rcx
	.cfi_adjust_cfa_offset 8
	push	%rbp
	.cfi_adjust_cfa_offset 8
	lea	.Lgoexit1_returned(%rip), %rcx
	push	%rcx
	.cfi_adjust_cfa_offset 8
	ret
	.cfi_adjust_cfa_offset -24

.Lstay:	// The scheduler chose the goroutine that it was called from: there is nothing to switch.
	mov	g_context(%rdx), %rsp
	.cfi_adjust_cfa_offset -1
	dec	%rsp
	.cfi_adjust_cfa_offset 1
	USED_UP

	// On the goroutine's stack: the frame that mcall or morestack made.
.Lback:
	pop	%rax				// morestack's answer
	.cfi_adjust_cfa_offset -8
	RESTORE_REGISTERS
	pop	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore rbp
	ret
	.cfi_restore_state

.Lgogo_first:
	// On the goroutine's stack for the first time, and a context is there for the one that left: RDI, for the g in RSI.
	.cfi_remember_state
	.cfi_undefined rip
	mov	%rdi, g_context(%rsi)
.Lload:	// Load the gobuf, clear it, go.
	get_tls(%rcx)
	mov	g(%rcx), %rsi
	lea	g_sched(%rsi), %rsi
	mov	gobuf_sp(%rsi), %rsp
	.cfi_restore_state
	mov	gobuf_ret(%rsi), %rax
	mov	gobuf_ctxt(%rsi), %rdx
	mov	%rdx, %rdi			// C++'s closure register
	mov	gobuf_bp(%rsi), %rbp
	mov	gobuf_pc(%rsi), %rbx
	CLEAR_GOBUF %rsi

	// goexit+1 is on the stack. Let the processor believe that goexit has called us: see there.
	lea	.Lreturns(%rip), %rcx
	cmp	%rcx, 0(%rsp)
	jne	jmp_bx
	lea	(.Ljmp_bx_is_at+112)(%rip), %rcx
	jmp	runtime.gogo.call
jmp_bx:
	jmp	*%rbx				// not a call: goexit+1 is already on the stack
END(runtime.gogo)

// What mcall and morestack have in common: put the goroutine's registers on its stack, where gogo finds them, and go to
// g0. RAX = g, RDX = its M afterwards; RCX is used. g0 starts at g0.sched.sp, whatever it left below.
.macro SAVE_REGISTERS
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
	push	$0				// morestack's answer
.endm

.macro ENTER_G0
	mov	g_m(%rax), %rdx
	lea	1(%rsp), %rcx			// odd: not a context yet
	mov	%rcx, g_context(%rax)
	mov	%rax, m_leaving(%rdx)
	mov	m_g0(%rdx), %rdx
	get_tls(%rcx)
	mov	%rdx, g(%rcx)
	mov	g_stackguard0(%rdx), %rcx
	mov	%rcx, tls_guard
	mov	(g_sched+gobuf_sp)(%rdx), %rsp
	.cfi_def_cfa rsp, 8
	.cfi_undefined rip
	xor	%ebp, %ebp
	and	$~15, %rsp
.endm

// void mcall(void (*fn)(g*) RDI): on a goroutine; run fn(g) on g0. When fn returns, the scheduler has run, and who it
// chose goes on. When this goroutine is run again, mcall returns.
TEXT(runtime.mcall)
	FRAME_BEGIN
	SAVE_REGISTERS
	get_tls(%rcx)
	mov	g(%rcx), %rax

	// The gobuf says what a debugger wants to know: the caller's frame.
	mov	caller_pc(%rbp), %rdx
	mov	%rdx, (g_sched+gobuf_pc)(%rax)
	lea	caller_sp(%rbp), %rdx
	mov	%rdx, (g_sched+gobuf_sp)(%rax)
	mov	caller_bp(%rbp), %rdx
	mov	%rdx, (g_sched+gobuf_bp)(%rax)

	mov	%rdi, %rsi
	ENTER_G0
	mov	%rax, %rdi
	call	*%rsi
	GO_ON
END(runtime.mcall)

// void leave(): on g0, in the scheduler. The goroutine that it was called from will not be chosen soon: put its
// registers away now, as a context that any M can go on with. Before an M looks far for work, or sleeps.
#define leave_room 512
TEXT(runtime.leave)
	FRAME_BEGIN
	SAVE_REGISTERS
	get_tls(%rcx)
	mov	g(%rcx), %rax
	mov	g_m(%rax), %rdx
	mov	m_leaving(%rdx), %rbx
	test	%rbx, %rbx
	jz	.Lleft				// there is none
	cmp	%rbx, %rax
	je	.Lleft				// it is done

	// A context for the rest of this function, on leave_room bytes below its frame.
	mov	%rdx, %r12
	mov	%rax, %r13
	mov	%rsp, %r14
	lea	-128(%rsp), %rdi
	sub	$leave_room, %rsp
	xor	%esi, %esi
	lea	.Lleave_g0(%rip), %rdx
	call	context_make
	mov	%rax, %rdi
	mov	%r13, m_leaving(%r12)		// g0: mcall is to go on, but has nobody to leave
	mov	%rbx, (%r14)
	mov	g_context(%rbx), %rsp
	dec	%rsp
	mov	%r14, %rsi
	.cfi_def_cfa rsi, 64
	jmp	.Ljump

.Lleave_g0:	// On g0 again. RDI = the goroutine's context, RSI = this frame, which begins with the goroutine.
	mov	%rsi, %rsp
	.cfi_def_cfa rsp, 64
	mov	(%rsp), %rbx
	mov	%rdi, g_context(%rbx)
.Lleft:
	add	$8, %rsp
	.cfi_adjust_cfa_offset -8
	RESTORE_REGISTERS
	FRAME_END
	ret
END(runtime.leave)

// systemstack_switch: where a goroutine's gobuf points while systemstack runs something on g0 for it. Never called.
TEXT(runtime.systemstack_switch)
	ret
END(runtime.systemstack_switch)

// void systemstack(void (*fn)(void*) RDI, void* arg RSI): run fn(arg) on g0 and come back. On g0 or gsignal already:
// just call it. A plain change of SP, as in Go: nothing is scheduled in between.
TEXT(runtime.systemstack)
	get_tls(%rcx)
	mov	g(%rcx), %rax
	mov	g_m(%rax), %rdx
	cmp	m_g0(%rdx), %rax
	je	noswitch
	cmp	m_gsignal(%rdx), %rax
	je	noswitch

	FRAME_BEGIN
	push	%rbx
	.cfi_offset rbx, -24
	push	%rax				// keeps the stack even
	mov	%rax, %rbx

	// For whoever looks at the goroutine meanwhile: our caller has called systemstack_switch, which has no frame.
	lea	runtime.systemstack_switch(%rip), %r8
	mov	%r8, (g_sched+gobuf_pc)(%rax)
	lea	caller_pc(%rbp), %r8
	mov	%r8, (g_sched+gobuf_sp)(%rax)
	mov	caller_bp(%rbp), %r8
	mov	%r8, (g_sched+gobuf_bp)(%rax)
	mov	%rax, (g_sched+gobuf_g)(%rax)

	mov	m_g0(%rdx), %rdx
	mov	%rdx, g(%rcx)
	mov	g_stackguard0(%rdx), %rcx
	mov	%rcx, tls_guard
	mov	(g_sched+gobuf_sp)(%rdx), %rsp
	.cfi_remember_state
	.cfi_undefined rip
	mov	%rdi, %rax
	mov	%rsi, %rdi
	lea	runtime.mstart(%rip), %rcx
	push	%rcx				// looks as if mstart had called
	call	*%rax

	get_tls(%rcx)
	mov	%rbx, g(%rcx)
	mov	g_stackguard0(%rbx), %rcx
	mov	%rcx, tls_guard
	mov	(g_sched+gobuf_sp)(%rbx), %rcx
	lea	(-caller_pc-16)(%rcx), %rsp	// the frame that we made, and two words
	.cfi_restore_state
	movq	$0, (g_sched+gobuf_sp)(%rbx)
	pop	%rax
	pop	%rbx
	.cfi_restore rbx
	FRAME_END
	ret

noswitch:
	mov	%rdi, %rax
	mov	%rsi, %rdi
	jmp	*%rax
END(runtime.systemstack)

// __morestack's frame, from RBP: the registers that may carry arguments, and the two of its contract.
#define saved_rax       -8
#define saved_rdi       -16
#define saved_rsi       -24
#define saved_rdx       -32
#define saved_rcx       -40
#define saved_r8        -48
#define saved_r9        -56
#define saved_r10       -64
#define saved_r11       -72
#define saved_xmm0      -96
#define saved_xmm1      -112
#define saved_xmm2      -128
#define saved_xmm3      -144
#define saved_xmm4      -160
#define saved_xmm5      -176
#define saved_xmm6      -192
#define saved_xmm7      -208
#define saved_size      216

// What __morestack saved, back into the registers that carry arguments.
.macro restore_arguments
	mov	saved_rax(%rbp), %rax
	mov	saved_rdi(%rbp), %rdi
	mov	saved_rsi(%rbp), %rsi
	mov	saved_rdx(%rbp), %rdx
	mov	saved_rcx(%rbp), %rcx
	mov	saved_r8(%rbp), %r8
	mov	saved_r9(%rbp), %r9
	movups	saved_xmm0(%rbp), %xmm0
	movups	saved_xmm1(%rbp), %xmm1
	movups	saved_xmm2(%rbp), %xmm2
	movups	saved_xmm3(%rbp), %xmm3
	movups	saved_xmm4(%rbp), %xmm4
	movups	saved_xmm5(%rbp), %xmm5
	movups	saved_xmm6(%rbp), %xmm6
	movups	saved_xmm7(%rbp), %xmm7
.endm

// __morestack: called by a prologue that found SP below the guard, with R10 = the frame it needs and R11 = the bytes of
// stack arguments it was given. The compiler chose the name and this contract; Go calls it runtime.morestack.
// Three words are on the stack, innermost first: the address of a `ret` in the prologue (the body begins one byte after
// it), the function's return address, its stack arguments.
//
// newstack, on g0, decides: yield and go on here; or add a segment, on which the body runs as if called from here.
TEXT(__morestack)
	FRAME_BEGIN
	// Every register that may carry an argument, and the two of the contract.
	sub	$saved_size, %rsp
	mov	%rax, saved_rax(%rbp)
	mov	%rdi, saved_rdi(%rbp)
	mov	%rsi, saved_rsi(%rbp)
	mov	%rdx, saved_rdx(%rbp)
	mov	%rcx, saved_rcx(%rbp)
	mov	%r8, saved_r8(%rbp)
	mov	%r9, saved_r9(%rbp)
	mov	%r10, saved_r10(%rbp)
	mov	%r11, saved_r11(%rbp)
	movups	%xmm0, saved_xmm0(%rbp)
	movups	%xmm1, saved_xmm1(%rbp)
	movups	%xmm2, saved_xmm2(%rbp)
	movups	%xmm3, saved_xmm3(%rbp)
	movups	%xmm4, saved_xmm4(%rbp)
	movups	%xmm5, saved_xmm5(%rbp)
	movups	%xmm6, saved_xmm6(%rbp)
	movups	%xmm7, saved_xmm7(%rbp)

	// The scheduler's stack cannot grow, and the signal stack neither.
	get_tls(%rcx)
	mov	g(%rcx), %rax
	mov	g_m(%rax), %rdx
	cmp	m_g0(%rdx), %rax
	je	.Lonsystemstack
	cmp	m_gsignal(%rdx), %rax
	je	.Lonsystemstack

	// morebuf: who called the function that has no room.
	mov	split_pc(%rbp), %rcx
	mov	%rcx, (m_morebuf+gobuf_pc)(%rdx)
	lea	split_sp(%rbp), %rcx
	mov	%rcx, (m_morebuf+gobuf_sp)(%rdx)
	mov	%rax, (m_morebuf+gobuf_g)(%rdx)

	call	runtime.morestack
	// RAX = the new segment's top, or 0 if the old one will do (it was a preemption).
	test	%rax, %rax
	jnz	.Lnewsegment

.Lgoon:
	restore_arguments
	mov	caller_pc(%rbp), %r10
	inc	%r10				// past the prologue's ret: the body
	mov	%rbp, %rsp
	.cfi_remember_state
	FRAME_END
	lea	8(%rsp), %rsp			// as the prologue found it
	.cfi_adjust_cfa_offset -8
	.cfi_register rip, r10
	jmp	*%r10
	.cfi_restore_state

.Lonsystemstack:
	// sysmon's request to preempt can hit an M that is back on g0: put the guard right and go on.
	mov	%rbp, %rdi
	mov	%r10, %rsi
	call	runtime.straypreempt
	jmp	.Lgoon

.Lnewsegment:
	// Seen from the body this frame is its caller, and our caller is the function's: the prologue is skipped.
	.cfi_def_cfa rbp, 24
	.cfi_offset rbp, -24
	.cfi_offset rip, -8

	// Copy the stack arguments: R11 bytes, kept to multiples of 16.
	mov	saved_r11(%rbp), %rcx
	add	$15, %rcx
	and	$~15, %rcx
	sub	%rcx, %rax
	mov	%rax, %rsp
	mov	%rax, %rdi
	lea	split_sp(%rbp), %rsi
	mov	saved_r11(%rbp), %rcx
	rep movsb

	restore_arguments
	mov	caller_pc(%rbp), %r10
	inc	%r10
	call	*%r10				// the body, on the new segment

	// lessstack: back on the old segment with the results, and give the new one back.
	lea	-saved_size(%rbp), %rsp
	mov	%rax, saved_rax(%rbp)
	mov	%rdx, saved_rdx(%rbp)
	movups	%xmm0, saved_xmm0(%rbp)
	movups	%xmm1, saved_xmm1(%rbp)
	call	runtime.lessstack
	mov	saved_rax(%rbp), %rax
	mov	saved_rdx(%rbp), %rdx
	movups	saved_xmm0(%rbp), %xmm0
	movups	saved_xmm1(%rbp), %xmm1
	mov	%rbp, %rsp
	FRAME_END
	ret					// to the prologue's ret, which returns for the function
END(__morestack)

// uintptr morestack(): on a goroutine, from __morestack; runs newstack on g0. The gobuf it leaves is the function's
// own: standing in its prologue, nothing of its frame made yet.
// Returns what newstack decided: the top of a new segment, or 0.
TEXT(runtime.morestack)
	FRAME_BEGIN
	SAVE_REGISTERS
	get_tls(%rcx)
	mov	g(%rcx), %rax
	mov	caller_bp(%rbp), %rbx		// __morestack's frame
	mov	caller_pc(%rbx), %rdx		// in the prologue
	mov	%rdx, (g_sched+gobuf_pc)(%rax)
	lea	caller_sp(%rbx), %rdx
	mov	%rdx, (g_sched+gobuf_sp)(%rax)
	mov	caller_bp(%rbx), %rdx
	mov	%rdx, (g_sched+gobuf_bp)(%rax)
	mov	%rax, (g_sched+gobuf_g)(%rax)
	movq	$0, (g_sched+gobuf_ret)(%rax)

	mov	saved_r10(%rbx), %rdi		// newstack(how much the function needs, its arguments, &answer)
	mov	saved_r11(%rbx), %rsi
	mov	%rsp, %r8
	ENTER_G0
	mov	%r8, %rdx
	call	runtime.newstack
	GO_ON
END(runtime.morestack)

// int64 cputicks(): the time stamp counter.
TEXT(runtime.cputicks)
	cmpb	$1, runtime.lfenceBeforeRdtsc(%rip)
	jne	.Lmfence
	lfence
	jmp	.Lrdtsc
.Lmfence:
	mfence
.Lrdtsc:
	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	ret
END(runtime.cputicks)

// void procyield(uint32 EDI): tell the processor that this is a spin loop.
TEXT(runtime.procyield)
	test	%edi, %edi
	jz	.Lyielded
.Lpause:
	pause
	dec	%edi
	jnz	.Lpause
.Lyielded:
	ret
END(runtime.procyield)

// int64 gosave(Defer* RDI): where its caller is, and the registers that a function preserves. Returns 0.
// As in Go a setjmp: recovery makes it return once more.
TEXT(runtime.gosave)
	mov	0(%rsp), %rax
	mov	%rax, gobuf_pc(%rdi)
	lea	8(%rsp), %rax
	mov	%rax, gobuf_sp(%rdi)
	mov	%rbp, gobuf_bp(%rdi)
	mov	%rbx, Defer_saved(%rdi)
	mov	%r12, (Defer_saved+8)(%rdi)
	mov	%r13, (Defer_saved+16)(%rdi)
	mov	%r14, (Defer_saved+24)(%rdi)
	mov	%r15, (Defer_saved+32)(%rdi)
	xor	%eax, %eax
	ret
END(runtime.gosave)

// void recovery(Defer* RDI): from gopanic, on the goroutine, on whatever segment it has come to. Back to where gosave
// was called, which returns once more, with 1. The frames in between are left as they are: nobody unwinds them. Go goes
// by way of g0, and loads a gobuf; here the registers that C++ preserves come back as well.
TEXT(runtime.recovery) ROOT
	mov	gobuf_sp(%rdi), %rsp
	mov	gobuf_bp(%rdi), %rbp
	mov	Defer_saved(%rdi), %rbx
	mov	(Defer_saved+8)(%rdi), %r12
	mov	(Defer_saved+16)(%rdi), %r13
	mov	(Defer_saved+24)(%rdi), %r14
	mov	(Defer_saved+32)(%rdi), %r15

	// The guard is still that of the newest segment. Nothing may check the stack until g0 has freed those that are
	// not needed, and systemstack has loaded the guard of the one that is.
	push	gobuf_pc(%rdi)
	push	%rdi				// keeps the stack even
	mov	%rdi, %rsi
	lea	runtime.freesegmentsto(%rip), %rdi
	call	runtime.systemstack
	pop	%rdi
	mov	$1, %eax
	ret
END(runtime.recovery)

// void goexit1(): the goroutine is over. Called by goexit, and by Goexit in the midst of a function.
TEXT(runtime.goexit1)
	FRAME_BEGIN
	lea	runtime.goexit0(%rip), %rdi
	call	runtime.mcall			// does not return to a goroutine that is dead; but see gogo
.Lgoexit1_returned:
	FRAME_END
	ret
END(runtime.goexit1)

// goexit: the return address at the bottom of every goroutine's stack is goexit+1, so that code which looks up
// "return address minus one" still finds goexit.
//
// In front of it the call that gogo goes through when a goroutine begins. It puts goexit+1 where newproc1 has put it
// already: only a call, and one that ends there, makes the processor guess where the goroutine's last `ret` goes. So its
// last byte, which means -112, is goexit's first, which means nop.
	.section .data.rel.ro, "aw"
	.balign	8
.Ljmp_bx_is_at:
	.quad	jmp_bx
	.text
	.p2align 4
	.fill	10, 1, 0xcc
	.hidden	runtime.gogo.call
	.type	runtime.gogo.call, @function
runtime.gogo.call:
	.cfi_startproc
	add	$8, %rsp
	.cfi_adjust_cfa_offset -8
	.byte	0xff, 0x51			// call *-112(%rcx)
END(runtime.gogo.call)
TEXT(runtime.goexit) ROOT
	nop
.Lreturns:
	call	runtime.goexit1
.Lgoexit_returned:
	nop
	jmp	.Lback
END(runtime.goexit)

// __x86_return_thunk: where chansend and chanrecv return; the name is the compiler's. AL = their outcome.
// A processor keeps where calls come from, and guesses by it where each `ret` goes. Who has waited finds there what the
// goroutine before had called from, often another place; where a jump goes is guessed by where it went before. Who has
// not waited had better `ret`: else what was kept for it would be taken for the next one.
TEXT(__x86_return_thunk)
	cmp	$OUTCOME_WAITED, %al
	je	.Lwaited
	ret
.Lwaited:
	pop	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register rip, rcx
	jmp	*%rcx
END(__x86_return_thunk)

	.bss
	.balign	8
	.type	_rt0_amd64_lib_argv, @object
	.size	_rt0_amd64_lib_argv, 8
_rt0_amd64_lib_argv:
	.skip	8
	.type	_rt0_amd64_lib_argc, @object
	.size	_rt0_amd64_lib_argc, 4
_rt0_amd64_lib_argc:
	.skip	4

// __thread g* tls_g: each thread's current g, -8(FS). Assembly's own, as in Go: had it debug information, a debugger
// that shows all variables of proc.cpp would want this one, too, which nobody finds before settls has run.
	.section .tbss, "awT", @nobits
	.balign	8
	.globl	runtime.tls_g
	.hidden	runtime.tls_g
	.type	runtime.tls_g, @tls_object
	.size	runtime.tls_g, 8
runtime.tls_g:
	.skip	8

// What every boot writes fits into a page, if the variables begin with one: see largetable.
	.section .data.rel.ro.local, "aw"
	.balign	4096
