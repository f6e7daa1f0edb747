// locks.cpp - the runtime's own lock and its one-time event: who waits is woken, and nobody is in there twice.

#include "runtime.hpp"

#include "explore.hpp"
#include "go.hpp"

static mutex mu;
static note woken;
static uint32 inside, through;

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

static void other() {
    work();
    note forever = {};
    notesleep(&forever);
}

static void start(void*) {
    newm(other, nullptr);
    newm(other, nullptr);
}

static void wait(void*) { notesleep(&woken); }

static void two_take_turns_in_the_lock() {
    systemstack<void>(start, nullptr);
    explore::begin();
    work();
    systemstack<void>(wait, nullptr);
    explore::check(mu.key == 0, "the lock is not as it was");
}
CASE(two_take_turns_in_the_lock, two_take_turns_in_the_lock);
