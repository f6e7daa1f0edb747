// dwarf_data.hpp - how DWARF writes numbers and strings; each function leaves p behind what it read.
#pragma once

#include "runtime.hpp"

namespace dwarf {

template <class T> static T fixed(const uint8*& p) {
    T v;
    memcpy(&v, p, sizeof v);
    p += sizeof v;
    return v;
}

static inline uint64 uleb(const uint8*& p) {
    uint64 v = 0;
    int32 shift = 0;
    do v |= static_cast<uint64>(*p & 0x7f) << (shift++ * 7);
    while (*p++ & 0x80);
    return v;
}

static inline int64 sleb(const uint8*& p) {
    const uint8* begin = p;
    uint64 v = uleb(p);
    int64 bits = 7 * (p - begin);
    if (bits < 64 && (p[-1] & 0x40)) v |= ~0ull << bits;
    return static_cast<int64>(v);
}

static inline const char* cstring(const uint8*& p) {
    auto* s = reinterpret_cast<const char*>(p);
    p += findnull(s) + 1;
    return s;
}

}  // namespace dwarf
