// litmus.cpp - cases that test the explorer: what it must find, what cannot be, and how many orders there are. Some are
// faulty: test_explore.py says which, and what the fault is.
//
// Two threads, first() on the goroutine that is main.main and second() on an M of its own.

#include "runtime.hpp"

#include "explore.hpp"
#include "go.hpp"

static uint32 x, y, from_x, from_y, ended, count;
static volatile uint32 plain_x, plain_y;
static void (*second)();

static void beside() {
    second();
    atomic::Xadd(&ended, 1);
    note forever = {};
    notesleep(&forever);
}

/// Both run; first to its end, then second is waited for.
static void both(void (*first_)(), void (*second_)()) {
    second = second_;
    explore::settle();
    systemstack<void>([](void*) { newm(beside, nullptr); }, nullptr);
    explore::begin();
    first_();
    while (atomic::Load(&ended) == 0) procyield(10);
}

// ---- store buffering: each writes one word and reads the other -----------------------------------------------------

static void read_both_as_zero() {
    explore::check(from_x != 0 || from_y != 0, "each has read what was there before the other wrote");
}

static void buffered_plain() {
    both(
        [] {
            plain_x = 1;
            from_y = plain_y;
        },
        [] {
            plain_y = 1;
            from_x = plain_x;
        });
    read_both_as_zero();
}
CASE(buffered_plain, buffered_plain);

static void buffered_released() {
    both(
        [] {
            atomic::StoreRel(&x, 1);
            from_y = atomic::Load(&y);
        },
        [] {
            atomic::StoreRel(&y, 1);
            from_x = atomic::Load(&x);
        });
    read_both_as_zero();
}
CASE(buffered_released, buffered_released);

static void buffered_exchanged() {
    both(
        [] {
            atomic::Xchg(&x, 1);
            from_y = atomic::Load(&y);
        },
        [] {
            atomic::Xchg(&y, 1);
            from_x = atomic::Load(&x);
        });
    read_both_as_zero();
}
CASE(buffered_exchanged, buffered_exchanged);

// ---- message passing: a word, then a flag that says so -------------------------------------------------------------

static void passed() {
    both(
        [] {
            plain_x = 1;
            atomic::StoreRel(&y, 1);
        },
        [] {
            if (atomic::Load(&y)) explore::check(plain_x == 1, "the flag was seen before the word");
        });
}
CASE(passed, passed);

static void passed_backwards() {
    both(
        [] {
            atomic::StoreRel(&y, 1);
            plain_x = 1;
        },
        [] {
            if (atomic::Load(&y)) explore::check(plain_x == 1, "the flag was seen before the word");
        });
}
CASE(passed_backwards, passed_backwards);

// ---- one word ------------------------------------------------------------------------------------------------------

static void counted_plainly() {
    both([] { plain_x = plain_x + 1; }, [] { plain_x = plain_x + 1; });
    explore::check(plain_x == 2, "a count was lost");
}
CASE(counted_plainly, counted_plainly);

static void counted() {
    both([] { atomic::Xadd(&x, 1); }, [] { atomic::Xadd(&x, 1); });
    explore::check(x == 2, "a count was lost");
}
CASE(counted, counted);

static mutex mu;

static void counted_under_a_lock() {
    auto add = [] {
        lock(&mu);
        count++;
        unlock(&mu);
    };
    both([] { systemstack<void>([](void*) { second(); }, nullptr); }, add);
    explore::check(count == 2, "a count was lost");
}
CASE(counted_under_a_lock, counted_under_a_lock);

/// The first ends without waiting: in its usual order the second has not touched anything yet.
static void ended_early() {
    second = [] {
        atomic::Xchg(&x, 1);
        atomic::Xchg(&y, 1);
    };
    explore::settle();
    systemstack<void>([](void*) { newm(beside, nullptr); }, nullptr);
    explore::begin();
    bool older = atomic::Load(&x) == 0;
    explore::check(!(older && atomic::Load(&y) == 1), "what was written second was seen, and the first was not");
}
CASE(ended_early, ended_early);

// ---- what waits ----------------------------------------------------------------------------------------------------

static uintptr key;

/// It looks, and sleeps whatever comes in between.
static void lost_wake_up() {
    both(
        [] {
            atomic::Store(&x, 1);
            if (atomic::Load(&y)) futexwakeup(&key, 1);
        },
        [] {
            if (atomic::Load(&x)) return;
            atomic::Store(&y, 1);
            futexsleep(&key, 0, -1);
        });
}
CASE(lost_wake_up, lost_wake_up);

static void each_waits_for_the_other() {
    both(
        [] {
            while (atomic::Load(&x) == 0) procyield(10);
            atomic::Store(&y, 1);
        },
        [] {
            while (atomic::Load(&y) == 0) procyield(10);
            atomic::Store(&x, 1);
        });
}
CASE(each_waits_for_the_other, each_waits_for_the_other);

static void stores_without_end() {
    both(
        [] {
            while (atomic::Xadd(&x, 1) != 0) {
            }
        },
        [] {});
}
CASE(stores_without_end, stores_without_end, .most = 1);

static void nobody_looks() {
    explore::begin();
    static g gs;
    runqput(getg()->m->p, &gs, false);
    while (atomic::Load(&x) == 0) procyield(10);
}
CASE(nobody_looks, nobody_looks);

// ---- how a run ends ------------------------------------------------------------------------------------------------

static void no_such_memory() {
    both([] { atomic::Xchg(&x, 1); },
         [] {
             if (atomic::Xadd(&x, 1) == 2) *reinterpret_cast<volatile uint32*>(8) = 1;
         });
}
CASE(no_such_memory, no_such_memory);

static uint32 deep(uint32 n) { return n ? deep(n + 1) + atomic::Load(&x) : 0; }

static void no_more_stack() {
    both([] {}, [] { atomic::Store(&y, deep(1)); });
}
CASE(no_more_stack, no_more_stack);

static void an_empty_loop() {
    both([] { asm volatile("1: jmp 1b"); }, [] {});
}
CASE(an_empty_loop, an_empty_loop);

static void thrown() {
    both([] { atomic::Xchg(&x, 1); },
         [] {
             if (atomic::Xadd(&x, 1) == 2) throw_("litmus: the second came second");
         });
}
CASE(thrown, thrown);

// ---- how many orders there are -------------------------------------------------------------------------------------

template <int64 who> static void three_steps() {
    for (int i = 0; i < 3; i++) {
        atomic::Xchg(&x, 1);
        explore::outcome(who);
    }
}

static void three_steps_each() { both(three_steps<1>, three_steps<2>); }
CASE(three_steps_each, three_steps_each, .sysmon = 0);
