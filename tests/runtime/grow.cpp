// grow.cpp - stacks that grow: deep calls with arguments on the stack, large results and floating point, over and over.
// Prints the sums that come back; a register or a stack word lost on the way changes them.

#include "go.hpp"

struct big {
    int64 v[9];
};

// Twelve integer arguments: six travel on the stack, and move to the new segment.
static int64 deep(int64 n, int64 a, int64 b, int64 c, int64 d, int64 e, int64 f, int64 h, int64 i, int64 j, int64 k,
                  int64 l) {
    volatile char room[100];
    room[n % 100] = static_cast<char>(n);
    if (n == 0) return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * h + 8 * i + 9 * j + 10 * k + 11 * l;
    return deep(n - 1, a, b, c, d, e, f, h, i, j, k, l) + (room[n % 100] == static_cast<char>(n));
}

static double fdeep(int64 n, double a, double b, double c, double d, double e, double f, double h, double i, double j) {
    if (n == 0) return a + b / 2 + c / 4 + d / 8 + e / 16 + f / 32 + h / 64 + i / 128 + j / 256;
    return fdeep(n - 1, a, b, c, d, e, f, h, i, j) + 1;
}

static big bigdeep(int64 n, big x) {
    if (n == 0) return x;
    x.v[n % 9] += n;
    return bigdeep(n - 1, x);
}

static bool right(int64 n) {
    if (deep(n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) != 506 + n) return false;
    if (fdeep(n, 1, 1, 1, 1, 1, 1, 1, 1, 1) != 1.99609375 + static_cast<double>(n)) return false;
    int64 sum = 0;
    for (int64 v : bigdeep(n, big{}).v) sum += v;
    return sum == n * (n + 1) / 2;
}

void main_main() {
    chan<bool> done(0);
    for (int g = 0; g < 8; g++)
        go([=] {
            bool ok = true;
            for (int64 n = 0; n < 400; n++) ok = ok && right(n);
            ok = ok && right(20000);
            for (int i = 0; i < 2000; i++) ok = ok && right(6 + i % 3);  // near the border: the hot split
            done.send(ok);
        });
    int good = 0;
    for (int g = 0; g < 8; g++) good += done.recv();
    fmt::Println("stacks", good, "of 8");
}
