// world.cpp - the world is stopped and started: every P is stopped, also those in system calls, those that search and
// those whose goroutine has just been switched; and afterwards everybody goes on.

#include "beside.hpp"
#include "extern.hpp"

constexpr int64 ms = 1000000;

static uint32 steps, in_a_call, stopped;

/// A function with a prologue: here a goroutine yields if it was asked to.
[[gnu::noinline]] static void step() { atomic::Xadd(&steps, 1); }
static void run_on() {
    while (atomic::Load(&stopped) < 2) {
        step();
        procyield(10);
    }
}

static void stop(int64 limit = 0) {
    int64 begin = nanotime();
    stopTheWorld(str("a test"));
    explore::check(limit == 0 || nanotime() - begin < limit, "a P was not asked to stop, or once and not again");
    for (int64 i = 0; i < allp.len; i++) explore::check(allp.array[i]->status == _Pgcstop, "a P is not stopped");
    explore::check(sched.npidle == 0 && !sched.pidle, "somebody could get a P");
    uint32 before = atomic::Load(&steps);
    for (int i = 0; i < 3; i++) procyield(10);
    explore::check(atomic::Load(&steps) == before, "a goroutine runs while the world is stopped");
    atomic::Xadd(&stopped, 1);
}

static void start() {
    startTheWorld();
    explore::check(getg()->m->preemptoff.len == 0, "it can never be preempted again");
}

// ---- whom a stop meets ---------------------------------------------------------------------------------------------

static void a_stop_meets_one_that_runs() {
    beside::run(run_on);
    beside::begin();
    for (int i = 0; i < 2; i++) {
        stop();
        start();
    }
    beside::wait(1);
}
CASE(a_stop_meets_one_that_runs, a_stop_meets_one_that_runs, .preemptions = 2, .most = 6000);

/// Goroutines that make way for each other: the request may reach one that has just made way.
static void a_stop_meets_a_switch() {
    beside::run([] {
        go(run_on);
        runtime::Gosched();
        run_on();
    });
    beside::begin();
    for (int i = 0; i < 2; i++) {
        stop(1000 * ms);
        start();
    }
    beside::wait(1);
}
CASE(a_stop_meets_a_switch, a_stop_meets_a_switch, .preemptions = 2, .most = 6000);

nosplit static int64 waits_for_the_stop(uintptr, const void*, uintptr);
static int64 waits_for_the_stop(uintptr, const void*, uintptr) {
    while (atomic::Load(&stopped) == 0) procyield(10);
    g* gp = getg()->m->curg;
    explore::check(gp->sched.pc == gp->syscallpc && gp->sched.sp == gp->syscallsp, "sched describes something else");
    return 0;
}

/// The call lasts until the world is stopped: whoever sees the other must stop that P.
static void a_stop_meets_a_call_that_begins() {
    beside::run([] {
        Syscall(waits_for_the_stop, 0, nullptr, 0);
        atomic::Xadd(&steps, 1);
    });
    beside::begin();
    stop();
    start();
    beside::wait(1);
}
CASE(a_stop_meets_a_call_that_begins, a_stop_meets_a_call_that_begins, .preemptions = 2, .most = 6000);

nosplit static int64 waits_for_the_search(uintptr, const void*, uintptr);
static int64 waits_for_the_search(uintptr, const void*, uintptr) {
    atomic::Store(&in_a_call, 1);
    while (atomic::Load(&stopped) == 0 && atomic::Load(&in_a_call) == 1) procyield(10);
    return 0;
}

static void a_stop_meets_a_call_that_ends() {
    beside::run([] {
        Syscall(waits_for_the_search, 0, nullptr, 0);
        atomic::Xadd(&steps, 1);
    });
    atomic::Store(&beside::begun, 1);
    futexwakeup(&beside::begun, 1);
    while (atomic::Load(&in_a_call) == 0) procyield(10);
    explore::begin();
    atomic::Store(&in_a_call, 2);
    stop();
    start();
    beside::wait(1);
}
CASE(a_stop_meets_a_call_that_ends, a_stop_meets_a_call_that_ends, .preemptions = 2, .most = 6000);

static void a_stop_meets_one_that_searches() {
    explore::begin();
    go([] { atomic::Xadd(&steps, 1); });
    stop();
    start();
    while (atomic::Load(&steps) == 0) procyield(10);
}
CASE(a_stop_meets_one_that_searches, a_stop_meets_one_that_searches, .preemptions = 2, .most = 6000);

static void two_stop_the_world() {
    beside::run([] {
        stop();
        start();
    });
    beside::begin();
    stop();
    start();
    while (atomic::Load(&beside::done) == 0) runtime::Gosched();
}
CASE(two_stop_the_world, two_stop_the_world, .preemptions = 1);

// ---- while it is stopped -------------------------------------------------------------------------------------------

nosplit static int64 nothing(uintptr, const void*, uintptr);
static int64 nothing(uintptr, const void*, uintptr) { return 0; }

/// Who has stopped it keeps its P, in a system call, too; and its M, though somebody had asked before.
static void who_stops_the_world_goes_on() {
    explore::begin();
    m* mp = getg()->m;
    stop();
    Syscall(nothing, 0, nullptr, 0);
    explore::check(sched.stopwait == 0 && mp->p, "it has stopped itself");
    atomic::Store(&getg()->preempt, true);
    atomic::Store(&getg()->stackguard0, stackPreempt);
    step();
    explore::check(getg()->m == mp, "it was preempted while all others waited for it");
    start();
    explore::check(atomic::Load(&sched.gcwaiting) == 0, "the world is to stop, and nobody wants it to");
}
CASE(who_stops_the_world_goes_on, who_stops_the_world_goes_on, .preemptions = 0, .random = 0);

static void who_stops_the_world_holds_no_lock() {
    explore::begin();
    static mutex mu;
    lock(&mu);
    stopTheWorld(str("a test"));
}
CASE(who_stops_the_world_holds_no_lock, who_stops_the_world_holds_no_lock, .preemptions = 0, .random = 0,
     .ends = "fatal error: stopTheWorld: holding locks");

/// The one that runs is asked at once, not only when it has not stopped for 100 us.
static void who_runs_is_asked_at_once() {
    beside::run(run_on);
    beside::begin();
    stop(ms / 11);
    explore::check(!getg()->preempt, "who stops the world has asked himself, too");
    atomic::Store(&stopped, 2);
    start();
    beside::wait(1);
}
CASE(who_runs_is_asked_at_once, who_runs_is_asked_at_once, .preemptions = 0, .random = 0);

// ---- start ---------------------------------------------------------------------------------------------------------

/// Nobody was woken for what was queued meanwhile: no P was idle. Now all three run at once, or nobody ends.
static void what_was_queued_runs_beside_main() {
    beside::begin();
    stop();
    for (int i = 0; i < 2; i++) {
        go([] {
            atomic::Xadd(&steps, 1);
            while (atomic::Load(&steps) < 2) procyield(10);
        });
    }
    start();
    while (atomic::Load(&steps) < 2) procyield(10);
}
CASE(what_was_queued_runs_beside_main, what_was_queued_runs_beside_main, .cpus = 3, .preemptions = 1);

/// A P whose queue is not empty gets an M, also if there is none that sleeps.
static void a_p_with_work_gets_an_m() {
    beside::run([] {
        go([] { atomic::Xadd(&steps, 1); });
        while (atomic::Load(&stopped) == 0) {
            step();
            procyield(10);
        }
        while (atomic::Load(&steps) < 1000) procyield(10);
    });
    beside::begin();
    stop();
    start();
    atomic::Xadd(&steps, 1000);
    beside::wait(1);
}
CASE(a_p_with_work_gets_an_m, a_p_with_work_gets_an_m, .preemptions = 1);

/// It had nothing to watch; now it has.
static void sysmon_is_woken_by_the_start() {
    explore::begin();
    for (int i = 0; i < 2; i++) {
        stopTheWorld(str("a test"));
        while (atomic::Load(&sched.sysmonwait) == 0) procyield(10);
        startTheWorld();
        explore::check(atomic::Load(&sched.sysmonwait) == 0, "sysmon sleeps, and a goroutine runs");
        int64 begin = nanotime();
        while (!atomic::Load(&getg()->preempt)) procyield(10);
        explore::check(nanotime() - begin < 1000 * ms, "sysmon slept while a goroutine ran");
    }
}
CASE(sysmon_is_woken_by_the_start, sysmon_is_woken_by_the_start, .preemptions = 1, .random = 100);

// ---- GOMAXPROCS ----------------------------------------------------------------------------------------------------

static uint32 took;

static void looks() {
    while (atomic::Load(&beside::begun) == 0) futexsleep(&beside::begun, 0, -1);
    for (int i = 1; i <= 3; i++) atomic::Xadd(&took, retake(nanotime() + i * 20 * ms));
    atomic::Xadd(&beside::done, 1);
    note forever = {};
    notesleep(&forever);
}

/// sysmon looks at the Ps while their number changes.
static void sysmon_looks_while_ps_come_and_go() {
    systemstack<void>([](void*) { newm(looks, nullptr); }, nullptr);
    beside::begin();
    explore::check(runtime::GOMAXPROCS(4) == 2 && gomaxprocs == 4 && allp.len == 4, "there are not four Ps");
    explore::check(runtime::GOMAXPROCS(1) == 4 && gomaxprocs == 1 && allp.len == 1, "there is not one P");
    explore::check(runtime::GOMAXPROCS(0) == 1 && runtime::GOMAXPROCS(-1) == 1, "asking has changed it");
    beside::wait(1);
}
CASE(sysmon_looks_while_ps_come_and_go, sysmon_looks_while_ps_come_and_go, .preemptions = 1);

/// It takes a P from a system call meanwhile: who changes their number has sched.lock and wants sysmon's, too.
static void sysmon_takes_a_p_while_ps_come() {
    beside::run([] { Syscall(waits_for_the_stop, 0, nullptr, 0); });
    systemstack<void>([](void*) { newm(looks, nullptr); }, nullptr);
    beside::begin();
    runtime::GOMAXPROCS(4);
    atomic::Store(&stopped, 1);
    beside::wait(2);
}
CASE(sysmon_takes_a_p_while_ps_come, sysmon_takes_a_p_while_ps_come, .preemptions = 2, .most = 6000);

static int64 order;
static void note_down(int64 who) { order = 10 * order + who; }

/// A P that goes leaves its goroutines in their order: runnext, and the line behind it.
static void the_order_outlives_a_p() {
    explore::begin();
    stopTheWorld(str("a test"));
    p *own = getg()->m->p, *goes = allp.array[1];
    go([] { note_down(2); });
    go([] { note_down(3); });
    go([] { note_down(1); });
    g* gs[3];
    bool inherit;
    for (g*& gp : gs) gp = runqget(own, &inherit);
    runqput(goes, gs[1], false), runqput(goes, gs[2], false), runqput(goes, gs[0], true);
    auto fewer = [](void*) {
        lock(&sched.lock);
        explore::check(!procresize(1), "a P has work that is to have none");
        unlock(&sched.lock);
    };
    systemstack<void>(fewer, nullptr);
    explore::check(!goes->m, "the P is somebody's, for when it comes back");
    explore::check(!goes->runnext && runqempty(goes), "the P has kept a goroutine, for when it comes back");
    startTheWorld();
    for (int i = 0; i < 3; i++) runtime::Gosched();
    explore::check(order == 123, "goroutines overtook each other");
}
CASE(the_order_outlives_a_p, the_order_outlives_a_p, .preemptions = 0, .random = 0);

/// What a P has kept for its goroutines is everybody's when it goes.
static void a_p_keeps_nothing_when_it_goes() {
    explore::begin();
    stopTheWorld(str("a test"));
    p* goes = allp.array[1];
    goes->sudogcache.array[goes->sudogcache.len++] = acquireSudog();
    auto fewer = [](void*) {
        p* goes = allp.array[1];
        g* gp = malg(_FixedStack);
        gp->schedlink = goes->gfree;
        goes->gfree = gp;
        goes->gfreecnt++;
        lock(&sched.lock);
        explore::check(!procresize(1), "a P has work that is to have none");
        unlock(&sched.lock);
    };
    systemstack<void>(fewer, nullptr);
    explore::check(goes->sudogcache.len == 0 && goes->gfreecnt == 0 && !goes->gfree, "it has kept some");
    explore::check(sched.sudogcache && sched.ngfree > 0, "nobody has them");
    startTheWorld();
}
CASE(a_p_keeps_nothing_when_it_goes, a_p_keeps_nothing_when_it_goes, .preemptions = 0, .random = 0);
