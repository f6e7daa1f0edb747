// memmove.cpp - the four functions that a compiler may call in any program. Go's counterparts: memmove_amd64.s, memclr_amd64.s.

#include "runtime.hpp"

extern "C" nosplit void* memcpy(void*, const void*, size_t);
extern "C" nosplit void* memmove(void*, const void*, size_t);
extern "C" nosplit void* memset(void*, int, size_t);
extern "C" nosplit int memcmp(const void*, const void*, size_t);

void* memcpy(void* dst, const void* src, size_t n) {
    void* d = dst;
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(src), "+c"(n) : : "memory");
    return dst;
}

void* memmove(void* dst, const void* src, size_t n) {
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
