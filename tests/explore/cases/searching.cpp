// searching.cpp - findrunnable and schedule: where an M without work looks, in which order, and what it does before it
// sleeps.

#include "together.hpp"

#include "netpoll.hpp"

#define ONCE .preemptions = 0, .random = 0

static funcval arrives = {[](funcval*) { arrive(); }};

/// A goroutine that arrives when it runs, or does something else: in no queue, and nobody was woken for it.
static g* made(funcval* f = &arrives) {
    uint32 spinning = atomic::Xchg(&sched.nmspinning, 1u);  // somebody searches already, newproc thinks
    newproc(0, f);
    atomic::Store(&sched.nmspinning, spinning);
    bool inherit;
    return runqget(getg()->m->p, &inherit);
}

static g* parked[2];

static void park(int i) {
    parked[i] = getg();
    gopark(nullptr, nullptr, str("a test"));
}

// ---- where it looks ------------------------------------------------------------------------------------------------

static p* others[3];

/// The other Ps are nobody's and not idle, so that they can be stolen from.
static void take_others() {
    lock(&sched.lock);
    for (p*& pp : others) explore::check(pp = pidleget(), "a P is not idle");
    unlock(&sched.lock);
}

static g* found;
static bool searched;

static void find(void*) {
    m* mp = getg()->m;
    bool inherit;
    found = findrunnable(&inherit);
    searched = mp->spinning;
    if (!mp->spinning) return;
    mp->spinning = false;
    atomic::Xadd(&sched.nmspinning, -1);
}
static bool finds(g* gp) {
    systemstack<void>(find, nullptr);
    return found == gp;
}

static void first_its_own_then_the_global_queue_then_theft() {
    g *own = made(), *global = made(), *stolen = made(), *next = made();
    explore::begin();
    take_others();
    for (p* pp : others) {
        runqput(pp, stolen, false);
        globrunqput(global);
        runqput(getg()->m->p, own, false);
        explore::check(finds(own) && !searched, "its own queue does not come first");
        explore::check(finds(global) && !searched, "the global queue does not come next");
        explore::check(finds(stolen) && searched, "nobody was stolen, or by an M that does not count as searching");
        runqput(pp, next, true);
        explore::check(finds(next) && searched, "who is in a runnext was left");
    }
}
CASE(first_its_own_then_the_global_queue_then_theft, first_its_own_then_the_global_queue_then_theft, .cpus = 4, ONCE);

static void runnext_is_stolen_last() {
    g *queued = made(), *next = made();
    explore::begin();
    take_others();
    for (int i = 0; i < 50; i++) {
        runqput(others[0], next, true);
        runqput(others[1], queued, false);
        explore::check(finds(queued), "runnext was stolen, and another P had somebody in its ring");
        explore::check(finds(next), "who is in a runnext was left");
    }
}
CASE(runnext_is_stolen_last, runnext_is_stolen_last, .cpus = 4, ONCE);

/// A P that was missed is found by the second look, with a P that was given up before.
static void no_p_is_missed() {
    g* gp = made();
    explore::begin();
    take_others();
    p* own = getg()->m->p;
    for (int i = 0; i < 1000; i++) {
        runqput(others[i % 3], gp, false);
        own->link = own;
        explore::check(finds(gp) && own->link == own, "a thief missed a P, and gave up its own");
    }
}
CASE(no_p_is_missed, no_p_is_missed, .cpus = 4, ONCE);

// ---- whether it looks ----------------------------------------------------------------------------------------------
// Who does not search draws no lots for where to begin.

static uint32 lots[2], idle, gates;
static bool should_search;

static void looker() {
    while (atomic::Load(&gates) == 0) procyield(10);
    while (atomic::Load(&sched.npidle) != idle) procyield(10);
    bool same = lots[0] == m0.fastrand[0] && lots[1] == m0.fastrand[1];
    explore::check(same != should_search, "an M searched and should not have, or should have");
    exit_(0);
}

static void gives_up(uint32 spinning, bool all_idle, bool should) {
    systemstack<void>([](void*) { newm(looker, nullptr); }, nullptr);
    explore::begin();
    if (!all_idle) take_others();
    idle = sched.npidle + 1;
    should_search = should;
    atomic::Store(&sched.nmspinning, spinning);
    lots[0] = m0.fastrand[0];
    lots[1] = m0.fastrand[1];
    atomic::Store(&gates, 1);
    systemstack<void>(find, nullptr);
}
static void nobody_searches_among_idle_ps() { gives_up(0, true, false); }
static void half_of_the_busy_search_at_most() { gives_up(2, false, false); }
static void less_than_half_of_the_busy_are_not_enough() { gives_up(1, false, true); }
CASE(nobody_searches_among_idle_ps, nobody_searches_among_idle_ps, .cpus = 4, ONCE);
CASE(half_of_the_busy_search_at_most, half_of_the_busy_search_at_most, .cpus = 4, ONCE);
CASE(less_than_half_of_the_busy_are_not_enough, less_than_half_of_the_busy_are_not_enough, .cpus = 4, ONCE);

// ---- the moment before it sleeps -----------------------------------------------------------------------------------
// Who has no P, as at the end of a system call, looks for an idle one under sched.lock; if there is none, his goroutine
// goes to the global queue, and whoever is about to make a P idle must find it there.

static g* homeless;
static uint32 pretended;  // so many Ms search, and then have found something

static void without_a_p() {
    while (atomic::Load(&gates) == 0) futexsleep(reinterpret_cast<uintptr*>(&gates), 0, -1);
    atomic::Xadd(&sched.nmspinning, -pretended);
    lock(&sched.lock);
    p* pp = pidleget();
    if (!pp) globrunqinject(homeless);
    unlock(&sched.lock);
    if (pp) {
        runqput(pp, homeless, false);
        startm(pp, false);
    }
    note forever = {};
    notesleep(&forever);
}

template <class F> static void one_comes_without_a_p(uint32 searching, F f) {
    homeless = made();
    systemstack<void>([](void*) { newm(without_a_p, nullptr); }, nullptr);
    beside(f);
    atomic::Xadd(&sched.nmspinning, pretended = searching);
    open();
    atomic::Store(&gates, 1);
    futexwakeup(reinterpret_cast<uintptr*>(&gates), 1);
    await(2);
}
static void one_comes_to_the_global_queue_while_an_m_gives_up() {
    one_comes_without_a_p(0, [] {});
}
static void one_comes_to_the_global_queue_while_a_p_is_handed_off() {
    one_comes_without_a_p(1, [] {
        entersyscallblock();
        while (atomic::Load(&arrived) == 0) futexsleep(&arrived, 0, -1);
        exitsyscall();
    });
}
CASE(one_comes_to_the_global_queue_while_an_m_gives_up, one_comes_to_the_global_queue_while_an_m_gives_up,
     .preemptions = 2, .random = 0, .most = 8000);
CASE(one_comes_to_the_global_queue_while_a_p_is_handed_off, one_comes_to_the_global_queue_while_a_p_is_handed_off,
     .preemptions = 2, .random = 0, .most = 8000);

/// With one P it is put beside the global queue.
static void one_comes_to_the_only_p_while_an_m_gives_up() {
    static g* waiting = getg();
    static funcval readies = {[](funcval*) { goready(waiting); }};
    homeless = made(&readies);
    systemstack<void>([](void*) { newm(without_a_p, nullptr); }, nullptr);
    explore::begin();
    atomic::Store(&gates, 1);
    futexwakeup(reinterpret_cast<uintptr*>(&gates), 1);
    gopark(nullptr, nullptr, str("a test"));
}
CASE(one_comes_to_the_only_p_while_an_m_gives_up, one_comes_to_the_only_p_while_an_m_gives_up, .cpus = 1,
     .preemptions = 2, .random = 0, .most = 8000);

/// Others rely on the M that searches. If it finds somebody it wakes the next, and at the last moment it does, too.
static void who_finds_one_at_the_last_moment_has_searched() {
    runtime::Gosched();  // the boot left somebody in the ring
    g* gp = made();
    explore::begin();
    lock(&sched.lock);
    globrunqinject(gp);
    unlock(&sched.lock);
    getg()->m->spinning = true;
    atomic::Store(&sched.nmspinning, 1);
    explore::check(finds(gp) && searched, "an M has stopped searching, found somebody, and will not wake the next");
}
CASE(who_finds_one_at_the_last_moment_has_searched, who_finds_one_at_the_last_moment_has_searched, .cpus = 1, ONCE);

/// Who stops the world has taken the idle Ps: one that became idle afterwards would never be stopped.
static void the_world_is_to_stop_while_an_m_gives_up() {
    beside([] {});
    open();
    await(1);
    stopTheWorld(str("a test"));
    startTheWorld();
}
CASE(the_world_is_to_stop_while_an_m_gives_up, the_world_is_to_stop_while_an_m_gives_up, .preemptions = 1, .random = 0);

// ---- many at once --------------------------------------------------------------------------------------------------

static void what_the_network_brings_runs_at_once() {
    go([] { park(0), meet(3); });
    go([] { park(1), meet(3); });
    while (!parked[0] || !parked[1] || readgstatus(parked[0]) != _Gwaiting || readgstatus(parked[1]) != _Gwaiting)
        procyield(10);
    while (atomic::Load(&sched.npidle) != 2 || atomic::Load(&sched.nmspinning) != 0) procyield(10);
    explore::begin();
    parked[0]->schedlink = parked[1];
    parked[1]->schedlink = nullptr;
    systemstack<void>([](void*) { injectglist(parked[0]); }, nullptr);
    meet(3);
}
CASE(what_the_network_brings_runs_at_once, what_the_network_brings_runs_at_once, .cpus = 3, .preemptions = 1,
     .random = 0, .most = 4000);

static void no_more_are_woken_than_come() {
    go([] { park(0), arrive(); });
    while (!parked[0] || readgstatus(parked[0]) != _Gwaiting) procyield(10);
    while (atomic::Load(&sched.npidle) != 3 || atomic::Load(&sched.nmspinning) != 0) procyield(10);
    explore::begin();
    parked[0]->schedlink = nullptr;
    systemstack<void>([](void*) { injectglist(parked[0]); }, nullptr);
    explore::check(atomic::Load(&sched.npidle) == 2, "not one M was woken for one goroutine");
    await(1);
}
CASE(no_more_are_woken_than_come, no_more_are_woken_than_come, .cpus = 4, ONCE);

// ---- one round of schedule -----------------------------------------------------------------------------------------

static g* main_g;

/// A traceback says since when it waits, and sysmon has asked it to yield: of the slice before.
static void ask(funcval*) {
    main_g->waitsince = 5;
    main_g->preempt = true;
    main_g->stackguard0 = stackPreempt;
}

static void a_slice_begins_as_new() {
    runtime::Gosched();  // the boot left somebody in the ring
    explore::begin();
    main_g = getg();
    static funcval f = {ask};
    newproc(0, &f);
    runtime::Gosched();
    uintptr guard = main_g->stackguard0;
    bool preempt = main_g->preempt;
    explore::check(main_g->waitsince == 0, "a goroutine that runs waits since long");
    explore::check(guard == main_g->stack.lo + _StackGuard, "a goroutine is to yield that has just begun");
    explore::check(!preempt, "a goroutine is asked to yield that has just begun");
}
CASE(a_slice_begins_as_new, a_slice_begins_as_new, .cpus = 1, ONCE);

/// Who has no P puts a goroutine beside the only P's global queue.
static void what_is_injected_has_a_turn_beside_local_work() {
    go([] { park(0), arrive(); });
    runtime::Gosched();
    static funcval f = {[](funcval*) {}};
    for (int i = 0; i < 150; i++) newproc(0, &f);
    explore::begin();
    parked[0]->schedlink = nullptr;
    systemstack<void>([](void*) { injectglist(parked[0]); }, nullptr);
    for (int i = 0; i < 2; i++) {
        getg()->m->p->schedtick = 2 * 61;
        runtime::Gosched();
    }
    explore::check(arrived == 1, "who came to the global queue had no turn in two");
}
CASE(what_is_injected_has_a_turn_beside_local_work, what_is_injected_has_a_turn_beside_local_work, .cpus = 1, ONCE);

/// The only P is to stop, and has work.
static void stopper() {
    while (atomic::Load(&gates) == 0) procyield(10);
    for (int i = 0; i < 1000; i++) procyield(10);
    explore::check(allp.array[0]->status == _Pgcstop && sched.stopnote.key == 1, "a P has not stopped for the world");
    exit_(0);
}

static void begin_to_stop() {
    systemstack<void>([](void*) { newm(stopper, nullptr); }, nullptr);
    runtime::Gosched();
    explore::begin();
    sched.stopwait = 1;
    atomic::Store(&sched.gcwaiting, 1);
    atomic::Store(&gates, 1);
}
static void no_goroutine_begins_while_the_world_is_to_stop() {
    static funcval f = {[](funcval*) { explore::fail("a goroutine began to run, and the world is to stop"); }};
    begin_to_stop();
    newproc(0, &f);
    runtime::Gosched();
}
static void nobody_is_found_while_the_world_is_to_stop() {
    begin_to_stop();
    globrunqput(made());
    finds(nullptr);
    explore::fail("an M found a goroutine, and the world is to stop");
}
CASE(no_goroutine_begins_while_the_world_is_to_stop, no_goroutine_begins_while_the_world_is_to_stop, .cpus = 1, ONCE);
CASE(nobody_is_found_while_the_world_is_to_stop, nobody_is_found_while_the_world_is_to_stop, .cpus = 1, ONCE);

/// Who queues a finalizer only says so: whoever looks for work wakes the goroutine that calls it.
static void a_finalizer_is_called() {
    createfing();
    runtime::Gosched();
    explore::begin();
    queuefinalizer([](void*) { arrive(); }, nullptr);
    for (int i = 0; i < 3; i++) runtime::Gosched();
    explore::check(arrived == 1, "a finalizer was not called");
}
CASE(a_finalizer_is_called, a_finalizer_is_called, .cpus = 1, ONCE);

// ---- the network ---------------------------------------------------------------------------------------------------
// It is the case's: what netpoll answers is `brought`, once `came` is set.

static bool networked;
static g* brought;
static uintptr came;
static uint32 polling;

extern g* real_netpoll(bool) GO("__real_runtime.netpoll");
extern bool real_inited() GO("__real_runtime.netpollinited");
g* network_poll(bool block) GO("__wrap_runtime.netpoll");
bool network_inited() GO("__wrap_runtime.netpollinited");

bool network_inited() { return networked || real_inited(); }
g* network_poll(bool block) {
    if (!networked) return real_netpoll(block);
    if (block) {
        explore::check(atomic::Xadd(&polling, 1) == 1, "two Ms wait for the network");
        while (atomic::Load(&came) == 0) futexsleep(&came, 0, -1);
        atomic::Xadd(&polling, -1);
    }
    return atomic::Xchg(&came, 0) ? brought : nullptr;
}

/// Two goroutines wait for it.
static void connect() {
    for (int i = 0; i < 2; i++) {
        go([=] { park(i), arrive(); });
        while (!parked[i] || readgstatus(parked[i]) != _Gwaiting) runtime::Gosched();
    }
    while (atomic::Load(&sched.npidle) != static_cast<uint32>(gomaxprocs) - 1) procyield(10);
    brought = parked[0];
    parked[0]->schedlink = parked[1];
    parked[1]->schedlink = nullptr;
    networked = true;
    atomic::Store(&netpollWaiters, 2);
}

static void bring() {
    atomic::Store(&came, 1);
    futexwakeup(&came, 1);
}

static void what_the_network_has_is_found() {
    connect();
    explore::begin();
    atomic::Store(&netpollWaiters, 1);
    bring();
    p* own = getg()->m->p;
    own->link = own;
    explore::check(finds(parked[0]) && readgstatus(parked[0]) == _Grunnable, "the first that is ready does not run");
    explore::check(own->link == own, "an M gave up its P before it asked the network");
    explore::check(sched.injecthead == parked[1] && readgstatus(parked[1]) == _Grunnable, "the second is lost");
    explore::check(!sched.injecthead->schedlink, "more than was ready is runnable");
}
CASE(what_the_network_has_is_found, what_the_network_has_is_found, .cpus = 1, ONCE);

static void bringer() {
    while (atomic::Load(&polling) == 0) procyield(10);
    explore::check(sched.lastpoll == 0, "an M waits for the network, and nobody knows");
    bring();
    note forever = {};
    notesleep(&forever);
}

/// main's M goes to sleep in the poller.
static void who_sleeps_in_the_poller_runs_what_comes() {
    connect();
    systemstack<void>([](void*) { newm(bringer, nullptr); }, nullptr);
    explore::begin();
    explore::check(finds(parked[0]), "who slept in the poller does not run what came");
    explore::check(sched.lastpoll != 0, "nobody polls, and nobody may");
}
CASE(who_sleeps_in_the_poller_runs_what_comes, who_sleeps_in_the_poller_runs_what_comes, .cpus = 1, ONCE);

static void bringer_without_ps() {
    while (atomic::Load(&polling) == 0) procyield(10);
    lock(&sched.lock);
    p* pp = pidleget();
    unlock(&sched.lock);
    bring();
    while (!atomic::Load(&sched.injecthead)) procyield(10);
    lock(&sched.lock);
    unlock(&sched.lock);
    explore::check(atomic::Load(&sched.lastpoll) != 0, "what came can run already, and nobody may poll");
    explore::check(pp && sched.injecthead == parked[0] && parked[0]->schedlink == parked[1], "what came is lost");
    exit_(0);
}

static void what_comes_beside_no_idle_p_is_for_everybody() {
    connect();
    systemstack<void>([](void*) { newm(bringer_without_ps, nullptr); }, nullptr);
    explore::begin();
    finds(nullptr);
    explore::fail("an M without a P runs what came");
}
CASE(what_comes_beside_no_idle_p_is_for_everybody, what_comes_beside_no_idle_p_is_for_everybody, .cpus = 1,
     .preemptions = 1, .random = 0);

/// Who waits in the poller is told: to ask as well would cost a system call.
static void nobody_asks_while_another_waits_in_the_poller() {
    g* gp = made();
    connect();
    explore::begin();
    take_others();
    runqput(others[0], gp, false);
    atomic::Store(&sched.lastpoll, 0);
    bring();
    explore::check(finds(gp) && came == 1, "an M asked the network, and another one waits for it");
}
CASE(nobody_asks_while_another_waits_in_the_poller, nobody_asks_while_another_waits_in_the_poller, .cpus = 4, ONCE);

/// Two run out of work at once.
static void one_sleeps_in_the_poller() {
    connect();
    beside([] {});
    beside([] {});
    open();
    await(2);
    while (atomic::Load(&sched.npidle) != 2) procyield(10);
    bring();
    await(4);
    networked = false;
}
CASE(one_sleeps_in_the_poller, one_sleeps_in_the_poller, .cpus = 3, .preemptions = 2, .random = 0, .most = 5000);

/// Its M sleeps in the poller, and the goroutine that it came from is wanted elsewhere.
static void who_sleeps_in_the_poller_has_left_its_goroutine() {
    connect();
    explore::begin();
    go([] { park(0), arrive(); });
    while (atomic::Load(&polling) == 0) procyield(10);
    goready(parked[0]);
    await(1);
    networked = false;
}
CASE(who_sleeps_in_the_poller_has_left_its_goroutine, who_sleeps_in_the_poller_has_left_its_goroutine, ONCE);
