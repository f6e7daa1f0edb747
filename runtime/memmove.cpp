// memmove.cpp - the four functions that a compiler may call in any program. Go's counterparts: memmove_amd64.s,
// memclr_amd64.s.

#include "runtime.hpp"

extern "C" nosplit void* memcpy(void*, const void*, size_t);
extern "C" nosplit void* memmove(void*, const void*, size_t);
extern "C" nosplit void* memset(void*, int, size_t);
extern "C" nosplit int memcmp(const void*, const void*, size_t);

/// Copies n bytes, sizeof(T) to twice as many: the first and the last of them, which may overlap. Both are read before
/// either is written, so dst and src may overlap, too.
template <class T> [[gnu::always_inline]] static inline void ends(void* dst, const void* src, size_t n) {
    T first, last;
    __builtin_memcpy(&first, src, sizeof(T));
    __builtin_memcpy(&last, static_cast<const uint8*>(src) + n - sizeof(T), sizeof(T));
    __builtin_memcpy(dst, &first, sizeof(T));
    __builtin_memcpy(static_cast<uint8*>(dst) + n - sizeof(T), &last, sizeof(T));
}

namespace {
struct pair {
    uint64 a, b;
};
}  // namespace

/// Up to 32 bytes, where starting a string instruction costs more than the copy. false: it is more than that.
[[gnu::always_inline]] static inline bool small(void* dst, const void* src, size_t n) {
    if (n > 32) return false;
    if (n >= 16)
        ends<pair>(dst, src, n);
    else if (n >= 8)
        ends<uint64>(dst, src, n);
    else if (n >= 4)
        ends<uint32>(dst, src, n);
    else if (n >= 2)
        ends<uint16>(dst, src, n);
    else if (n == 1)
        *static_cast<uint8*>(dst) = *static_cast<const uint8*>(src);
    return true;
}

void* memcpy(void* dst, const void* src, size_t n) {
    if (small(dst, src, n)) return dst;
    void* d = dst;
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(n) : : "memory");
    return dst;
}

void* memmove(void* dst, const void* src, size_t n) {
    if (small(dst, src, n)) return dst;
    auto* d = static_cast<uint8*>(dst);
    auto* s = static_cast<const uint8*>(src);
    if (d <= s || d >= s + n) return memcpy(dst, src, n);
    d += n - 1;
    s += n - 1;
    __asm__ volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
    return dst;
}

void* memset(void* dst, int c, size_t n) {
    void* d = dst;
    __asm__ volatile("rep stosb" : "+D"(d), "+c"(n) : "a"(c) : "memory");
    return dst;
}

int memcmp(const void* a, const void* b, size_t n) {
    auto* x = static_cast<const uint8*>(a);
    auto* y = static_cast<const uint8*>(b);
    for (; n; n--, x++, y++)
        if (*x != *y) return *x - *y;
    return 0;
}
