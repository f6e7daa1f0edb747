// signal_unix.cpp - signals: which are caught, on which stack, and what happens then. Go's counterparts: signal_unix.go,
// signal_amd64x.go, sigtab_linux_generic.go.
//
// Go catches nearly all of its 65 signals, to offer them to the program. There is no os/signal here, so only those are
// caught that end the process with a report; the others keep the system's default, which is what Go falls back to.

#include "runtime.hpp"

#include "symtab.hpp"

GOVAR(sigset, initSigmask);

constexpr uint64 _SA_SIGINFO = 4, _SA_ONSTACK = 0x8000000, _SA_RESTORER = 0x4000000, _SA_RESTART = 0x10000000,
                 _SA_NODEFER = 0x40000000;

constexpr uint32 _SIGBUS = 7, _SIGFPE = 8, _SIGSEGV = 11;
constexpr int32 _SI_USER = 0, _FPE_INTDIV = 1, _FPE_INTOVF = 2, _BUS_ADRERR = 2, _SEGV_ACCERR = 2;

enum : uint32 {
    _SigThrow = 4,    // a report, and the end
    _SigPanic = 8,    // if the program brought it on itself, a panic
};

static const struct {
    uint32 sig, flags;
    const char* name;
} sigtable[] = {
    {3, _SigThrow, "SIGQUIT: quit"},
    {4, _SigThrow, "SIGILL: illegal instruction"},
    {5, _SigThrow, "SIGTRAP: trace trap"},
    {6, _SigThrow, "SIGABRT: abort"},
    {_SIGBUS, _SigPanic, "SIGBUS: bus error"},
    {_SIGFPE, _SigPanic, "SIGFPE: floating-point exception"},
    {_SIGSEGV, _SigPanic, "SIGSEGV: segmentation violation"},
    {16, _SigThrow, "SIGSTKFLT: stack fault"},
    {31, _SigThrow, "SIGSYS: bad system call"},
};

const char* signame(uint32 sig) {
    for (auto& t : sigtable)
        if (t.sig == sig) return t.name;
    return nullptr;
}

/// The mask that the thread came with; new threads get the same.
void msigsave(m* mp) { rtsigprocmask(_SIG_SETMASK, nullptr, &mp->sigmask, sizeof mp->sigmask); }

/// Called by mstartm0, so signals are caught from the first schedule on. Go makes two calls a signal: one to read the
/// old handler and one to set the new; the system call does both at once. Go also blocks every signal while a handler runs.
/// Here faults stay open: one in the middle of a report is then a failure like others, not a silent end.
void initsig(bool) {
    sigset faults = 1ull << (_SIGSEGV - 1) | 1ull << (_SIGBUS - 1) | 1ull << (_SIGFPE - 1);
    sigactiont sa = {reinterpret_cast<uintptr>(sigtramp), _SA_SIGINFO | _SA_ONSTACK | _SA_RESTORER | _SA_RESTART | _SA_NODEFER,
                     reinterpret_cast<uintptr>(sigreturn), ~faults};
    for (auto& t : sigtable) rt_sigaction(t.sig, &sa, nullptr, sizeof sa.sa_mask);
}

/// On the M's own thread, from minit: a stack for its handlers, and its signal mask.
void minitSignals() {
    m* mp = getg()->m;
    stackt st;
    sigaltstack_(nullptr, &st);
    if (st.ss_flags & _SS_DISABLE) {
        stack* s = &mp->gsignal->stack;
        st = {s->lo, 0, s->hi - s->lo};
        sigaltstack_(&st, nullptr);
        mp->newSigstack = true;
    }
    sigset mask = mp->sigmask;
    rtsigprocmask(_SIG_SETMASK, &mask, nullptr, sizeof mask);
}

struct siginfo {
    int32 si_signo, si_errno, si_code, pad;
    uintptr si_addr;
};

struct ucontext {
    uintptr flags, link;
    stackt stack;
    uint64 r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
    uint16 cs, gs, fs, pad;
};

static void sighandler(uint32 sig, siginfo* info, ucontext* c, g* gp);

nosplit void sigtrampgo(uint32 sig, siginfo* info, ucontext* c) GO("runtime.sigtrampgo");

/// From sigtramp, on the signal stack: become gsignal, so that stack checks look at the right stack.
void sigtrampgo(uint32 sig, siginfo* info, ucontext* c) {
    g* gp = getg();
    if (!gp || !gp->m->gsignal) fatal_nosplit("fatal: signal before the runtime was ready for it\n");
    g* gsignal = gp->m->gsignal;
    tls_g = gsignal;
    settlsguard(gsignal->stack.lo + _StackGuard);
    sighandler(sig, info, c, gp);
    tls_g = gp;
    settlsguard(gp->stackguard0);
}

static void dumpregs(const ucontext* c) {
    const struct {
        const char* name;
        uint64 v;
    } regs[] = {{"rax    ", c->rax}, {"rbx    ", c->rbx}, {"rcx    ", c->rcx}, {"rdx    ", c->rdx}, {"rdi    ", c->rdi},
                {"rsi    ", c->rsi}, {"rbp    ", c->rbp}, {"rsp    ", c->rsp}, {"r8     ", c->r8}, {"r9     ", c->r9},
                {"r10    ", c->r10}, {"r11    ", c->r11}, {"r12    ", c->r12}, {"r13    ", c->r13}, {"r14    ", c->r14},
                {"r15    ", c->r15}, {"rip    ", c->rip}, {"rflags ", c->eflags}, {"cs     ", c->cs}, {"fs     ", c->fs},
                {"gs     ", c->gs}};
    for (auto& r : regs) print(r.name, hex{r.v}, "\n");
}

/// Makes it look as if the instruction that faulted had called sigpanic. Only on the goroutine's own stack.
static bool preparePanic(ucontext* c, g* gp) {
    auto* sp = reinterpret_cast<uintptr*>(c->rsp);
    if (c->rsp < gp->stack.lo + sizeof *sp || c->rsp > gp->stack.hi) return false;
    // A call to no code: the return address is on the stack already, and what stands there is the caller.
    if (c->rip == 0 || (!findmoduledatap(c->rip) && c->rsp < gp->stack.hi && findmoduledatap(*sp))) {
        c->rip = reinterpret_cast<uintptr>(sigpanic);
        return true;
    }
    *--sp = c->rip;
    c->rsp = reinterpret_cast<uintptr>(sp);
    c->rip = reinterpret_cast<uintptr>(sigpanic);
    return true;
}

/// On gsignal; gp is what the signal interrupted.
static void sighandler(uint32 sig, siginfo* info, ucontext* c, g* gp) {
    uint32 flags = _SigThrow;
    for (auto& t : sigtable)
        if (t.sig == sig) flags = t.flags;
    // Where the stack must not grow, no panic can begin.
    if (flags == _SigPanic && gp->throwsplit) flags = _SigThrow;
    if (flags == _SigPanic) {
        if (info->si_code == _SI_USER) return;  // somebody's joke: as in Go, nothing
        gp->sig = sig;
        gp->sigcode0 = static_cast<uintptr>(info->si_code);
        gp->sigcode1 = info->si_addr;
        gp->sigpc = c->rip;
        if (preparePanic(c, gp)) return;
    }

    m* mp = gp->m;
    mp->throwing = 1;
    mp->caughtsig = gp;
    startpanic();
    const char* name = signame(sig);
    print(name ? name : "signal", "\nPC=", hex{c->rip}, " m=", mp->id, " sigcode=", static_cast<int64>(info->si_code), "\n\n");

    bool docrash;
    if (gotraceback(nullptr, &docrash) > 0) {
        goroutineheader(gp);
        tracebacktrap(c->rip, c->rsp, c->rbp, gp);
        tracebackothers(gp);
        print("\n");
        dumpregs(c);
    }
    if (docrash) crash();
    exit_(2);
}

/// The goroutine's own doing, or the runtime's?
void sigpanic() {
    g* gp = getg();
    if (!canpanic(gp)) throw_("unexpected signal during runtime execution");
    switch (gp->sig) {
    case _SIGBUS:
        if (gp->sigcode0 == _BUS_ADRERR && gp->sigcode1 < 0x1000) panicmem();
        break;
    case _SIGSEGV:
        if (gp->sigcode0 <= _SEGV_ACCERR && gp->sigcode1 < 0x1000) panicmem();
        break;
    case _SIGFPE:
        if (gp->sigcode0 == _FPE_INTDIV) panicdivide();
        if (gp->sigcode0 == _FPE_INTOVF) panicoverflow();
        panicfloat();
    }
    // Not near null: a pointer that means something else, which the program should not survive.
    if (gp->paniconfault) panicmem();
    print("unexpected fault address ", hex{gp->sigcode1}, "\n");
    throw_("fault");
}

/// As the signal would have ended the process without us: with a core file, where the system writes one.
void dieFromSignal(uint32 sig) {
    sigactiont dfl = {};
    rt_sigaction(sig, &dfl, nullptr, sizeof dfl.sa_mask);
    sigset set = 1ull << (sig - 1);
    rtsigprocmask(_SIG_UNBLOCK, &set, nullptr, sizeof set);
    tgkill_(getpid_(), gettid_(), static_cast<int32>(sig));
    exit_(2);
}
