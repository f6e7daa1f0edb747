// mheap.hpp - the heap's own data, shared by malloc.cpp and stack.cpp. Go's counterpart: mheap.go.
#pragma once

#include "runtime2.hpp"

constexpr uintptr spanSize = 32 << 10;
constexpr int32 spanOrders = 20;  // spans of 32 KB to 16 GB

constexpr uintptr _PageSize = 8 << 10;

/// A span of Go's has blocks of one class. Here a piece of a span has, so that a program that has little of each kind
/// touches little memory.
constexpr uintptr pieceSize = 128;
constexpr uintptr spanPieces = spanSize / pieceSize;
constexpr int32 persistentClass = numSizeClasses;  // of pieces with no blocks: persistentalloc's, and spanclass itself

/// Bytes of a block, by class: two classes to each doubling, and one for a g, which takes 320.
constexpr uintptr class_to_size[numSizeClasses] = {0,   16,  32,  48,   64,   96,   128,  192,  256,  320,
                                                   384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192};
/// How many pieces are cut into blocks of a class at once: the fewest of which nothing is left over.
constexpr uint8 class_to_pieces[numSizeClasses] = {0, 1, 1, 3, 1, 3, 1, 3, 2, 5, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};

enum mSpanState : uint8 {
    _MSpanDead,    // never given out
    _MSpanInUse,   // blocks: one large one, or small ones as spanclass says
    _MSpanManual,  // stacks, persistentalloc
    _MSpanFree,
};

/// A span: 32 KB, or 32 KB times a power of two, of which it stays. Found from an address in its first 32 KB by spanof.
struct mspan {
    mspan* next;  // on its stackpool list while it has a stack to give
    mspan* prev;
    gclink* manualFreeList;  // stacks given back
    uint32 freeindex;        // stacks never given out begin at this index
    uint32 allocCount;       // stacks in use
    uint32 npages;
    mSpanState state;
    uint8* spanclass;  // the class of each piece's blocks, 0 if not cut yet; null: one large block, or no blocks at all
};

struct mSpanList {
    mspan* first;
};

struct mheap {
    mutex lock;
    uintptr arena_start;
    uintptr arena_used;  // spans have been cut up to here
    uintptr mapped;      // readable and writable up to here
    uintptr arena_end;   // reserved up to here
    uintptr table;       // the span table is mapped from here to arena_start
    gclink* free[spanOrders];
    gclink* central[numSizeClasses];                          // blocks given back, by class
    uintptr fresh[numSizeClasses], freshend[numSizeClasses];  // and from where to where none has been given out yet
    uintptr cut, cutend;                                      // the span that pieces are cut from now
};

GOVAR(mheap, mheap_);
[[nodiscard]] mspan* spanof(uintptr v) GO("runtime.spanOf");
