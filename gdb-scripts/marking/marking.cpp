// marking.cpp - marks what can be reached from words that it is given, through the objects of a heap, level by level: the
// kernel of rt0lab/heap/native.py. It reads no memory of a program: it says which ranges it wants, and is fed them. It
// takes any bytes for a heap; what makes no sense in a table of spans is left out.

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <new>
#include <unordered_map>
#include <vector>

using u8 = uint8_t;
using u32 = uint32_t;
using u64 = uint64_t;

namespace {

constexpr u64 TOP = 1ull << 47;                 // user addresses end here
constexpr u64 PAGE = 13, REGION = 26;           // bits of an address within a page, a region of the page table
constexpr u64 MOST = 256ull << 30;              // bytes of spans
constexpr u32 NONE = ~0u, ROOT = 1u << 31;      // no span; a parent that is a root
constexpr u64 BLOCK = 16, BLOCKSIZE = 1 << 16;  // what is read at least
constexpr u64 GAP = 4096;                       // what lies between two spans this near is read with them
constexpr size_t AHEAD = 64;                    // blocks that are wanted at once
constexpr size_t STAY = 1024;                   // of them are kept when everything has been looked into

struct Span {
    u64 start, end, elem;
    u32 first;  // number of its first object
    u32 count;
    u32 word;  // number of its first word, if there can be pointers in it
    bool scan;

    u64 words() const { return (start + 7) & ~7ull; }
};

/// The spans by address, and their objects by number.
class Heap {
    std::unique_ptr<std::unique_ptr<u32[]>[]> regions;  // the first span in each page
    u64 lo = 0, hi = 0;

public:
    std::vector<Span> spans;
    u32 objects = 0;

    /// False if it is too large to be marked.
    bool fill(const u64* starts, const u64* ends, const u64* elems, const u8* scans, size_t n) {
        u64 last = 0, bytes = 0, count = 0, words = 0;
        for (size_t i = 0; i < n; i++) {
            u64 start = starts[i], end = ends[i], elem = elems[i];
            if (start < last || end > TOP || end < start || elem < 8 || (end - start) / elem == 0) continue;
            u64 here = (end - start) / elem;
            last = end;
            bytes += end - start;
            count += here;
            u64 scanned = scans[i] ? (end - start) / 8 + 1 : 0;
            if (count >= ROOT || bytes > MOST || words + scanned >= ROOT) return false;
            spans.push_back(
                {start, end, elem, objects, static_cast<u32>(here), static_cast<u32>(words), scans[i] != 0});
            objects = static_cast<u32>(count);
            words += scanned;
        }
        if (spans.empty()) return true;
        lo = spans.front().start;
        hi = spans.back().end;
        regions = std::make_unique<std::unique_ptr<u32[]>[]>((hi >> REGION) - (lo >> REGION) + 1);
        for (u32 i = 0; i < spans.size(); i++)
            for (u64 page = spans[i].start >> PAGE; page <= (spans[i].end - 1) >> PAGE; page++) enter(page, i);
        return true;
    }

    /// The span that an address lies in, or NONE.
    u32 find(u64 address) const {
        if (address < lo || address >= hi) return NONE;
        const auto& region = regions[(address >> REGION) - (lo >> REGION)];
        if (!region) return NONE;
        for (u32 i = region[(address >> PAGE) & PAGES]; i < spans.size() && spans[i].start <= address; i++)
            if (address < spans[i].end) return i;
        return NONE;
    }

    /// The span with the object of this number; `near` is looked at first.
    u32 holding(u32 object, u32 near = 0) const {
        if (near < spans.size() && object - spans[near].first < spans[near].count) return near;
        auto after = [](u32 number, const Span& span) { return number < span.first; };
        return static_cast<u32>(std::upper_bound(spans.begin(), spans.end(), object, after) - spans.begin()) - 1;
    }

    /// The span with the word of this number.
    u32 with_word(u32 word) const {
        auto after = [](u32 number, const Span& span) { return number < span.word; };
        auto span = std::upper_bound(spans.begin(), spans.end(), word, after) - 1;
        while (!span->scan) --span;  // those without pointers have the number of the next one
        return static_cast<u32>(span - spans.begin());
    }

private:
    static constexpr u64 PAGES = (1 << (REGION - PAGE)) - 1;

    void enter(u64 page, u32 span) {
        auto& region = regions[(page >> (REGION - PAGE)) - (lo >> REGION)];
        if (!region) {
            region = std::make_unique<u32[]>(PAGES + 1);
            std::fill_n(region.get(), PAGES + 1, NONE);
        }
        u32& first = region[page & PAGES];
        if (first == NONE) first = span;
    }
};

/// A block from the system, to which it goes back at once.
struct Unmap {
    void operator()(u8* block) const { munmap(block, BLOCKSIZE); }
};

/// Memory that was fed, in blocks, the oldest of which make room.
class Blocks {
    std::unordered_map<u64, std::unique_ptr<u8, Unmap>> kept;
    std::deque<u64> order;
    size_t most;
    u64 last = 0;
    u8* recent = nullptr;  // the block that was found last

public:
    explicit Blocks(u64 bytes) : most(std::max<size_t>(bytes >> BLOCK, 2 * AHEAD)) {}

    u8* find(u64 number) {
        if (number == last && recent) return recent;
        auto found = kept.find(number);
        last = number;
        return recent = found == kept.end() ? nullptr : found->second.get();
    }

    /// Zeros, until somebody feeds more.
    void make(u64 number) {
        auto& block = kept[number];
        if (block) return;
        void* made = mmap(nullptr, BLOCKSIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (made == MAP_FAILED) throw std::bad_alloc();
        block.reset(static_cast<u8*>(made));
        order.push_back(number);
        trim(most);
    }

    /// So many may stay.
    void trim(size_t count) {
        for (recent = nullptr; order.size() > count; order.pop_front()) kept.erase(order.front());
    }

    void feed(u64 address, const u8* data, u64 size) {
        while (size) {
            u64 at = address & (BLOCKSIZE - 1), n = std::min(size, BLOCKSIZE - at);
            if (u8* block = find(address >> BLOCK)) memcpy(block + at, data, n);
            address += n;
            data += n;
            size -= n;
        }
    }
};

class Bits {
    std::vector<u64> words;

public:
    void room(u64 n) { words.assign(n / 64 + 1, 0); }
    bool get(u32 i) const { return words[i / 64] >> i % 64 & 1; }
    void set(u32 i) { words[i / 64] |= 1ull << i % 64; }

    /// Takes out those that are set, in their order.
    void drain(std::vector<u32>& to) {
        for (size_t i = 0; i < words.size(); i++)
            for (u64& word = words[i]; word; word &= word - 1)
                to.push_back(static_cast<u32>(64 * i) + static_cast<u32>(__builtin_ctzll(word)));
    }
};

u64 word_at(const u8* data) {
    u64 word;
    memcpy(&word, data, sizeof word);
    return word;
}

}  // namespace

class Marker {
    Heap heap;
    Blocks blocks;
    Bits marked, opaque, sorter;
    std::vector<std::unique_ptr<u32[]>> parents;  // by span, for its objects: number of a word, or ROOT | of a root
    std::vector<u64> roots;
    std::vector<u32> level, next;  // marked and not looked into yet, in rising order, and those after them
    size_t at = 0;                 // in the level
    u64 from = 0;                  // how much of that object has been looked into
    u32 near = 0;                  // the span of the last object

public:
    u64 objects = 0, bytes = 0;

    explicit Marker(u64 cache) : blocks(cache) {}

    bool fill(const u64* starts, const u64* ends, const u64* elems, const u8* scans, size_t n) {
        if (!heap.fill(starts, ends, elems, scans, n)) return false;
        marked.room(heap.objects);
        opaque.room(heap.objects);
        sorter.room(heap.objects);
        parents.resize(heap.spans.size());
        return true;
    }

    /// The number of the object that a word points into, and its span; false if there is none.
    bool object(u64 word, u32* number, u32* span) const {
        *span = heap.find(word);
        if (*span == NONE) return false;
        const Span& s = heap.spans[*span];
        u64 k = (word - s.start) / s.elem;
        *number = s.first + static_cast<u32>(k);
        return k < s.count;
    }

    void close(u64 word) {
        u32 number, span;
        if (object(word, &number, &span)) opaque.set(number);
    }

    /// Those of a span's objects whose bit is 0 are none: as good as marked, and they count for nothing.
    void drop(u64 start, const u8* live, u64 size) {
        u32 number, span;
        if (!object(start, &number, &span)) return;
        for (u64 k = 0; k < std::min<u64>(heap.spans[span].count, 8 * size); k++)
            if (!(live[k / 8] >> k % 8 & 1)) marked.set(heap.spans[span].first + static_cast<u32>(k));
    }

    bool add(u64 root, const u64* words, size_t n) {
        if (roots.size() >= ROOT) return false;
        roots.push_back(root);
        for (size_t i = 0; i < n; i++) reach(words[i], ROOT | static_cast<u32>(roots.size() - 1));
        return true;
    }

    bool reached(u64 word) const {
        u32 number, span;
        return object(word, &number, &span) && parents[span] && parents[span][number - heap.spans[span].first] != NONE;
    }

    /// Writes the objects that lead to a word, its own first, with the offset in each of the word that leads on, and
    /// their root; returns how many there are, of which no more than room are written; 0 if it has not been reached.
    size_t path(u64 word, u64* root, u64* bases, u64* offsets, size_t room) const {
        if (!reached(word)) return 0;
        for (size_t n = 0;; n++) {
            u32 number, span;
            if (!object(word, &number, &span)) return 0;
            const Span& s = heap.spans[span];
            u64 k = number - s.first;
            if (n < room) {
                bases[n] = s.start + k * s.elem;
                offsets[n] = word - bases[n];
            }
            u32 parent = parents[span][k];
            if (parent & ROOT) {
                *root = roots[parent & ~ROOT];
                return n + 1;
            }
            const Span& from_ = heap.spans[heap.with_word(parent)];
            word = from_.words() + 8ull * (parent - from_.word);
        }
    }

    /// How many objects are reached and not looked into, and their bytes.
    u64 left(u64* size) const {
        *size = 0;
        auto add = [&](u32 number) { *size += heap.spans[heap.holding(number)].elem; };
        std::for_each(level.begin() + static_cast<long>(at), level.end(), add);
        std::for_each(next.begin(), next.end(), add);
        return level.size() - at + next.size();
    }

    /// Does an object whose words count, and that was reached, lie there?
    bool touched(u64 lo, u64 hi) const {
        auto before = [](u64 address, const Span& span) { return address < span.end; };
        auto s = std::upper_bound(heap.spans.begin(), heap.spans.end(), lo, before);
        for (; s != heap.spans.end() && s->start < hi; ++s) {
            auto& known = parents[static_cast<size_t>(s - heap.spans.begin())];
            if (!s->scan || !known) continue;
            u64 k = lo > s->start ? (lo - s->start) / s->elem : 0;
            for (; k < s->count && s->start + k * s->elem < hi; k++)
                if (known[k] != NONE && !opaque.get(s->first + static_cast<u32>(k))) return true;
        }
        return false;
    }

    /// Goes on until memory is needed: then writes the ranges and returns how many; 0: everything has been looked
    /// into; -1: there is more to do, and the budget, in words, is spent.
    long want(u64* los, u64* his, size_t room, u64 budget) {
        while (budget) {
            if (at == level.size() && !turn()) {
                blocks.trim(STAY);
                return 0;
            }
            u64 done = look(budget);
            if (!done) return ranges(los, his, room);
            budget -= std::min(budget, done);
        }
        return -1;
    }

    void feed(u64 address, const u8* data, u64 size) { blocks.feed(address, data, size); }

private:
    void reach(u64 word, u32 parent) {
        u32 number, span;
        if (!object(word, &number, &span) || marked.get(number)) return;
        marked.set(number);
        const Span& s = heap.spans[span];
        if (!parents[span]) {
            parents[span] = std::make_unique_for_overwrite<u32[]>(s.count);
            std::fill_n(parents[span].get(), s.count, NONE);
        }
        parents[span][number - s.first] = parent;
        objects++;
        bytes += s.elem;
        if (s.scan && !opaque.get(number)) next.push_back(number);
    }

    /// To the next level, in the order of its addresses; false if nobody is on it.
    bool turn() {
        level.clear();
        level.swap(next);
        at = 0;
        if (level.size() > heap.objects / 64) {
            for (u32 number : level) sorter.set(number);
            level.clear();
            sorter.drain(level);
        } else {
            std::sort(level.begin(), level.end());
        }
        return !level.empty();
    }

    /// Looks into the object that is next, as far as its block goes; returns the words seen + 1, 0 if memory is
    /// missing.
    u64 look(u64 budget) {
        u32 number = level[at];
        near = heap.holding(number, near);
        const Span& s = heap.spans[near];
        u64 start = s.start + (number - s.first) * s.elem, end = start + s.elem;
        u64 here = (start + from + 7) & ~7ull;
        if (here + 8 > end) return step();
        const u8* block = blocks.find(here >> BLOCK);
        if (!block) return 0;
        u64 stop = std::min({end, (here | (BLOCKSIZE - 1)) + 1, here + 8 * budget}), first = here;
        for (; here + 8 <= stop; here += 8) {
            u64 word = word_at(block + (here & (BLOCKSIZE - 1)));
            if (word) reach(word, s.word + static_cast<u32>((here - s.words()) / 8));
        }
        from = here - start;
        return (here - first) / 8 + (here + 8 > end ? step() : 1);
    }

    u64 step() {
        at++;
        from = 0;
        return 1;
    }

    /// What is to be read for the objects that are next: whole blocks, so far as there are spans with pointers.
    long ranges(u64* los, u64* his, size_t room) {
        size_t n = 0;
        u64 skip = from, made = 0;
        u32 span = near;
        for (size_t i = at; i < level.size() && made < AHEAD && i - at < (1 << 16); i++, skip = 0) {
            span = heap.holding(level[i], span);
            const Span& s = heap.spans[span];
            u64 start = s.start + (level[i] - s.first) * s.elem, end = start + s.elem;
            for (u64 number = (start + skip) >> BLOCK; number <= (end - 1) >> BLOCK && made < AHEAD; number++) {
                if (blocks.find(number)) continue;
                if (!clip(number, los, his, &n, room)) return static_cast<long>(n);
                blocks.make(number);
                made++;
            }
        }
        return static_cast<long>(n);
    }

    /// Adds the spans with pointers in a block; false, and nothing added, if there is no room for them.
    bool clip(u64 block, u64* los, u64* his, size_t* n, size_t room) {
        u64 lo = block << BLOCK, hi = lo + BLOCKSIZE, before = *n, end = before ? his[before - 1] : 0;
        auto ends = [](u64 address, const Span& span) { return address < span.end; };
        auto span = std::upper_bound(heap.spans.begin(), heap.spans.end(), lo, ends);
        for (; span != heap.spans.end() && span->start < hi; ++span) {
            if (!span->scan) continue;
            u64 from_ = std::max(span->start, lo), to = std::min(span->end, hi);
            if (*n && from_ >= his[*n - 1] && from_ - his[*n - 1] < GAP && to - los[*n - 1] <= AHEAD * BLOCKSIZE) {
                his[*n - 1] = to;
                continue;
            }
            if (*n == room && before) {
                *n = before;
                his[before - 1] = end;
                return false;
            }
            // More than there is room for in one block: the rest of it together.
            if (*n == room) {
                his[*n - 1] = to;
                continue;
            }
            los[*n] = from_;
            his[(*n)++] = to;
        }
        return true;
    }
};

// ---- for heap/native.py: nothing is thrown from here ----------------------------------------------------------------

#define EXPORT extern "C" __attribute__((visibility("default")))

template <class F, class R> static R caught(R bad, F f) {
    try {
        return f();
    } catch (...) {
        return bad;
    }
}

EXPORT int marking_version() { return 1; }

/// Null if this heap is too large, or memory is short.
EXPORT Marker* marking_new(const u64* starts, const u64* ends, const u64* elems, const u8* scans, size_t n, u64 cache) {
    return caught(static_cast<Marker*>(nullptr), [&]() -> Marker* {
        auto made = std::make_unique<Marker>(cache);
        return made->fill(starts, ends, elems, scans, n) ? made.release() : nullptr;
    });
}

EXPORT void marking_delete(Marker* marker) { delete marker; }

EXPORT void marking_close(Marker* marker, const u64* words, size_t n) {
    for (size_t i = 0; i < n; i++) marker->close(words[i]);
}

EXPORT void marking_drop(Marker* marker, u64 start, const u8* live, u64 size) { marker->drop(start, live, size); }

/// 0: memory is short.
EXPORT int marking_add(Marker* marker, u64 root, const u64* words, size_t n) {
    return caught(0, [&] { return static_cast<int>(marker->add(root, words, n)); });
}

/// -2: memory is short.
EXPORT long marking_want(Marker* marker, u64* los, u64* his, size_t room, u64 budget) {
    return caught(-2l, [&] { return marker->want(los, his, room, budget); });
}

EXPORT void marking_feed(Marker* marker, u64 address, const u8* data, u64 size) { marker->feed(address, data, size); }

EXPORT int marking_reached(Marker* marker, u64 word) { return marker->reached(word); }

EXPORT size_t marking_path(Marker* marker, u64 word, u64* root, u64* bases, u64* offsets, size_t room) {
    return marker->path(word, root, bases, offsets, room);
}

EXPORT u64 marking_left(Marker* marker, u64* size) { return marker->left(size); }

EXPORT int marking_touched(Marker* marker, u64 lo, u64 hi) { return marker->touched(lo, hi); }

EXPORT u64 marking_objects(Marker* marker) { return marker->objects; }

EXPORT u64 marking_bytes(Marker* marker) { return marker->bytes; }

/// The words at an address, from number `from` on, that point into one of n ranges, which rise and do not overlap:
/// writes their addresses and which range; returns the number of the word to go on with, the last one's + 1 if done.
EXPORT u64 marking_find(u64 address, const u8* data, u64 words, u64 from, const u64* los, const u64* his, size_t n,
                        u64* where, u64* which, size_t* found, size_t room) {
    *found = 0;
    if (!n) return words;
    u64 lo = los[0], size = his[n - 1] - lo;
    for (; from < words; from++) {
        u64 word = word_at(data + 8 * from);
        if (word - lo >= size) continue;
        size_t i = static_cast<size_t>(std::upper_bound(los, los + n, word) - los) - 1;
        if (word >= his[i]) continue;
        if (*found == room) break;
        where[*found] = address + 8 * from;
        which[(*found)++] = i;
    }
    return from;
}
