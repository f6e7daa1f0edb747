// overflow.cpp - a recursion that misses its end. The stack begins with 2 KB and grows, segment by segment, each twice
// as large as the one before; at a limit of 1 GB the runtime gives up, says so and ends the program with status 2.

#include "go.hpp"

/// 1 + 2 + ... + n
static int64 sum(int64 n) {
    if (n == 0) return 0;
    return n + sum(n - 1);
}

void main_main() {
    fmt::Println("sum(1000) is", sum(1000));
    fmt::Println("sum(-1) is", sum(-1));  // 0 lies behind it
}
