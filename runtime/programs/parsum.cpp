// parsum.cpp - the sum of many numbers, in parts, each by its own goroutine: as many run at a time as there are Ps.

#include "go.hpp"

constexpr int64 n = 4 << 20, parts = 8;
static int64 numbers[n];

static int64 sum(const int64* v, int64 len) {
    int64 s = 0;
    for (int64 i = 0; i < len; i++) s += v[i];
    return s;
}

void main_main() {
    for (int64 i = 0; i < n; i++) numbers[i] = i;

    chan<int64> results(parts);  // room for all: nobody waits to give his result
    for (int64 p = 0; p < parts; p++) go([=] { results.send(sum(numbers + p * (n / parts), n / parts)); });
    int64 total = 0;
    for (int64 p = 0; p < parts; p++) total += results.recv();
    fmt::Println("in", parts, "parts", total);
    fmt::Println("at once   ", sum(numbers, n));
}
