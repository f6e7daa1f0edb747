// memory.cpp - each access to memory, before it is made: which words make a step of the search, and when a store is seen.
//
// Another fiber may come before an access to a word that two fibers touch and one writes, if that is atomic, or if
// nothing orders the two (vector clocks: each atomic word carries what those knew who wrote it). Before others it makes
// no difference: a plain word that locks and atomics keep in order, or one that nobody else ever touches. Which words
// these are is found on the way, and a search that finds one more begins anew. A run may end before others have touched a
// word, so with one preemption and at random every atomic access is a step.
//
// x86 shows a thread's own stores to others late: all but XCHG and locked instructions go through a buffer. Memory is
// always as the running fiber sees it. When another goes on, what is still in the buffer is taken back, newest first,
// and put there again when its fiber returns.

#include <bit>
#include <cstring>
#include <deque>

#include "explorer.hpp"

struct Word {  // eight bytes
    uintptr_t key;
    bool step = false;  // another may come before an access
    // In this run:
    uint32_t run = 0;
    bool atomic = false, written = false;
    uint16_t touched = 0;  // by which fibers
    int writer = -1;       // the last plain accesses
    uint32_t writer_when = 0;
    Clock read = {};
    Clock knows = {};      // what is known to whoever reads it
    uint64_t version = 0;  // whose store is there: a hash of its past
};

size_t steps;

namespace {

std::deque<Word> words;
std::vector<Word*> table(1 << 14);
uint32_t run;

Word*& slot(uintptr_t key) {
    size_t mask = table.size() - 1, i = mix(key, 0) & mask;
    while (table[i] && table[i]->key != key) i = (i + 1) & mask;
    return table[i];
}

Word& word_at(uintptr_t addr) {
    uintptr_t key = addr >> 3;
    Word* found = slot(key);
    if (!found) {
        if (words.size() * 2 > table.size()) {
            table.assign(table.size() * 2, nullptr);
            for (Word& word : words) slot(word.key) = &word;
        }
        found = slot(key) = &words.emplace_back();
        found->key = key;
    }
    if (found->run != run) {
        bool step = found->step;
        *found = {};
        found->key = key;
        found->step = step;
        found->run = run;
    }
    return *found;
}

// ---- stores --------------------------------------------------------------------------------------------------------

void settle() {
    auto& buffer = me().buffer;
    if (buffer.empty() || buffer.back().settled) return;
    Store& s = buffer.back();
    memcpy(s.now, reinterpret_cast<void*>(s.addr), s.size);
    s.version_now = s.word->version;
    s.settled = true;
}

/// A late store is seen: others may have written into the word meanwhile, and into another part of it.
void version(Store& s) {
    uint64_t found = s.word->version;
    s.word->version = found == s.version_before ? s.version_now : mix(s.version_now, found);
}

/// A store is about to be made that others may see late.
void late(Word& word, uintptr_t addr, int size) {
    auto& buffer = me().buffer;
    settle();
    if (options.late == 0 && !options.again) return;
    if (!options.again && static_cast<int>(buffer.size()) >= options.late) buffer.erase(buffer.begin());
    Store& s = buffer.emplace_back(Store{addr, size, w->events, false, {}, {}, &word, word.version, 0});
    memcpy(s.before, reinterpret_cast<void*>(addr), size);
}

// ---- steps ---------------------------------------------------------------------------------------------------------

/// Two plain accesses that nothing orders, of which one writes.
bool race(Word& word, bool write) {
    const Clock& clock = me().clock;
    bool found = word.writer >= 0 && word.writer != w->self && word.writer_when > clock[word.writer];
    if (write) {
        for (int i = 0; i < max_fibers; i++)
            if (i != w->self && word.read[i] > clock[i]) found = true;
        word.writer = w->self;
        word.writer_when = clock[w->self];
    } else {
        word.read[w->self] = clock[w->self];
    }
    return found;
}

bool is_step(const Word& word, bool atomic) { return word.step || options.again || (atomic && options.every); }

/// Is the access a step? What is found out now stays so.
bool step(Word& word, bool write, bool atomic) {
    word.touched |= 1 << w->self;
    word.written |= write;
    word.atomic |= atomic;
    bool shared = word.atomic && word.written && std::popcount(word.touched) > 1;
    if (!atomic && race(word, write)) shared = true;
    if (shared && !word.step) {
        word.step = true;
        steps++;
        if (options.verbose) fprintf(stderr, "step %zu: %lx\n", steps, word.key << 3);
    }
    return is_step(word, atomic);
}

void stored() {
    if (w->self != 1) w->stores++;
}

/// The access is made now: where the fiber is depends on what it sees, and what others see on where it is.
void happens(Word& word, bool reads, bool writes) {
    Fiber& f = me();
    f.moved = true;
    f.past = mix(mix(f.past, word.key), reads ? word.version : 0);
    if (writes) word.version = mix(f.past, word.version);  // the rest of the word stays
}

/// What is written into an atomic word is known to whoever reads it there.
void ordered(Word& word, bool reads, bool writes) {
    Clock& clock = me().clock;
    if (reads) join(clock, word.knows);
    if (writes) {
        join(word.knows, clock);
        clock[w->self]++;
    }
}

bool of_a_stack(uintptr_t addr) { return onstack(addr) || addr - reinterpret_cast<uintptr_t>(boot_stack) < boot_size; }

/// Before a plain access.
void plain(uintptr_t addr, int size, bool write) {
    if (!exploring) return;
    event();
    settle();
    others_turn();
    if (of_a_stack(addr)) return;
    if (write) stored();
    Word& word = word_at(addr);
    bool two = (addr & 7) + size > 8, found = step(word, write, false);
    if (two) found |= step(word_at(addr + 8), write, false);
    if (!found) return;
    point();
    if (write && two)
        drain();
    else if (write)
        late(word, addr, size);
    happens(word, !write, write);
    if (two) happens(word_at(addr + 8), !write, write);
}

/// Before an access to many words at once. None of its stores is late.
void range(uintptr_t addr, size_t size, bool write) {
    if (!exploring) return;
    event();
    settle();
    others_turn();
    if (of_a_stack(addr)) return;
    if (write) stored();
    bool found = false;
    for (uintptr_t at = addr & ~7ull; at < addr + size; at += 8) found |= step(word_at(at), write, false);
    if (found) point();
    if (write) drain();
    for (uintptr_t at = addr & ~7ull; found && at < addr + size; at += 8) happens(word_at(at), !write, write);
}

/// Before an atomic access.
template <class T> Word& comes(T* p, bool writes) {
    event();
    settle();
    others_turn();
    Word& word = word_at(reinterpret_cast<uintptr_t>(p));
    if (step(word, writes, true)) point();
    return word;
}

template <class T> void atomic(T* p, bool reads, bool writes, bool locked) {
    if (!exploring) return event();
    Word& word = comes(p, writes);
    if (writes) stored();
    if (locked)
        drain();
    else if (writes && is_step(word, true))
        late(word, reinterpret_cast<uintptr_t>(p), sizeof *p);
    ordered(word, reads, writes);
    if (is_step(word, true)) happens(word, reads, writes);
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
        for (Store& s : f.buffer) {
            memcpy(reinterpret_cast<void*>(s.addr), s.now, s.size);
            version(s);
        }
        f.buffer.clear();
    }
}

int unseen() {
    settle();
    return static_cast<int>(me().buffer.size());
}

long unseen_since(int newest) { return newest ? me().buffer.end()[-newest].event : 0; }

void hide(Fiber& f, long since) {
    auto s = f.buffer.end(), oldest = s;
    if (since)
        while (oldest != f.buffer.begin() && oldest[-1].event >= since) oldest--;
    while (s != oldest) {
        auto* at = reinterpret_cast<void*>((--s)->addr);
        // Written since by somebody who tells nothing, assembly or memset: it is not late, nor is what came before it.
        if (memcmp(at, s->now, s->size) != 0) {
            oldest = s + 1;
            break;
        }
        memcpy(at, s->before, s->size);
        s->word->version = s->version_before;
    }
    f.buffer.erase(f.buffer.begin(), oldest);
}

void show(Fiber& f) {
    for (Store& s : f.buffer) {
        memcpy(s.before, reinterpret_cast<void*>(s.addr), s.size);
        memcpy(reinterpret_cast<void*>(s.addr), s.now, s.size);
        uint64_t found = s.word->version;
        version(s);
        s.version_before = found;
        s.version_now = s.word->version;
    }
}

extern "C" {

#define PLAIN(size)                                                       \
    void explore_read##size(uintptr_t addr) { plain(addr, size, false); } \
    void explore_write##size(uintptr_t addr) { plain(addr, size, true); }
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)
void explore_read_range(uintptr_t addr, size_t size) { range(addr, size, false); }
void explore_write_range(uintptr_t addr, size_t size) { range(addr, size, true); }

#define EXCHANGE(name, bits, T, result)      \
    T explore_##name##bits(T* p, T v, int) { \
        atomic(p, true, true, true);         \
        T old = *p;                          \
        *p = result;                         \
        return old;                          \
    }
#define ATOMIC(bits, T)                                                             \
    T explore_load##bits(T* p, int) {                                               \
        atomic(p, true, false, false);                                              \
        return *p;                                                                  \
    }                                                                               \
    void explore_store##bits(T* p, T v, int order) {                                \
        atomic(p, false, true, order == __ATOMIC_SEQ_CST);                          \
        *p = v;                                                                     \
        event();                                                                    \
        point(); /* what follows need not have happened when it is seen, or late */ \
    }                                                                               \
    EXCHANGE(exchange, bits, T, v)                                                  \
    EXCHANGE(fetch_add, bits, T, static_cast<T>(old + v))                           \
    EXCHANGE(fetch_sub, bits, T, static_cast<T>(old - v))                           \
    EXCHANGE(fetch_and, bits, T, old& v)                                            \
    EXCHANGE(fetch_or, bits, T, old | v)                                            \
    int explore_cas##bits(T* p, T* old, T v, int, int) {                            \
        Word* word = exploring ? &comes(p, true) : nullptr;                         \
        bool same = *p == *old;                                                     \
        if (word) {                                                                 \
            drain(); /* a failed one, too */                                        \
            ordered(*word, true, same);                                             \
            if (is_step(*word, true)) happens(*word, true, same);                   \
        }                                                                           \
        if (same)                                                                   \
            *p = v;                                                                 \
        else                                                                        \
            *old = *p;                                                              \
        return same;                                                                \
    }
ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

}  // extern "C"
