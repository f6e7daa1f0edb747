// switches.cpp - tells the sanitizers of what they cannot see: every switch of stacks, and memory that the core's own
// allocator gives and takes. The linker puts these functions in front of the core's (--wrap); the core does not know.
//
// For ThreadSanitizer each goroutine and each g0 is a fiber, kept in g.sched.lr, which amd64 has no use for. So an M that
// goes on with a goroutine knows what that goroutine knows, and nothing else: what Ms tell each other must go through
// the core's own atomic words. For AddressSanitizer a switch says between which addresses the stack now stands. Its
// marks of frames that were left for good (gogo from mstart1's round, Goexit, recover) are taken away here.
//
// The sanitizers' own functions run on the stack that they are called from, and take more than _StackGuard. So each
// stack has some room below stack.lo, that the core knows nothing of.
//
// Nothing here checks its stack (-fno-split-stack) or is instrumented.

#include "runtime.hpp"

#include "mheap.hpp"
#include "std/os.hpp"
#include "world.hpp"

constexpr uintptr room = 128 << 10;

extern "C" {
[[gnu::weak]] void __asan_poison_memory_region(const void*, size_t);
[[gnu::weak]] void __asan_unpoison_memory_region(const void*, size_t);
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** save, const void* bottom, size_t size);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* save, const void** bottom, size_t* size);
[[gnu::weak]] void* __tsan_get_current_fiber();
[[gnu::weak]] void* __tsan_create_fiber(unsigned flags);
[[gnu::weak]] void __tsan_destroy_fiber(void* fiber);
[[gnu::weak]] void __tsan_switch_to_fiber(void* fiber, unsigned flags);
}

/// WRAP(result, name, Go's name, parameters) { ... }: stands in front of the core's own, which is real_name.
#define WRAP(result, name, gosname, ...)                   \
    result real_##name(__VA_ARGS__) GO("__real_" gosname); \
    result wrap_##name(__VA_ARGS__) GO("__wrap_" gosname); \
    result wrap_##name(__VA_ARGS__)

// ---- memory --------------------------------------------------------------------------------------------------------

static void poison(uintptr lo, uintptr hi) {
    if (__asan_poison_memory_region && lo < hi) __asan_poison_memory_region(reinterpret_cast<void*>(lo), hi - lo);
}

static void unpoison(uintptr lo, uintptr hi) {
    if (__asan_unpoison_memory_region && lo < hi) __asan_unpoison_memory_region(reinterpret_cast<void*>(lo), hi - lo);
}

/// Go's address for the heap is where a sanitizer's shadow is.
WRAP(void*, sysMmap, "runtime.sysMmap", void* addr, uintptr n, int32 prot, int32 flags, int32 fd, uintptr off) {
    return real_sysMmap(flags & _MAP_FIXED ? addr : nullptr, n, prot, flags, fd, off);
}

/// How much of the memory of a block the core may touch: its class's size is a multiple of 16.
static uintptr blocksize(uintptr size) {
    for (uintptr s : class_to_size)
        if (size <= s && s) return s;
    return size;
}

WRAP(void*, mallocgc, "runtime.mallocgc", uintptr size) {
    auto v = reinterpret_cast<uintptr>(real_mallocgc(size));
    unpoison(v, v + size);
    poison((v + size + 7) & ~7ull, v + blocksize(size));
    return reinterpret_cast<void*>(v);
}

/// A free block has a link in its first word. A span that blocks can be cut from again is not marked: nobody says when
/// that happens.
WRAP(void, mfree, "runtime.mfree", void* block, uintptr size) {
    auto v = reinterpret_cast<uintptr>(block);
    if (size <= class_to_size[numSizeClasses - 1] || size > spanSize) poison(v + 8, v + blocksize(size));
    real_mfree(block, size);
}

// ---- stacks --------------------------------------------------------------------------------------------------------

/// The first segment of a g is as large as the room: so the next, which is made twice as large, has room, too.
WRAP(stack, stackalloc, "runtime.stackalloc", uintptr n) {
    if (n > room) fatal_nosplit("sanitize: a large stack\n");
    stack s = real_stackalloc(2 * room);
    unpoison(s.lo, s.hi);
    return {s.lo + room, s.hi};
}

WRAP(void, stackfree, "runtime.stackfree", stack s) {
    s.lo -= room;
    poison(s.lo + 8, s.hi);
    real_stackfree(s);
}

/// To be done to all segments of gp but the first, before and after the core looks at what it allocated.
static void segments(g* gp, uintptr up) {
    if (!gp->stktop) return;
    gp->stack.lo += up;
    for (stktop* t = gp->stktop; t->prev; t = t->prev) t->stack.lo += up;
}

WRAP(void, freesegments, "runtime.freesegments", g* gp) {
    segments(gp, -room);
    real_freesegments(gp);
}

// ---- switches ------------------------------------------------------------------------------------------------------

/// To make a fiber takes a millisecond, so each M keeps some of those whose goroutines have ended. What one goroutine
/// knew the next one on that M would know anyway.
static __thread void* kept[64] __attribute__((tls_model("initial-exec")));
static __thread int32 nkept __attribute__((tls_model("initial-exec")));

static void* newfiber() { return nkept ? kept[--nkept] : __tsan_create_fiber(0); }

static void oldfiber(void* f) {
    if (nkept < len(kept))
        kept[nkept++] = f;
    else
        __tsan_destroy_fiber(f);
}

static void*& fiber(g* gp) { return reinterpret_cast<void*&>(gp->sched.lr); }

/// This M stands on gp's stack from here on.
static void now(g* gp) {
    if (__sanitizer_start_switch_fiber) {
        __sanitizer_start_switch_fiber(nullptr, reinterpret_cast<void*>(gp->stack.lo - room),
                                       gp->stack.hi - gp->stack.lo + room);
        __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
    }
    if (__tsan_switch_to_fiber) __tsan_switch_to_fiber(fiber(gp), 0);
}

/// The scheduler has chosen gp, which goes on: for the first time, if it has no context.
static void chosen(g* gp) {
    if (!gp->context) {
        unpoison(gp->stack.lo - room, gp->stack.hi);
        if (__tsan_create_fiber) fiber(gp) = newfiber();
    }
    now(gp);
}

/// On g0, from mstart1's round of the scheduler: its frames are left for good.
WRAP(void, gogo, "runtime.gogo", gobuf* buf) {
    m* mp = getg()->m;
    if (!mp->leaving) {
        unpoison(mp->g0->stack.lo - room, mp->g0->sched.sp);
        chosen(buf->g);
    }
    real_gogo(buf);
}

static __thread void (*called)(g*) __attribute__((tls_model("initial-exec")));

static void mcalled(g* gp) {
    m* mp = getg()->m;
    now(mp->g0);
    called(gp);
    chosen(mp->curg);
}

WRAP(void, mcall, "runtime.mcall", void (*fn)(g*)) {
    called = fn;
    real_mcall(mcalled);
}

WRAP(void, goexit0, "runtime.goexit0", g* gp) {
    m* mp = getg()->m;
    void* f = fiber(gp);
    now(mp->g0);
    if (__tsan_destroy_fiber) oldfiber(f);
    real_goexit0(gp);
    chosen(mp->curg);
}

/// The goroutine was locked to its thread: goexit0 has left its frames.
WRAP(void, mexit, "runtime.mexit") {
    g* g0 = getg();
    unpoison(g0->stack.lo - room, reinterpret_cast<uintptr>(__builtin_frame_address(0)));
    real_mexit();
}

WRAP(void, newstack, "runtime.newstack", uintptr framesize, uintptr argsize, uintptr* top) {
    m* mp = getg()->m;
    now(mp->g0);
    real_newstack(framesize, argsize, top);
    g* gp = mp->curg;
    if (mp->leaving == gp && *top) {  // others have not had it meanwhile, so its answer is still there
        unpoison(gp->stack.lo, *top);
        gp->stack.lo += room;
        setguard(gp);
    }
    chosen(gp);
}

/// The goroutine's newest segment goes: what it is to free is all of it.
WRAP(void, lessstack, "runtime.lessstack") {
    g* gp = getg();
    gp->stack.lo -= room;
    poison(gp->stack.lo + 8, reinterpret_cast<uintptr>(gp->stktop));
    real_lessstack();
}

WRAP(void, freesegmentsto, "runtime.freesegmentsto", void* p) {
    m* mp = getg()->m;
    g* gp = mp->curg;
    now(mp->g0);
    segments(gp, -room);
    real_freesegmentsto(p);
    segments(gp, room);
    setguard(gp);
    unpoison(gp->stack.lo, reinterpret_cast<uintptr>(p));
    now(gp);
}

namespace {
struct call {
    void (*fn)(void*);
    void* arg;
};
}  // namespace

static void onsystemstack(void* v) {
    auto* c = static_cast<call*>(v);
    m* mp = getg()->m;
    now(mp->g0);
    c->fn(c->arg);
    now(mp->curg);
}

WRAP(void, systemstack, "runtime.systemstack", void (*fn)(void*), void* arg) {
    m* mp = getg()->m;
    call c = {fn, arg};
    if (getg() == mp->g0 || getg() == mp->gsignal)
        fn(arg);
    else
        real_systemstack(onsystemstack, &c);
}

// ---- threads -------------------------------------------------------------------------------------------------------

/// rt0_go, on the main thread: what it knows of the stack will do.
extern void (*const _cgo_init)(g*);
void (*const _cgo_init)(g*) = [](g* g0) {
    if (__tsan_get_current_fiber) fiber(g0) = __tsan_get_current_fiber();
};

void switches_m(NewM* w) {
    auto* mp = static_cast<m*>(w->mp);
    auto* gp = static_cast<g*>(w->gp);
    mp->procid = gettid_();
    gp->m = mp;
    tls_g = gp;
    settlsguard(gp->stackguard0);
    if (__tsan_get_current_fiber) fiber(gp) = __tsan_get_current_fiber();
    now(gp);
    w->fn();
    uint32 waiting;  // mstart has come back: nobody waits
    world_thread_exit(&waiting);
}

WRAP(int32, clone, "runtime.clone", int32, void* stk, m* mp, g* gp, void (*fn)()) {
    auto* w = static_cast<NewM*>(stk) - 1;
    *w = {mp, gp, fn};
    return -world_thread(w);
}

WRAP(void, exitThread, "runtime.exitThread", uint32* waiting) { world_thread_exit(waiting); }

/// The packages. The program's own constructors have run before main.
WRAP(void, main_init, "main.init") { os::init(); }
