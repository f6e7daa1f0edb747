// runq.cpp - the core's run queue for tests of it: Ps and gs that nothing runs, and an M to hold locks with.

#include "runtime.hpp"

#include "runq.hpp"

/// lock and throw ask for the current M.
static m caller;
static g callerg;

void runq_do(void* runq) {
    auto* q = static_cast<Runq*>(runq);
    caller = {};
    callerg.m = &caller;
    caller.g0 = caller.curg = &callerg;
    tls_g = &callerg;

    auto* pp = static_cast<p*>(q->p);
    switch (q->what) {
    case Runq::PUT: runqput(pp, static_cast<g*>(q->g), q->flag); break;
    case Runq::GET: q->g = runqget(pp, &q->flag); break;
    case Runq::STEAL: q->g = runqsteal(pp, static_cast<p*>(q->victim), q->flag); break;
    case Runq::GLOBRUNQGET:
        lock(&sched.lock);
        q->g = globrunqget(pp, q->max);
        unlock(&sched.lock);
        break;
    }
}

void runq_newp(void* v, int32_t id, int32_t n) {
    auto* pp = static_cast<p*>(v);
    pp->id = id;
    gomaxprocs = n;
}

void runq_newg(void* v, int64_t goid) {
    auto* gp = static_cast<g*>(v);
    gp->goid = goid;
    gp->atomicstatus = _Grunnable;
}

int64_t runq_goid(const void* gp) { return static_cast<const g*>(gp)->goid; }

int32_t runq_ring(const void* v, int64_t* ids) {
    auto* pp = static_cast<const p*>(v);
    int32 n = 0;
    for (uint32 i = pp->runqhead; i != pp->runqtail; i++) ids[n++] = pp->runq[i % runqlen]->goid;
    return n;
}

int32_t runq_globalsize() { return sched.runqsize; }

int32_t runq_global(int64_t* ids) {
    int32 n = 0;
    for (g* gp = sched.runqhead; gp; gp = gp->schedlink) ids[n++] = gp->goid;
    return n;
}

const void* runq_next(const void* pp) { return static_cast<const p*>(pp)->runnext; }
