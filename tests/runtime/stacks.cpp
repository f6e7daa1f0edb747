// stacks.cpp - where stacks come from and go back to, and how they grow, one check at a time.

#include "checks.hpp"
#include "mheap.hpp"

// ---- the pool ------------------------------------------------------------------------------------------------------

constexpr int32 most = spanSize / _FixedStack;

static mspan* spanat(const stack& s) { return spanof(s.lo); }

/// The first stack of a span that had none in use: what was left over from before is taken first.
static stack firstofspan(uintptr n) {
    for (;;) {
        stack s = stackalloc(n);
        if (spanat(s)->allocCount == 1 && spanat(s)->freeindex == 1) return s;
    }
}

/// All stacks of a new span, as many as it has.
static int32 wholespan(uintptr n, stack* all) {
    auto count = static_cast<int32>(spanSize / n);
    all[0] = firstofspan(n);
    for (int32 i = 1; i < count; i++) all[i] = stackalloc(n);
    return count;
}

static void a_span_is_cut_into_as_many_stacks_as_fit() {
    for (uintptr n = _FixedStack; n < spanSize; n *= 2)
        withcache([=](mcache*) {
            stack all[most];
            int32 count = wholespan(n, all);
            for (int32 i = 0; i < count; i++) {
                must(all[i].lo == all[0].lo + i * n && all[i].hi == all[i].lo + n, "side by side");
                must(spanat(all[i])->state == _MSpanManual, "a span of stacks");
            }
            must(spanat(stackalloc(n)) != spanat(all[0]), "then comes another span");
        });
}

static void a_stack_that_was_given_back_is_given_again() {
    withcache([](mcache* c) {
        stack all[most];
        wholespan(_FixedStack, all);
        stackfree(all[3]);
        stackcache_clear(c);
        must(stackalloc(_FixedStack).lo == all[3].lo, "the same again");
        must(spanat(stackalloc(_FixedStack)) != spanat(all[0]), "and it was the only one");
    });
}

static void a_used_stack_is_given_before_a_new_one() {
    withcache([](mcache* c) {
        stack first = firstofspan(_FixedStack), second = stackalloc(_FixedStack);
        stackfree(first);
        stackcache_clear(c);
        must(stackalloc(_FixedStack).lo == first.lo && spanat(second)->freeindex == 2, "its page is in memory");
    });
}

static void a_span_that_is_whole_again_goes_back() {
    withcache([](mcache* c) {
        stack all[most];
        int32 count = wholespan(_FixedStack, all);
        for (const stack& s : all) stackfree(s);
        stackcache_clear(c);
        must(spanat(all[0])->state == _MSpanFree, "to the heap");
        stack again[most];
        for (int32 i = 0; i < count; i++) {
            again[i] = stackalloc(_FixedStack);
            for (int32 k = 0; k < i; k++) must(again[k].lo != again[i].lo, "each stack is given once");
        }
    });
}

static void a_large_stack_is_a_span_of_its_own() {
    withcache([](mcache*) {
        stack s = stackalloc(2 * spanSize);
        must(spanat(s)->npages * _PageSize == 2 * spanSize && spanat(s)->state == _MSpanManual, "as large as it is");
        stackfree(s);
        must(spanat(s)->state == _MSpanFree, "and goes back at once");
    });
}

// ---- a P's cache ---------------------------------------------------------------------------------------------------

constexpr uintptr cachesize = 32 << 10;

static uintptr bytes(mcache* c, int32 order) {
    uintptr n = 0;
    for (gclink* l = c->stackcache[order].list; l; l = l->next) n += _FixedStack << order;
    must(n == c->stackcache[order].size, "the cache's size is what is on its list");
    return n;
}

static void a_cache_knows_what_it_holds() {
    withcache([](mcache* c) {
        for (int32 order = 0; order < _NumStackOrders; order++) {
            stack all[most];
            for (stack& s : all) s = stackalloc(_FixedStack << order);
            for (int32 i = 0; i < most; i++) {
                stackfree(all[i]);
                if (i % 3 == 0) all[0] = stackalloc(_FixedStack << order);
                must(bytes(c, order) < cachesize, "it never holds more than it may");
            }
        }
        stackcache_clear(c);
        for (int32 order = 0; order < _NumStackOrders; order++) must(bytes(c, order) == 0, "nothing is left");
    });
}

static void a_full_cache_gives_half_back() {
    withcache([](mcache* c) {
        stack all[most];
        for (int32 i = wholespan(_FixedStack, all); i > 0; i--) {
            stackcache_clear(c);
            all[i - 1] = stackalloc(_FixedStack);
        }
        stackcache_clear(c);
        for (const stack& s : all) stackfree(s);
        must(bytes(c, 0) == cachesize / 2, "half of it");
    });
}

static void an_empty_cache_fetches_half_of_what_was_used() {
    withcache([](mcache* c) {
        stack all[most];
        int32 count = wholespan(_FixedStack, all);
        must(bytes(c, 0) == 0, "new ones are not fetched before they are needed");
        for (int32 i = 1; i < count; i++) stackfree(all[i]);
        stackcache_clear(c);
        must(spanat(stackalloc(_FixedStack)) == spanat(all[0]), "from the span that has some");
        must(bytes(c, 0) == cachesize / 2, "used ones are fetched until it is half full");
    });
}

// ---- growth --------------------------------------------------------------------------------------------------------

/// This far down nothing is left of the stack that a goroutine began with.
constexpr int64 far = 200;

[[gnu::noinline]] static int64 down(int64 n, void (*f)()) {
    volatile char room[200];
    room[n % 200] = 1;
    if (n == 0) {
        f();
        return room[0];
    }
    return down(n - 1, f) + room[n % 200];
}

/// f() on a goroutine that has just begun, and waits for it.
static void onnew(void (*f)()) {
    chan<bool> done(0);
    go([=] {
        f();
        done.send(true);
    });
    done.recv();
}

static void a_segment_is_twice_as_large_as_the_one_before() {
    onnew([] {
        down(far, [] {
            g* gp = getg();
            uintptr size = gp->stack.hi - gp->stack.lo, total = size, segments = 1;
            for (stktop* t = gp->stktop; t; t = t->prev, segments++) {
                must(t->stack.hi - t->stack.lo == size / 2, "twice");
                size /= 2;
                total += size;
            }
            must(segments > 3 && gp->stktop->total == total, "and their sum is known");
        });
    });
}

/// The stack that is used now.
static bool here(volatile void* p) {
    g* gp = getg();
    auto v = reinterpret_cast<uintptr>(p);
    return gp->stack.lo + _StackGuard <= v && v < gp->stack.hi;
}

[[gnu::noinline]] static void broad() {
    volatile char room[100000];
    room[0] = 1;
    room[99999] = 1;
    must(here(&room[0]) && here(&room[99999]), "all of the frame is on the stack");
}

static void a_large_frame_gets_a_segment_that_it_fits_into() { onnew(broad); }

namespace {
struct passed {
    char bytes[12000];
};
}  // namespace

/// A frame that a segment of twice its caller's has room for, if it were not for the arguments.
[[gnu::noinline]] static void given(passed p) {
    volatile char room[124000];
    room[0] = 1;
    must(here(&room[0]) && here(&p.bytes[0]), "both are on the stack");
    must(p.bytes[0] == 1 && p.bytes[sizeof p - 1] == 2, "they are those of the call");
}

/// The compiler does not count what a function pushes as part of its frame: it has room to spare, on 64 KB.
[[gnu::noinline]] static void gives() {
    volatile char spare[20000];
    spare[0] = 1;
    passed p;
    p.bytes[0] = 1;
    p.bytes[sizeof p - 1] = 2;
    given(p);
    must(spare[0] == 1, "and nobody else is");
}

static void arguments_on_the_stack_have_room_beside_the_frame() { onnew(gives); }

/// One argument more than there are registers for.
[[gnu::noinline]] static void seventh(int64, int64, int64, int64, int64, int64, int64 h) {
    volatile char room[100000];
    room[0] = 1;
    must(reinterpret_cast<uintptr>(__builtin_frame_address(0)) % 16 == 0, "C++ counts on the alignment of its frames");
    must(room[0] == 1 && h == 7, "it is that of the call");
}

static void a_frame_on_a_new_segment_is_aligned() {
    onnew([] { seventh(1, 2, 3, 4, 5, 6, 7); });
}

static bool guarded() {
    g* gp = getg();
    uintptr guard = gp->stack.lo + _StackGuard;
    return gp->preempt || (gp->stackguard0 == guard && gp->m->tlsguard == guard);
}

static bool g0sguard;
nosplit static void looks(g* gp);
static void looks(g* gp) {
    g0sguard = getg()->m->tlsguard == getg()->stackguard0;
    gogo(&gp->sched);
}

static void mcall_brings_g0_s_guard() {
    mcall(looks);
    must(g0sguard, "from the first instruction on");
}

static void the_guard_is_that_of_the_segment_in_use() {
    onnew([] {
        must(guarded(), "at first");
        down(far, [] { must(guarded(), "on a new segment"); });
        must(guarded(), "and back on the old one");
        ong0([] { must(getg()->m->tlsguard == getg()->stackguard0, "g0's on g0"); });
        uintptr guard = getg()->m->tlsguard;  // before a prologue looks at it, and has it put right
        must(getg()->preempt || guard == getg()->stackguard0, "and back from there");
        func([](Defer& defer) {
            defer([] { recover(); });
            down(far, [] { panic("back"); });
        });
        must(guarded(), "also after a recover");
    });
}

static void segments_come_back() {
    onnew([] {
        uintptr used = 0;
        for (int i = 0; i < 2000; i++) {
            down(far, [] {});
            if (i == 100) used = mheap_.arena_used;
        }
        must(mheap_.arena_used - used < 1 << 20, "when their functions return");
    });
}

static void segments_come_back_from_a_recover() {
    onnew([] {
        uintptr used = 0;
        for (int i = 0; i < 500; i++) {
            func([](Defer& defer) {
                defer([] { recover(); });
                down(far, [] { panic("back"); });
            });
            if (i == 100) used = mheap_.arena_used;
        }
        must(mheap_.arena_used - used < 1 << 20, "with the frames that are left");
    });
}

static void segments_come_back_from_a_goexit() {
    uintptr used = 0;
    for (int i = 0; i < 500; i++) {
        chan<bool> gone(0);
        go([gone]() mutable {
            func([&](Defer& defer) {
                defer([&] { gone.close(); });
                down(far, [] { runtime::Goexit(); });
            });
        });
        gone.recv();
        runtime::Gosched();
        if (i == 100) used = mheap_.arena_used;
    }
    must(mheap_.arena_used - used < 1 << 20, "with the goroutine");
}

static void a_stack_may_be_as_large_as_the_limit() {
    maxstacksize = 1 << 20;
    onnew([] { down(2000, [] {}); });
}

static void segments_count_together_against_the_limit() {
    maxstacksize = 1 << 16;
    onnew([] { down(350, [] {}); });
}

static void a_system_stack_does_not_grow() {
    ong0([] { down(500, [] {}); });
}

static void no_segment_where_the_stack_must_not_split() {
    onnew([] {
        getg()->throwsplit = true;
        down(far, [] {});
    });
}

static void stacks_come_from_g0_only() { (void)stackalloc(_FixedStack); }
static void stacks_are_powers_of_two() {
    ong0([] { (void)stackalloc(3 * _FixedStack); });
}

// ---- who is asked to yield -----------------------------------------------------------------------------------------

static volatile int64 called;
[[gnu::noinline]] static void nothing() { called = called + 1; }

[[gnu::always_inline]] static inline void askedto() {
    g* gp = getg();
    gp->preempt = true;
    gp->stackguard0 = stackPreempt;
    settlsguard(stackPreempt);
}

/// Does a call yield, which was asked for? With GOMAXPROCS=1, so that this P goes on.
static bool yields() {
    p* pp = getg()->m->p;
    uint32 before = pp->schedtick;
    askedto();
    nothing();
    return pp->schedtick != before;
}

static void who_is_asked_yields_at_the_next_call() {
    must(yields(), "and comes back");
    must(!getg()->preempt, "once");
}

static void who_holds_a_lock_does_not_yield() {
    m* mp = getg()->m;
    mp->locks++;
    must(!yields(), "now");
    mp->locks--;
}

static void who_allocates_does_not_yield() {
    m* mp = getg()->m;
    mp->mallocing++;
    must(!yields(), "now");
    mp->mallocing--;
}

static void who_stopped_the_world_does_not_yield() {
    m* mp = getg()->m;
    mp->preemptoff = str("a check");
    must(!yields(), "now");
    mp->preemptoff = {};
}

static void who_has_lost_its_p_does_not_yield() {
    p* pp = getg()->m->p;
    pp->status = _Pgcstop;
    must(!yields(), "now");
    pp->status = _Prunning;
}

static void a_request_that_cannot_be_followed_stands() {
    m* mp = acquirem();
    must(!yields() && getg()->preempt && getg()->stackguard0 != stackPreempt, "put off");
    uint32 before = mp->p->schedtick;
    releasem(mp);
    nothing();
    must(getg()->m->p->schedtick != before, "not lost");
}

[[gnu::noinline]] static int64 asked(int64 n) {
    volatile char room[200];
    room[n % 200] = 1;
    must(reinterpret_cast<uintptr>(__builtin_dwarf_cfa()) >= getg()->stack.lo + _StackGuard, "there is room");
    if (n == 0) return room[0];
    askedto();
    return asked(n - 1) + room[n % 200];
}

static void who_is_asked_gets_the_room_that_it_needs() {
    onnew([] { asked(far); });
}

/// All registers that a function must preserve still hold n, and so on, after f. 128: a leaf function's variables are there.
static bool keptover(void (*f)(), uint64 n) {
    uint64 got[4], v = n;
    __asm__ volatile(
        "mov %0, %%r12\n\tlea 1(%0), %%r13\n\tlea 2(%0), %%r14\n\tlea 3(%0), %%rbx\n\t"
        "mov %%rsp, %%r15\n\tsub $128, %%rsp\n\tand $-16, %%rsp\n\tpush %2\n\tpush %2\n\tcall *%1\n\tpop %2\n\tpop "
        "%2\n\t"
        "mov %%r15, %%rsp\n\t"
        "mov %%r12, (%2)\n\tmov %%r13, 8(%2)\n\tmov %%r14, 16(%2)\n\tmov %%rbx, 24(%2)"
        : "+a"(v), "+c"(f)
        : "D"(got)
        : "rbx", "r12", "r13", "r14", "r15", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory");
    return got[0] == n && got[1] == n + 1 && got[2] == n + 2 && got[3] == n + 3;
}

static void registers_are_kept_while_others_run() {
    chan<bool> done(0);
    for (uint64 n = 0; n < 3; n++)
        go([=]() mutable {
            for (int i = 0; i < 100; i++) must(keptover(runtime::Gosched, 100 * n), "its own");
            done.send(true);
        });
    for (int n = 0; n < 3; n++) done.recv();
}

/// Its own registers are others, and it does not come to its end, where it would put back those of its caller.
[[gnu::noinline]] static void fails() {
    __asm__ volatile("xor %%r12, %%r12\n\tmov %%r12, %%r13\n\tmov %%r12, %%r14\n\tmov %%r12, %%r15\n\tmov %%r12, %%rbx"
                     :
                     :
                     : "rbx", "r12", "r13", "r14", "r15");
    panic("x");
}

static void recovers() {
    func([](Defer& defer) {
        defer([] { recover(); });
        fails();
    });
}

static void registers_are_kept_over_a_recover() { must(keptover(recovers, 100), "as over any call"); }

[[gnu::noinline]] static bool are(int64 a, int64 b, int64 c, int64 d, int64 e, int64 f, int64 h, double i, double j,
                                  double k, double l, double m, double n, double o, double p) {
    return a == 1 && b == 2 && c == 3 && d == 4 && e == 5 && f == 6 && h == 7 && i == 8 && j == 9 && k == 10 &&
           l == 11 && m == 12 && n == 13 && o == 14 && p == 15;
}

/// A prologue comes before the arguments are used.
static void arguments_are_kept_while_others_run() {
    static volatile bool over;
    go([] {
        while (!over) {
            must(are(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), "its own");
            __asm__ volatile("xorps %%xmm7, %%xmm7\n\tmovaps %%xmm7, %%xmm6\n\tmovaps %%xmm7, %%xmm5" : : : "memory");
            runtime::Gosched();
        }
    });
    for (int i = 0; i < 100; i++) {
        askedto();
        must(are(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), "those of the call");
    }
    over = true;
}

#ifndef __clang__
/// AL says how many of its arguments are in vector registers.
[[gnu::noinline]] static double sum(int32 n, ...) {
    __builtin_va_list list;
    __builtin_va_start(list, n);
    double s = 0;
    while (n-- > 0) s += __builtin_va_arg(list, double);
    __builtin_va_end(list);
    return s;
}
#endif

static void arguments_of_any_number_are_kept_while_others_run() {
#ifndef __clang__  // it has no such functions where stacks are split
    for (int32 i = 1; i < 10; i++) {
        double d = i;
        askedto();
        must(sum(2, d, d) == 2 * d, "those of the call");
    }
#endif
}

namespace {
struct twowords {
    int64 a, b;
};
struct twonumbers {
    double a, b;
};
}  // namespace

[[gnu::noinline]] static twowords words() {
    volatile char room[100000];
    room[0] = 1;
    return {room[0], 2};
}

[[gnu::noinline]] static twonumbers numbers() {
    volatile char room[100000];
    room[0] = 3;
    return {static_cast<double>(room[0]), 4};
}

static void results_are_kept_while_a_segment_goes() {
    onnew([] {
        twowords w = words();
        must(w.a == 1 && w.b == 2, "two words");
        twonumbers n = numbers();
        must(n.a == 3 && n.b == 4, "two numbers");
    });
}

static void a_request_that_hits_g0_is_nothing() {
    ong0([] {
        settlsguard(stackPreempt);
        nothing();
        must(getg()->m->tlsguard == getg()->stackguard0, "and the guard is as it was");
    });
}

void main_main() {
    CHECK(a_span_is_cut_into_as_many_stacks_as_fit);
    CHECK(a_stack_that_was_given_back_is_given_again);
    CHECK(a_used_stack_is_given_before_a_new_one);
    CHECK(a_span_that_is_whole_again_goes_back);
    CHECK(a_large_stack_is_a_span_of_its_own);
    CHECK(a_cache_knows_what_it_holds);
    CHECK(a_full_cache_gives_half_back);
    CHECK(an_empty_cache_fetches_half_of_what_was_used);
    CHECK(a_segment_is_twice_as_large_as_the_one_before);
    CHECK(a_large_frame_gets_a_segment_that_it_fits_into);
    CHECK(arguments_on_the_stack_have_room_beside_the_frame);
    CHECK(a_frame_on_a_new_segment_is_aligned);
    CHECK(the_guard_is_that_of_the_segment_in_use);
    CHECK(mcall_brings_g0_s_guard);
    CHECK(segments_come_back);
    CHECK(segments_come_back_from_a_recover);
    CHECK(segments_come_back_from_a_goexit);
    CHECK(a_stack_may_be_as_large_as_the_limit);
    CHECK(segments_count_together_against_the_limit);
    CHECK(a_system_stack_does_not_grow);
    CHECK(no_segment_where_the_stack_must_not_split);
    CHECK(stacks_come_from_g0_only);
    CHECK(stacks_are_powers_of_two);
    CHECK(who_is_asked_yields_at_the_next_call);
    CHECK(who_holds_a_lock_does_not_yield);
    CHECK(who_allocates_does_not_yield);
    CHECK(who_stopped_the_world_does_not_yield);
    CHECK(who_has_lost_its_p_does_not_yield);
    CHECK(a_request_that_cannot_be_followed_stands);
    CHECK(who_is_asked_gets_the_room_that_it_needs);
    CHECK(registers_are_kept_while_others_run);
    CHECK(registers_are_kept_over_a_recover);
    CHECK(arguments_are_kept_while_others_run);
    CHECK(arguments_of_any_number_are_kept_while_others_run);
    CHECK(results_are_kept_while_a_segment_goes);
    CHECK(a_request_that_hits_g0_is_nothing);
}
