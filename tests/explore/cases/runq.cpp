// runq.cpp - a P's run queue: its owner puts and gets, a thief takes half; each goroutine comes out once.

#include "runtime.hpp"

#include "explore.hpp"
#include "go.hpp"

constexpr int count = 4;
static p mine, theirs;
static g gs[count];
static int out[count];
static uint32 ended;

static void took(g* gp) {
    if (gp) out[gp - gs]++;
}

static void thief() {
    for (int i = 0; i < 2; i++) took(runqsteal(&theirs, &mine, true));
    bool inherit;
    while (g* gp = runqget(&theirs, &inherit)) took(gp);
    atomic::Xadd(&ended, 1);
    note forever = {};
    notesleep(&forever);
}

static void start(void*) { newm(thief, nullptr); }

static void a_thief_and_the_owner() {
    explore::settle();
    systemstack<void>(start, nullptr);
    explore::begin();
    bool inherit;
    runqput(&mine, &gs[0], true);
    runqput(&mine, &gs[1], false);
    runqput(&mine, &gs[2], true);
    took(runqget(&mine, &inherit));
    runqput(&mine, &gs[3], false);
    while (g* gp = runqget(&mine, &inherit)) took(gp);
    while (atomic::Load(&ended) == 0) procyield(10);
    for (int i = 0; i < count; i++) explore::check(out[i] == 1, "a goroutine came out twice, or never");
}
CASE(a_thief_and_the_owner, a_thief_and_the_owner, .most = 60000);

static void thief_of_one() {
    took(runqsteal(&theirs, &mine, true));
    atomic::Xadd(&ended, 1);
    note forever = {};
    notesleep(&forever);
}

static void a_thief_and_the_owner_want_runnext() {
    systemstack<void>([](void*) { newm(thief_of_one, nullptr); }, nullptr);
    runqput(&mine, &gs[0], true);
    explore::begin();
    bool inherit;
    took(runqget(&mine, &inherit));
    while (atomic::Load(&ended) == 0) procyield(10);
    explore::check(out[0] == 1, "a goroutine came out twice, or never");
}
CASE(a_thief_and_the_owner_want_runnext, a_thief_and_the_owner_want_runnext, .random = 100);

// A goroutine is on its way from runnext to the ring: the queue is not empty, whenever somebody looks.

static void looker() {
    for (int i = 0; i < 2; i++) explore::check(!runqempty(&mine), "a queue that always has somebody was empty");
    atomic::Xadd(&ended, 1);
    note forever = {};
    notesleep(&forever);
}

static void somebody_is_always_there() {
    systemstack<void>([](void*) { newm(looker, nullptr); }, nullptr);
    runqput(&mine, &gs[0], true);
    explore::begin();
    bool inherit;
    for (int i = 1; i < 3; i++) {
        runqput(&mine, &gs[i], true);
        explore::check(runqget(&mine, &inherit) == &gs[i], "runnext does not run next");
    }
    while (atomic::Load(&ended) == 0) procyield(10);
}
CASE(somebody_is_always_there, somebody_is_always_there, .preemptions = 2, .random = 200);

static void somebody_is_there_when_one_is_stolen() {
    systemstack<void>([](void*) { newm(looker, nullptr); }, nullptr);
    runqput(&mine, &gs[0], false);
    explore::begin();
    runqput(&mine, &gs[1], true);
    explore::check(runqsteal(&theirs, &mine, false) == &gs[0], "a thief did not get the first of the ring");
    while (atomic::Load(&ended) == 0) procyield(10);
}
CASE(somebody_is_there_when_one_is_stolen, somebody_is_there_when_one_is_stolen, .preemptions = 2, .random = 200);

// The ring is full when one more comes, and a thief comes at the same time.

static g lots[runqlen + 1];
static int8 times[runqlen + 1];

static void took_one(g* gp) {
    if (gp) times[gp - lots]++;
}

static void steal_half() { took_one(runqsteal(&theirs, &mine, false)); }
static void put_one_more() { runqput(&mine, &lots[runqlen], false); }

template <void (*f)()> static void other() {
    f();
    atomic::Xadd(&ended, 1);
    note forever = {};
    notesleep(&forever);
}

/// Who comes first costs no preemption: each of the two is it once.
template <void (*first)(), void (*second)()> static void a_full_ring() {
    systemstack<void>([](void*) { newm(other<second>, nullptr); }, nullptr);
    mine.runqhead = mine.runqtail = ~0u - 50;
    for (uint32 i = 0; i < runqlen; i++) runqput(&mine, &lots[i], false);
    explore::begin();
    first();
    while (atomic::Load(&ended) == 0) procyield(10);
    bool inherit;
    while (g* gp = runqget(&mine, &inherit)) took_one(gp);
    while (g* gp = runqget(&theirs, &inherit)) took_one(gp);
    lock(&sched.lock);
    while (g* gp = globrunqget(&mine, 1)) took_one(gp);
    unlock(&sched.lock);
    for (int8 n : times) explore::check(n == 1, "a goroutine came out twice, or never");
}
CASE(a_full_ring_and_a_thief, (a_full_ring<put_one_more, steal_half>), .preemptions = 1, .late = 0, .random = 20);
CASE(a_thief_and_a_full_ring, (a_full_ring<steal_half, put_one_more>), .preemptions = 1, .late = 0, .random = 20);

// Whose turn is runnext's: a thief who finds nothing else lets its owner, who runs, have it if he wants it.

static g* stolen;

static void thief_of_runnext() {
    stolen = runqsteal(&theirs, &mine, true);
    atomic::Xadd(&ended, 1);
    note forever = {};
    notesleep(&forever);
}

static void the_owner_has_runnext_first() {
    systemstack<void>([](void*) { newm(thief_of_runnext, nullptr); }, nullptr);
    mine.status = _Prunning;
    explore::begin();
    runqput(&mine, &gs[0], true);
    procyield(10);
    bool inherit;
    explore::check(runqget(&mine, &inherit) == &gs[0], "a thief was quicker than the owner, who runs");
    while (atomic::Load(&ended) == 0) procyield(10);
    explore::check(!stolen, "it came out twice");
}
CASE(the_owner_has_runnext_first, the_owner_has_runnext_first, .preemptions = 0, .random = 0);

// Several Ms put something into the global queue.

static void putter() {
    globrunqput(&gs[2]);
    globrunqput(&gs[3]);
    atomic::Xadd(&ended, 1);
    note forever = {};
    notesleep(&forever);
}

static void two_put_into_the_global_queue() {
    systemstack<void>([](void*) { newm(putter, nullptr); }, nullptr);
    explore::begin();
    globrunqput(&gs[0]);
    globrunqput(&gs[1]);
    while (atomic::Load(&ended) == 0) procyield(10);
    explore::check(sched.runqsize == count, "runqsize is not what was put there");
    for (g* gp = sched.runqhead; gp; gp = gp->schedlink) took(gp);
    for (int i = 0; i < count; i++) explore::check(out[i] == 1, "a goroutine came out twice, or never");
    sched.runqhead = sched.runqtail = nullptr;
    sched.runqsize = 0;
}
CASE(two_put_into_the_global_queue, two_put_into_the_global_queue, .preemptions = 2, .random = 200);
