// counts.cpp - what the explorer counts is what happened: a futex call for who sleeps, none for who does not.

#include "runtime.hpp"

#include "explore.hpp"
#include "go.hpp"

static note n;
static uint32 asleep;

static void sleeper() {
    atomic::Store(&asleep, 1);
    notesleep(&n);
    note forever = {};
    notesleep(&forever);
}

static void start(void*) { newm(sleeper, nullptr); }

static void a_wake_up_is_one_futex_call() {
    explore::settle();
    explore::begin();
    int64 threads = explore::threads(), sleeps = explore::sleeps(), wakes = explore::wakes();
    systemstack<void>(start, nullptr);
    explore::check(explore::threads() == threads + 1, "newm did not make a thread, or made more");
    while (atomic::Load(&asleep) == 0) procyield(10);
    systemstack<void>([](void*) { notewakeup(&n); }, nullptr);
    explore::check(explore::wakes() - wakes <= 1, "one was woken more than once");
    explore::check(explore::sleeps() - sleeps >= explore::wakes() - wakes, "somebody was woken who did not sleep");
}
CASE(a_wake_up_is_one_futex_call, a_wake_up_is_one_futex_call);
