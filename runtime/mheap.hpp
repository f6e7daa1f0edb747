// mheap.hpp - the heap's own data, shared by malloc.cpp and stack.cpp. Go's counterpart: mheap.go.
#pragma once

#include "runtime2.hpp"

constexpr uintptr spanSize = 32 << 10;
constexpr int32 spanOrders = 20;             // spans of 32 KB to 16 GB

/// A 32 KB span that is cut into stacks. Found from an address by spanof.
struct mspan {
    mspan* next;             // on its stackpool list while it has a stack to give
    mspan* prev;
    gclink* manualFreeList;  // stacks given back
    uint32 freeindex;        // stacks never given out begin at this index
    uint32 allocCount;       // stacks in use
};

struct mcentral {
    gclink* list;            // blocks given back
    uintptr cut, end;        // the span that is being cut
};

struct mheap {
    mutex lock;              // guards all but palloc
    uintptr arena_start;
    uintptr arena_used;      // spans have been cut up to here
    uintptr mapped;          // readable and writable up to here
    uintptr arena_end;       // reserved up to here
    uintptr table;           // the span table is mapped from here to arena_start
    gclink* free[spanOrders];
    mcentral central[numSizeClasses];
    mutex palloclock;
    persistentAlloc palloc;
};

extern mheap mheap_;
mspan* spanof(uintptr v) GO("runtime.spanOf");
