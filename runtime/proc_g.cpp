// proc_g.cpp - the life of a goroutine: made by newproc, parked, readied, preempted, dead. Go's counterpart: proc.go.
//
// runnable -> running is execute's business (proc_sched.cpp).

#include "runtime.hpp"

#include "builtin.hpp"
#include "extern.hpp"

// ---- birth ---------------------------------------------------------------------------------------------------------

struct newprocargs {
    funcval* fn;
    const _type* typ;
    uintptr pc;
};

void newproc_func1(newprocargs* a) { newproc1(a->fn, a->typ, a->pc); }

void newproc(int32 siz, funcval* fn) {
    if (siz != 0) throw_("newproc: arguments on the stack");  // C++ keeps them in the function object: newclosure
    newprocargs a = {fn, nullptr, getcallerpc()};
    systemstack(newproc_func1, &a);
}

/// A prologue for those that have none: here the goroutine yields if it was asked to.
[[gnu::noinline]] static void preemptpoint() { procyield(0); }

/// A loop that only spawns would keep its P for ever, as it does in Go up to 1.13, and pile up what never runs.
void detail::newclosure(funcval* fn, const _type* typ) {
    newprocargs a = {fn, typ, getcallerpc()};
    systemstack(newproc_func1, &a);
    if (atomic::LoadRelaxed(&getg()->stackguard0) == stackPreempt) preemptpoint();
}

struct malgargs {
    uintptr n;
    stack stk;
};

void malg_func1(malgargs* a) { a->stk = stackalloc(a->n); }

/// A g with a stack of stacksize bytes (rounded up to a power of two), or without one if it is negative.
g* malg(int32 stacksize) {
    g* newg = new_<g>();
    if (stacksize >= 0) {
        uintptr n = _FixedStack;
        while (n < static_cast<uintptr>(stacksize)) n *= 2;
        malgargs a = {n, {}};
        systemstack(malg_func1, &a);
        newg->stack = a.stk;
        newg->stackguard0 = newg->stack.lo + _StackGuard;
        newg->stackguard1 = ~0ull;
    }
    return newg;
}

void allgadd(g* gp) {
    if (readgstatus(gp) == _Gidle) throw_("allgadd: the g is idle");
    lock(&allglock);
    if (allgs.len == allgs.cap) {
        int64 cap = allgs.cap ? 2 * allgs.cap : 8;
        auto* a = static_cast<g**>(mallocgc(sizeof(g*) * cap));
        if (allgs.len) memcpy(a, allgs.array, sizeof(g*) * allgs.len);
        allgs = {a, allgs.len, cap};  // a reader may still walk the old array: it is not freed
    }
    allgs.array[allgs.len++] = gp;
    atomic::StoreRel(&allglen, allgs.len);  // after what it counts
    unlock(&allglock);
}

constexpr uintptr frametop = 4 * sizeof(uintptr);  // words above the first frame, as Go leaves them

bool issystemgoroutine(g* gp) {
    uintptr pc = gp->startpc;
    return pc == reinterpret_cast<uintptr>(forcegchelper) || pc == reinterpret_cast<uintptr>(bgsweep) ||
           pc == reinterpret_cast<uintptr>(runfinq) || pc == reinterpret_cast<uintptr>(timerproc);
}

/// On g0. Makes a goroutine that will run fn and puts it in this P's runnext. Its stack, from the top:
///
///	hi-8 .. hi-32   zero words
///	      hi-32-n   the function object, n bytes, if typ says that there is one to keep
///	       below    return address goexit+1  <- sched.sp; sched.pc = fn
void newproc1(funcval* fn, const _type* typ, uintptr callerpc) {
    g* gp = getg();
    if (!fn) throw_("newproc1: go of nil func value");
    gp->m->locks++;  // this P must stay ours
    p* pp = gp->m->p;

    g* newg = gfget(pp);
    if (!newg) {
        newg = malg(_StackMin);
        casgstatus(newg, _Gidle, _Gdead);
        allgadd(newg);  // dead, so nobody looks at its stack yet
    }
    if (!newg->stack.hi) throw_("newproc1: newg has no stack");
    if (readgstatus(newg) != _Gdead) throw_("newproc1: newg is not dead");

    uintptr siz = typ ? typ->size : 0;
    uintptr totalSize = (frametop + siz + 15) & ~15ull;
    uintptr sp = newg->stack.hi - totalSize;
    if (typ) {
        auto* copy = reinterpret_cast<funcval*>(sp);
        typ->move(copy, fn);
        fn = copy;
    }

    newg->sched = {};
    newg->sched.sp = sp;
    newg->stktopsp = sp;
    newg->sched.pc = reinterpret_cast<uintptr>(goexit) + 1;  // +1: so that pc-1 is still inside goexit
    newg->sched.g = newg;
    gostartcallfn(&newg->sched, fn);
    newg->gopc = callerpc;
    newg->startpc = reinterpret_cast<uintptr>(fn->fn);
    if (issystemgoroutine(newg)) atomic::Xadd(&sched.ngsys, 1);
    casgstatus(newg, _Gdead, _Grunnable);

    if (pp->goidcache == pp->goidcacheend) {
        // Ids come in batches of 16, so that Ps need not share a counter.
        pp->goidcache = atomic::Xadd(&sched.goidgen, 16) - 16 + 1;
        pp->goidcacheend = pp->goidcache + 16;
    }
    newg->goid = static_cast<int64>(pp->goidcache++);

    runqput(pp, newg, true);
    if (atomic::Load(&sched.npidle) != 0 && atomic::Load(&sched.nmspinning) == 0 && mainStarted) wakep();
    releasem(gp->m);
}

// ---- parked and readied --------------------------------------------------------------------------------------------

/// Go keeps its M from here to mcall (acquirem). Here no prologue stands in between, so nobody asks it to give way.
void gopark(bool (*unlockf)(g*, void*), void* lock, gostring reason) {
    g* gp = getg();
    m* mp = gp->m;
    if (readgstatus(gp) != _Grunning) throw_("gopark: the goroutine is not running");
    mp->waitlock = lock;
    mp->waitunlockf = unlockf;
    gp->waitreason = reason;
    mcall(park_m);
}

static bool parkunlock_c(g*, void* l) {
    unlock(static_cast<mutex*>(l));
    return true;
}

/// On g0, which nobody asks to give way: the lock goes, and no more.
bool parkunlockp(g*, void* v) {
    auto* l = static_cast<mutex*>(v);
    if (!oneP()) {
        unlock(l);
    } else {
        l->key = 0;
        getg()->m->locks--;
    }
    return true;
}

void goparkunlock(mutex* l, gostring reason) { gopark(parkunlock_c, l, reason); }

/// On g0, from gopark.
void park_m(g* gp) {
    m* mp = getg()->m;
    casgstatus(gp, _Grunning, _Gwaiting);
    dropg();
    if (mp->waitunlockf) {
        auto* fn = mp->waitunlockf;
        void* l = mp->waitlock;
        mp->waitunlockf = nullptr;
        mp->waitlock = nullptr;
        if (!fn(gp, l)) {  // it need not wait after all
            casgstatus(gp, _Gwaiting, _Grunnable);
            return execute(gp, true);
        }
    }
    schedule();
}

static void wakep_func1(void*) { wakep(); }

/// Makes a waiting goroutine runnable, in runnext if next. Go goes to g0 for all of it; only to start an M needs the
/// room. And it keeps its M meanwhile; here no prologue stands between the look at the P and its queue.
void ready(g* gp, bool next) {
    if (readgstatus(gp) != _Gwaiting) throw_("ready: the goroutine is not waiting");
    casgstatus(gp, _Gwaiting, _Grunnable);
    runqput(getg()->m->p, gp, next);
    if (atomic::Load(&sched.npidle) != 0 && atomic::Load(&sched.nmspinning) == 0)
        systemstack<void>(wakep_func1, nullptr);
}

// ---- yielding ------------------------------------------------------------------------------------------------------

void goschedImpl(g* gp) {
    if (readgstatus(gp) != _Grunning) throw_("goschedImpl: the goroutine is not running");
    casgstatus(gp, _Grunning, _Grunnable);
    dropg();
    globrunqput(gp);
    schedule();
}

void gosched_m(g* gp) { goschedImpl(gp); }
void gopreempt_m(g* gp) { goschedImpl(gp); }
void runtime::Gosched() { mcall(gosched_m); }

// ---- death ---------------------------------------------------------------------------------------------------------

/// On g0: as if mstart1 had returned.
[[noreturn]] static void returntomstart(gobuf* g0) {
    __asm__ volatile("mov %0, %%rsp\n\txor %%ebp, %%ebp\n\tjmp *%1" : : "r"(g0->sp), "r"(g0->pc));
    __builtin_unreachable();
}

/// On g0: the goroutine is over. Its g and its stack wait for the next newproc.
void goexit0(g* gp) {
    m* mp = getg()->m;
    casgstatus(gp, _Grunning, _Gdead);
    if (issystemgoroutine(gp)) atomic::Xadd(&sched.ngsys, -1);
    gp->m = nullptr;
    bool locked = gp->lockedm != nullptr;
    gp->lockedm = nullptr;
    mp->lockedg = nullptr;
    gp->paniconfault = false;
    gp->_defer = nullptr;
    gp->_panic = nullptr;
    gp->waitreason = {nullptr, 0};
    gp->param = nullptr;
    if (gp->timer) {
        mfree(gp->timer, sizeof(timer));
        gp->timer = nullptr;
    }
    atomic::StoreRelaxed(&gp->preempt, false);
    gp->context = nullptr;  // nothing of it is kept: its stack may be another's before the switch
    mp->leaving = mp->g0;
    freesegments(gp);
    atomic::StoreRelaxed(&gp->stackguard0, gp->stack.lo + _StackGuard);
    dropg();
    if (locked && mp->lockedInt != 0) throw_("goexit0: exited while locked to its thread by the runtime");
    mp->lockedExt = 0;
    gfput(mp->p, gp);
    // A program locks a thread to change it. Nobody else is to have it after that: back to mstart, which ends it.
    if (locked) returntomstart(&mp->g0->sched);
    schedule();
}

/// 64 dead gs on a P are too many: all but 31 go to the global list.
void gfput(p* pp, g* gp) {
    if (readgstatus(gp) != _Gdead) throw_("gfput: the goroutine is not dead");
    gp->schedlink = pp->gfree;
    pp->gfree = gp;
    pp->gfreecnt++;
    if (pp->gfreecnt < 64) return;
    lock(&sched.gflock);
    g* ahead[8] = {};
    for (int i = 0; pp->gfreecnt >= 32; i = (i + 1) % 8) {
        pp->gfreecnt--;
        gp = pp->gfree;
        pp->gfree = gp->schedlink;
        gp->schedlink = sched.gfreeStack;
        gp->param = ahead[i];  // who comes eight after it: see gfget
        ahead[i] = gp;
        sched.gfreeStack = gp;
        sched.ngfree++;
    }
    unlock(&sched.gflock);
}

/// A dead g with a stack, or null. Fetches up to 32 from the global list when the P has none.
g* gfget(p* pp) {
    if (!pp->gfree && atomic::LoadRelaxed(&sched.gfreeStack)) {
        lock(&sched.gflock);
        while (pp->gfreecnt < 32 && sched.gfreeStack) {
            // Out of the cache by now, and only each one says who is next: so one of them is asked for that is some
            // turns off.
            g* gp = sched.gfreeStack;
            if (gp->param) __builtin_prefetch(&static_cast<g*>(gp->param)->schedlink);
            gp->param = nullptr;
            sched.gfreeStack = gp->schedlink;
            sched.ngfree--;
            gp->schedlink = pp->gfree;
            pp->gfree = gp;
            pp->gfreecnt++;
        }
        unlock(&sched.gflock);
    }
    g* gp = pp->gfree;
    if (!gp) return nullptr;
    pp->gfree = gp->schedlink;
    pp->gfreecnt--;
    if (g* next = pp->gfree) {
        prefetchstack(next->stack.hi);
        if (g* other = next->schedlink; other && other->schedlink) prefetchg(other->schedlink);
    }
    return gp;
}

void gfpurge(p* pp) {
    lock(&sched.gflock);
    while (pp->gfreecnt != 0) {
        pp->gfreecnt--;
        g* gp = pp->gfree;
        pp->gfree = gp->schedlink;
        gp->schedlink = sched.gfreeStack;
        sched.gfreeStack = gp;
        sched.ngfree++;
    }
    unlock(&sched.gflock);
}

// ---- sudogs --------------------------------------------------------------------------------------------------------

/// The P's cache is empty: half a cache from the global one, or one new sudog.
void refillSudogs() {
    m* mp = acquirem();
    p* pp = mp->p;
    lock(&sched.sudoglock);
    while (pp->sudogcache.len < pp->sudogcache.cap / 2 && sched.sudogcache) {
        sudog* s = sched.sudogcache;
        sched.sudogcache = s->next;
        s->next = nullptr;
        pp->sudogcache.array[pp->sudogcache.len++] = s;
    }
    unlock(&sched.sudoglock);
    if (pp->sudogcache.len == 0) pp->sudogcache.array[pp->sudogcache.len++] = new_<sudog>();
    releasem(mp);
}

void purgeSudogs(p* pp, int64 keep) {
    lock(&sched.sudoglock);
    while (pp->sudogcache.len > keep) {
        sudog* s = pp->sudogcache.array[--pp->sudogcache.len];
        s->next = sched.sudogcache;
        sched.sudogcache = s;
    }
    unlock(&sched.sudoglock);
}

/// It is full: half of it to the global one.
void spillSudogs() {
    m* mp = acquirem();
    purgeSudogs(mp->p, mp->p->sudogcache.cap / 2);
    releasem(mp);
}
