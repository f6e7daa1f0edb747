// deadlocks.cpp - when no M runs any more no goroutine ever will: that is said, and nothing else is.

#include "runtime.hpp"

#include "explore.hpp"
#include "extern.hpp"
#include "go.hpp"

static void wait_for_ever() {
    chan<int64> c(0);
    c.recv();
}

static void all_wait() {
    explore::begin();
    go(wait_for_ever);
    wait_for_ever();
}
CASE(all_wait, all_wait, .preemptions = 2, .random = 200, .most = 3000,
     .ends = "all goroutines are asleep - deadlock!");
CASE(all_wait_on_one_p, all_wait, .cpus = 1, .preemptions = 2, .random = 200, .most = 3000,
     .ends = "all goroutines are asleep - deadlock!");

static void none_is_left() {
    explore::begin();
    runtime::Goexit();
}
CASE(none_is_left, none_is_left, .preemptions = 2, .random = 200, .most = 3000,
     .ends = "no goroutines (main called runtime.Goexit) - deadlock!");

/// A thread that waits for the goroutine that is locked to it counts as asleep, and as awake when that runs.
static void a_locked_one_waits() {
    explore::begin();
    runtime::LockOSThread();
    go([] {});
    runtime::Gosched();
    runtime::Gosched();
    wait_for_ever();
}
CASE(a_locked_one_waits, a_locked_one_waits, .preemptions = 1, .random = 0, .most = 3000,
     .ends = "all goroutines are asleep - deadlock!");
CASE(a_locked_one_waits_on_one_p, a_locked_one_waits, .cpus = 1, .preemptions = 1, .random = 0, .most = 3000,
     .ends = "all goroutines are asleep - deadlock!");

/// It is the last to sleep: somebody polls, so its P is put aside. Every two minutes sysmon starts an M; not here.
static void a_locked_one_is_the_last_to_wait() {
    runtime::LockOSThread();
    while (mcount() - sched.nmidle - sched.nmsys > 1 || sched.nmsys < 2) procyield(10);  // all but this one sleep
    explore::begin();
    atomic::Store(&sched.lastpoll, 0);
    atomic::Store(&forcegc.idle, 0);
    wait_for_ever();
}
CASE(a_locked_one_is_the_last_to_wait, a_locked_one_is_the_last_to_wait, .preemptions = 0, .random = 0,
     .ends = "all goroutines are asleep - deadlock!");

/// A thread that ended does not count as one that runs.
static void a_thread_has_ended_and_all_wait() {
    explore::begin();
    runtime::LockOSThread();  // the first, which stays
    go([] { runtime::LockOSThread(); });
    wait_for_ever();
}
CASE(a_thread_has_ended_and_all_wait, a_thread_has_ended_and_all_wait, .preemptions = 1, .random = 0, .most = 3000,
     .ends = "all goroutines are asleep - deadlock!");

static void none_locked_is_left() {
    explore::begin();
    runtime::LockOSThread();
    runtime::Goexit();
}
CASE(the_first_thread_has_ended_and_all_wait, none_locked_is_left, .preemptions = 1, .random = 0, .most = 3000,
     .ends = "no goroutines (main called runtime.Goexit) - deadlock!");

static void look() {
    lock(&sched.lock);
    checkdead();
    unlock(&sched.lock);
}

static void one_that_runs_is_no_deadlock() {
    explore::begin();
    look();
    atomic::Store(&panicking, 1);
    sched.nmsys += 100;
    look();  // a report: nobody may be running
    sched.nmsys -= 100;
    atomic::Store(&panicking, 0);
}
CASE(one_that_runs_is_no_deadlock, one_that_runs_is_no_deadlock, .preemptions = 0, .random = 0);

static void less_than_none_cannot_be() {
    explore::begin();
    sched.nmsys += 100;
    look();
}
CASE(less_than_none_cannot_be, less_than_none_cannot_be, .preemptions = 0, .random = 0,
     .ends = "checkdead: inconsistent counts");
