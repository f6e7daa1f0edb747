// malloc.cpp - memory: one arena at Go's address, 32 KB spans cut from it, small blocks cut from spans, a cache a P.
// Go's counterparts: malloc.go, mheap.go, mcache.go. No collector: what nobody needs any more is given back with mfree.

#include "runtime.hpp"

#include "mheap.hpp"

constexpr uintptr arenaBase = 0xc420000000;    // where Go 1.10's heap begins
constexpr uintptr arenaReserve = 64ull << 30;  // addresses only; halved until the system agrees
constexpr uintptr arenaStep = 1 << 20;         // mapped at a time, at least
constexpr uintptr hugeFrom = 32 << 20;         // what lies beyond may be in huge pages, of which the last is half empty

/// f() with mheap_.lock held, on g0: a goroutine that ran out of stack under this lock would wait for itself, because
/// the new stack comes from the heap.
template <class F> static void heaplocked(F f) {
    auto run = [](void* arg) {
        lock(&mheap_.lock);
        (*static_cast<F*>(arg))();
        unlock(&mheap_.lock);
    };
    systemstack_(run, &f);
}

/// Spans come in powers of two.
static int32 spanorder(uintptr size) {
    int32 o = 0;
    while ((spanSize << o) < size) o++;
    return o;
}

static bool mapfixed(uintptr from, uintptr to) {
    void* v = reinterpret_cast<void*>(from);
    return sysMmap(v, to - from, _PROT_READ | _PROT_WRITE, _MAP_PRIVATE | _MAP_ANON | _MAP_FIXED | _MAP_NORESERVE, -1,
                   0) == v;
}

/// Makes the arena usable up to at least `to`, and the span table below it with it: both in one mapping the first time.
static bool grow(uintptr to) {
    uintptr step = mheap_.arena_used - mheap_.arena_start;
    step = step / 4 > arenaStep ? step / 4 : arenaStep;
    uintptr end = (to + step - 1) & ~(arenaStep - 1);
    if (end > mheap_.arena_end) end = mheap_.arena_end;
    if (to > end) return false;

    uintptr nspans = (end - mheap_.arena_start) / spanSize;
    uintptr table = (mheap_.arena_start - nspans * sizeof(mspan)) & ~0xffffull;
    if (mheap_.mapped == mheap_.arena_start) {
        if (!mapfixed(table, end)) return false;
    } else {
        if (table < mheap_.table && !mapfixed(table, mheap_.table)) return false;
        if (!mapfixed(mheap_.mapped, end)) return false;
        // Thousands of stacks: one fault for 2 MB instead of 512, and one entry of the TLB. A small program would pay for
        // memory that it does not touch.
        if (end - mheap_.arena_start > hugeFrom)
            madvise_(reinterpret_cast<void*>(mheap_.mapped), end - mheap_.mapped, _MADV_HUGEPAGE);
    }
    mheap_.table = table;
    mheap_.mapped = end;
    return true;
}

/// Reserves addresses for the arena, at Go's place if it is free, and gives m0 a cache.
void mallocinit() {
    for (uintptr n = arenaReserve; n >= arenaStep; n /= 2) {
        // The span table stands below the arena, its entry i at arena_start - (i+1) * sizeof(mspan).
        uintptr tablesize = (n / spanSize * sizeof(mspan) + 0xffff) & ~0xffffull;
        void* want = reinterpret_cast<void*>(arenaBase - tablesize);
        void* v = sysMmap(want, tablesize + n, _PROT_NONE, _MAP_PRIVATE | _MAP_ANON | _MAP_NORESERVE, -1, 0);
        if (mmapfailed(v)) continue;
        uintptr start = (reinterpret_cast<uintptr>(v) + tablesize + spanSize - 1) & ~(spanSize - 1);
        mheap_.arena_start = mheap_.arena_used = mheap_.mapped = mheap_.table = start;
        mheap_.arena_end = (reinterpret_cast<uintptr>(v) + tablesize + n) & ~(spanSize - 1);
        madvise_(v, tablesize + n, _MADV_DONTDUMP);  // a core file holds what is mapped, not what is reserved
        break;
    }
    if (!mheap_.arena_start) throw_("mallocinit: cannot reserve memory");
    getg()->m->mcache = allocmcache();
}

static gclink* mcaches;  // given back by freemcache; mheap_.lock

mcache* allocmcache() {
    gclink* c;
    heaplocked([&] {
        c = mcaches;
        if (c) mcaches = c->next;
    });
    return static_cast<mcache*>(c ? memset(c, 0, sizeof(mcache)) : persistentalloc(sizeof(mcache), 64));
}

/// On g0.
void freemcache(mcache* c) {
    stackcache_clear(c);
    heaplocked([&] {
        for (int32 i = 0; i < numSizeClasses; i++) {
            while (gclink* v = c->alloc[i]) {
                c->alloc[i] = v->next;
                v->next = mheap_.central[i];
                mheap_.central[i] = v;
            }
        }
        auto* l = reinterpret_cast<gclink*>(c);
        l->next = mcaches;
        mcaches = l;
    });
}

mspan* spanof(uintptr v) {
    return reinterpret_cast<mspan*>(mheap_.arena_start) - 1 - (v - mheap_.arena_start) / spanSize;
}

/// With mheap_.lock held.
static uintptr spanalloclocked(uintptr size, mSpanState state) {
    int32 o = spanorder(size);
    if (o >= spanOrders) throw_("mallocgc: too large");
    auto v = reinterpret_cast<uintptr>(mheap_.free[o]);
    if (v) {
        mheap_.free[o] = mheap_.free[o]->next;
    } else {
        v = mheap_.arena_used;
        uintptr end = v + (spanSize << o);
        if (end > mheap_.mapped && !grow(end)) throw_("out of memory");
        mheap_.arena_used = end;
        spanof(v)->npages = static_cast<uint32>((spanSize << o) / _PageSize);
    }
    spanof(v)->state = state;
    return v;
}

static void* spanalloc(uintptr size, mSpanState state) {
    uintptr v;
    heaplocked([&] { v = spanalloclocked(size, state); });
    return reinterpret_cast<void*>(v);
}

void* spanalloc(uintptr size) { return spanalloc(size, _MSpanManual); }

void spanfree(void* v, uintptr size) {
    int32 o = spanorder(size);
    auto* l = static_cast<gclink*>(v);
    heaplocked([&] {
        spanof(reinterpret_cast<uintptr>(v))->state = _MSpanFree;
        l->next = mheap_.free[o];
        mheap_.free[o] = l;
    });
}

uintptr scavenge() {
    uintptr n = 0;
    heaplocked([&] {
        for (int32 o = 0; o < spanOrders; o++) {
            for (gclink* l = mheap_.free[o]; l; l = l->next) {
                // The first page holds the link and stays.
                uintptr size = (spanSize << o) - physPageSize;
                madvise_(reinterpret_cast<uint8*>(l) + physPageSize, size, _MADV_DONTNEED);
                n += size;
            }
        }
    });
    return n;
}

// ---- blocks --------------------------------------------------------------------------------------------------------

static int32 sizeclass(uintptr size) {
    int32 c = 1;
    while (class_to_size[c] < size) c++;
    return c;
}

/// Pieces for blocks of class c, from the span that is being cut, the same for all classes, so that a program that has
/// little touches few pages. With mheap_.lock held.
static uintptr cut(int32 n, int32 c) {
    uintptr size = static_cast<uintptr>(n) * pieceSize;
    if (mheap_.cut + size > mheap_.cutend) {
        mheap_.cut = spanalloclocked(spanSize, _MSpanInUse);
        mheap_.cutend = mheap_.cut + spanSize;
        // Its first pieces say of what class each is. In the span table that would cost each span of stacks as much.
        auto* spc = reinterpret_cast<uint8*>(mheap_.cut);
        memset(spc, 0, spanPieces);
        memset(spc, persistentClass, spanPieces / pieceSize);
        spanof(mheap_.cut)->spanclass = spc;
        mheap_.cut += spanPieces;
    }
    uintptr v = mheap_.cut;
    mheap_.cut += size;
    uint8* spc = spanof(v)->spanclass + v % spanSize / pieceSize;
    for (int32 i = 0; i < n; i++) spc[i] = static_cast<uint8>(c);
    return v;
}

/// A block of class c from the heap's own list, or a new one. With mheap_.lock held.
static gclink* central(int32 c) {
    if (gclink* v = mheap_.central[c]) {
        mheap_.central[c] = v->next;
        return v;
    }
    uintptr& fresh = mheap_.fresh[c];
    if (fresh == mheap_.freshend[c]) {
        fresh = cut(class_to_pieces[c], c);
        mheap_.freshend[c] = fresh + class_to_pieces[c] * pieceSize;
    }
    auto* v = reinterpret_cast<gclink*>(fresh);
    fresh += class_to_size[c];
    return v;
}

/// How many blocks of a class go between a P's cache and the heap at a time, at most: about a page of them.
static int32 batch(int32 c) {
    int32 n = static_cast<int32>(4096 / class_to_size[c]);
    return n ? n : 1;
}

void* mallocgc(uintptr size) {
    if (size > class_to_size[numSizeClasses - 1]) return memset(spanalloc(size, _MSpanInUse), 0, size);

    int32 c = sizeclass(size);
    m* mp = acquirem();
    mp->mallocing++;
    mcache* mc = mp->p ? mp->mcache : nullptr;  // without a P there is no cache to use unlocked
    gclink* v = mc ? mc->alloc[c] : nullptr;
    if (v) {
        mc->alloc[c] = v->next;
        mc->nalloc[c]--;
    } else {
        heaplocked([&] {
            v = central(c);
            // The first refills are small: boot needs one or two of a kind.
            for (int32 i = 0; mc && i < mc->refill[c]; i++) {
                gclink* more = central(c);
                more->next = mc->alloc[c];
                mc->alloc[c] = more;
                mc->nalloc[c]++;
            }
        });
        if (mc) mc->refill[c] = 2 * mc->refill[c] + 1 < batch(c) ? 2 * mc->refill[c] + 1 : batch(c);
    }
    mp->mallocing--;
    releasem(mp);
    return memset(v, 0, size);
}

void mfree(void* block, uintptr size) {
    if (size > class_to_size[numSizeClasses - 1]) {
        spanfree(block, size);
        return;
    }
    int32 c = sizeclass(size);
    auto* v = static_cast<gclink*>(block);
    m* mp = acquirem();
    mcache* mc = mp->p ? mp->mcache : nullptr;
    if (mc && mc->nalloc[c] < 2 * batch(c)) {
        v->next = mc->alloc[c];
        mc->alloc[c] = v;
        mc->nalloc[c]++;
    } else {
        heaplocked([&] {
            v->next = mheap_.central[c];
            mheap_.central[c] = v;
        });
    }
    releasem(mp);
}

/// A P has its own chunk; who has no P takes pieces of the span that is being cut.
void* persistentalloc(uintptr size, uintptr align) {
    if (size > spanSize / 4) return memset(spanalloc(size), 0, size);
    m* mp = acquirem();
    void* v;
    if (p* pp = mp->p) {
        persistentAlloc* a = &pp->palloc;
        a->off = (a->off + align - 1) & ~(align - 1);
        if (!a->base || a->off + size > spanSize) *a = {static_cast<uint8*>(spanalloc(spanSize)), 0};
        v = a->base + a->off;
        a->off += size;
    } else {
        int32 n = static_cast<int32>((size + pieceSize - 1) / pieceSize);
        heaplocked([&] { v = reinterpret_cast<void*>(cut(n, persistentClass)); });
    }
    releasem(mp);
    return memset(v, 0, size);
}
