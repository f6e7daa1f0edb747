// wakeups.cpp - whoever becomes runnable beside an idle P is run there: by newproc, by ready, by the Ms that search.
//
// Who waits here for others does it on his P, asleep: all sleep then if one was forgotten, and the watcher sees that.

#include "together.hpp"

static void two_run_beside_main() {
    explore::settle();
    explore::begin();
    go(arrive);
    go(arrive);
    meet(3);
}
CASE(two_run_beside_main, two_run_beside_main, .random = 300, .most = 5000);

static void a_receiver_runs_beside_its_sender() {
    explore::settle();
    explore::begin();
    chan<int64> c(0);
    go([=] {
        c.recv();
        meet(2);
    });
    c.send(1);
    meet(2);
}
CASE(a_receiver_runs_beside_its_sender, a_receiver_runs_beside_its_sender, .random = 300, .most = 5000);

static void three_meet() {
    explore::settle();
    explore::begin();
    go([] { meet(3); });
    go([] { meet(3); });
    meet(3);
}
CASE(three_meet, three_meet, .cpus = 3, .random = 300, .most = 5000);

// The same at the moment in which an M has looked everywhere and is about to sleep: who queues something then sees that
// one searches, and wakes nobody.

static void one_comes_while_an_m_gives_up() {
    explore::begin();
    go(arrive);
    await(1);
    go(arrive);
    await(2);
}
CASE(one_comes_while_an_m_gives_up, one_comes_while_an_m_gives_up, .preemptions = 2, .random = 0);

/// All Ps are looked at, whichever has the work: main changes places with one that is idle.
static void one_comes_on_the_other_p_while_an_m_gives_up() {
    go([] {
        arrive();
        while (atomic::Load(&sched.npidle) == 0) procyield(10);
    });
    await(1);
    p* before = getg()->m->p;
    entersyscallblock();
    while (atomic::Load(&sched.npidle) != 2) procyield(10);
    exitsyscall();
    explore::check(getg()->m->p != before, "main is where it was");
    atomic::Store(&arrived, 0);
    one_comes_while_an_m_gives_up();
}
CASE(one_comes_on_the_other_p_while_an_m_gives_up, one_comes_on_the_other_p_while_an_m_gives_up, .preemptions = 2,
     .random = 0);

/// The goroutine in runnext is pushed to the ring by one that is readied, while an M looks for work.
static void pushed_out_of_runnext() {
    chan<int64> c(0);
    go([&] { c.recv(); });
    runtime::Gosched();
    explore::begin();
    go(arrive);
    c.send(1);
    await(1);
}
CASE(one_is_pushed_out_of_runnext, pushed_out_of_runnext, .preemptions = 2, .random = 500, .most = 5000);
