// idle.cpp - Ps and Ms without work: how they are counted, and who is woken for a P or to search. One order of steps
// each: what must hold is a state, or a number of wake-ups.

#include "runtime.hpp"

#include "explore.hpp"
#include "go.hpp"

#define ONCE .preemptions = 0, .random = 0

/// Calls f as the scheduler's functions are called: on g0.
static void onscheduler(void (*f)(void*)) { systemstack<void>(f, nullptr); }

static uint32 ran;
static void run() { atomic::Xadd(&ran, 1); }

/// Until the Ms have nothing to do any more; main keeps its own P.
static void settle() {
    for (int i = 0; i < 1000; i++) procyield(10);
    bool asleep = sched.npidle == static_cast<uint32>(gomaxprocs) - 1 && sched.nmspinning == 0;
    explore::check(asleep, "there is no work, and not all Ms but main's sleep");
}

/// All Ps but main's are idle, and an M sleeps for each: all have run.
static void boot() {
    auto meet = [] {
        run();
        for (int i = 0; atomic::Load(&ran) < static_cast<uint32>(gomaxprocs); i++) {
            explore::check(i < 1000, "not every P runs one");
            procyield(10);
        }
    };
    for (int i = 1; i < gomaxprocs; i++) go(meet);
    meet();
    settle();
    atomic::Store(&ran, 0);
}

/// A goroutine that nobody has been woken for: not in any queue.
static g* made() {
    sched.nmspinning = 1;  // so that newproc wakes nobody
    static funcval f = {[](funcval*) { run(); }};
    newproc(0, &f);
    sched.nmspinning = 0;
    bool inherit;
    return runqget(getg()->m->p, &inherit);
}

static void idle_ps_are_counted() {
    boot();
    explore::begin();
    lock(&sched.lock);
    p* first = pidleget();
    explore::check(first && sched.npidle == 1, "a P that was taken still counts as idle");
    p* second = pidleget();
    explore::check(second && second != first && sched.npidle == 0, "the last idle P was not to be had");
    explore::check(!pidleget() && sched.npidle == 0, "a P was idle that was not there");
    pidleput(first);
    explore::check(sched.npidle == 1, "a P that was put aside does not count as idle");
    pidleput(second);
    explore::check(sched.npidle == 2 && pidleget() == second && pidleget() == first, "the idle Ps are no stack");
    pidleput(first);
    pidleput(second);
    unlock(&sched.lock);
}
CASE(idle_ps_are_counted, idle_ps_are_counted, .cpus = 3, ONCE);

static void a_p_with_work_does_not_become_idle() {
    boot();
    explore::begin();
    lock(&sched.lock);
    p* pp = pidleget();
    runqput(pp, made(), false);
    pidleput(pp);
}
CASE(a_p_with_work_does_not_become_idle, a_p_with_work_does_not_become_idle, ONCE,
     .ends = "pidleput: the P has goroutines");

// ---- wakep, startm -------------------------------------------------------------------------------------------------

static void one_m_that_searches_is_enough() {
    boot();
    explore::begin();
    int64 wakes = explore::wakes();
    atomic::Store(&sched.nmspinning, 1);
    onscheduler([](void*) { wakep(); });
    explore::check(explore::wakes() == wakes && sched.npidle == 1, "a second M was woken to search");
    explore::check(sched.nmspinning == 1, "one more counts as spinning than is");
    atomic::Store(&sched.nmspinning, 0);
    onscheduler([](void*) { wakep(); });
    explore::check(explore::wakes() == wakes + 1 && sched.npidle == 0, "nobody was woken to search");
    explore::check(sched.nmspinning == 1, "who was woken to search does not count as spinning");
    settle();
    explore::check(sched.nmspinning == 0, "an M counts as spinning, and sleeps");
}
CASE(one_m_that_searches_is_enough, one_m_that_searches_is_enough, ONCE);

static void nobody_searches_without_a_p() {
    boot();
    explore::begin();
    lock(&sched.lock);
    p* pp = pidleget();
    unlock(&sched.lock);
    int64 wakes = explore::wakes(), threads = explore::threads();
    onscheduler([](void*) { wakep(); });
    explore::check(sched.nmspinning == 0, "an M counts as spinning, and there was no P for it");
    onscheduler([](void*) { startm(nullptr, false); });
    explore::check(explore::wakes() == wakes && explore::threads() == threads, "an M was started without a P");
    lock(&sched.lock);
    pidleput(pp);
    unlock(&sched.lock);
}
CASE(nobody_searches_without_a_p, nobody_searches_without_a_p, ONCE);

/// The sleeping Ms are used before a thread is made; then one is.
static void a_sleeping_m_is_used_before_a_thread_is_made() {
    boot();
    explore::begin();
    int64 wakes = explore::wakes(), threads = explore::threads();
    int32 sleepers = sched.nmidle;
    explore::check(sleepers >= 2, "no Ms sleep");
    onscheduler([](void*) { startm(nullptr, false); });
    explore::check(sched.nmidle == sleepers - 1 && explore::wakes() == wakes + 1, "no sleeping M was woken");
    explore::check(explore::threads() == threads, "a thread was made, and Ms sleep");
    onscheduler([](void*) { startm(nullptr, false); });
    explore::check(sched.nmidle == sleepers - 2 && sched.npidle == 0, "no second M was woken");
    settle();
    lock(&sched.lock);
    for (int32 i = 0; i < sleepers; i++) explore::check(mget(), "an M sleeps, and is not to be had");
    explore::check(!mget() && sched.nmidle == 0, "the sleeping Ms are not counted");
    unlock(&sched.lock);
    onscheduler([](void*) { startm(nullptr, true); });
    explore::check(explore::threads() == threads + 1, "no thread was made, and no M sleeps");
    atomic::Store(&sched.nmspinning, 1);  // as its starter would have said
    settle();
}
CASE(a_sleeping_m_is_used_before_a_thread_is_made, a_sleeping_m_is_used_before_a_thread_is_made, .cpus = 3, ONCE);

// ---- handoffp ------------------------------------------------------------------------------------------------------

static p* handed;

/// An idle P is taken from the list, as from an M in a system call.
static p* take() {
    lock(&sched.lock);
    p* pp = pidleget();
    unlock(&sched.lock);
    return pp;
}

/// Hands it off. Is there an M with it now?
static bool handoff() {
    int64 wakes = explore::wakes();
    onscheduler([](void*) { handoffp(handed); });
    return explore::wakes() != wakes;
}

static void a_p_with_work_is_handed_to_an_m() {
    boot();
    explore::begin();
    handed = take();
    runqput(handed, made(), false);
    explore::check(handoff(), "nobody has a P that has work");
    while (atomic::Load(&ran) == 0) procyield(10);
    settle();

    handed = take();
    runqput(handed, made(), true);
    explore::check(handoff(), "nobody has a P that has somebody in runnext");
    while (atomic::Load(&ran) == 1) procyield(10);
    settle();

    handed = take();
    globrunqput(made());
    explore::check(handoff(), "nobody has a P, and the global queue has work");
    while (atomic::Load(&ran) == 2) procyield(10);
}
CASE(a_p_with_work_is_handed_to_an_m, a_p_with_work_is_handed_to_an_m, .cpus = 3, ONCE);

static void a_p_without_work_searches_if_nobody_does() {
    boot();
    explore::begin();
    handed = take();
    p* other = take();
    explore::check(handoff() && sched.nmspinning == 1, "nobody is idle, nobody searches, and this P does not");
    lock(&sched.lock);
    pidleput(other);
    unlock(&sched.lock);
    settle();
    explore::check(sched.nmspinning == 0, "an M counts as spinning, and sleeps");

    handed = take();
    explore::check(!handoff() && sched.npidle == 2, "a P searches beside an idle one");

    handed = take();
    other = take();
    atomic::Store(&sched.nmspinning, 1);
    explore::check(!handoff() && sched.npidle == 1, "a P searches beside one that does");
    explore::check(sched.nmspinning == 1, "an M counts as spinning that is not");
    atomic::Store(&sched.nmspinning, 0);
    lock(&sched.lock);
    pidleput(other);
    unlock(&sched.lock);
}
CASE(a_p_without_work_searches_if_nobody_does, a_p_without_work_searches_if_nobody_does, .cpus = 3, ONCE);

static void a_p_stops_for_the_world() {
    boot();
    explore::begin();
    handed = take();
    sched.stopwait = 2;
    atomic::Store(&sched.gcwaiting, 1);
    explore::check(!handoff(), "an M was woken, and the world is to stop");
    explore::check(handed->status == _Pgcstop && sched.stopwait == 1,
                   "a P that is handed off does not count as stopped");
    explore::check(sched.npidle == 1, "a P became idle, and the world is to stop");
    handed->status = _Pidle;
    explore::check(!handoff() && sched.stopwait == 0, "a P that is handed off does not count as stopped");
    explore::check(sched.stopnote.key == 1, "the last P stopped, and nobody was told");
    atomic::Store(&sched.gcwaiting, 0);
}
CASE(a_p_stops_for_the_world, a_p_stops_for_the_world, .cpus = 3, ONCE);

/// main's M without a P, as one that goes to sleep: it hands its own off.
static void handoff_my_own(void*) {
    handoffp(releasep());
    while (atomic::Load(&sched.npidle) != static_cast<uint32>(gomaxprocs)) procyield(10);
    acquirep(take());
}

static void the_last_p_looks_at_the_network() {
    boot();
    explore::begin();
    int64 wakes = explore::wakes();
    explore::check(sched.lastpoll != 0, "somebody polls");
    onscheduler(handoff_my_own);
    explore::check(explore::wakes() == wakes + 1, "the last P went to sleep, and nobody polls");
    settle();
    wakes = explore::wakes();
    atomic::Store(&sched.lastpoll, 0);
    onscheduler(handoff_my_own);
    explore::check(explore::wakes() == wakes, "an M was woken for the network, and somebody polls");
}
CASE(the_last_p_looks_at_the_network, the_last_p_looks_at_the_network, .cpus = 3, ONCE);

/// Its M makes another for its P when none sleeps; memory for that needs a P, so it borrows this one.
static void a_p_is_handed_to_a_new_m() {
    boot();
    explore::begin();
    lock(&sched.lock);
    while (mget()) {
    }
    unlock(&sched.lock);
    int64 threads = explore::threads();
    onscheduler(handoff_my_own);
    explore::check(explore::threads() == threads + 1, "no thread was made for a P that polls");
}
CASE(a_p_is_handed_to_a_new_m, a_p_is_handed_to_a_new_m, ONCE);
