// handlers.cpp - signals: which are caught, on which stack, and what a thread's mask is, one check at a time.

#include <initializer_list>

#include "checks.hpp"

// ---- what a handler finds, and what is so when threads begin and end: linked with --wrap ------------------------------

constexpr sigset notblockable = 1ull << 8 | 1ull << 18;  // SIGKILL and SIGSTOP
constexpr sigset all = ~notblockable;

[[gnu::always_inline]] static inline sigset mask() {
    sigset s = 0;
    rtsigprocmask(_SIG_SETMASK, nullptr, &s, sizeof s);
    return s;
}

void real_sigtrampgo(uint32 sig, siginfo* info, ucontext* c) GO("__real_runtime.sigtrampgo");
nosplit void wrap_sigtrampgo(uint32 sig, siginfo* info, ucontext* c) GO("__wrap_runtime.sigtrampgo");
static volatile uint32 handled;
static volatile bool onsignalstack;
static volatile sigset blocked;
void wrap_sigtrampgo(uint32 sig, siginfo* info, ucontext* c) {
    auto sp = reinterpret_cast<uintptr>(__builtin_frame_address(0));
    const stack& s = getg()->m->gsignal->stack;
    onsignalstack = s.lo <= sp && sp < s.hi;
    blocked = mask();
    handled = handled + 1;
    real_sigtrampgo(sig, info, c);
}

int32 real_clone(int32 flags, void* stk, m* mp, g* gp, void (*fn)()) GO("__real_runtime.clone");
nosplit int32 wrap_clone(int32 flags, void* stk, m* mp, g* gp, void (*fn)()) GO("__wrap_runtime.clone");
static sigset atclone;
static volatile int32 refused;  // what clone says instead
int32 wrap_clone(int32 flags, void* stk, m* mp, g* gp, void (*fn)()) {
    atclone = mask();
    if (refused) return refused;
    return real_clone(flags, stk, mp, gp, fn);
}

void real_exitThread(uint32* wait) GO("__real_runtime.exitThread");
nosplit void wrap_exitThread(uint32* wait) GO("__wrap_runtime.exitThread");
static uint32 ended;
static sigset atend;
static bool hasstack;
void wrap_exitThread(uint32* wait) {
    stackt st = {};
    sigaltstack_(nullptr, &st);
    atend = mask();
    hasstack = !(st.ss_flags & _SS_DISABLE);
    atomic::Store(&ended, 1u);
    real_exitThread(wait);
}

constexpr int32 sigusr1 = 10;
[[gnu::always_inline]] static inline void raise(int32 sig) { tgkill_(getpid_(), gettid_(), sig); }

// ---- handlers ------------------------------------------------------------------------------------------------------

static void a_handler_runs_on_the_signal_stack() {
    ong0([] { raise(sigusr1); });
    must(handled == 1 && onsignalstack, "a goroutine's may be too small");
}

static void all_signals_wait_while_a_handler_runs() {
    raise(sigusr1);
    must(blocked == all, "there is one signal stack");
    must(mask() == 0, "and then no more");
}

/// As if it came in the middle of a switch, when the guard is not that of the current g.
static void the_guard_is_put_back_as_it_was() {
    m* mp = getg()->m;
    uintptr before = mp->tlsguard;
    settlsguard(before - 8);
    raise(sigusr1);
    uintptr after = mp->tlsguard;
    settlsguard(before);
    must(handled == 1 && after == before - 8, "whatever it was");
}

/// preemptone writes into the g, and into the M's copy of the guard, which is gsignal's meanwhile.
static void a_request_that_comes_meanwhile_is_not_lost() {
    g* gp = getg();
    m* mp = gp->m;
    uintptr before = mp->tlsguard, own = gp->stackguard0;
    gp->stackguard0 = stackPreempt;
    raise(sigusr1);
    uintptr after = mp->tlsguard;
    gp->stackguard0 = own;
    settlsguard(before);
    must(handled == 1 && after == stackPreempt, "the next prologue sees it");
}

static void signals_are_caught_but_for_job_control_and_libc_s() {
    constexpr sigset defaults = notblockable | 1ull << 17 | 7ull << 19 | 3ull << 31;
    for (uint32 sig = 1; sig < _NSIG; sig++) {
        sigactiont sa = {};
        rt_sigaction(sig, nullptr, &sa, sizeof sa.sa_mask);
        bool caught = sa.sa_handler == reinterpret_cast<uintptr>(sigtramp);
        must(caught == !(defaults >> (sig - 1) & 1), "as Go has it");
    }
}

static void what_nohup_has_ignored_stays_ignored() {
    for (uint32 sig : {_SIGHUP, _SIGINT, 15u}) {
        sigactiont sa = {1, 0, 0, 0};  // SIG_IGN
        rt_sigaction(sig, &sa, nullptr, sizeof sa.sa_mask);
    }
    initsig(false);
    for (uint32 sig : {_SIGHUP, _SIGINT, 15u}) {
        sigactiont sa = {};
        rt_sigaction(sig, nullptr, &sa, sizeof sa.sa_mask);
        must((sa.sa_handler == 1) == (sig != 15), "these two, and no other");
    }
}

static int64 tid, answer;

/// read, from a pipe in which there is nothing; in a system call, hence nosplit.
nosplit static int64 readraw(uintptr fd, const void* b, uintptr n);
static int64 readraw(uintptr fd, const void* b, uintptr n) {
    atomic::Store(&tid, gettid_());
    return read_(static_cast<int32>(fd), const_cast<void*>(b), n);
}

static void a_call_that_a_signal_interrupts_is_taken_up_again() {
    int32 fds[2];
    must(pipe2_(fds, 0) == 0, "a pipe");
    uint8 byte = 1;
    chan<bool> done(0);
    go([=]() mutable {
        uint8 got = 0;
        answer = Syscall(readraw, static_cast<uintptr>(fds[0]), &got, 1);
        done.send(true);
    });
    while (atomic::Load(&tid) == 0) runtime::Gosched();
    for (int i = 0; i < 30; i++) {
        tgkill_(getpid_(), tid, sigusr1);
        usleep_(1000);
    }
    must(handled > 0, "it was interrupted");
    write_(static_cast<uintptr>(fds[1]), &byte, 1);
    done.recv();
    must(answer == 1, "it reads what comes");
}

/// A place that is no goroutine's stack: nothing can be pushed there.
static void no_panic_begins_on_a_strange_stack() {
    static uintptr room[64];
    __asm__ volatile("mov %0, %%rsp\n\tmovl $1, 0x18" : : "r"(&room[32]) : "memory");
}

/// The first thread's own stack lies higher than those of goroutines.
static void no_panic_begins_on_a_stack_above() {
    uintptr above = reinterpret_cast<uintptr>(argv) & ~15ull;
    must(above > getg()->stack.hi, "it lies there");
    __asm__ volatile("mov %0, %%rsp\n\tmovl $1, 0x18" : : "r"(above) : "memory");
}

/// In a system call the stack must not grow, so nothing can be called.
static void no_panic_begins_where_the_stack_must_not_split() {
    getg()->throwsplit = true;
    __asm__ volatile("movl $1, 0x18" : : : "memory");
}

static void a_signal_that_kills_does_so_though_it_is_caught() { raise(15); }

// ---- threads -------------------------------------------------------------------------------------------------------

static void sleeps() {
    note forever = {};
    notesleep(&forever);
}

static void what_the_runtime_needs_is_never_blocked() {
    getg()->m->sigmask = all;
    minitSignals();
    constexpr sigset faults = 1ull << 10 | 1ull << 7 | 1ull << 6,
                     others = 1ull << 3 | 1ull << 4 | 1ull << 16 | 1ull << 26;
    must((mask() & (faults | others)) == 0, "whatever the process began with");
    must((mask() & 1ull << (sigusr1 - 1)) != 0, "the rest is as it was");
}

static void a_thread_begins_with_all_signals_blocked() {
    ong0([] { newm(sleeps, nullptr); });
    must(atclone == all, "until it has a stack for them");
    must((mask() & ~initSigmask) == 0, "and its maker goes on as before");
}

static void a_thread_that_cannot_be_made_is_the_end() {
    refused = -_EAGAIN;
    ong0([] { newm(sleeps, nullptr); });
}

static void a_thread_that_ends_is_deaf_and_has_no_signal_stack() {
    runtime::LockOSThread();  // the first thread would not end
    go([] { runtime::LockOSThread(); });
    while (atomic::Load(&ended) == 0) runtime::Gosched();
    must(atend == all && !hasstack, "its stack is somebody else's soon");
}

void main_main() {
    CHECK(a_handler_runs_on_the_signal_stack);
    CHECK(all_signals_wait_while_a_handler_runs);
    CHECK(the_guard_is_put_back_as_it_was);
    CHECK(a_request_that_comes_meanwhile_is_not_lost);
    CHECK(signals_are_caught_but_for_job_control_and_libc_s);
    CHECK(what_nohup_has_ignored_stays_ignored);
    CHECK(a_call_that_a_signal_interrupts_is_taken_up_again);
    CHECK(no_panic_begins_on_a_strange_stack);
    CHECK(no_panic_begins_on_a_stack_above);
    CHECK(no_panic_begins_where_the_stack_must_not_split);
    CHECK(a_signal_that_kills_does_so_though_it_is_caught);
    CHECK(what_the_runtime_needs_is_never_blocked);
    CHECK(a_thread_begins_with_all_signals_blocked);
    CHECK(a_thread_that_cannot_be_made_is_the_end);
    CHECK(a_thread_that_ends_is_deaf_and_has_no_signal_stack);
}
