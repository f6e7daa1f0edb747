// dwarf_data.hpp - how DWARF writes numbers and strings. The file may be damaged: nothing is read beyond the end of a part.
#pragma once

#include "runtime.hpp"

namespace dwarf {

/// A place in a part of the file. Each function leaves p behind what it read; what is not all there reads as 0 or "",
/// and p is at the end, so that whoever reads on until then comes to an end.
struct cursor {
    const uint8* p;
    const uint8* end;

    [[nodiscard]] bool more() const { return p < end; }
    [[nodiscard]] uint64 left() const { return static_cast<uint64>(end - p); }
    void skip(uint64 n) { p = n < left() ? p + n : end; }

    template <class T> T fixed() {
        T v = 0;
        if (sizeof v <= left()) memcpy(&v, p, sizeof v);
        skip(sizeof v);
        return v;
    }

    uint64 uleb() {
        uint64 v = 0;
        for (int32 shift = 0; more(); shift += 7) {
            if (shift < 64) v |= static_cast<uint64>(*p & 0x7f) << shift;
            if (!(*p++ & 0x80)) break;
        }
        return v;
    }

    int64 sleb() {
        const uint8* begin = p;
        uint64 v = uleb();
        int64 bits = 7 * (p - begin);
        if (bits && bits < 64 && (p[-1] & 0x40)) v |= ~0ull << bits;
        return static_cast<int64>(v);
    }

    const char* cstring() {
        auto* s = reinterpret_cast<const char*>(p);
        while (more() && *p) p++;
        if (!more()) return "";
        p++;
        return s;
    }
};

}  // namespace dwarf
