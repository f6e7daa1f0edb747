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
CASE(a_thief_and_the_owner, a_thief_and_the_owner);
