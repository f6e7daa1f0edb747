// signal_unix.cpp - signals: which are caught, on which stack, and what happens then. Go's counterparts:
// signal_unix.go, signal_sighandler.go, signal_amd64x.go, sigtab_linux_generic.go.
//
// The runtime catches all it can, as Go does, whose programs may ask for them. There is no os/signal here, so nobody
// ever asks, and sigtable says what comes of that: most signals are nothing, some end the process, some with a report.

#include "runtime.hpp"

#include "symtab.hpp"

constexpr uintptr _SIG_DFL = 0, _SIG_IGN = 1;
constexpr uint64 _SA_SIGINFO = 4, _SA_ONSTACK = 0x8000000, _SA_RESTORER = 0x4000000, _SA_RESTART = 0x10000000;

constexpr int32 _SI_USER = 0, _FPE_INTDIV = 1, _FPE_INTOVF = 2, _BUS_ADRERR = 2, _SEGV_ACCERR = 2;

enum : uint32 {
    _SigNotify = 1,     // a program could ask for it; if that is all, it is nothing to those that have not
    _SigKill = 2,       // the end, as if it had not been caught
    _SigThrow = 4,      // a report, and the end
    _SigPanic = 8,      // if the program brought it on itself, a panic; if somebody sent it, nothing
    _SigDefault = 16,   // not caught unless the program asks: job control
    _SigSetStack = 64,  // not caught: the C library's
    _SigUnblock = 128,  // never blocked, whatever the process began with
};

namespace {
struct sigTabT {
    uint32 flags;
    const char* name;
};
}  // namespace

static constexpr sigTabT rt = {_SigNotify, "a real-time signal"};

static constexpr sigTabT sigtable[] = {
    {0, "SIGNONE: no trap"},
    {_SigNotify | _SigKill, "SIGHUP: terminal line hangup"},
    {_SigNotify | _SigKill, "SIGINT: interrupt"},
    {_SigNotify | _SigThrow, "SIGQUIT: quit"},
    {_SigThrow | _SigUnblock, "SIGILL: illegal instruction"},
    {_SigThrow | _SigUnblock, "SIGTRAP: trace trap"},
    {_SigNotify | _SigThrow, "SIGABRT: abort"},
    {_SigPanic | _SigUnblock, "SIGBUS: bus error"},
    {_SigPanic | _SigUnblock, "SIGFPE: floating-point exception"},
    {0, "SIGKILL: kill"},
    {_SigNotify, "SIGUSR1: user-defined signal 1"},
    {_SigPanic | _SigUnblock, "SIGSEGV: segmentation violation"},
    {_SigNotify, "SIGUSR2: user-defined signal 2"},
    {_SigNotify, "SIGPIPE: write to broken pipe"},
    {_SigNotify, "SIGALRM: alarm clock"},
    {_SigNotify | _SigKill, "SIGTERM: termination"},
    {_SigThrow | _SigUnblock, "SIGSTKFLT: stack fault"},
    {_SigNotify | _SigUnblock, "SIGCHLD: child status has changed"},
    {_SigNotify | _SigDefault, "SIGCONT: continue"},
    {0, "SIGSTOP: stop, unblockable"},
    {_SigNotify | _SigDefault, "SIGTSTP: keyboard stop"},
    {_SigNotify | _SigDefault, "SIGTTIN: background read from tty"},
    {_SigNotify | _SigDefault, "SIGTTOU: background write to tty"},
    {_SigNotify, "SIGURG: urgent condition on socket"},
    {_SigNotify, "SIGXCPU: cpu limit exceeded"},
    {_SigNotify, "SIGXFSZ: file size limit exceeded"},
    {_SigNotify, "SIGVTALRM: virtual alarm clock"},
    {_SigNotify | _SigUnblock, "SIGPROF: profiling alarm clock"},
    {_SigNotify, "SIGWINCH: window size change"},
    {_SigNotify, "SIGIO: i/o now possible"},
    {_SigNotify, "SIGPWR: power failure restart"},
    {_SigThrow, "SIGSYS: bad system call"},
    {_SigSetStack | _SigUnblock, "signal 32"},
    {_SigSetStack | _SigUnblock, "signal 33"},
    // In lines, so that they can be counted.
    // clang-format off
    rt, rt, rt, rt, rt, rt, rt, rt, rt, rt, rt, rt, rt, rt, rt, rt,   // 34 to 49
    rt, rt, rt, rt, rt, rt, rt, rt, rt, rt, rt, rt, rt, rt, rt,       // 50 to 64
    // clang-format on
};
static_assert(len(sigtable) == _NSIG);

/// A signal's row bears its name.
static constexpr bool named(uint32 sig, const char* name) {
    const char* s = sigtable[sig].name;
    while (*name && *s == *name) s++, name++;
    return !*name && *s == ':';
}
static_assert(named(_SIGHUP, "SIGHUP") && named(_SIGINT, "SIGINT") && named(_SIGABRT, "SIGABRT"));
static_assert(named(_SIGBUS, "SIGBUS") && named(_SIGFPE, "SIGFPE") && named(_SIGSEGV, "SIGSEGV"));
static_assert(named(_SIGPIPE, "SIGPIPE") && named(_SIGPROF, "SIGPROF"));

/// The signals that have this flag.
static constexpr sigset havingflag(uint32 flag) {
    sigset s = 0;
    for (uint32 sig = 1; sig < _NSIG; sig++)
        if (sigtable[sig].flags & flag) s |= 1ull << (sig - 1);
    return s;
}

constexpr sigset unblocked = havingflag(_SigUnblock), faults = havingflag(_SigPanic);

const char* signame(uint32 sig) { return sig < _NSIG ? sigtable[sig].name : nullptr; }

// ---- at the start --------------------------------------------------------------------------------------------------

/// The mask that the thread came with; new threads get the same.
void msigsave(m* mp) { rtsigprocmask(_SIG_SETMASK, nullptr, &mp->sigmask, sizeof mp->sigmask); }

static uintptr getsig(uint32 sig) {
    sigactiont sa;
    if (rt_sigaction(sig, nullptr, &sa, sizeof sa.sa_mask) != 0) throw_("rt_sigaction read failure");
    return sa.sa_handler;
}

/// While a handler runs, every signal waits.
static void setsig(uint32 sig, uintptr handler) {
    sigactiont sa = {handler, _SA_SIGINFO | _SA_ONSTACK | _SA_RESTORER | _SA_RESTART,
                     reinterpret_cast<uintptr>(sigreturn), ~0ull};
    rt_sigaction(sig, &sa, nullptr, sizeof sa.sa_mask);
}

/// Is it ours to catch? Who starts a program with nohup, or in a shell's background, has it ignore two: they stay
/// ignored.
static bool sigInstallGoHandler(uint32 sig) {
    if ((sig == _SIGHUP || sig == _SIGINT) && getsig(sig) == _SIG_IGN) return false;
    return !(sigtable[sig].flags & _SigSetStack);
}

/// Called by mstartm0, so signals are caught from the first schedule on. Go reads the old handler of each one first, to
/// pass signals on to it. No program is begun with a handler: only where it matters it is asked whether one is ignored.
void initsig(bool) {
    for (uint32 sig = 1; sig < _NSIG; sig++) {
        uint32 flags = sigtable[sig].flags;
        if (flags == 0 || flags & _SigDefault || !sigInstallGoHandler(sig)) continue;
        setsig(sig, reinterpret_cast<uintptr>(sigtramp));
    }
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
    sigset mask = mp->sigmask & ~unblocked;
    rtsigprocmask(_SIG_SETMASK, &mask, nullptr, sizeof mask);
}

// ---- when one comes ------------------------------------------------------------------------------------------------

static void sighandler(uint32 sig, siginfo* info, ucontext* c, g* gp);

/// From sigtramp, on the signal stack: become gsignal, so that stack checks look at the right stack. Whatever was going
/// on goes on afterwards, be it in the middle of a switch: the guard is put back as it was. A request to preempt that
/// came meanwhile went to the M's copy of the guard, which was gsignal's then, and to the g, where it is found.
void sigtrampgo(uint32 sig, siginfo* info, ucontext* c) {
    g* gp = getg();
    if (!gp || !gp->m->gsignal) fatal_nosplit("fatal: signal before the runtime was ready for it\n");
    m* mp = gp->m;
    uintptr guard = atomic::LoadRelaxed(&mp->tlsguard);
    tls_g = mp->gsignal;
    settlsguard(mp->gsignal->stack.lo + _StackGuard);
    sighandler(sig, info, c, gp);
    tls_g = gp;
    settlsguard(atomic::Load(&gp->stackguard0) == stackPreempt ? stackPreempt : guard);
}

static void dumpregs(const ucontext* c) {
    const struct {
        const char* name;
        uint64 v;
    } regs[] = {{"rax    ", c->rax}, {"rbx    ", c->rbx},    {"rcx    ", c->rcx}, {"rdx    ", c->rdx},
                {"rdi    ", c->rdi}, {"rsi    ", c->rsi},    {"rbp    ", c->rbp}, {"rsp    ", c->rsp},
                {"r8     ", c->r8},  {"r9     ", c->r9},     {"r10    ", c->r10}, {"r11    ", c->r11},
                {"r12    ", c->r12}, {"r13    ", c->r13},    {"r14    ", c->r14}, {"r15    ", c->r15},
                {"rip    ", c->rip}, {"rflags ", c->eflags}, {"cs     ", c->cs},  {"fs     ", c->fs},
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
    if (sig == _SIGPROF) return;  // there is no profiler
    uint32 flags = sig < _NSIG ? sigtable[sig].flags : _SigThrow;
    // Where the stack must not grow, no panic can begin.
    if (flags & _SigPanic && gp->throwsplit) flags = _SigThrow;
    if (flags & _SigPanic && info->si_code != _SI_USER) {
        gp->sig = sig;
        gp->sigcode0 = static_cast<uintptr>(info->si_code);
        gp->sigcode1 = info->si_addr;
        gp->sigpc = c->rip;
        if (preparePanic(c, gp)) return;
        flags = _SigThrow;
    }
    if (flags & _SigKill) dieFromSignal(sig);
    if (!(flags & _SigThrow)) return;

    // From here on this thread does not return. A fault in the report is a failure like others, not a silent end.
    rtsigprocmask(_SIG_UNBLOCK, &faults, nullptr, sizeof faults);
    m* mp = gp->m;
    mp->throwing = 1;
    mp->caughtsig = gp;
    startpanic();
    const char* name = signame(sig);
    print(name ? name : "signal", "\nPC=", hex{c->rip}, " m=", mp->id, " sigcode=", static_cast<int64>(info->si_code),
          "\n\n");

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
    setsig(sig, _SIG_DFL);
    sigset set = 1ull << (sig - 1);
    rtsigprocmask(_SIG_UNBLOCK, &set, nullptr, sizeof set);
    tgkill_(getpid_(), gettid_(), static_cast<int32>(sig));
    exit_(2);
}
