// ends.cpp - panics, deferred calls, faults and reports, one check at a time.

#include "checks.hpp"
#include "mheap.hpp"

// ---- what happens between two steps of a report: linked with --wrap --------------------------------------------------

int64 real_write(uintptr fd, const void* b, uintptr n) GO("__real_runtime.write");
nosplit int64 wrap_write(uintptr fd, const void* b, uintptr n) GO("__wrap_runtime.write");
static void (*volatile meanwhile)();
static volatile bool slowly;
int64 wrap_write(uintptr fd, const void* b, uintptr n) {
    if (fd == 2 && atomic::Load(&panicking) != 0) {
        auto f = meanwhile;
        meanwhile = nullptr;
        if (f) f();
        if (slowly) usleep_(1000);
    }
    return real_write(fd, b, n);
}

void real_lock(mutex* l) GO("__real_runtime.lock");
nosplit void wrap_lock(mutex* l) GO("__wrap_runtime.lock");
/// Who has begun to end waits, before it takes a lock, until a second one has, too.
void wrap_lock(mutex* l) {
    static volatile bool met;
    if (slowly && getg()->m->dying != 0 && !met) {
        for (int i = 0; i < 2000 && atomic::Load(&panicking) == 1; i++) usleep_(1000);
        met = true;
    }
    real_lock(l);
}

static volatile int64 sink;
static int64* volatile nowhere;
[[gnu::noinline]] static void dereference() { sink = nowhere[3]; }

template <class F> static void caught(F f) {
    func([&](Defer& defer) {
        defer([] { recover(); });
        f();
    });
}

// ---- panics --------------------------------------------------------------------------------------------------------

static void a_recovered_panic_is_over() {
    caught([] { panic("x"); });
    must(!getg()->_panic && !getg()->_defer, "nothing of it is left");
    caught([] {
        func([](Defer& defer) {
            defer([] { panic("second"); });
            panic("first");
        });
    });
    must(!getg()->_panic && !getg()->_defer, "nor of one that another replaced");
    caught([] {
        func([](Defer& defer) {
            defer([] {
                func([](Defer& inner) {
                    inner([] { panic("third"); });
                    panic("second");
                });
            });
            panic("first");
        });
    });
    must(!getg()->_panic && !getg()->_defer, "nor of two of those");
}

/// It is not these that the panic runs, but the one around them.
static void recover_looks_past_calls_that_have_not_begun() {
    func([](Defer& defer) {
        defer([] {
            func([](Defer& inner) {
                inner([] {});
                any r = recover();
                must(r && r.s == str("x"), "it is found");
            });
        });
        panic("x");
    });
}

static void a_panic_goes_on_when_one_in_its_call_was_recovered_from() {
    func([](Defer& defer) {
        defer([] {
            any r = recover();
            must(r && r.s == str("first"), "it is the first one");
        });
        defer([] { caught([] { panic("second"); }); });
        panic("first");
    });
}

static void a_recovered_fault_is_forgotten() {
    caught([] { dereference(); });
    must(getg()->sig == 0, "a later report does not name it");
}

static void a_fault_is_remembered_until_its_panic_is_over() {
    func([](Defer& defer) {
        defer([] { recover(); });
        defer([] {
            caught([] { panic("x"); });
            must(getg()->sig != 0, "its report is still to come");
        });
        dereference();
    });
}

static void panics_are_counted_while_their_calls_run() {
    func([](Defer& defer) {
        defer([] {
            must(atomic::Load(&runningPanicDefers) == 1, "now");
            recover();
        });
        panic("x");
    });
    must(atomic::Load(&runningPanicDefers) == 0, "not afterwards");
}

static void deferred_calls_give_their_memory_back() {
    uintptr used = 0;
    for (int i = 0; i < 30000; i++) {
        caught([] {});
        caught([] {
            func([](Defer& defer) {
                defer([] { panic("second"); });
                panic("first");
            });
        });
        if (i == 1000) used = mheap_.arena_used;
    }
    must(mheap_.arena_used - used < 1 << 20, "when they are over");
}

static void a_wild_pointer_is_a_panic_if_that_was_asked_for() {
    getg()->paniconfault = true;
    nowhere = reinterpret_cast<int64*>(0x123456789000);
    caught([] { dereference(); });
}

/// As if there had been a signal: this may be the code, though Linux seldom has one that is 2 so low.
static void faulted(uintptr code, uintptr address) {
    g* gp = getg();
    gp->sig = _SIGSEGV;
    gp->sigcode0 = code;
    gp->sigcode1 = address;
    sigpanic();
}

static void the_first_page_is_null_s() {
    caught([] { faulted(1, 0xfff); });
    caught([] { faulted(2, 0xfff); });
}

static void the_second_page_is_not() {
    caught([] { faulted(1, 0x1000); });
}

static void no_panic_on_a_system_stack() {
    ong0([] { panic("x"); });
}
static void no_panic_in_malloc() {
    getg()->m->mallocing++;
    panic("x");
}
static void no_panic_while_the_world_is_stopped() {
    getg()->m->preemptoff = str("a check");
    panic("x");
}
static void no_panic_with_a_lock() {
    getg()->m->locks++;
    panic("x");
}
static void no_fault_with_a_lock() {
    getg()->m->locks++;
    dereference();
}
static void no_fault_in_malloc() {
    getg()->m->mallocing++;
    dereference();
}

/// At the first instruction of a line.
static void a_fault_stands_in_its_line() {
    __asm__ volatile("nop");
    __asm__ volatile("movl $1, 0x18");  // here
}

// ---- reports -------------------------------------------------------------------------------------------------------

/// The only P goes to and fro between main, which wants to end, and deferred calls.
static void main_waits_for_deferred_calls() {
    chan<bool> begun(0);
    go([begun]() mutable {
        func([&](Defer& defer) {
            defer([&] {
                begun.send(true);
                for (int i = 0; i < 100; i++) runtime::Gosched();
            });
            panic("late");
        });
    });
    begun.recv();
}

static volatile bool spins, writes;

/// The other goroutine has begun to write. main calls nothing any more, so it cannot be asked to yield.
static void main_waits_for_a_report() {
    meanwhile = [] {
        writes = true;
        usleep_(50000);
    };
    go([] { panic("said"); });
    while (!writes) {
    }
}

/// It spins without a call, so it is asked but does not yield.
static void who_runs_is_asked_to_yield_before_a_report() {
    static g* volatile spinner;
    go([] {
        spinner = getg();
        spins = true;
        for (;;) spinner = getg();
    });
    while (!spins) runtime::Gosched();
    meanwhile = [] {
        must(spinner->preempt && sched.gcwaiting != 0, "who runs is asked to yield, others do not begin");
    };
    panic("asked");
}

/// It is in a signal's handler, where all signals are blocked.
static void a_fault_in_a_report_is_told_too() {
    meanwhile = [] { dereference(); };
    tgkill_(getpid_(), gettid_(), 3);
}

/// The fault is in the list of the others, and would come again if they were told again.
static void a_fault_among_the_others_is_told_once() {
    allgs.array[allgs.len - 1] = reinterpret_cast<g*>(8);
    throw_("first");
}

static void two_reports_at_once() {
    static uint32 ready;
    slowly = true;
    for (int i = 0; i < 2; i++)
        go([] {
            atomic::Xadd(&ready, 1);
            while (atomic::Load(&ready) < 2) {
            }
            panic("together");
        });
    chan<int64>(0).recv();
}

void main_main() {
    CHECK(a_recovered_panic_is_over);
    CHECK(recover_looks_past_calls_that_have_not_begun);
    CHECK(a_panic_goes_on_when_one_in_its_call_was_recovered_from);
    CHECK(a_recovered_fault_is_forgotten);
    CHECK(a_fault_is_remembered_until_its_panic_is_over);
    CHECK(panics_are_counted_while_their_calls_run);
    CHECK(deferred_calls_give_their_memory_back);
    CHECK(a_wild_pointer_is_a_panic_if_that_was_asked_for);
    CHECK(the_first_page_is_null_s);
    CHECK(the_second_page_is_not);
    CHECK(no_panic_on_a_system_stack);
    CHECK(no_panic_in_malloc);
    CHECK(no_panic_while_the_world_is_stopped);
    CHECK(no_panic_with_a_lock);
    CHECK(no_fault_with_a_lock);
    CHECK(no_fault_in_malloc);
    CHECK(a_fault_stands_in_its_line);
    CHECK(main_waits_for_deferred_calls);
    CHECK(who_runs_is_asked_to_yield_before_a_report);
    CHECK(a_fault_in_a_report_is_told_too);
    CHECK(a_fault_among_the_others_is_told_once);
    CHECK(two_reports_at_once);
    if (argslice.array[1] == str("main_waits_for_a_report")) main_waits_for_a_report();
}
