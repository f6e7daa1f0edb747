// stack.cpp - goroutine stacks: where they come from, how they grow, what newstack decides. Go's counterpart: stack.go.
//
// Go moves a stack that is too small to a larger one and corrects every pointer into it. C++ cannot know its
// pointers, so here a larger segment is added and the old one waits underneath, as in Go up to 1.2. A call that
// crosses the border in a loop pays each time: the "hot split" that made Go change.

#include "runtime.hpp"

#include "mheap.hpp"

constexpr uintptr stackCacheSize = 32 << 10;  // a P keeps at most this much of each order
constexpr uintptr smallFrame = 256;           // prologues of frames below this compare SP itself, not SP - frame

static mutex stackpoolmu;
static mSpanList stackpool[_NumStackOrders];  // spans with stacks to give

void stackinit() {
    for (mSpanList& l : stackpool) l.first = nullptr;
}

static void unlink(mSpanList* l, mspan* s) {
    (s->prev ? s->prev->next : l->first) = s->next;
    if (s->next) s->next->prev = s->prev;
    s->next = s->prev = nullptr;
}

static void link(mSpanList* l, mspan* s) {
    s->next = l->first;
    if (l->first) l->first->prev = s;
    l->first = s;
}

/// Has it no stack to give? Then it is on no list.
static bool exhausted(mspan* s, uintptr elemsize) { return !s->manualFreeList && s->freeindex == spanSize / elemsize; }

/// A stack from the common pool. With stackpoolmu held.
static gclink* stackpoolalloc(int32 order) {
    uintptr elemsize = _FixedStack << order;
    mSpanList* l = &stackpool[order];
    mspan* s = l->first;
    if (!s) {
        s = spanof(reinterpret_cast<uintptr>(spanalloc(spanSize)));
        s->freeindex = 0;
        link(l, s);
    }
    gclink* x = s->manualFreeList;
    if (x) {
        s->manualFreeList = x->next;
    } else {
        uintptr base = mheap_.arena_start + (reinterpret_cast<mspan*>(mheap_.arena_start) - 1 - s) * spanSize;
        x = reinterpret_cast<gclink*>(base + s->freeindex++ * elemsize);
    }
    s->allocCount++;
    if (exhausted(s, elemsize)) unlink(l, s);
    return x;
}

/// Back to the common pool; a span that is whole again goes back to the heap. With stackpoolmu held.
static void stackpoolfree(gclink* x, int32 order) {
    uintptr v = reinterpret_cast<uintptr>(x);
    mspan* s = spanof(v);
    mSpanList* l = &stackpool[order];
    if (exhausted(s, _FixedStack << order)) link(l, s);
    x->next = s->manualFreeList;
    s->manualFreeList = x;
    if (--s->allocCount == 0) {
        unlink(l, s);
        s->manualFreeList = nullptr;
        spanfree(reinterpret_cast<void*>(v & ~(spanSize - 1)), spanSize);
    }
}

static int32 stackorder(uintptr n) {
    int32 o = 0;
    while ((_FixedStack << o) < n) o++;
    return o;
}

/// n is a power of two, at least _FixedStack. On g0 only: there must be room to run.
stack stackalloc(uintptr n) {
    g* thisg = getg();
    if (thisg != thisg->m->g0) throw_("stackalloc: not on g0");
    if (n & (n - 1)) throw_("stackalloc: size is not a power of two");

    uintptr v;
    if (n < _FixedStack << _NumStackOrders) {
        int32 order = stackorder(n);
        mcache* c = thisg->m->mcache;
        gclink* x = c ? c->stackcache[order].list : nullptr;
        if (x) {
            c->stackcache[order].list = x->next;
            c->stackcache[order].size -= n;
        } else {
            lock(&stackpoolmu);
            x = stackpoolalloc(order);
            // Fill half the cache while we are here, but only with stacks that have been used: the link is
            // written into the stack, and a fresh one would cost a page.
            for (mspan* s = stackpool[order].first;
                 c && s && s->manualFreeList && c->stackcache[order].size < stackCacheSize / 2;
                 s = stackpool[order].first) {
                gclink* more = stackpoolalloc(order);
                more->next = c->stackcache[order].list;
                c->stackcache[order].list = more;
                c->stackcache[order].size += n;
            }
            unlock(&stackpoolmu);
        }
        v = reinterpret_cast<uintptr>(x);
    } else {
        v = reinterpret_cast<uintptr>(spanalloc(n));
    }
    return {v, v + n};
}

/// On g0 only.
void stackfree(stack stk) {
    g* thisg = getg();
    uintptr n = stk.hi - stk.lo;
    if (n >= _FixedStack << _NumStackOrders) {
        spanfree(reinterpret_cast<void*>(stk.lo), n);
        return;
    }
    int32 order = stackorder(n);
    auto* x = reinterpret_cast<gclink*>(stk.lo);
    mcache* c = thisg->m->mcache;
    if (!c) {
        lock(&stackpoolmu);
        stackpoolfree(x, order);
        unlock(&stackpoolmu);
        return;
    }
    stackfreelist* l = &c->stackcache[order];
    x->next = l->list;
    l->list = x;
    l->size += n;
    if (l->size >= stackCacheSize) {
        lock(&stackpoolmu);
        while (l->size > stackCacheSize / 2) {
            gclink* y = l->list;
            l->list = y->next;
            l->size -= n;
            stackpoolfree(y, order);
        }
        unlock(&stackpoolmu);
    }
}

/// All stacks that a P kept go to the common pool.
void stackcache_clear(mcache* c) {
    lock(&stackpoolmu);
    for (int32 order = 0; order < _NumStackOrders; order++) {
        while (gclink* x = c->stackcache[order].list) {
            c->stackcache[order].list = x->next;
            stackpoolfree(x, order);
        }
        c->stackcache[order].size = 0;
    }
    unlock(&stackpoolmu);
}

// ---- growth --------------------------------------------------------------------------------------------------------

/// The segment that is to carry the next function: its record stands at the top. Returns the SP to begin with.
static uintptr addsegment(g* gp, uintptr framesize, uintptr argsize) {
    uintptr total = (gp->stktop ? gp->stktop->total : gp->stack.hi - gp->stack.lo);
    uintptr size = 2 * (gp->stack.hi - gp->stack.lo);
    while (size < framesize + argsize + sizeof(stktop) + 2 * _StackGuard) size *= 2;
    if (total + size > maxstacksize) {
        prints("runtime: goroutine stack exceeds ");
        printuint(maxstacksize);
        prints("-byte limit\n");
        throw_("stack overflow");
    }

    casgstatus(gp, _Grunning, _Gcopystack);
    stack stk = stackalloc(size);
    auto* top = reinterpret_cast<stktop*>(stk.hi) - 1;
    *top = {gp->stack, gp->stackguard0, gp->stktop, total + size};
    gp->stktop = top;
    gp->stack = stk;
    setguard(gp);
    casgstatus(gp, _Gcopystack, _Grunning);
    return reinterpret_cast<uintptr>(top) & ~15ull;
}

/// On g0, from a prologue that found SP too low (by way of morestack). framesize and argsize are what the function
/// asked for. Goes back to it with *top set: the top of a new segment, or 0 to go on where it is.
void newstack(uintptr framesize, uintptr argsize, uintptr* top) {
    g* thisg = getg();
    m* mp = thisg->m;
    g* gp = mp->curg;
    if (mp->morebuf.g != gp) throw_("newstack: morebuf is not the current goroutine's");
    mp->morebuf = {};
    if (gp->throwsplit) throw_("newstack: stack split at a bad time");

    // The guard says stackPreempt: somebody wants this P. But not while a lock is held or the runtime is in the
    // middle of something; gp.preempt stays set, and releasem asks again.
    bool preempt = atomic::Load(&gp->stackguard0) == stackPreempt;
    if (preempt && (mp->locks != 0 || mp->mallocing != 0 || mp->preemptoff.len != 0 || mp->p->status != _Prunning)) {
        atomic::StoreRelaxed(&gp->stackguard0, gp->stack.lo + _StackGuard);
        preempt = false;
    }

    // Is the stack really too small? A preempted function is not asked to yield in that case: its new segment
    // carries the request on.
    uintptr sp = gp->sched.sp;
    if (sp < gp->stack.lo) throw_("newstack: stack overflow past the guard");
    uintptr need = framesize < smallFrame ? 0 : framesize;
    if (sp - need < gp->stack.lo + _StackGuard) {
        *top = addsegment(gp, framesize, argsize);
        return gogo(&gp->sched);
    }

    *top = 0;
    if (preempt) return gopreempt_m(gp);  // morestack returns when the goroutine runs again
    gogo(&gp->sched);
}

/// Takes the newest segment off, for the caller to free. Inlined: while the bounds change, nobody must look at them.
[[gnu::always_inline]] static inline stack popsegment(g* gp) {
    stktop* top = gp->stktop;
    stack stk = gp->stack;
    gp->stack = top->stack;
    gp->stktop = top->prev;
    return stk;
}

static void stackfree1(stack* stk) { stackfree(*stk); }

/// From __morestack when the function on the newest segment has returned, on the older one again.
void lessstack() {
    g* gp = getg();
    stack stk = popsegment(gp);
    settlsguard(setguard(gp));
    gp->m->locks++;  // keep the M, whose cache the stack goes to
    systemstack(stackfree1, &stk);
    releasem(gp->m);
}

void freesegments(g* gp) {
    while (gp->stktop) stackfree(popsegment(gp));
}

/// From recovery, on g0: the frames above p are gone, and the segments that only they were on.
void freesegmentsto(void* p) {
    g* gp = getg()->m->curg;
    auto sp = reinterpret_cast<uintptr>(p);
    while (sp < gp->stack.lo || sp >= gp->stack.hi) {
        if (!gp->stktop) throw_("bad recovery");
        stackfree(popsegment(gp));
    }
    setguard(gp);
}

/// __morestack on g0 or gsignal. preemptone writes the guard of an M that may have left the goroutine it meant:
/// then this is a false alarm. Otherwise the system stack is used up, and nothing can help.
void straypreempt(uintptr sp, uintptr framesize) {
    g* gp = getg();
    uintptr need = framesize < smallFrame ? 0 : framesize;
    if (sp - need < gp->stackguard0) fatal_nosplit("fatal: morestack on g0\n");
    settlsguard(gp->stackguard0);
}

// ---- the first frame -----------------------------------------------------------------------------------------------

/// Makes buf look as if its pc had called fn and fn had not begun yet: pc becomes fn's return address.
void gostartcall(gobuf* buf, void* fn, void* ctxt) {
    buf->sp -= sizeof(uintptr);
    *reinterpret_cast<uintptr*>(buf->sp) = buf->pc;
    buf->pc = reinterpret_cast<uintptr>(fn);
    buf->ctxt = ctxt;
}

void gostartcallfn(gobuf* buf, funcval* fv) { gostartcall(buf, reinterpret_cast<void*>(fv->fn), fv); }
