// left_waiting.cpp - what Go 1.10's scheduler leaves undone, and so does ours: orders in which a goroutine waits beside
// an idle P until somebody comes by. The explorer finds them; notes/who-runs-next.md tells of them.

#include "cases/together.hpp"

/// goschedImpl puts main on the global queue and wakes nobody. The M that searches has looked there already, and looks
/// only at the rings again. newproc woke nobody either, because that M still searched.
static void yields_as_an_m_gives_up() {
    explore::settle();
    explore::begin();
    go(arrive);
    await(1);
    go([] { meet(3); });
    runtime::Gosched();
    meet(3);
}
CASE(yields_as_an_m_gives_up, yields_as_an_m_gives_up, .sysmon = 0);

/// One M searches, so newproc wakes nobody for the second goroutine, and handoffp lets its P be. The search ends with the
/// first goroutine, while that P is not idle yet, so resetspinning wakes nobody.
static void handed_off_as_a_search_ends() {
    beside([] {
        note forever = {};
        notetsleepg(&forever, -1);
    });
    explore::settle();
    open();
    go([] { meet(3); });
    go([] { meet(3); });
    meet(3);
}
CASE(handed_off_as_a_search_ends, handed_off_as_a_search_ends, .cpus = 3, .sysmon = 0);
