// rings.cpp - a P's ring and the global queue, by one thread: who comes out when, and how many go where.

#include "runtime.hpp"

#include "explore.hpp"
#include "go.hpp"

constexpr int ring = static_cast<int>(runqlen), half = ring / 2;
static p mine, theirs;
static g gs[2 * ring];

/// A ring's counters go round, in the middle of each case.
static void empty(p* pp) { pp->runqhead = pp->runqtail = ~0u - 50; }

static void put(p* pp, int from, int to) {
    for (int i = from; i < to; i++) runqput(pp, &gs[i], false);
}

/// What is in a P's queue: gs[from] .. gs[to - 1], in this order.
static void holds(p* pp, int from, int to) {
    bool inherit = true;
    for (int i = from; i < to; i++) {
        explore::check(runqget(pp, &inherit) == &gs[i], "the ring has not who should be next");
        explore::check(!inherit, "the time slice is inherited from nobody");
    }
    explore::check(runqempty(pp) && !runqget(pp, &inherit), "the ring has more than it should");
}

/// Who is next in the global queue, taken off.
static g* next() {
    g* gp = sched.runqhead;
    explore::check(gp, "the global queue is shorter than its size");
    sched.runqhead = gp->schedlink;
    sched.runqsize--;
    if (sched.runqhead) return gp;
    explore::check(sched.runqtail == gp && sched.runqsize == 0, "the last of the global queue is not its tail");
    sched.runqtail = nullptr;
    return gp;
}

/// What is in the global queue.
static void global(int from, int to) {
    explore::check(sched.runqsize == to - from, "runqsize is not what is in the queue");
    for (int i = from; i < to; i++) explore::check(next() == &gs[i], "the global queue has not who should be next");
}

#define ONCE .preemptions = 0, .random = 0

static void a_ring_is_a_queue() {
    explore::begin();
    empty(&mine);
    put(&mine, 0, ring);
    global(0, 0);
    holds(&mine, 0, ring);
}
CASE(a_ring_is_a_queue, a_ring_is_a_queue, ONCE);
CASE(a_ring_is_a_queue_of_one_p, a_ring_is_a_queue, .cpus = 1, ONCE);

static void a_full_ring_gives_half_away() {
    explore::begin();
    empty(&mine);
    put(&mine, 0, half);
    holds(&mine, 0, half);
    put(&mine, half, half + ring + 1);
    explore::check(sched.runqsize == half + 1, "not half a ring and one went to the global queue");
    for (int i = half; i < 2 * half; i++) explore::check(next() == &gs[i], "it is not the older half, in its order");
    explore::check(next() == &gs[half + ring], "who found no room is not behind the half");
    holds(&mine, 2 * half, half + ring);
}
CASE(a_full_ring_gives_half_away, a_full_ring_gives_half_away, ONCE);
CASE(a_full_ring_of_one_p_gives_half_away, a_full_ring_gives_half_away, .cpus = 1, ONCE);

static void the_last_that_was_readied_runs_first() {
    explore::begin();
    empty(&mine);
    put(&mine, 0, 1);
    runqput(&mine, &gs[1], true);
    runqput(&mine, &gs[2], true);
    explore::check(!runqempty(&mine), "a queue with somebody in runnext is empty");
    bool inherit = false;
    explore::check(runqget(&mine, &inherit) == &gs[2], "runnext does not run next");
    explore::check(inherit, "runnext has a time slice of its own");
    holds(&mine, 0, 2);
    runqput(&mine, &gs[3], true);
    explore::check(!runqempty(&mine), "a queue with nobody but runnext is empty");
}
CASE(the_last_that_was_readied_runs_first, the_last_that_was_readied_runs_first, ONCE);
CASE(the_last_that_was_readied_runs_first_on_one_p, the_last_that_was_readied_runs_first, .cpus = 1, ONCE);

static void a_thief_takes_half() {
    explore::begin();
    empty(&mine);
    empty(&theirs);
    put(&theirs, 0, 7);
    runqput(&theirs, &gs[7], true);
    explore::check(runqsteal(&mine, &theirs, true) == &gs[3], "the thief does not run the last of four");
    holds(&mine, 0, 3);
    explore::check(theirs.runnext == &gs[7], "runnext was stolen, and there were others");
    theirs.runnext = nullptr;
    holds(&theirs, 4, 7);

    put(&theirs, 8, 9);
    explore::check(runqsteal(&mine, &theirs, false) == &gs[8], "the only one was left");
    holds(&mine, 0, 0);
    holds(&theirs, 0, 0);

    put(&theirs, 0, ring);
    explore::check(runqsteal(&mine, &theirs, false) == &gs[half - 1], "the thief does not run the last of half a ring");
    holds(&mine, 0, half - 1);
    holds(&theirs, half, ring);
}
CASE(a_thief_takes_half, a_thief_takes_half, ONCE);

static void a_thief_leaves_runnext_unless_told() {
    explore::begin();
    empty(&mine);
    empty(&theirs);
    runqput(&theirs, &gs[0], true);
    explore::check(!runqsteal(&mine, &theirs, false), "a thief took runnext, who was not to");
    explore::check(runqsteal(&mine, &theirs, true) == &gs[0], "a thief did not take runnext, who was to");
    explore::check(!theirs.runnext, "runnext was stolen, and is there");
    holds(&mine, 0, 0);
    explore::check(!runqsteal(&mine, &theirs, true), "there was nobody to be stolen");
}
CASE(a_thief_leaves_runnext_unless_told, a_thief_leaves_runnext_unless_told, ONCE);

// ---- the global queue ----------------------------------------------------------------------------------------------

static void put_global(int from, int to) {
    for (int i = from; i < to; i++) globrunqput(&gs[i]);
}

/// Of `size` in the queue, a P takes `share` when its limit is max: the first to run, the others into its ring.
static void takes(int size, int max, int share) {
    empty(&mine);
    put_global(0, size);
    lock(&sched.lock);
    explore::check(globrunqget(&mine, max) == (size ? &gs[0] : nullptr), "a P does not run the first of the queue");
    unlock(&sched.lock);
    holds(&mine, size ? 1 : 0, share);
    global(share, size);
}

static void a_p_takes_its_share() {
    explore::begin();
    takes(0, 0, 0);
    takes(1, 0, 1);
    takes(2, 0, 2);
    takes(10, 0, 6);
    takes(10, 1, 1);
    takes(10, 5, 5);
    takes(10, 7, 6);
    takes(ring + 20, 0, half);
}
CASE(a_p_takes_its_share, a_p_takes_its_share, ONCE);

static void the_only_p_takes_all() {
    explore::begin();
    takes(0, 0, 0);
    takes(1, 0, 1);
    takes(10, 0, 10);
    takes(10, 1, 1);
    takes(ring + 20, 0, half);
}
CASE(the_only_p_takes_all, the_only_p_takes_all, .cpus = 1, ONCE);

static void the_global_queue_has_a_front() {
    explore::begin();
    globrunqputhead(&gs[1]);
    globrunqputhead(&gs[0]);
    globrunqput(&gs[2]);
    global(0, 3);
}
CASE(the_global_queue_has_a_front, the_global_queue_has_a_front, ONCE);

static void what_was_injected_comes_behind() {
    explore::begin();
    explore::check(globrunqempty(), "an empty queue is not empty");
    globrunqput(&gs[0]);
    explore::check(!globrunqempty(), "a queue with one is empty");
    lock(&sched.lock);
    globrunqinject(&gs[1]);
    globrunqinject(&gs[2]);
    globrunqcollect();
    globrunqcollect();
    unlock(&sched.lock);
    global(0, 3);
    lock(&sched.lock);
    globrunqinject(&gs[0]);
    explore::check(!globrunqempty(), "a queue with one beside it is empty");
    globrunqcollect();
    unlock(&sched.lock);
    global(0, 1);
    explore::check(globrunqempty(), "what was taken is still there");
}
CASE(what_was_injected_comes_behind, what_was_injected_comes_behind, .cpus = 1, ONCE);
CASE(what_was_injected_comes_behind_on_two, what_was_injected_comes_behind, ONCE);

// ---- a turn for the global queue -----------------------------------------------------------------------------------

static int ran;
static void run(funcval*) { ran++; }

/// How many run before who goes to the global queue is back, with the P at this tick.
static int before_me(uint32 tick) {
    ran = 0;
    getg()->m->p->schedtick = tick;
    runtime::Gosched();
    return ran;
}

static void the_global_queue_comes_every_61_ticks() {
    static funcval f = {run};
    runtime::Gosched();                            // the boot left somebody in the ring
    for (int i = 0; i < 150; i++) newproc(0, &f);  // which, unlike go, does not yield
    explore::begin();
    explore::check(before_me(2 * 61) == 0, "the global queue had to wait, at its tick");
    explore::check(before_me(1) == 1 + 60, "not the one in runnext and 60 ran before the global queue had its turn");
    explore::check(before_me(50) == 11, "not 11 ran before the global queue had its turn");
}
CASE(the_global_queue_comes_every_61_ticks, the_global_queue_comes_every_61_ticks, .cpus = 1, ONCE);

static void next_in_line(funcval* f) {
    if (++ran < 5) newproc(0, f);
}

static void who_is_readied_goes_on_in_the_same_slice() {
    static funcval f = {next_in_line};
    runtime::Gosched();
    explore::begin();
    newproc(0, &f);
    explore::check(before_me(1) == 5, "not all ran, each after the one that made it");
    explore::check(getg()->m->p->schedtick == 2, "not one new slice began, main's");
}
CASE(who_is_readied_goes_on_in_the_same_slice, who_is_readied_goes_on_in_the_same_slice, .cpus = 1, ONCE);
