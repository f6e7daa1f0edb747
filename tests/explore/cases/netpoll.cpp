// netpoll.cpp - a goroutine that waits for a file, whoever says that it is ready, and a close, at one descriptor: nobody
// sleeps through what came, nothing is announced twice, and nobody is counted who does not wait.

#include "netpoll.hpp"

#include "beside.hpp"

static pollDesc desc;

/// What netpoll does with an event, and those who called it with what it returns.
static void announced(int32* mode) {
    g* list = nullptr;
    netpollready(&list, &desc, *mode);
    explore::check(static_cast<int32>(atomic::Load(&netpollWaiters)) >= 0, "fewer than none wait");
    injectglist(list);
}
static void announce(int32 mode) { systemstack(announced, &mode); }

static void left(uintptr rg, uintptr wg) {
    explore::check(desc.rg == rg && desc.wg == wg, "something is left in the descriptor, or something was taken");
    explore::check(netpollWaiters == 0, "somebody is counted who does not wait");
}

// ---- a waiter and one other ----------------------------------------------------------------------------------------

template <int32 mode> static void a_close_meets() {
    beside::run([] { runtime_pollUnblock(&desc); });
    beside::begin();
    explore::check(runtime_pollWait(&desc, mode) == errClosing, "a closed file is ready");
    beside::wait(1);
    left(0, 0);
    explore::check(runtime_pollReset(&desc, mode) == errClosing, "a closed file can be used again");
}
CASE(a_close_meets_a_reader, a_close_meets<'r'>, .preemptions = 2, .most = 6000);
CASE(a_close_meets_a_writer, a_close_meets<'w'>, .preemptions = 2, .most = 6000);

template <int32 mode, int32 event> static void an_announcement_meets() {
    beside::run([] { announce(event); });
    beside::begin();
    explore::check(runtime_pollWait(&desc, mode) == 0, "a file that is ready is closed");
    beside::wait(1);
    left(mode == 'w' && event != mode ? pdReady : 0, mode == 'r' && event != mode ? pdReady : 0);
}
CASE(an_announcement_meets_a_reader, (an_announcement_meets<'r', 'r'>), .preemptions = 2, .most = 6000);
CASE(an_announcement_for_both_meets_a_writer, (an_announcement_meets<'w', 'r' + 'w'>), .preemptions = 2, .most = 6000);

/// Edge-triggered: each arrival is told once, and the reader takes all that is there before it waits again.
static uint32 arrived;

static void no_arrival_is_slept_through() {
    beside::run([] {
        for (int i = 0; i < 2; i++) {
            atomic::Xadd(&arrived, 1);
            announce('r');
        }
    });
    beside::begin();
    for (uint32 taken = 0; taken < 2; taken += atomic::Xchg(&arrived, 0u)) {
        explore::check(runtime_pollReset(&desc, 'r') == 0, "it is closed");
        if (atomic::Load(&arrived) == 0) explore::check(runtime_pollWait(&desc, 'r') == 0, "it is closed");
    }
    beside::wait(1);
    explore::check(netpollWaiters == 0, "somebody is counted who does not wait");
}
CASE(no_arrival_is_slept_through, no_arrival_is_slept_through, .preemptions = 2, .most = 6000);

static void a_close_and_an_announcement_meet_a_reader() {
    beside::run([] { runtime_pollUnblock(&desc); });
    beside::run([] { announce('r'); });
    beside::begin();
    int32 err = runtime_pollWait(&desc, 'r');
    explore::check(err == 0 || err == errClosing, "neither ready nor closed");
    beside::wait(2);
    explore::check(netpollWaiters == 0, "somebody is counted who does not wait");
    explore::check(runtime_pollWait(&desc, 'r') == errClosing, "a closed file is ready");
}
CASE(a_close_and_an_announcement_meet_a_reader, a_close_and_an_announcement_meet_a_reader, .cpus = 3, .preemptions = 2,
     .most = 6000);

// ---- in turn -------------------------------------------------------------------------------------------------------

static uint32 again;

static void a_reset_forgets_what_was_announced() {
    announce('r' + 'w');
    beside::run([] {
        while (atomic::Load(&netpollWaiters) == 0) procyield(10);
        atomic::Store(&again, 1);
        announce('r');
    });
    beside::begin();
    explore::check(runtime_pollReset(&desc, 'r') == 0, "it is closed");
    explore::check(desc.rg == 0 && desc.wg == pdReady, "the wrong one was reset");
    explore::check(runtime_pollWait(&desc, 'r') == 0 && again == 1, "it was ready before the reset");
    beside::wait(1);
    left(0, pdReady);
}
CASE(a_reset_forgets_what_was_announced, a_reset_forgets_what_was_announced, .preemptions = 1);

static void an_announcement_waits_for_the_next() {
    announce('r' + 'w');
    beside::begin();
    explore::check(runtime_pollWait(&desc, 'r') == 0, "it is closed");
    left(0, pdReady);
}
CASE(an_announcement_waits_for_the_next, an_announcement_waits_for_the_next, .preemptions = 0, .random = 0);

static void two_that_wait_for_the_same() {
    beside::run([] { (void)runtime_pollWait(&desc, 'r'); });
    beside::begin();
    (void)runtime_pollWait(&desc, 'r');
}
CASE(two_that_wait_for_the_same, two_that_wait_for_the_same, .preemptions = 1,
     .ends = "fatal error: netpollblock: two goroutines wait for the same");
