// blocks.cpp - blocks of all sizes, made and given back on all Ps: of any address in one its span says where it begins
// and of what class it is.

#include "go.hpp"
#include "mheap.hpp"
#include "runtime.hpp"

constexpr int64 workers = 8, steps = 20000, held = 256;

/// Where the block that an address is in begins, by its span alone; its class in c.
static uintptr blockof(uintptr v, int32* c) {
    mspan* s = spanof(v);
    uintptr base = v & ~(spanSize - 1);
    *c = 0;
    if (s->state != _MSpanInUse || !s->spanclass) return base;
    for (uintptr i = 0; i < spanPieces && s->spanclass[i];) {
        *c = s->spanclass[i];
        uintptr n = *c == persistentClass ? 1 : class_to_pieces[*c], first = base + i * pieceSize;
        if (v < first + n * pieceSize) return v - (v - first) % class_to_size[*c];
        i += n;
    }
    return 0;
}

static int32 classof(uintptr size) {
    int32 c = 1;
    while (c < numSizeClasses && class_to_size[c] < size) c++;
    return c == numSizeClasses ? 0 : c;
}

/// Small ones mostly, now and then one of several spans.
static uintptr somesize() {
    uint32 r = fastrand();
    return 1 + (r >> 8) % (r % 64 ? 2000 : r % 3 ? 9000 : 200000);
}

static bool found(uintptr v, uintptr size) {
    int32 c;
    uintptr last = size < spanSize ? size - 1 : spanSize - 1, in[] = {0, last, fastrand() % (last + 1)};
    for (uintptr at : in)
        if (blockof(v + at, &c) != v || c != classof(size)) return false;
    return spanof(v)->state == _MSpanInUse;
}

void main_main() {
    chan<int64> results(0);
    for (int64 w = 0; w < workers; w++)
        go([=] {
            uintptr blocks[held] = {}, sizes[held] = {};
            int64 good = 0;
            for (int64 i = 0; i < steps; i++) {
                uint32 k = fastrand() % held;
                if (blocks[k]) {
                    good += found(blocks[k], sizes[k]);
                    mfree(reinterpret_cast<void*>(blocks[k]), sizes[k]);
                    blocks[k] = 0;
                } else {
                    sizes[k] = somesize();
                    blocks[k] = reinterpret_cast<uintptr>(mallocgc(sizes[k]));
                    good += found(blocks[k], sizes[k]);
                }
            }
            results.send(good);
        });
    int64 good = 0;
    for (int64 w = 0; w < workers; w++) good += results.recv();
    fmt::Println("blocks", good == workers * steps ? "ok" : "LOST", good);
}
