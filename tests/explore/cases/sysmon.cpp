// sysmon.cpp - sysmon's other duties: it polls when nobody has for 10 ms, asks for a P whose time slice is over, and
// calls forcegchelper every two minutes. One file is there, and a poller that knows when it is ready.

#include "netpoll.hpp"

#include "beside.hpp"
#include "extern.hpp"
#include "std/time.hpp"

constexpr int64 ms = 1000000, minute = 60000 * ms;

// ---- the poller, in epoll's place ----------------------------------------------------------------------------------

static uintptr arrived;  // a futex: what epoll_wait has to tell
static pollDesc* file;
static int64 refuses;  // it cannot watch this kind of file
static int32 unwatched;
static void (*unwatching)();  // what comes meanwhile

int64 poller_create(int32) GO("__wrap_runtime.epollcreate1");
int64 poller_create(int32) { return 5; }

int64 poller_ctl(int32, int32 op, int32, epollevent* ev) GO("__wrap_runtime.epollctl");
int64 poller_ctl(int32, int32 op, int32, epollevent* ev) {
    if (op == _EPOLL_CTL_ADD) file = static_cast<pollDesc*>(ev->data);
    if (op == _EPOLL_CTL_DEL) unwatched++;
    if (op == _EPOLL_CTL_DEL && unwatching) unwatching();
    return -refuses;
}

int64 poller_wait(int32, epollevent* ev, int32, int32 timeout) GO("__wrap_runtime.epollwait");
int64 poller_wait(int32, epollevent* ev, int32, int32 timeout) {
    while (true) {
        if (uintptr events = atomic::Xchg(&arrived, 0)) {
            *ev = {static_cast<uint32>(events), file};
            return 1;
        }
        if (timeout == 0) return 0;
        futexsleep(&arrived, 0, -1);
    }
}

static void arrive() {
    atomic::Store(&arrived, _EPOLLIN);
    futexwakeup(&arrived, 1);
}

static pollDesc* open() {
    int32 err;
    runtime_pollServerInit();
    pollDesc* pd = runtime_pollOpen(3, &err);
    explore::check(pd && pd == file && err == 0, "a file cannot be watched");
    return pd;
}

static uint32 came;

static void reader() {
    go([] {
        explore::check(runtime_pollWait(file, 'r') == 0, "it is closed");
        atomic::Xadd(&came, 1);
    });
    while (atomic::Load(&netpollWaiters) == 0) runtime::Gosched();
}

// ---- polling -------------------------------------------------------------------------------------------------------

/// The only P is never without work, so the scheduler does not poll.
static void sysmon_polls_when_nobody_else_does() {
    open();
    reader();
    explore::begin();
    arrive();
    int64 begin = nanotime();
    while (atomic::Load(&came) == 0) {
        procyield(10);
        runtime::Gosched();
    }
    explore::check(nanotime() - begin >= 9 * ms || sched.lastpoll > static_cast<uint64>(begin), "somebody else polled");
    explore::check(sched.lastpoll > static_cast<uint64>(begin), "sysmon has polled, and will again at once");
}
CASE(sysmon_polls_when_nobody_else_does, sysmon_polls_when_nobody_else_does, .cpus = 1, .preemptions = 0, .random = 0);

/// An M sleeps in the poller, as lastpoll says.
static void sysmon_leaves_the_network_to_who_waits_for_it() {
    open();
    reader();
    explore::begin();
    atomic::Store(&sched.lastpoll, 0);
    arrive();
    for (int64 begin = nanotime(); nanotime() < begin + 30 * ms;) procyield(10);
    explore::check(netpollWaiters == 1, "sysmon asked the network, and another M waits for it");
    explore::check(sched.lastpoll == 0, "an M waits for the network, and nobody knows");
}
CASE(sysmon_leaves_the_network_to_who_waits_for_it, sysmon_leaves_the_network_to_who_waits_for_it, .cpus = 1,
     .preemptions = 0, .random = 0);

/// sysmon has taken the last that was announced and has not passed it on: nobody runs, and it is no deadlock.
static void what_sysmon_has_polled_counts() {
    open();
    beside::begin();
    arrive();
    atomic::Store(&sched.lastpoll, 1);  // long ago
    explore::check(runtime_pollWait(file, 'r') == 0, "it is closed");
}
CASE(what_sysmon_has_polled_counts, what_sysmon_has_polled_counts, .cpus = 1, .preemptions = 2, .most = 6000);

/// All wait, one of them in the poller: what comes is run by it.
static void who_waits_in_the_poller_runs_what_came() {
    open();
    systemstack<void>(
        [](void*) {
            newm(
                [] {
                    while (atomic::Load(&netpollWaiters) == 0) procyield(10);
                    arrive();
                    note forever = {};
                    notesleep(&forever);
                },
                nullptr);
        },
        nullptr);
    beside::begin();
    explore::check(runtime_pollWait(file, 'r') == 0, "it is closed");
    explore::check(netpollWaiters == 0, "somebody is counted who does not wait");
}
CASE(who_waits_in_the_poller_runs_what_came, who_waits_in_the_poller_runs_what_came, .preemptions = 2, .most = 6000);

/// What came while the world stood is not left to sysmon.
static void the_start_polls() {
    open();
    reader();
    explore::begin();
    stopTheWorld(str("a test"));
    arrive();
    startTheWorld();
    explore::check(atomic::Load(&netpollWaiters) == 0, "what came meanwhile was not looked at");
    while (atomic::Load(&came) == 0) runtime::Gosched();
}
CASE(the_start_polls, the_start_polls, .cpus = 1, .preemptions = 0, .random = 0);

/// A descriptor comes back as it was: nobody waits, nothing is announced, it is open.
static void a_closed_file_can_be_opened_again() {
    pollDesc* pd = open();
    explore::begin();
    arrive();
    explore::check(!netpoll(false), "somebody waits");
    explore::check(pd->rg == pdReady, "it is not ready");
    runtime_pollUnblock(pd);
    atomic::Store(&pd->wg, pdReady);
    runtime_pollClose(pd);
    explore::check(unwatched == 1, "the system still watches it");
    int32 err;
    pollDesc* again = runtime_pollOpen(4, &err);
    explore::check(again == pd && again->fd == 4 && err == 0, "the descriptor was not used again");
    explore::check(!pd->closing && pd->rg == 0 && pd->wg == 0, "it is closed, or ready, as the one before was");
}
CASE(a_closed_file_can_be_opened_again, a_closed_file_can_be_opened_again, .preemptions = 0, .random = 0);

/// The system may still tell of the one, and it would be taken for the other.
static void a_file_is_opened_while_one_is_closed() {
    static pollDesc* pd = open();
    explore::begin();
    unwatching = [] {
        int32 err;
        explore::check(runtime_pollOpen(4, &err) != pd && err == 0, "two files have one descriptor");
    };
    runtime_pollUnblock(pd);
    runtime_pollClose(pd);
    explore::check(unwatched == 1, "the system still watches it");
}
CASE(a_file_is_opened_while_one_is_closed, a_file_is_opened_while_one_is_closed, .preemptions = 0, .random = 0);

static void a_file_that_cannot_be_watched() {
    runtime_pollServerInit();
    explore::begin();
    refuses = 1;
    int32 err;
    explore::check(!runtime_pollOpen(3, &err) && err == 1, "it is watched");
    pollDesc* first = file;
    explore::check(!runtime_pollOpen(3, &err) && file == first, "the descriptor was not used again");
}
CASE(a_file_that_cannot_be_watched, a_file_that_cannot_be_watched, .preemptions = 0, .random = 0);

static void a_close_without_an_unblock() {
    pollDesc* pd = open();
    explore::begin();
    runtime_pollClose(pd);
}
CASE(a_close_without_an_unblock, a_close_without_an_unblock, .preemptions = 0, .random = 0,
     .ends = "fatal error: runtime_pollClose: not unblocked before");

static void two_unblocks() {
    pollDesc* pd = open();
    explore::begin();
    runtime_pollUnblock(pd);
    runtime_pollUnblock(pd);
}
CASE(two_unblocks, two_unblocks, .preemptions = 0, .random = 0,
     .ends = "fatal error: runtime_pollUnblock: already closing");

// ---- time slices ---------------------------------------------------------------------------------------------------

static uint32 turns;

[[gnu::noinline]] static void step() { procyield(10); }

/// Two loops on one P take turns, and each has its 10 ms.
static int64 slices_began;

static void take_turns(uint32 mine) {
    while (atomic::Load(&turns) < 4) {
        if (atomic::Load(&turns) % 2 == mine) atomic::Xadd(&turns, 1);
        step();
        explore::check(nanotime() - slices_began < 100 * ms, "a time slice was too long");
    }
}

static void a_time_slice_ends_after_10_ms() {
    explore::begin();
    slices_began = nanotime();
    go([] { take_turns(0); });
    take_turns(1);
    explore::check(nanotime() - slices_began >= 3 * 9 * ms, "a time slice was too short");
}
CASE(a_time_slice_ends_after_10_ms, a_time_slice_ends_after_10_ms, .cpus = 1, .preemptions = 0, .random = 0);

/// Whoever is to make way finds it where the next prologue looks, and in g, should it be switched before.
static void a_request_stands_in_the_goroutine_and_in_its_m() {
    beside::run([] {
        while (atomic::Load(&turns) == 0) procyield(10);
    });
    beside::begin();
    p* other = allp.array[getg()->m->p == allp.array[0]];
    m* mp = other->m;
    explore::check(preemptone(other), "there is nobody to ask");
    explore::check(mp->curg->preempt && mp->curg->stackguard0 == stackPreempt, "the goroutine does not know");
    explore::check(mp->tlsguard == stackPreempt, "a prologue does not see it");
    atomic::Store(&turns, 1);
    beside::wait(1);
}
CASE(a_request_stands_in_the_goroutine_and_in_its_m, a_request_stands_in_the_goroutine_and_in_its_m, .preemptions = 0,
     .random = 0);

/// Another slice has begun since sysmon looked: it is not the old one that lasts.
static g* looper;

static void begin_slices() {
    atomic::Store(&looper, getg());
    for (uint32 i = 1; i < 8; i += 2) {
        while (atomic::Load(&turns) < i) procyield(10);
        runtime::Gosched();
        atomic::Store(&turns, i + 1);
    }
    while (atomic::Load(&turns) < 9) procyield(10);
}

static void a_new_time_slice_is_not_cut_short() {
    beside::run(begin_slices);
    beside::begin();
    int64 begin = nanotime();
    for (int i = 1; i <= 4; i++) {
        atomic::Xadd(&turns, 1);
        while (atomic::Load(&turns) % 2 == 1) procyield(10);
        explore::check(retake(begin + i * 9 * ms) == 0, "a P was taken that runs");
        explore::check(retake(begin + i * 9 * ms + 5 * ms) == 0, "a P was taken that runs");
        explore::check(!looper->preempt, "a time slice was cut short");
    }
    explore::check(retake(begin + 4 * 9 * ms + 11 * ms) == 0 && looper->preempt, "a time slice has no end");
    atomic::Store(&turns, 9);
    beside::wait(1);
}
CASE(a_new_time_slice_is_not_cut_short, a_new_time_slice_is_not_cut_short, .preemptions = 0, .random = 0);

// ---- nobody runs any more ------------------------------------------------------------------------------------------

static void all_asleep_is_a_deadlock() {
    explore::begin();
    chan<int64> never(0);
    go([=] { never.recv(); });
    never.recv();
}
CASE(all_asleep_is_a_deadlock, all_asleep_is_a_deadlock, .preemptions = 1, .random = 200,
     .ends = "fatal error: all goroutines are asleep - deadlock!");

// ---- forcegchelper -------------------------------------------------------------------------------------------------

/// It notes who has waited for long. Nobody else does anything for five minutes.
static void forcegchelper_is_called_every_two_minutes() {
    chan<int64> never(0);
    go([=] { never.recv(); });
    runtime::Gosched();
    explore::begin();
    time::Sleep(5 * minute);
    bool noted = false;
    for (int64 i = 0; i < allgs.len; i++) noted |= allgs.array[i]->waitsince != 0;
    explore::check(noted, "forcegchelper has not run");
    for (int64 i = 0; i < allgs.len; i++) {
        g* gp = allgs.array[i];
        if (gp->waitreason == str("GC sweep wait"))
            explore::check(gp->waitsince == 0, "bgsweep has waited since the first time, and did not run the second");
    }
}
CASE(forcegchelper_is_called_every_two_minutes, forcegchelper_is_called_every_two_minutes, .preemptions = 0,
     .random = 0);

nosplit static int64 five_minutes(uintptr, const void*, uintptr);
static int64 five_minutes(uintptr, const void*, uintptr) {
    for (int i = 0; i < 5; i++) usleep_(60000000);
    return 0;
}

/// The same of who is in a system call.
static void forcegchelper_notes_long_calls() {
    static g* caller;
    go([] {
        caller = getg();
        Syscall(five_minutes, 0, nullptr, 0);
    });
    runtime::Gosched();
    explore::begin();
    time::Sleep(3 * minute);
    explore::check(readgstatus(caller) == _Gsyscall && caller->waitsince != 0, "a call of minutes is not noted");
}
CASE(forcegchelper_notes_long_calls, forcegchelper_notes_long_calls, .preemptions = 0, .random = 0);
