// threads.cpp - goroutines that are locked to their thread, threads that end, and who makes new ones.

#include "beside.hpp"
#include "extern.hpp"

static uint32 done;
static void finish() { atomic::Xadd(&done, 1); }

static void await(uint32 n) {
    while (atomic::Load(&done) < n) procyield(10);
}

/// The same for who must not keep the P.
static void gosched_until(uint32 n) {
    while (atomic::Load(&done) < n) {
        runtime::Gosched();
        procyield(10);
    }
}

// ---- a goroutine and its thread ------------------------------------------------------------------------------------

static void locked() {
    runtime::LockOSThread();
    m* mp = getg()->m;
    for (int i = 0; i < 2; i++) {
        runtime::Gosched();
        explore::check(getg()->m == mp, "a goroutine that is locked to its thread runs on another");
    }
    runtime::UnlockOSThread();
    finish();
}

static void free_() {
    for (int i = 0; i < 2; i++) {
        explore::check(!getg()->m->lockedg, "a thread that is locked to a goroutine runs another");
        runtime::Gosched();
    }
    finish();
}

static void a_locked_goroutine_and_others() {
    explore::begin();
    go(locked);
    go(free_);
    gosched_until(2);
    explore::check(sched.nmidlelocked == 0, "an M counts as waiting for its goroutine, and none does");
}
CASE(a_locked_goroutine_and_others, a_locked_goroutine_and_others, .random = 0, .most = 4000);
CASE(a_locked_goroutine_and_others_on_one_p, a_locked_goroutine_and_others, .cpus = 1, .random = 500, .most = 2000);

// ---- a thread ends -------------------------------------------------------------------------------------------------

static m* ends;

static void locked_for_ever() {
    runtime::LockOSThread();
    ends = getg()->m;
    finish();
}

static bool on(m* list, m* mp) {
    for (; list; list = list->alllink)
        if (list == mp) return true;
    return false;
}

/// Its goroutine ended while it was locked to it.
static void a_thread_ends_with_its_goroutine() {
    runtime::LockOSThread();  // which is the first, and stays: see below
    int32 before = mcount();
    explore::begin();
    go(locked_for_ever);
    for (bool gone = false; !gone;) {
        runtime::Gosched();
        procyield(10);
        lock(&sched.lock);
        gone = sched.nmfreed == 1;
        if (sched.freem && !gone) explore::check(sched.freem->freeWait == 1, "who can be reaped still runs");
        unlock(&sched.lock);
    }
    lock(&sched.lock);
    explore::check(sched.freem != ends || !on(allm, ends), "an M that ended is among those that there are");
    unlock(&sched.lock);
    explore::check(mcount() <= before + 1, "an M that ended counts as one that there is");
    go(finish);
    gosched_until(2);
}
CASE(a_thread_ends_with_its_goroutine, a_thread_ends_with_its_goroutine, .random = 0, .most = 4000);
CASE(a_thread_ends_with_its_goroutine_on_one_p, a_thread_ends_with_its_goroutine, .cpus = 1, .random = 500,
     .most = 2000);

static void the_first_thread_stays() {
    go([] {
        explore::begin();
        while (sched.nmfreed == 0) runtime::Gosched();
        explore::check(on(allm, &m0), "the first M is not among those that there are");
        explore::check(m0.gsignal->stack.lo != 0 && sched.freem == nullptr, "the first thread has ended");
        exit_(0);
    });
    runtime::LockOSThread();
    runtime::Goexit();
}
CASE(the_first_thread_stays, the_first_thread_stays, .preemptions = 0, .random = 0);

// ---- the m of one that ended ---------------------------------------------------------------------------------------

static m* used;

/// An m as mexit leaves it.
static void make_used(void*) {
    p* pp = getg()->m->p;
    used = allocm(pp, nullptr);
    acquirep(pp);
    lock(&sched.lock);
    allm = used->alllink;
    used->spinning = true;
    used->freeWait = 1;
    used->freelink = sched.freem;
    sched.freem = used;
    unlock(&sched.lock);
}

static m* allocated() {
    static m* mp;
    systemstack<void>(
        [](void*) {
            p* pp = getg()->m->p;
            mp = allocm(pp, nullptr);
            acquirep(pp);
        },
        nullptr);
    return mp;
}

static void an_m_is_used_again_when_its_thread_is_gone() {
    explore::begin();
    systemstack<void>(make_used, nullptr);
    explore::check(allocated() != used, "an m is used again, and its thread stands on its stack");
    explore::check(sched.freem == used, "an m that waits for its thread is lost");
    used->freeWait = 0;
    explore::check(allocated() == used, "an m whose thread is gone is not used again");
    explore::check(!sched.freem, "an m that is used again is still free");
    explore::check(!used->spinning && !used->freelink, "an m that is used again is not as new");
    explore::check(on(allm, used), "an m that is used again is not among those that there are");
    explore::check(allocated() != used, "an m is used again twice");
}
CASE(an_m_is_used_again_when_its_thread_is_gone, an_m_is_used_again_when_its_thread_is_gone, .preemptions = 0,
     .random = 0);

static void an_m_is_found_behind_one_that_waits() {
    explore::begin();
    systemstack<void>(make_used, nullptr);
    m* first = used;
    systemstack<void>(make_used, nullptr);
    m* mp = allocated();
    explore::check(mp != first && mp != used, "an m is used again, and its thread stands on its stack");
    first->freeWait = 0;
    explore::check(allocated() == first, "an m whose thread is gone is not used again");
    explore::check(sched.freem == used && !used->freelink, "an m that waits for its thread is lost");
}
CASE(an_m_is_found_behind_one_that_waits, an_m_is_found_behind_one_that_waits, .preemptions = 0, .random = 0);

/// Whoever makes it has all signals blocked at that moment.
static void a_thread_has_the_mask_that_the_program_began_with() {
    initSigmask = 1ull << 14;  // SIGTERM
    explore::begin();
    systemstack<void>(
        [](void*) {
            newm(
                [] {
                    sigset mask;
                    rtsigprocmask(_SIG_SETMASK, nullptr, &mask, sizeof mask);
                    explore::check(mask == initSigmask, "a thread blocks other signals than the program did at first");
                    exit_(0);
                },
                nullptr);
        },
        nullptr);
    await(1);
}
CASE(a_thread_has_the_mask_that_the_program_began_with, a_thread_has_the_mask_that_the_program_began_with,
     .preemptions = 0, .random = 0);

// ---- the template thread -------------------------------------------------------------------------------------------

static void other() {
    finish();
    note forever = {};
    notesleep(&forever);
}

static void start(void*) { newm(other, nullptr); }

static void a_locked_thread_makes_none() {
    explore::begin();
    getg()->m->lockedExt = 1;
    systemstack<void>(start, nullptr);
}
CASE(a_locked_thread_makes_none, a_locked_thread_makes_none, .preemptions = 0, .random = 0,
     .ends = "newm: on a locked thread with no template thread");

static void the_template_thread_makes_it() {
    explore::begin();
    runtime::LockOSThread();
    systemstack<void>(start, nullptr);
    await(1);
    systemstack<void>(start, nullptr);
    await(2);
    runtime::UnlockOSThread();
}
CASE(the_template_thread_makes_it, the_template_thread_makes_it, .preemptions = 2, .random = 0, .most = 4000);

static void the_template_thread_makes_two() {
    runtime::LockOSThread();
    explore::settle();
    explore::begin();
    systemstack<void>(start, nullptr);
    systemstack<void>(start, nullptr);
    await(2);
}
CASE(the_template_thread_makes_two, the_template_thread_makes_two, .preemptions = 1, .random = 0, .most = 4000);

static void there_is_one_template_thread() {
    beside::run([] { startTemplateThread(); });
    beside::begin();
    int64 threads = explore::threads();
    startTemplateThread();
    beside::wait(1);
    explore::check(explore::threads() == threads + 1, "there is not one template thread");
}
CASE(there_is_one_template_thread, there_is_one_template_thread, .preemptions = 2, .random = 0, .most = 8000);
