// stress_faults.cpp - linked with the stress program, it breaks the scheduler on purpose, so that one sees the watcher notice.
// The second argument says how: lose, double or starve. Wrapped around some functions, as poison.cpp is.

#include "go.hpp"

static bool wants(const char* fault) {
    gostring s = argslice.array[2];
    return s.len == findnull(fault) && memcmp(s.str, fault, static_cast<size_t>(s.len)) == 0;
}

static uint32 count;

void real_runqput(p* pp, g* gp, bool next) GO("__real_runtime.runqput");
void wrap_runqput(p* pp, g* gp, bool next) GO("__wrap_runtime.runqput");

/// Now and then a goroutine is not queued, or queued twice.
void wrap_runqput(p* pp, g* gp, bool next) {
    bool now = atomic::Xadd(&count, 1) == 1000;
    if (now && wants("lose")) return;
    if (now && wants("double")) real_runqput(pp, gp, false);
    real_runqput(pp, gp, next);
}

// ---- starve: whoever is queued, one goroutine is moved behind it -----------------------------------------------------
//
// It is one of its own, which does nothing but yield: what holds a lock is waited for in the end, and then it would run.

static g* victim;

void real_main() GO("__real_main.main");
void wrap_main() GO("__wrap_main.main");

void wrap_main() {
    if (wants("starve"))
        go([] {
            victim = getg();
            for (;;) Gosched();
        });
    real_main();
}

void real_globrunqput(g* gp) GO("__real_runtime.globrunqput");
void wrap_globrunqput(g* gp) GO("__wrap_runtime.globrunqput");

void wrap_globrunqput(g* gp) {
    real_globrunqput(gp);
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
