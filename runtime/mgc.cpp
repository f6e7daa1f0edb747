// mgc.cpp - what stands where Go has a garbage collector: three helpers with the nearest honest work.
// Go's counterparts: mgc.go, mgcsweep.go, mfinal.go.
//
// forcegchelper waits for sysmon's two-minute call and passes it on; bgsweep returns the memory of free stacks and
// blocks to the system; runfinq calls finalizers: here the destructors of what a channel still held when its last user
// left.

#include "runtime.hpp"

#include "builtin.hpp"

/// Nothing to pace: there is no collector.
void gcinit() {}

// ---- sweeping ------------------------------------------------------------------------------------------------------

static struct {
    mutex lock;
    struct g* g;
    bool parked;
} sweep;

namespace {
struct sweeper : funcval {
    hchan* c;
};
}  // namespace

static const _type integer = {sizeof(int64), nullptr, nullptr};

/// Called by runtime.main: starts bgsweep and waits until it has parked, the first time that g1 gives up its M.
void gcenable() {
    static sweeper f;
    f = {{bgsweep}, detail::makechan(&integer, 1)};
    newproc(0, &f);
    int64 one;
    detail::chanrecv(f.c, &one, true);
    detail::chanfree(f.c);
}

void bgsweep(funcval* self) {
    sweep.g = getg();
    lock(&sweep.lock);
    sweep.parked = true;
    int64 one = 1;
    detail::chansend(static_cast<sweeper*>(self)->c, &one, true);
    goparkunlock(&sweep.lock, str("GC sweep wait"));
    for (;;) {
        scavenge();
        lock(&sweep.lock);
        sweep.parked = true;
        goparkunlock(&sweep.lock, str("GC sweep wait"));
    }
}

/// Go's collector notes on its way since when a goroutine waits, for tracebacks: the first time that it finds it
/// waiting.
static void notewaiting() {
    int64 now = nanotime();
    for (uintptr i = 0; i < atomic::Load(&allglen); i++) {
        g* gp = atomic::Load(&allgs.array)[i];
        uint32 status = readgstatus(gp);
        if (status != _Gwaiting && status != _Gsyscall) continue;
        if (atomic::LoadRelaxed(&gp->waitsince) == 0) atomic::StoreRelaxed(&gp->waitsince, now);
    }
}

void forcegchelper(funcval*) {
    forcegc.g = getg();
    for (;;) {
        lock(&forcegc.lock);
        if (forcegc.idle != 0) throw_("forcegc: phase error");
        atomic::Store(&forcegc.idle, 1);
        goparkunlock(&forcegc.lock, str("force gc (idle)"));

        notewaiting();
        lock(&sweep.lock);
        if (sweep.parked) {
            sweep.parked = false;
            goready(sweep.g);
        }
        unlock(&sweep.lock);
    }
}

// ---- finalizers ----------------------------------------------------------------------------------------------------

namespace {
struct finalizer {
    finalizer* next;
    void (*fn)(void*);
    void* arg;
};
}  // namespace

static mutex finlock;
static finalizer* finq;
static g* fing;

/// Starts the finalizer goroutine, once: when the first object with a finalizer is made.
void createfing() {
    static uint32 fingCreate;
    static funcval f = {runfinq};
    if (atomic::Cas(&fingCreate, 0u, 1u)) newproc(0, &f);
}

void queuefinalizer(void (*fn)(void*), void* arg) {
    auto* f = new_<finalizer>();
    lock(&finlock);
    *f = {finq, fn, arg};
    finq = f;
    atomic::StoreRelaxed(&fingwake, true);
    unlock(&finlock);
}

g* wakefing() {
    g* res = nullptr;
    lock(&finlock);
    if (fingwait && fingwake) {
        atomic::StoreRelaxed(&fingwait, false);
        atomic::StoreRelaxed(&fingwake, false);
        res = fing;
    }
    unlock(&finlock);
    return res;
}

void runfinq(funcval*) {
    for (;;) {
        lock(&finlock);
        finalizer* f = finq;
        finq = nullptr;
        if (!f) {
            fing = getg();
            atomic::StoreRelaxed(&fingwait, true);
            goparkunlock(&finlock, str("finalizer wait"));
            continue;
        }
        unlock(&finlock);
        while (f) {
            finalizer* next = f->next;
            f->fn(f->arg);
            mfree(f, sizeof *f);
            f = next;
        }
    }
}
