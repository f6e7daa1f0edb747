// panic.cpp - how things end that cannot go on: throw for the runtime's own faults, panic for the program's; deferred
// calls, recover and Goexit. Go's counterpart: panic.go.
//
// A panic runs the goroutine's deferred calls, last one first, on top of the stack that panicked. The first that
// recovers sends the goroutine back to the function that deferred it. If none does, the report is written, by one M at
// a time, and the process exits with status 2.

#include "runtime.hpp"

#include "builtin.hpp"
#include "extern.hpp"
#include "mheap.hpp"

static mutex paniclk;  // held by the one that writes

constexpr int32 freezeStopWait = 0x7fffffff;  // sched.stopwait while the world is frozen for good

// ---- deferred calls ------------------------------------------------------------------------------------------------

/// Before the function object stands its record.
void* detail::newdefer(int32 siz) { return static_cast<_defer*>(mallocgc(sizeof(_defer) + siz)) + 1; }

static void freedefer(_defer* d) { mfree(d, sizeof(_defer) + d->siz); }

void detail::deferproc(Defer* scope, int32 siz, funcval* fn) {
    g* gp = getg();
    _defer* d = reinterpret_cast<_defer*>(fn) - 1;
    *d = {siz, false, reinterpret_cast<uintptr>(scope), reinterpret_cast<gobuf*>(scope)->pc, fn, nullptr, gp->_defer};
    gp->_defer = d;
}

/// Calls d, which a panic, if any, has come to. Go takes a call off the list before it when no panic runs it. Here it
/// stays, so that gorecover sees which one is running.
static void calldeferred(g* gp, _defer* d, _panic* by) {
    d->started = true;
    d->_panic = by;
    d->fn->fn(d->fn);
    if (gp->_defer != d) throw_("bad defer entry");
    gp->_defer = d->link;
    freedefer(d);
}

/// Drops d if it has begun: a panic or Goexit in it has come back here, and the panic that ran it will not go on.
static bool abandoned(g* gp, _defer* d) {
    if (!d->started) return false;
    if (d->_panic) d->_panic->aborted = true;
    gp->_defer = d->link;
    freedefer(d);
    return true;
}

/// At the end of the function whose calls these are. After a recover gopanic has made them already.
void detail::deferreturn(Defer* scope) {
    g* gp = getg();
    while (_defer* d = gp->_defer) {
        if (d->sp != reinterpret_cast<uintptr>(scope)) return;
        if (!abandoned(gp, d)) calldeferred(gp, d, nullptr);
    }
}

void runtime::Goexit() {
    g* gp = getg();
    while (_defer* d = gp->_defer)
        if (!abandoned(gp, d)) calldeferred(gp, d, nullptr);

    // What the go statement captured lies at the bottom of the stack, and its function will not return to destroy it.
    // Without captures there are zeros.
    auto* c = reinterpret_cast<closureval*>(gp->stktopsp);
    if (c->fn && c->type->destroy) c->type->destroy(c);
    goexit1();
    __builtin_unreachable();
}

// ---- panic and recover ---------------------------------------------------------------------------------------------

static void printpanicval(const eface& v) {
    switch (v.kind) {
    case eface::NIL: print("nil"); break;
    case eface::BOOL: printbool(v.n); break;
    case eface::INT: print(v.n); break;
    case eface::UINT: print(static_cast<uint64>(v.n)); break;
    case eface::STRING:
    case eface::ERROR: print(v.s); break;
    }
}

/// The oldest first: a panic in a deferred call says below whose call it was.
static void printpanics(_panic* p) {
    if (p->link) {
        printpanics(p->link);
        print("\t");
    }
    print("panic: ");
    printpanicval(p->arg);
    print(p->recovered ? " [recovered]\n" : "\n");
}

/// panic() of the program's, and of the runtime's for faults of the program's.
void detail::gopanic(any v) {
    g* gp = getg();
    m* mp = gp->m;
    const char* fatal = mp->curg != gp       ? "panic on system stack"
                        : mp->mallocing      ? "panic during malloc"
                        : mp->preemptoff.len ? "panic during preemptoff"
                        : mp->locks          ? "panic holding locks"
                                             : nullptr;
    if (fatal) {
        print("panic: ");
        printpanicval(v);
        print("\n");
        throw_(fatal);
    }

    _panic p = {nullptr, v, gp->_panic, false, false};
    gp->_panic = &p;
    atomic::Xadd(&runningPanicDefers, 1);
    while (_defer* d = gp->_defer) {
        if (abandoned(gp, d)) continue;
        auto* scope = reinterpret_cast<Defer*>(d->sp);
        calldeferred(gp, d, &p);
        if (!p.recovered) continue;

        atomic::Xadd(&runningPanicDefers, -1);
        gp->_panic = p.link;
        while (gp->_panic && gp->_panic->aborted) gp->_panic = gp->_panic->link;
        if (!gp->_panic) gp->sig = 0;
        // In Go the function itself makes its other deferred calls, on its way out. Here its frame is about to go,
        // and what they captured with it: now is the time.
        detail::deferreturn(scope);
        recovery(scope);
    }

    startpanic();
    // main sees panicking from now on, and waits for the report.
    atomic::Xadd(&runningPanicDefers, -1);
    printpanics(gp->_panic);
    dopanic();
    __builtin_trap();
}

/// Go asks that the deferred function itself calls recover, and finds that out from where its arguments are. Inlining
/// leaves no such mark here: this answers to whatever runs within the call, unless another deferred call runs in it.
any recover() {
    g* gp = getg();
    _panic* p = gp->_panic;
    _defer* d = gp->_defer;
    while (d && !d->started) d = d->link;
    if (!p || p->recovered || !d || d->_panic != p) return any();
    p->recovered = true;
    return p->arg;
}

static any runtimeerror(const char* s) {
    any v(s);
    v.kind = eface::ERROR;
    return v;
}

void panicplain(const char* s) { detail::gopanic(runtimeerror(s)); }
void panicmem() { detail::gopanic(runtimeerror("runtime error: invalid memory address or nil pointer dereference")); }
void panicdivide() { detail::gopanic(runtimeerror("runtime error: integer divide by zero")); }
void panicoverflow() { detail::gopanic(runtimeerror("runtime error: integer overflow")); }
void panicfloat() { detail::gopanic(runtimeerror("runtime error: floating point error")); }

bool canpanic(g* gp) {
    m* mp = getg()->m;
    return gp && gp == mp->curg && mp->locks == 0 && mp->mallocing == 0 && mp->throwing == 0 && mp->dying == 0 &&
           readgstatus(gp) == _Grunning && gp->syscallsp == 0;
}

// ---- the report ----------------------------------------------------------------------------------------------------

/// Keeps goroutines from running on while somebody looks at their stacks. schedule starts no more of them, and those
/// that run are asked to yield. Best effort: who calls no function runs on, and a request may get lost, so it is made
/// several times.
static void freezetheworld() {
    for (int32 i = 0; i < 5; i++) {
        atomic::StoreRelaxed(&sched.stopwait, freezeStopWait);
        atomic::Store(&sched.gcwaiting, 1);
        if (!preemptall()) return;
        usleep_(1000);
    }
}

static void throwmessage(const char** s) { print("fatal error: ", *s, "\n"); }

void throw_(const char* s) {
    systemstack(throwmessage, &s);
    m* mp = getg()->m;
    if (mp->throwing == 0) mp->throwing = 1;
    startpanic();
    dopanic();
    __builtin_trap();
}

void startpanic() { systemstack<void>(startpanic_m, nullptr); }

/// Waits for its turn to write. An M that comes here a second time has failed while it wrote: it says so in fewer and
/// fewer words.
void startpanic_m(void*) {
    m* mp = getg()->m;
    if (mheap_.arena_start == 0) print("runtime: panic before malloc heap initialized\n");
    mp->mallocing = 1;
    if (mp->locks < 0) mp->locks = 1;
    switch (mp->dying) {
    case 0:
        mp->dying = 1;
        atomic::Xadd(&panicking, 1);
        lock(&paniclk);
        freezetheworld();
        return;
    case 1:
        mp->dying = 2;
        print("panic during panic\n");
        dopanic();
        exit_(3);
    case 2:
        mp->dying = 3;
        print("stack trace unavailable\n");
        exit_(4);
    default: exit_(5);
    }
}

struct dopanicargs {
    g* gp;
    uintptr pc, sp, bp;
};

static bool didothers;
static mutex deadlock;

static void dopanic_m(dopanicargs* a) {
    g* gp = a->gp;
    m* mp = getg()->m;
    if (gp->sig) {
        const char* name = signame(gp->sig);
        print("[signal ", name ? name : "?", " code=", hex{gp->sigcode0}, " addr=", hex{gp->sigcode1},
              " pc=", hex{gp->sigpc}, "]\n");
    }
    bool all, docrash;
    int32 level = gotraceback(&all, &docrash);
    if (level > 0) {
        if (gp != mp->curg) all = true;
        if (gp != mp->g0) {
            print("\n");
            goroutineheader(gp);
            traceback(a->pc, a->sp, a->bp, gp);
        } else if (level >= 2 || mp->throwing > 0) {
            print("\nruntime stack:\n");
            traceback(a->pc, a->sp, a->bp, gp);
        }
        if (!didothers && all) {
            didothers = true;
            tracebackothers(gp);
        }
    }
    unlock(&paniclk);
    if (atomic::Xadd(&panicking, -1) != 0) {
        // Another M has something to say, too. It exits when it has: wait for that, for ever.
        lock(&deadlock);
        lock(&deadlock);
    }
    if (docrash) crash();
    exit_(2);
}

void dopanic() {
    dopanicargs a = {getg(), getcallerpc(), getcallersp(), getcallerbp()};
    systemstack(dopanic_m, &a);
}

void crash() { dieFromSignal(_SIGABRT); }

void fatal_nosplit(const char* s) {
    write_(2, s, findnull(s));
    exit_(2);
}
