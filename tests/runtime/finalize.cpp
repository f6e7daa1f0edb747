// finalize.cpp - what a channel still held when its last user left is destroyed by the finalizer goroutine, g4 at
// first.

#include "go.hpp"
#include "runtime.hpp"

static int64 destroyedby;

struct witness {
    bool live = true;
    witness() = default;
    witness(witness&& o) noexcept : live(o.live) { o.live = false; }
    ~witness() {
        if (live) atomic::Store(&destroyedby, getg()->goid);
    }
};

void main_main() {
    int64 self = getg()->goid;
    {
        chan<witness> c(1);
        c.send(witness());
    }
    while (!atomic::Load(&destroyedby)) runtime::Gosched();
    fmt::Println("finalizer", destroyedby != self ? "elsewhere" : "here");
}
