// mheap.hpp - the heap's own data, shared by malloc.cpp and stack.cpp. Go's counterpart: mheap.go.
#pragma once

#include "runtime2.hpp"

constexpr uintptr spanSize = 32 << 10;
constexpr int32 spanOrders = 20;  // spans of 32 KB to 16 GB

/// Bytes of a block, by class: two classes to each doubling, and one for a g, which takes 320.
constexpr uintptr class_to_size[numSizeClasses] = {16,  32,  48,   64,   96,   128,  192,  256,  320, 384,
                                                   512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192};

/// A 32 KB span that is cut into stacks. Found from an address by spanof.
struct mspan {
    mspan* next;  // on its stackpool list while it has a stack to give
    mspan* prev;
    gclink* manualFreeList;  // stacks given back
    uint32 freeindex;        // stacks never given out begin at this index
    uint32 allocCount;       // stacks in use
};

struct mheap {
    mutex lock;
    uintptr arena_start;
    uintptr arena_used;  // spans have been cut up to here
    uintptr mapped;      // readable and writable up to here
    uintptr arena_end;   // reserved up to here
    uintptr table;       // the span table is mapped from here to arena_start
    gclink* free[spanOrders];
    gclink* central[numSizeClasses];  // blocks given back, by class
    uintptr cut, cutend;              // the span that blocks are cut from now
};

GOVAR(mheap, mheap_);
[[nodiscard]] mspan* spanof(uintptr v) GO("runtime.spanOf");
