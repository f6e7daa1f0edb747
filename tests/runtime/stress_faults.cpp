// stress_faults.cpp - linked with the stress program, it breaks the scheduler on purpose, so that one sees the watcher
// notice. The second argument says how: lose, double or starve. Wrapped around some functions, as poison.cpp is.

#include "stress.hpp"

static bool wants(const char* fault) {
    gostring s = argslice.array[2];
    return s.len == findnull(fault) && memcmp(s.str, fault, static_cast<size_t>(s.len)) == 0;
}

// ---- lose: one goroutine is not queued ------------------------------------------------------------------------------

static uint32 count;

void real_runqput(p* pp, g* gp, bool next) GO("__real_runtime.runqput");
void wrap_runqput(p* pp, g* gp, bool next) GO("__wrap_runtime.runqput");

void wrap_runqput(p* pp, g* gp, bool next) {
    if (atomic::Xadd(&count, 1) == 1000 && wants("lose")) return;
    real_runqput(pp, gp, next);
}

// ---- double: one goroutine is on two queues -------------------------------------------------------------------------

/// While nobody moves, and looked at before anybody does: two threads that run one goroutine would soon fall over it.
static void doubleone() {
    lock(&sched.lock);
    p* pp = getg()->m->p;
    if (sched.runqhead && !pp->runnext && freeze()) {
        pp->runnext = sched.runqhead;
        look();
        broken("nobody notices");
    }
    unlock(&sched.lock);
}

// ---- starve: whoever is queued, one goroutine is moved behind it
// -----------------------------------------------------
//
// It is one of its own, which does nothing but yield: what holds a lock is waited for in the end, and then it would
// run.

static g* victim;

void real_main() GO("__real_main.main");
void wrap_main() GO("__wrap_main.main");

void wrap_main() {
    if (wants("starve"))
        go([] {
            victim = getg();
            for (;;) runtime::Gosched();
        });
    real_main();
}

void real_globrunqput(g* gp) GO("__real_runtime.globrunqput");
void wrap_globrunqput(g* gp) GO("__wrap_runtime.globrunqput");

void wrap_globrunqput(g* gp) {
    real_globrunqput(gp);
    if (wants("double")) doubleone();
    if (!victim) return;
    lock(&sched.lock);  // for all of it: the watcher is to find the goroutine in the queue at every look
    for (g** at = &sched.runqhead; *at != sched.runqtail; at = &(*at)->schedlink) {
        if (*at != victim) continue;
        *at = victim->schedlink;
        victim->schedlink = nullptr;
        sched.runqtail->schedlink = victim;
        sched.runqtail = victim;
        break;
    }
    unlock(&sched.lock);
}
