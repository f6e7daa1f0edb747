// memory.cpp - each access to memory, before it is made: which words two fibers touch in no order, and when a store is
// seen.
//
// x86 shows a thread's own stores to others late: all but XCHG and locked instructions go through a buffer. Memory is
// always as the running fiber sees it. When another goes on, what is still in the buffer is taken back, newest first,
// and put there again when its fiber returns.
//
// An atomic access is a step at which another fiber may come. A plain one is if it races: two fibers touch the word, one
// writes, and nothing orders them (vector clocks: each atomic word carries what those knew who wrote it). Where locks and
// atomics keep order, it makes no difference whether another comes before a plain access or before the next atomic one.

#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "explorer.hpp"

std::vector<uintptr_t> racy;

namespace {

struct Word {  // the last accesses to it
    uint32_t run = 0;
    int writer = -1;
    uint32_t written = 0;
    Clock read = {};
};

std::unordered_map<uintptr_t, Word> words;
std::unordered_map<uintptr_t, std::pair<uint32_t, Clock>> atomics;
std::unordered_set<uintptr_t> races;
uint32_t run;

void settle() {
    auto& buffer = me().buffer;
    if (buffer.empty() || buffer.back().settled) return;
    Store& s = buffer.back();
    memcpy(s.now, reinterpret_cast<void*>(s.addr), s.size);
    s.settled = true;
}

void late(uintptr_t addr, int size) {
    auto& buffer = me().buffer;
    settle();
    if (options.late == 0) return;
    if (static_cast<int>(buffer.size()) >= options.late) buffer.erase(buffer.begin());
    Store& s = buffer.emplace_back(Store{addr, size, false, {}, {}});
    memcpy(s.before, reinterpret_cast<void*>(addr), size);
}

bool race(uintptr_t addr, bool write) {
    Word& word = words[addr >> 3];
    const Clock& clock = me().clock;
    if (word.run != run) word = {run, -1, 0, {}};
    bool found = word.writer >= 0 && word.writer != w->self && word.written > clock[word.writer];
    if (write) {
        for (int i = 0; i < max_fibers; i++)
            if (i != w->self && word.read[i] > clock[i]) found = true;
        word.writer = w->self;
        word.written = clock[w->self];
    } else {
        word.read[w->self] = clock[w->self];
    }
    return found;
}

void touched(uintptr_t addr, int size, bool write) {
    if (!exploring) return;
    settle();
    if (onstack(addr) || (addr - reinterpret_cast<uintptr_t>(boot_stack) < boot_size)) return;
    if (race(addr, write) && races.insert(addr >> 3).second) racy.push_back(addr & ~7ull);
    if (races.count(addr >> 3)) point();
    if (write) late(addr, size);
}

/// What is written into an atomic word is known to whoever reads it there.
void ordered(uintptr_t addr, bool reads, bool writes) {
    auto& [when, knows] = atomics[addr];
    if (when != run) knows = {}, when = run;
    Clock& clock = me().clock;
    if (reads) join(clock, knows);
    if (writes) {
        join(knows, clock);
        clock[w->self]++;
    }
}

/// Before an atomic access.
template <class T> void atomic(T* p, bool reads, bool writes, bool locked) {
    if (!exploring) return booting();
    settle();
    point();
    ordered(reinterpret_cast<uintptr_t>(p), reads, writes);
    if (locked)
        drain();
    else if (writes)
        late(reinterpret_cast<uintptr_t>(p), sizeof *p);
}

}  // namespace

void join(Clock& knows, const Clock& of) {
    for (int i = 0; i < max_fibers; i++)
        if (of[i] > knows[i]) knows[i] = of[i];
}

void begin_run() { run++; }

void drain() {
    settle();
    me().buffer.clear();
}

void commit_others() {
    for (Fiber& f : w->fibers) {
        if (&f == &me()) continue;
        for (Store& s : f.buffer) memcpy(reinterpret_cast<void*>(s.addr), s.now, s.size);
        f.buffer.clear();
    }
}

int unseen() {
    settle();
    return static_cast<int>(me().buffer.size());
}

void hide(Fiber& f, int late) {
    auto s = f.buffer.end(), oldest = s - late;
    while (s != oldest) {
        auto* at = reinterpret_cast<void*>((--s)->addr);
        // Written since by somebody who tells nothing, assembly or memset: it is not late, nor is what came before it.
        if (memcmp(at, s->now, s->size) != 0) {
            oldest = s + 1;
            break;
        }
        memcpy(at, s->before, s->size);
    }
    f.buffer.erase(f.buffer.begin(), oldest);
}

void show(Fiber& f) {
    for (Store& s : f.buffer) {
        memcpy(s.before, reinterpret_cast<void*>(s.addr), s.size);
        memcpy(reinterpret_cast<void*>(s.addr), s.now, s.size);
    }
}

extern "C" {

#define PLAIN(size)                                                         \
    void explore_read##size(uintptr_t addr) { touched(addr, size, false); } \
    void explore_write##size(uintptr_t addr) { touched(addr, size, true); }
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)
void explore_read_range(uintptr_t, size_t) {}
void explore_write_range(uintptr_t, size_t) {
    if (exploring) drain();
}

#define EXCHANGE(name, bits, T, result)      \
    T explore_##name##bits(T* p, T v, int) { \
        atomic(p, true, true, true);         \
        T old = *p;                          \
        *p = result;                         \
        return old;                          \
    }
#define ATOMIC(bits, T)                                                                                                \
    T explore_load##bits(T* p, int) {                                                                                  \
        atomic(p, true, false, false);                                                                                 \
        return *p;                                                                                                     \
    }                                                                                                                  \
    void explore_store##bits(T* p, T v, int order) {                                                                   \
        atomic(p, false, true, order == __ATOMIC_SEQ_CST);                                                             \
        *p = v;                                                                                                        \
        if (exploring && order != __ATOMIC_SEQ_CST) point(); /* what follows need not have happened when it is seen */ \
    }                                                                                                                  \
    EXCHANGE(exchange, bits, T, v)                                                                                     \
    EXCHANGE(fetch_add, bits, T, static_cast<T>(old + v))                                                              \
    EXCHANGE(fetch_sub, bits, T, static_cast<T>(old - v))                                                              \
    EXCHANGE(fetch_and, bits, T, old& v)                                                                               \
    EXCHANGE(fetch_or, bits, T, old | v)                                                                               \
    int explore_cas##bits(T* p, T* old, T v, int, int) {                                                               \
        atomic(p, true, true, true);                                                                                   \
        if (*p == *old) {                                                                                              \
            *p = v;                                                                                                    \
            return 1;                                                                                                  \
        }                                                                                                              \
        *old = *p;                                                                                                     \
        return 0;                                                                                                      \
    }
ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

}  // extern "C"
