// fmt.cpp - package fmt, as much of it as programs use. Go's counterpart: fmt/print.go.

#include "std/fmt.hpp"

#include "runtime.hpp"
#include "std/os.hpp"

int64 fmt::println(const word* w, int64 n) {
    int64 size = n ? n : 1;
    for (int64 i = 0; i < n; i++) size += w[i].number ? 20 : w[i].s.len;
    auto* buf = static_cast<char*>(mallocgc(size));
    char* p = buf;
    for (int64 i = 0; i < n; i++) {
        if (i) *p++ = ' ';
        if (!w[i].number) {
            memcpy(p, w[i].s.str, w[i].s.len);
            p += w[i].s.len;
            continue;
        }
        uint64 v = w[i].n < 0 ? -static_cast<uint64>(w[i].n) : static_cast<uint64>(w[i].n);
        if (w[i].n < 0) *p++ = '-';
        uint64 digit = 1;
        while (v / digit >= 10) digit *= 10;
        for (; digit; digit /= 10) *p++ = static_cast<char>('0' + v / digit % 10);
    }
    *p++ = '\n';
    os::result r = os::stdoutwrite(buf, p - buf);
    mfree(buf, size);
    return r.n;
}
