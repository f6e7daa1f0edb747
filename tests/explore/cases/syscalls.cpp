// syscalls.cpp - a goroutine in a system call and sysmon, who takes its P: exactly one of them has it, and the goroutine
// goes on whoever it was.
//
// Between entersyscall and exitsyscall nothing may grow the stack: what runs there is nosplit here, too.

#include "beside.hpp"
#include "extern.hpp"

constexpr int64 us = 1000, ms = 1000000;

#define IN_A_CALL []() __attribute__((always_inline))  // nothing else makes a closure nosplit

/// A system call that is f().
template <class F> nosplit static int64 call(uintptr, const void* f, uintptr);
template <class F> int64 call(uintptr, const void* f, uintptr) {
    (*static_cast<const F*>(f))();
    return 0;
}
template <class F> static void in_a_call(const F& f) { Syscall(call<F>, 0, &f, 0); }

// ---- sysmon's looks, by a thread that has no P either --------------------------------------------------------------

static int64 look_at;  // not 0: it is to look, as if it were that time
static uint32 took, looked;

static void looks() {
    lock(&sched.lock);
    sched.nmsys++;  // as sysmon: not one of those that run goroutines
    unlock(&sched.lock);
    for (;;) {
        while (atomic::Load(&look_at) == 0) futexsleep(reinterpret_cast<uintptr*>(&look_at), 0, -1);
        int64 at = atomic::Xchg(&look_at, 0);
        atomic::Xadd(&took, retake(at));
        atomic::Xadd(&looked, 1);
    }
}

static void start_looking() {
    int64 asleep = explore::sleeps();
    systemstack<void>([](void*) { newm(looks, nullptr); }, nullptr);
    while (explore::sleeps() == asleep) procyield(10);
    for (int i = 0; i < 3; i++) runtime::Gosched();  // the runtime's own goroutines park
    in_a_call(IN_A_CALL{});  // a P that has never been in one looks as if it were in the same since the boot
}

nosplit static void ask(int64 later);
static void ask(int64 later) {
    atomic::Store(&look_at, nanotime() + later);
    futex(reinterpret_cast<uintptr*>(&look_at), _FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

/// It looks, and has looked. How many Ps were taken?
nosplit static uint32 look(int64 later);
static uint32 look(int64 later) {
    uint32 n = atomic::Load(&looked), had = atomic::Load(&took);
    ask(later);
    while (atomic::Load(&looked) == n) procyield(10);
    return atomic::Load(&took) - had;
}

// ---- a call ends while its P is taken ------------------------------------------------------------------------------

/// It goes on, with a P of its own: with pp, if that is not null.
static void a_call_is_over(p* pp) {
    g* gp = getg();
    explore::check(readgstatus(gp) == _Grunning && gp->syscallsp == 0, "it still is in a system call");
    explore::check(!gp->throwsplit && gp->m->locks == 0, "it may not grow its stack or be preempted any more");
    explore::check(!pp || gp->m->p == pp, "it came back to another P");
    explore::check(gp->m->p->m == gp->m && gp->m->p->status == _Prunning, "it runs without a P of its own");
    explore::check(gp->m->mcache == gp->m->p->mcache, "it has another P's memory");
}

/// Calls that the Ps have seen begin or end.
static uint32 ticks() {
    uint32 n = 0;
    for (int64 i = 0; i < allp.len; i++) n += allp.array[i]->syscalltick;
    return n;
}

/// sysmon has seen the call begin and looks again when it ends.
static void a_call_ends_while_its_p_is_taken() {
    start_looking();
    uint32 before = ticks();
    in_a_call(IN_A_CALL {
        look(0);
        explore::begin();
        ask(20 * us);
    });
    while (atomic::Load(&looked) < 2) procyield(10);
    explore::check(ticks() >= before + 1 + took, "a P changed hands, and its tick does not say so");
    a_call_is_over(nullptr);
}
CASE(a_call_ends_while_its_p_is_taken, a_call_ends_while_its_p_is_taken, .cpus = 1, .preemptions = 2, .most = 6000);
CASE(a_call_ends_while_one_of_two_ps_is_taken, a_call_ends_while_its_p_is_taken, .preemptions = 2, .most = 6000);

/// The same with a goroutine that waits for that P: both run, each once.
static uint32 ran;

static void a_call_ends_while_its_p_is_taken_for_another() {
    start_looking();
    go([] { atomic::Xadd(&ran, 1); });
    in_a_call(IN_A_CALL {
        look(0);
        explore::begin();
        ask(20 * us);
    });
    while (atomic::Load(&looked) < 2) procyield(10);
    while (atomic::Load(&ran) == 0) runtime::Gosched();
    explore::check(ran == 1, "a goroutine ran twice");
}
CASE(a_call_ends_while_its_p_is_taken_for_another, a_call_ends_while_its_p_is_taken_for_another, .cpus = 1,
     .preemptions = 2, .most = 6000);

/// A call begins, and sysmon takes a P that has only just been put there.
static void a_call_begins_while_its_p_is_taken() {
    start_looking();
    look(0);
    explore::begin();
    ask(20 * us);
    in_a_call(IN_A_CALL{});
    ask(40 * us);
    in_a_call(IN_A_CALL{});
    while (atomic::Load(&looked) < 2) procyield(10);
    explore::check(getg()->m->p->m == getg()->m && getg()->m->p->status == _Prunning, "it runs without a P of its own");
}
CASE(a_call_begins_while_its_p_is_taken, a_call_begins_while_its_p_is_taken, .cpus = 1, .preemptions = 2, .most = 6000);

/// Nobody but its own M may run a goroutine that is locked to it, and that one needs a P.
static void a_locked_goroutine_comes_back_without_a_p() {
    start_looking();
    runtime::LockOSThread();
    m* mp = getg()->m;
    go([] {
        while (atomic::Load(&ran) == 0) runtime::Gosched();
        atomic::Store(&ran, 2);
    });
    in_a_call(IN_A_CALL {
        look(0);
        explore::begin();
        look(20 * us);
    });
    explore::check(getg()->m == mp, "a locked goroutine runs on another M");
    atomic::Store(&ran, 1);
    while (atomic::Load(&ran) != 2) runtime::Gosched();
    explore::check(getg()->m == mp, "a locked goroutine runs on another M");
}
CASE(a_locked_goroutine_comes_back_without_a_p, a_locked_goroutine_comes_back_without_a_p, .cpus = 1, .preemptions = 1);

// ---- when a P is taken ---------------------------------------------------------------------------------------------

/// Seen twice in the same call, that is for at least one tick; and nobody else could run what becomes runnable.
static void a_p_is_taken_at_the_second_look() {
    start_looking();
    explore::begin();
    in_a_call(IN_A_CALL { explore::check(look(0) == 0, "a P was taken from a call that has just begun"); });
    in_a_call(IN_A_CALL { explore::check(look(20 * us) == 0, "two short calls were taken for a long one"); });
    in_a_call(IN_A_CALL {
        look(40 * us);
        explore::check(look(60 * us) == 1, "nobody could run, and the P was left where it is");
    });
}
CASE(a_p_is_taken_at_the_second_look, a_p_is_taken_at_the_second_look, .cpus = 1, .preemptions = 0, .random = 0);

/// Somebody else would run what becomes runnable: it is left where it is, for 10 ms.
static void a_p_that_nobody_needs_is_taken_late() {
    start_looking();
    explore::begin();
    in_a_call(IN_A_CALL {
        look(0);
        explore::check(look(9 * ms) == 0, "a P was taken that nobody needs");
        explore::check(look(11 * ms) == 1, "a P was left in a long call");
    });
}
CASE(a_p_that_nobody_needs_is_taken_late, a_p_that_nobody_needs_is_taken_late, .preemptions = 0, .random = 0);

/// A goroutine waits for that very P: it is taken for it.
static void a_p_with_work_is_taken() {
    start_looking();
    explore::begin();
    go([] { atomic::Xadd(&ran, 1); });
    in_a_call(IN_A_CALL {
        look(0);
        explore::check(look(20 * us) == 1, "a P was left in a call while a goroutine waits for it");
        while (atomic::Load(&ran) == 0) procyield(10);
    });
}
CASE(a_p_with_work_is_taken, a_p_with_work_is_taken, .cpus = 1, .preemptions = 0, .random = 0);

/// Somebody else could run it, but has not been told of it.
static void a_p_with_work_is_taken_beside_an_idle_one() {
    start_looking();
    go([] {
        gopark(nullptr, nullptr, str("a test"));
        atomic::Xadd(&ran, 1);
    });
    for (int i = 0; i < 20; i++) procyield(10);
    explore::begin();
    g* gp = allgs.array[allgs.len - 1];
    casgstatus(gp, _Gwaiting, _Grunnable);
    runqput(getg()->m->p, gp, true);
    in_a_call(IN_A_CALL {
        look(0);
        explore::check(look(20 * us) == 1, "a P was left in a call while a goroutine waits for it");
    });
    while (atomic::Load(&ran) == 0) runtime::Gosched();
}
CASE(a_p_with_work_is_taken_beside_an_idle_one, a_p_with_work_is_taken_beside_an_idle_one, .preemptions = 0,
     .random = 0);

// ---- what a call leaves as it was ----------------------------------------------------------------------------------

/// During the call sched describes the caller, whatever ran on g0 meanwhile; and nothing may move the goroutine.
nosplit static void describes_the_caller();
static void describes_the_caller() {
    m* mp = getg()->m;
    g* gp = mp->curg;
    explore::check(readgstatus(gp) == _Gsyscall, "it is in a system call");
    explore::check(gp->sched.pc == gp->syscallpc && gp->sched.sp == gp->syscallsp, "sched describes something else");
    explore::check(gp->throwsplit && gp->stackguard0 == stackPreempt, "it may grow its stack");
    explore::check(!mp->mcache, "it has memory of a P that may be another's");
    explore::check(mp->locks == 0, "it keeps its M from ever preempting");
}

static void a_call_leaves_things_as_they_were() {
    explore::begin();
    p* pp = getg()->m->p;
    in_a_call(IN_A_CALL {
        describes_the_caller();
        explore::check(!getg()->m->p->m && getg()->m->p->status == _Psyscall, "nobody could take the P");
        getg()->waitsince = 1;  // somebody has noted that it waits
    });
    a_call_is_over(pp);
    explore::check(getg()->waitsince == 0, "it runs, and is said to wait");
    explore::check(getg()->stackguard0 == getg()->stack.lo + _StackGuard, "the stack's end is elsewhere");
}
CASE(a_call_leaves_things_as_they_were, a_call_leaves_things_as_they_were, .preemptions = 0, .random = 0);

/// preemptone was too late to see the call: what it asked for is done afterwards.
static void a_request_during_a_call_is_kept() {
    explore::begin();
    in_a_call(IN_A_CALL { atomic::Store(&getg()->preempt, true); });
    explore::check(getg()->stackguard0 == stackPreempt, "a request to preempt it was lost");
}
CASE(a_request_during_a_call_is_kept, a_request_during_a_call_is_kept, .preemptions = 0, .random = 0);

/// An idle P is better than none: the goroutine goes on with it, on its M, in its time slice.
static void a_call_ends_beside_an_idle_p() {
    start_looking();
    explore::begin();
    uint32 slices = allp.array[0]->schedtick + allp.array[1]->schedtick;
    in_a_call(IN_A_CALL {
        look(0);
        explore::check(look(11 * ms) == 1, "a P was left in a long call");
    });
    explore::check(allp.array[0]->schedtick + allp.array[1]->schedtick == slices, "it was scheduled anew");
    a_call_is_over(nullptr);
}
CASE(a_call_ends_beside_an_idle_p, a_call_ends_beside_an_idle_p, .preemptions = 0, .random = 0);

static void a_note_leaves_things_as_they_were() {
    explore::begin();
    note n = {};
    explore::check(!notetsleepg(&n, 1000), "nobody has woken it");
    a_call_is_over(nullptr);
}
CASE(a_note_leaves_things_as_they_were, a_note_leaves_things_as_they_were, .preemptions = 0, .random = 0);

// ---- sysmon sleeps while nobody runs -------------------------------------------------------------------------------

/// It is awake: it asks for this P within its next looks, and does not sleep for a minute.
static void sysmon_watches() {
    explore::check(sched.sysmonwait == 0, "sysmon sleeps, and a goroutine runs");
    int64 begin = nanotime();
    while (!atomic::Load(&getg()->preempt)) procyield(10);
    explore::check(nanotime() - begin < 1000 * ms, "sysmon slept while a goroutine ran");
}

nosplit static void wait_until_sysmon_sleeps();
static void wait_until_sysmon_sleeps() {
    while (atomic::Load(&sched.sysmonwait) == 0) procyield(10);
}

/// The P is taken and nobody has a use for it: all are idle. The goroutine comes back, to an idle P; then once more.
static void sysmon_is_woken_by_who_comes_back() {
    start_looking();
    explore::begin();
    for (int i = 0; i < 2; i++) {
        in_a_call(IN_A_CALL {
            look(0);
            look(20 * us);
            wait_until_sysmon_sleeps();
        });
        sysmon_watches();
    }
}
CASE(sysmon_is_woken_by_who_comes_back, sysmon_is_woken_by_who_comes_back, .cpus = 1, .preemptions = 1, .random = 100);

/// sysmon has seen that nobody runs, and goes to sleep while somebody comes back.
static void sysmon_falls_asleep_as_one_comes_back() {
    start_looking();
    in_a_call(IN_A_CALL {
        look(0);
        look(20 * us);
        explore::begin();
        usleep_(30);
    });
    sysmon_watches();
}
CASE(sysmon_falls_asleep_as_one_comes_back, sysmon_falls_asleep_as_one_comes_back, .cpus = 1, .preemptions = 1,
     .random = 500);

/// The idle P goes to an M that finds nothing to do, and is idle again when the goroutine looks for the second time.
static uintptr poked;  // a futex

static void pokes() {
    while (atomic::Load(&poked) == 0) futexsleep(&poked, 0, -1);
    startm(nullptr, false);
    note forever = {};
    notesleep(&forever);
}

static void sysmon_is_woken_by_who_comes_back_late() {
    start_looking();
    m* mp = getg()->m;
    systemstack<void>([](void*) { newm(pokes, nullptr); }, nullptr);
    in_a_call(IN_A_CALL {
        look(0);
        look(20 * us);
        wait_until_sysmon_sleeps();
        explore::begin();
        atomic::Store(&poked, 1);
        futex(&poked, _FUTEX_WAKE, 1, nullptr, nullptr, 0);
    });
    // On another M it did not come back: it was queued, and whoever ran it had been started by the poller.
    explore::check(getg()->m != mp || sched.sysmonwait == 0, "sysmon sleeps, and a goroutine runs");
}
CASE(sysmon_is_woken_by_who_comes_back_late, sysmon_is_woken_by_who_comes_back_late, .cpus = 1, .most = 8000);

/// As the poller would: whoever it readies runs, and sysmon sleeps on. The first system call wakes it.
static g* parked;

static void readies() {
    while (!atomic::Load(&parked) || atomic::Load(&sched.sysmonwait) == 0) procyield(10);
    injectglist(parked);
    note forever = {};
    notesleep(&forever);
}

static void sysmon_is_woken_by_a_call() {
    systemstack<void>([](void*) { newm(readies, nullptr); }, nullptr);
    gopark(
        [](g* gp, void*) {
            atomic::Store(&parked, gp);
            return true;
        },
        nullptr, str("a test"));
    explore::begin();
    in_a_call(IN_A_CALL {
        explore::check(atomic::Load(&sched.sysmonwait) == 0, "sysmon sleeps, and a P is in a system call");
        describes_the_caller();
    });
    sysmon_watches();
}
CASE(sysmon_is_woken_by_a_call, sysmon_is_woken_by_a_call, .cpus = 1, .preemptions = 1, .random = 100);
