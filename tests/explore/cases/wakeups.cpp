// wakeups.cpp - whoever becomes runnable beside an idle P is run there: by newproc, by ready, by the Ms that search.

#include "runtime.hpp"

#include "explore.hpp"
#include "go.hpp"

static uint32 arrived;

/// Comes back when n have arrived: they all run at once, or nobody ends.
static void meet(uint32 n) {
    atomic::Xadd(&arrived, 1);
    while (atomic::Load(&arrived) < n) procyield(10);
}

static void two_run_beside_main() {
    explore::begin();
    go([] { atomic::Xadd(&arrived, 1); });
    go([] { atomic::Xadd(&arrived, 1); });
    meet(3);
}
CASE(two_run_beside_main, two_run_beside_main);

static void a_receiver_runs_beside_its_sender() {
    explore::begin();
    chan<int64> c(0);
    go([=] {
        c.recv();
        atomic::Xadd(&arrived, 1);
    });
    c.send(1);
    meet(2);
}
CASE(a_receiver_runs_beside_its_sender, a_receiver_runs_beside_its_sender);

static void three_meet() {
    explore::begin();
    go([] { meet(3); });
    go([] { meet(3); });
    meet(3);
}
CASE(three_meet, three_meet, .cpus = 3);
