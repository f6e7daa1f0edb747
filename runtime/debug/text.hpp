// text.hpp - a text that is put together in room that somebody else has.
#pragma once

#include "types.hpp"

namespace dwarf {

/// What does not fit is cut off.
struct text {
    char* p;
    char* end;  // room for the final zero is behind it

    void add(const char* s, int64 n) {
        for (; n && p < end; n--) *p++ = *s++;
        *p = 0;
    }
    void add(const char* s) { add(s, detail::findnull(s)); }
    void number(uint64 v) {
        char digits[20];
        int32 i = sizeof digits;
        do digits[--i] = static_cast<char>('0' + v % 10);
        while (v /= 10);
        add(digits + i, static_cast<int64>(sizeof digits) - i);
    }
};

}  // namespace dwarf
