// memory.cpp - what the heap promises, one check at a time.

#include <initializer_list>

#include "checks.hpp"
#include "mheap.hpp"

/// Where the heap's lock is taken, and how. Linked with --wrap.
void real_lock(mutex* l) GO("__real_runtime.lock");
nosplit void wrap_lock(mutex* l) GO("__wrap_runtime.lock");
static uint32 locked, ongoroutine, unannounced;
void wrap_lock(mutex* l) {
    if (l == &mheap_.lock) {
        m* mp = getg()->m;
        locked++;
        if (getg() != mp->g0) ongoroutine++;
        if (mp->mallocing != 1) unannounced++;
    }
    real_lock(l);
}

static uintptr at(void* v) { return reinterpret_cast<uintptr>(v); }
static bool zero(const void* v, uintptr n) {
    for (uintptr i = 0; i < n; i++)
        if (static_cast<const uint8*>(v)[i]) return false;
    return true;
}
static int64 length(gclink* l) {
    int64 n = 0;
    for (; l; l = l->next) n++;
    return n;
}
static int32 classof(uintptr size) {
    int32 c = 1;
    while (class_to_size[c] < size) c++;
    return c;
}

// ---- spans ---------------------------------------------------------------------------------------------------------

static void a_span_is_no_larger_than_it_must_be() {
    must(spanof(at(mallocgc(spanSize)))->npages * _PageSize == spanSize, "one span");
    must(spanof(at(mallocgc(spanSize + 1)))->npages * _PageSize == 2 * spanSize, "two");
    must(spanof(at(mallocgc(4 * spanSize)))->npages * _PageSize == 4 * spanSize, "four");
}

static void a_free_span_is_given_once() {
    ong0([] {
        void *a = spanalloc(8 * spanSize), *b = spanalloc(8 * spanSize);
        spanfree(a, 8 * spanSize);
        spanfree(b, 8 * spanSize);
        void *c = spanalloc(8 * spanSize), *d = spanalloc(8 * spanSize), *e = spanalloc(8 * spanSize);
        must((c == a && d == b) || (c == b && d == a), "both are given again");
        must(e != a && e != b, "once");
    });
}

static void a_span_says_what_it_is_for() {
    ong0([] {
        void* v = spanalloc(spanSize);
        must(spanof(at(v))->state == _MSpanManual, "stacks");
        spanfree(v, spanSize);
        must(spanof(at(v))->state == _MSpanFree, "nothing");
        must(spanof(at(mallocgc(spanSize)))->state == _MSpanInUse, "blocks");
    });
}

static void the_arena_grows_by_more_the_larger_it_is() {
    ong0([] {
        int64 times = 0;
        for (int i = 0; i < 256; i++) {
            uintptr mapped = mheap_.mapped;
            (void)spanalloc(1 << 20);
            times += mheap_.mapped != mapped;
        }
        must(times < 64, "seldom");
    });
}

static void what_is_too_large_is_refused() { (void)mallocgc(1ull << 40); }

static void scavenging_keeps_the_list_and_gives_the_rest_back() {
    ong0([] {
        uintptr size = 16 * spanSize;
        void *a = spanalloc(size), *b = spanalloc(size);
        memset(a, 1, size);
        memset(b, 1, size);
        spanfree(a, size);
        spanfree(b, size);
        must(scavenge() >= 2 * (size - physPageSize), "it says how much");
        must(zero(static_cast<uint8*>(a) + physPageSize, size - physPageSize), "the memory is the system's");
        void *c = spanalloc(size), *d = spanalloc(size);
        must(c == b && d == a, "the spans are still there");
    });
}

// ---- blocks --------------------------------------------------------------------------------------------------------

static void a_block_is_of_the_smallest_class_that_fits() {
    for (int32 c = 1; c < numSizeClasses; c++)
        for (uintptr size : {class_to_size[c - 1] + 1, class_to_size[c]}) {
            uintptr v = at(mallocgc(size));
            must(spanof(v)->spanclass[v % spanSize / pieceSize] == c, "it");
        }
}

static void a_span_that_is_cut_has_room_for_its_classes() {
    ong0([] {
        void* v = spanalloc(spanSize);
        memset(v, 0xff, spanSize);
        spanfree(v, spanSize);
        mspan* s = spanof(at(v));
        must(!s->spanclass, "a span of stacks has none");
        while (!s->spanclass) memset(mallocgc(8192), 0xff, 8192);
        must(s->spanclass[at(s->spanclass) % spanSize / pieceSize] == persistentClass,
             "where they stand there is no block");
        must(s->spanclass[spanPieces - 1] == 0, "what is not cut yet is of none");
    });
}

static void memory_is_zero() {
    for (uintptr size : {16ul, 1000ul, 8192ul, 100000ul})
        for (int i = 0; i < 3; i++) {
            void* v = mallocgc(size);
            must(zero(v, size), "though it was used before");
            memset(v, 0xff, size);
            mfree(v, size);
        }
}

static void blocks_do_not_overlap() {
    withcache([](mcache*) {
        constexpr int32 count = 500;
        static uint8* blocks[count];
        for (uintptr size : {16ul, 48ul, 320ul, 6144ul})
            for (int round = 0; round < 2; round++) {  // the second time they are those that were given back
                for (int32 i = 0; i < count; i++) {
                    blocks[i] = static_cast<uint8*>(mallocgc(size));
                    memset(blocks[i], i % 251, size);
                }
                for (int32 i = 0; i < count; i++)
                    must(blocks[i][0] == i % 251 && blocks[i][size - 1] == i % 251, "each has its own");
                for (uint8* v : blocks) mfree(v, size);
            }
    });
}

static void a_cache_counts_its_blocks() {
    withcache([](mcache* mc) {
        constexpr int32 count = 300;
        static void* blocks[count];
        for (int32 c = 1; c < numSizeClasses; c++) {
            for (void*& v : blocks) {
                v = mallocgc(class_to_size[c]);
                must(mc->nalloc[c] == length(mc->alloc[c]), "when they are taken");
            }
            for (void* v : blocks) {
                mfree(v, class_to_size[c]);
                must(mc->nalloc[c] == length(mc->alloc[c]), "when they are given back");
            }
        }
    });
}

static void a_cache_keeps_two_pages_of_a_class() {
    withcache([](mcache* mc) {
        constexpr int32 size = 64, kept = 2 * 4096 / size;
        static void* blocks[500];
        for (void*& v : blocks) v = mallocgc(size);
        for (void* v : blocks) mfree(v, size);
        must(mc->nalloc[classof(size)] == kept, "and no more");
        must(length(mheap_.central[classof(size)]) >= 500 - kept, "the rest is all's");
    });
}

static void a_cache_fetches_more_each_time() {
    withcache([](mcache* mc) {
        constexpr uintptr size = 64;
        int32 c = classof(size);
        for (int32 wanted : {0, 1, 3, 7, 15, 31, 63, 64, 64}) {
            (void)mallocgc(size);
            must(mc->nalloc[c] == wanted, "twice as many, up to a page");
            while (mc->alloc[c]) (void)mallocgc(size);
        }
    });
}

static void a_cache_that_is_given_up_loses_nothing() {
    ong0([] {
        m* mp = getg()->m;
        mcache *own = mp->mcache, *c = allocmcache();
        mp->mcache = c;
        void* v = mallocgc(768);
        mfree(v, 768);
        stack s = stackalloc(_FixedStack);
        stackfree(s);
        uint32 used = spanof(s.lo)->allocCount;
        freemcache(c);
        must(at(mheap_.central[classof(768)]) == at(v), "its blocks are all's");
        must(spanof(s.lo)->state == _MSpanFree || spanof(s.lo)->allocCount < used, "its stacks too");
        must(allocmcache() == c && zero(c, sizeof *c), "and it serves again");
        mp->mcache = own;
    });
}

static void without_a_p_no_cache_is_used() {
    withcache([](mcache* mc) {
        m* mp = getg()->m;
        void* v = mallocgc(96);
        mfree(v, 96);
        p* own = mp->p;
        mp->p = nullptr;
        void* w = mallocgc(96);
        mfree(w, 96);
        mp->p = own;
        must(w != v && mc->nalloc[classof(96)] == 1, "it may be another's by now");
    });
}

static void who_allocates_says_so_and_is_on_g0() {
    locked = ongoroutine = unannounced = 0;
    withcache([](mcache*) {
        locked = ongoroutine = unannounced = 0;
        for (int i = 0; i < 1000; i++) (void)mallocgc(64);
        must(locked > 0 && unannounced == 0, "a failure must not allocate");
    });
    for (int i = 0; i < 1000; i++) (void)mallocgc(6144);
    must(locked > 0 && ongoroutine == 0, "there a stack need not grow, for which the lock would be taken again");
}

static void lasting_memory_is_aligned_and_apart() {
    static bool withp;
    for (withp = false;; withp = true) {
        ong0([] {
            m* mp = getg()->m;
            p* own = mp->p;
            if (!withp) mp->p = nullptr;
            constexpr int32 count = 3000;
            static uint8* all[count];
            for (int32 i = 0; i < count; i++) {
                all[i] = static_cast<uint8*>(persistentalloc(24, 64));
                must(at(all[i]) % 64 == 0 && zero(all[i], 24), "aligned, and zero");
                must(spanof(at(all[i]))->state == (withp ? _MSpanManual : _MSpanInUse), "in a span of its own");
                memset(all[i], i % 251, 24);
            }
            for (int32 i = 0; i < count; i++) must(all[i][0] == i % 251 && all[i][23] == i % 251, "apart");
            mp->p = own;
        });
        if (withp) return;
    }
}

static void a_channel_gives_all_of_its_memory_back() {
    auto where = [] {
        chan<int64> c(100);
        uintptr v;
        memcpy(&v, &c, sizeof v);
        return v;
    };
    uintptr first = where();
    must(where() == first, "the next one of its size gets it");
}

void main_main() {
    CHECK(a_span_is_no_larger_than_it_must_be);
    CHECK(a_free_span_is_given_once);
    CHECK(a_span_says_what_it_is_for);
    CHECK(the_arena_grows_by_more_the_larger_it_is);
    CHECK(what_is_too_large_is_refused);
    CHECK(scavenging_keeps_the_list_and_gives_the_rest_back);
    CHECK(a_block_is_of_the_smallest_class_that_fits);
    CHECK(a_span_that_is_cut_has_room_for_its_classes);
    CHECK(memory_is_zero);
    CHECK(blocks_do_not_overlap);
    CHECK(a_cache_counts_its_blocks);
    CHECK(a_cache_keeps_two_pages_of_a_class);
    CHECK(a_cache_fetches_more_each_time);
    CHECK(a_cache_that_is_given_up_loses_nothing);
    CHECK(without_a_p_no_cache_is_used);
    CHECK(who_allocates_says_so_and_is_on_g0);
    CHECK(a_channel_gives_all_of_its_memory_back);
    CHECK(lasting_memory_is_aligned_and_apart);
}
