// timers.cpp - timers: each fires once, in time and in order, also one that comes while timerproc goes to sleep.

#include "beside.hpp"
#include "extern.hpp"
#include "std/time.hpp"

constexpr int64 ms = 1000000, hour = 3600000 * ms;

static uint32 fired;
static int64 fired_at;

/// A timer's function: notes that it was called, and when.
static void fire(void*) {
    atomic::Store(&fired_at, nanotime());
    atomic::Xadd(&fired, 1);
}

static void wait_until_fired(uint32 n) {
    while (atomic::Load(&fired) < n) procyield(10);
}

// ---- timerproc, and who adds a timer -------------------------------------------------------------------------------

static timer late, early, earlier;

/// The first timer of a bucket, while timerproc is made or parks; then one that is due before what it sleeps for.
static void an_earlier_timer_is_not_slept_through() {
    explore::begin();
    late.when = nanotime() + hour;
    late.f = fire;
    addtimer(&late);
    early.when = nanotime() + 1000;
    early.f = fire;
    addtimer(&early);
    wait_until_fired(1);
    explore::check(fired_at < late.when, "timerproc slept through an earlier timer");
}
CASE(an_earlier_timer_is_not_slept_through, an_earlier_timer_is_not_slept_through, .preemptions = 2, .random = 12000,
     .most = 6000);

static void two_earlier_timers() {
    late.when = nanotime() + hour;
    late.f = fire;
    int64 sleeps = explore::sleeps();
    addtimer(&late);
    while (explore::sleeps() == sleeps) procyield(10);
    explore::begin();
    early.when = nanotime() + ms;
    early.f = fire;
    addtimer(&early);
    earlier.when = nanotime() + 1000;
    earlier.f = fire;
    addtimer(&earlier);
    wait_until_fired(2);
    explore::check(fired_at < late.when, "timerproc slept through an earlier timer");
}
CASE(two_earlier_timers, two_earlier_timers, .preemptions = 2, .most = 6000);

/// It has decided how long, and not gone to sleep yet.
static void a_timer_comes_as_timerproc_goes_to_sleep() {
    late.when = nanotime() + hour;
    late.f = fire;
    int64 sleeps = explore::sleeps();
    addtimer(&late);
    while (explore::sleeps() == sleeps) procyield(10);
    explore::begin();
    early.f = fire;
    addtimer(&early);
    usleep_(1);
    earlier.when = nanotime() + 1000;
    earlier.f = fire;
    addtimer(&earlier);
    wait_until_fired(2);
    explore::check(fired_at < late.when, "timerproc slept through an earlier timer");
}
CASE(a_timer_comes_as_timerproc_goes_to_sleep, a_timer_comes_as_timerproc_goes_to_sleep, .preemptions = 2,
     .most = 6000);

/// The bucket was empty, timerproc is parked or about to park.
static void a_timer_for_an_empty_bucket() {
    early.f = fire;
    addtimer(&early);
    explore::begin();
    wait_until_fired(1);
    late.when = nanotime() + hour;
    late.f = fire;
    addtimer(&late);
    earlier.f = fire;
    addtimer(&earlier);
    wait_until_fired(2);
    explore::check(fired_at < late.when, "timerproc slept through an earlier timer");
}
CASE(a_timer_for_an_empty_bucket, a_timer_for_an_empty_bucket, .preemptions = 2, .most = 6000);

/// What timerproc sleeps for is gone, and what comes is due later: it need not be told.
static void a_later_timer_wakes_nobody() {
    early.when = nanotime() + hour;
    early.f = fire;
    int64 sleeps = explore::sleeps();
    addtimer(&early);
    while (explore::sleeps() == sleeps) procyield(10);
    explore::begin();
    int64 wakes = explore::wakes();
    explore::check(deltimer(&early), "it was there");
    late.when = early.when + 1;
    late.f = fire;
    addtimer(&late);
    explore::check(explore::wakes() == wakes, "timerproc was woken for a timer that is due later");
}
CASE(a_later_timer_wakes_nobody, a_later_timer_wakes_nobody, .preemptions = 1);

static void a_sleep_ends_and_not_too_early() {
    explore::begin();
    int64 end = nanotime() + 1000;
    time::Sleep(1000);
    explore::check(nanotime() >= end, "it woke too early");
}
CASE(a_sleep_ends_and_not_too_early, a_sleep_ends_and_not_too_early, .preemptions = 2, .most = 6000);

// ---- a timer's end -------------------------------------------------------------------------------------------------

static uint32 called, inside;

static void slow(void*) {
    atomic::Xadd(&called, 1);
    atomic::Store(&inside, 1);
    atomic::Store(&inside, 0);
}

/// When deltimer returns, nobody uses the timer any more, and it says whether it came in time.
template <int64 period> static void a_deleted_timer_is_nobodys() {
    early.f = slow;
    early.period = period;
    explore::begin();
    addtimer(&early);
    procyield(10);
    bool there = deltimer(&early);
    explore::check(inside == 0, "its function still runs");
    explore::check(period || there == (called == 0), "a timer fired and was deleted, or neither");
    memset(&early, 0x55, sizeof early);
    for (int i = 0; i < 3; i++) procyield(10);
    explore::check(called <= 1 || period, "a timer without a period fired twice");
}
CASE(a_deleted_timer_is_nobodys, a_deleted_timer_is_nobodys<0>, .preemptions = 2, .random = 10000, .most = 6000);
CASE(a_deleted_ticker_is_nobodys, a_deleted_timer_is_nobodys<1000>, .preemptions = 2, .most = 6000);

static void add_another(void*) {
    earlier.f = fire;
    addtimer(&earlier);
}

static void a_timer_may_start_another() {
    explore::begin();
    early.f = add_another;
    addtimer(&early);
    while (atomic::Load(&fired) == 0) runtime::Gosched();
}
CASE(a_timer_may_start_another, a_timer_may_start_another, .cpus = 1, .preemptions = 1);

static void a_ticker_leaves_out_what_is_past() {
    explore::begin();
    int64 begin = nanotime();
    early.when = begin - 10 * ms;
    early.period = 4 * ms;
    early.f = fire;
    addtimer(&early);
    wait_until_fired(1);
    explore::check(early.when == begin + 2 * ms, "the next tick is past, or one was left out");
    wait_until_fired(2);
    explore::check(fired_at >= begin + 2 * ms, "a tick came too early");
}
CASE(a_ticker_leaves_out_what_is_past, a_ticker_leaves_out_what_is_past, .preemptions = 0, .random = 0);

/// Too far away to be told in 63 bits.
static void a_time_that_overflows_never_comes() {
    explore::begin();
    early.when = -1;
    early.f = fire;
    addtimer(&early);
    for (int i = 0; i < 20; i++) procyield(10);
    explore::check(deltimer(&early) && fired == 0, "it came");
    explore::check(!deltimer(&late), "a timer was deleted that was never started");
}
CASE(a_time_that_overflows_never_comes, a_time_that_overflows_never_comes, .preemptions = 0, .random = 0);

static int64 ticks_before;

static void note_ticks(void*) {
    ticks_before = atomic::Load(&fired);
    atomic::Xadd(&called, 1);
}

/// A ticker goes to its new place among the others.
static void a_ticker_lets_others_come_first() {
    explore::begin();
    early.when = nanotime();
    early.period = 4 * ms;
    early.f = fire;
    late.when = early.when + 2 * ms;
    late.f = note_ticks;
    addtimer(&late);
    addtimer(&early);
    while (atomic::Load(&called) == 0) procyield(10);
    explore::check(ticks_before == 1, "a timer fired after one that was due later");
}
CASE(a_ticker_lets_others_come_first, a_ticker_lets_others_come_first, .preemptions = 0, .random = 0);

// ---- the heap ------------------------------------------------------------------------------------------------------

constexpr int many = 60;
static timer heap[many];
static int order[many], count;

static void note_order(void* arg) { order[count++] = static_cast<int>(static_cast<timer*>(arg) - heap); }

/// Sixty timers come in no order, every third goes again, and the others fire in theirs.
static void timers_fire_in_order() {
    explore::begin();
    int64 begin = nanotime() + ms;
    uint32 left = 0;
    for (int i = 0; i < many; i++) {
        heap[i].when = begin + fastrand() % 1000;
        heap[i].f = note_order;
        heap[i].arg = &heap[i];
        addtimer(&heap[i]);
    }
    for (int i = 0; i < many; i += 3) {
        int at = static_cast<int>(fastrand() % many);
        bool there = heap[at].i >= 0;
        explore::check(deltimer(&heap[at]) == there, "a timer was deleted twice, or not at all");
    }
    for (timer& t : heap) left += t.i >= 0;
    late.when = begin + 1000;
    late.f = fire;
    addtimer(&late);
    wait_until_fired(1);
    explore::check(count == static_cast<int>(left), "a timer has not fired, or one that was deleted has");
    for (int i = 1; i < count; i++)
        explore::check(heap[order[i - 1]].when <= heap[order[i]].when, "a timer fired before one that was due");
}
CASE(timers_fire_in_order, timers_fire_in_order, .preemptions = 0, .random = 0);
