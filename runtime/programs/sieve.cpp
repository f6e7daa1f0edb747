// sieve.cpp - Eratosthenes' sieve as a chain of goroutines, one to each prime: it passes on what its prime does not
// divide, so what comes out at the end is the next prime, and gets a goroutine of its own.
//
// Each channel hands one number over at a time: whoever sends waits until the next in the chain has taken it.

#include "go.hpp"

static void generate(chan<int64> out) {
    for (int64 i = 2;; i++) out.send(i);
}

static void filter(chan<int64> in, chan<int64> out, int64 prime) {
    for (int64 i : in)
        if (i % prime != 0) out.send(i);
}

void main_main() {
    chan<int64> in(0);
    go([=] { generate(in); });
    for (int n = 0; n < 10; n++) {
        int64 prime = in.recv();
        fmt::Println(prime);
        chan<int64> out(0);
        go([=] { filter(in, out, prime); });
        in = out;
    }
}  // the chain still stands: when main returns, the program ends, whoever waits
