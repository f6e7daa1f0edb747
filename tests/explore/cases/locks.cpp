// locks.cpp - the runtime's own lock and its one-time event: who waits is woken, and nobody is in there twice.

#include "runtime.hpp"

#include "explore.hpp"
#include "go.hpp"

static mutex mu;
static note woken;
static uint32 inside, through, ready_to_wake;
static bool in_time;

/// fn on a thread of its own, which has no P and never gets one; the search begins when it is there.
template <void (*fn)()> static void thread() {
    systemstack<void>(
        [](void*) {
            newm(
                [] {
                    fn();
                    note forever = {};
                    notesleep(&forever);
                },
                nullptr);
        },
        nullptr);
}

static void wait(uint32 n) {
    while (atomic::Load(&through) < n) procyield(10);
}

// ---- lock ----------------------------------------------------------------------------------------------------------

static void work() {
    for (int i = 0; i < 2; i++) {
        lock(&mu);
        explore::check(++inside == 1, "two are inside the lock");
        explore::point();
        inside--;
        unlock(&mu);
    }
    if (atomic::Xadd(&through, 1) == 3) notewakeup(&woken);
}

static void two_take_turns_in_the_lock() {
    explore::settle();
    thread<work>();
    thread<work>();
    explore::begin();
    work();
    systemstack<void>([](void*) { notesleep(&woken); }, nullptr);
    explore::check(mu.key == 0, "the lock is not as it was");
}
CASE(two_take_turns_in_the_lock, two_take_turns_in_the_lock, .most = 60000);

/// Who cannot have the lock says in it that he sleeps, and is woken.
static void who_waits_for_a_lock_sleeps() {
    thread<work>();
    thread<work>();
    lock(&mu);
    explore::begin();
    while (atomic::Load(&mu.key) != 2) procyield(10);
    unlock(&mu);
    wait(2);
}
CASE(who_waits_for_a_lock_sleeps, who_waits_for_a_lock_sleeps, .preemptions = 2, .most = 6000);

/// The others would find it taken again.
static void an_unlock_wakes_one() {
    int64 asleep = explore::sleeps();
    thread<work>();
    thread<work>();
    lock(&mu);
    explore::begin();
    while (explore::sleeps() < asleep + 2 || atomic::Load(&mu.key) != 2) procyield(10);
    int64 wakes = explore::wakes();
    unlock(&mu);
    explore::check(explore::wakes() == wakes + 1, "not one thread was woken for one lock");
    wait(2);
}
CASE(an_unlock_wakes_one, an_unlock_wakes_one, .preemptions = 0, .random = 0);

static void a_lock_keeps_the_goroutine() {
    explore::begin();
    m* mp = getg()->m;
    int32 locks = mp->locks;
    lock(&mu);
    explore::check(mp->locks == locks + 1, "a goroutine that holds a lock may be preempted");
    unlock(&mu);
    explore::check(mp->locks == locks, "a goroutine that holds no lock may not be preempted");
}
CASE(a_lock_keeps_the_goroutine, a_lock_keeps_the_goroutine, .preemptions = 0, .random = 0);

static void an_unlock_too_many() {
    explore::begin();
    lock(&mu);
    unlock(&mu);
    unlock(&mu);
}
CASE(an_unlock_too_many, an_unlock_too_many, .preemptions = 0, .random = 0,
     .ends = "fatal error: unlock: the lock is not locked");

// ---- note ----------------------------------------------------------------------------------------------------------

static m* sleeper;

static void sleep() {
    atomic::Store(&sleeper, getg()->m);
    notesleep(&woken);
    atomic::Xadd(&through, 1);
}

static void a_note_wakes_its_sleeper() {
    thread<sleep>();
    explore::begin();
    notewakeup(&woken);
    wait(1);
}
CASE(a_note_wakes_its_sleeper, a_note_wakes_its_sleeper);

/// A futex may return for no reason.
static void only_a_note_wakes_its_sleeper() {
    thread<sleep>();
    while (!atomic::Load(&sleeper) || !atomic::Load(&sleeper->blocked)) procyield(10);
    explore::begin();
    futexwakeup(&woken.key, 1);
    for (int i = 0; i < 5; i++) procyield(10);
    explore::check(atomic::Load(&through) == 0, "nobody has woken it");
    notewakeup(&woken);
    wait(1);
}
CASE(only_a_note_wakes_its_sleeper, only_a_note_wakes_its_sleeper, .preemptions = 2, .most = 6000);

static void a_note_that_is_woken_soon_is_not_slept_on() {
    notewakeup(&woken);
    explore::begin();
    int64 sleeps = explore::sleeps();
    systemstack<void>([](void*) { notesleep(&woken); }, nullptr);
    explore::check(explore::sleeps() == sleeps, "it was woken before");
}
CASE(a_note_that_is_woken_soon_is_not_slept_on, a_note_that_is_woken_soon_is_not_slept_on, .preemptions = 0,
     .random = 0);

static void a_note_is_woken_once() {
    explore::begin();
    notewakeup(&woken);
    notewakeup(&woken);
}
CASE(a_note_is_woken_once, a_note_is_woken_once, .preemptions = 0, .random = 0,
     .ends = "fatal error: notewakeup: woken twice");

static void sleep_for_a_while() {
    atomic::Store(&sleeper, getg()->m);
    int64 end = nanotime() + 1000000;
    in_time = notetsleep(&woken, 1000000);
    explore::check(in_time || nanotime() >= end, "it gave up too early");
    atomic::Xadd(&through, 1);
}

/// It says whether it was woken; if nobody comes it goes on without.
static void a_note_that_ends() {
    thread<sleep_for_a_while>();
    explore::begin();
    wait(1);
    explore::check(!in_time, "nobody has woken it");
}
CASE(a_note_that_ends, a_note_that_ends, .preemptions = 2, .random = 100, .most = 1000);

static void a_note_that_ends_or_is_woken() {
    thread<sleep_for_a_while>();
    explore::begin();
    notewakeup(&woken);
    bool before = atomic::Load(&through) == 0;
    wait(1);
    explore::check(in_time || !before, "it was woken in time and says that it was not");
}
CASE(a_note_that_ends_or_is_woken, a_note_that_ends_or_is_woken, .preemptions = 2, .most = 6000);

/// A futex may return for no reason: what is left of the time is slept, not all of it again.
static void what_is_left_of_the_time() {
    thread<sleep_for_a_while>();
    while (!atomic::Load(&sleeper) || !atomic::Load(&sleeper->blocked)) procyield(10);
    explore::begin();
    int64 begin = nanotime();
    for (int i = 0; i < 10; i++) {
        usleep_(90);
        futexwakeup(&woken.key, 1);
    }
    wait(1);
    explore::check(nanotime() - begin < 1500000, "it slept for longer than it was to");
}
CASE(what_is_left_of_the_time, what_is_left_of_the_time, .preemptions = 0, .random = 0);

/// On a goroutine it is a system call that is known to block: the P goes to who waits for one, at once.
static void a_note_on_a_goroutine_gives_its_p_away() {
    explore::begin();
    p* pp = getg()->m->p;
    uint32 tick = pp->syscalltick;
    static g* sleeps;
    sleeps = getg();
    go([] {
        explore::check(!sleeps->m->p, "it still has its P");
        explore::check(sleeps->sched.sp == sleeps->syscallsp, "sched describes something else");
        explore::check(getg()->m->p->syscalltick == 1 + ready_to_wake, "its P was taken away, not given");
        notewakeup(&woken);
    });
    ready_to_wake = tick;
    explore::check(notetsleepg(&woken, 1000000), "it was not woken");
}
CASE(a_note_on_a_goroutine_gives_its_p_away, a_note_on_a_goroutine_gives_its_p_away, .cpus = 1, .preemptions = 0,
     .random = 0);

/// schedtrace shows it.
static void who_has_slept_does_not_sleep() {
    explore::begin();
    systemstack<void>([](void*) { explore::check(!notetsleep(&woken, 1000), "a note was woken by nobody"); }, nullptr);
    explore::check(!getg()->m->blocked, "an M that runs seems to sleep");
}
CASE(who_has_slept_does_not_sleep, who_has_slept_does_not_sleep, .preemptions = 0, .random = 0);
