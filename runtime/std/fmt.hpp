// fmt.hpp - package fmt for programs: Println. Go's counterpart: fmt/print.go.
#pragma once

#include "builtin.hpp"

namespace fmt {

/// One word of a line: text or a number.
struct word {
    gostring s;
    int64 n;
    bool number;
    word(const char* c) : s(detail::str(c)), n(0), number(false) {}
    word(gostring c) : s(c), n(0), number(false) {}
    word(int64 v) : s{}, n(v), number(true) {}
    word(int32 v) : word(static_cast<int64>(v)) {}
    word(uint64 v) : word(static_cast<int64>(v)) {}
};

/// Writes words to standard output, blanks between them and a newline after, in one write. Returns the bytes.
int64 println(const word* w, int64 n) GO("fmt.Println");

template <class... W> int64 Println(const W&... w) {
    const word words[] = {word(w)..., word("")};
    return println(words, sizeof...(W));
}

}  // namespace fmt
