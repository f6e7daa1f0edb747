// signal_unix.cpp - signals: which are caught, on which stack, and what happens then. Go's counterparts: signal_unix.go,
// signal_amd64x.go, sigtab_linux_generic.go.
//
// Go catches nearly all of its 65 signals, to offer them to the program. There is no os/signal here, so only those are
// caught that end the process with a report; the others keep the system's default, which is what Go falls back to.

#include "runtime.hpp"

GOVAR(sigset, initSigmask);

constexpr uint64 _SA_SIGINFO = 4, _SA_ONSTACK = 0x8000000, _SA_RESTORER = 0x4000000, _SA_RESTART = 0x10000000;
constexpr int32 _SS_DISABLE = 2;

static const struct {
    uint32 sig;
    const char* name;
} sigtable[] = {
    {3, "SIGQUIT: quit"},
    {4, "SIGILL: illegal instruction"},
    {5, "SIGTRAP: trace trap"},
    {6, "SIGABRT: abort"},
    {7, "SIGBUS: bus error"},
    {8, "SIGFPE: floating-point exception"},
    {11, "SIGSEGV: segmentation violation"},
    {31, "SIGSYS: bad system call"},
};

/// The mask that the thread came with; new threads get the same.
void msigsave(m* mp) { rtsigprocmask(_SIG_SETMASK, nullptr, &mp->sigmask, sizeof mp->sigmask); }

/// Called by mstartm0, so signals are caught from the first schedule on. Go makes two calls a signal: one to read the
/// old handler and one to set the new; the system call does both at once.
void initsig(bool) {
    sigactiont sa = {reinterpret_cast<uintptr>(sigtramp), _SA_SIGINFO | _SA_ONSTACK | _SA_RESTORER | _SA_RESTART,
                     reinterpret_cast<uintptr>(sigreturn), ~0ull};
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
    uint64 regs[23];  // r8 .. r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, ...
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

static void sighandler(uint32 sig, siginfo* info, ucontext* c, g* gp) {
    m* mp = gp->m;
    mp->throwing = 1;
    const char* name = "signal";
    for (auto& t : sigtable)
        if (t.sig == sig) name = t.name;
    prints(name);
    prints("\nPC=");
    printhex(c->regs[16]);
    prints(" m=");
    printint(mp->id);
    prints(" sigcode=");
    printint(info->si_code);
    if (sig == 7 || sig == 11) {
        prints(" addr=");
        printhex(info->si_addr);
    }
    prints("\n\ngoroutine ");
    printint(gp->goid);
    prints(gp == mp->g0 ? " [idle]:\n" : " [running]:\n");
    exit_(2);
}
