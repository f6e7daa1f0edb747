// churn.cpp - goroutines by the hundred thousand, born and dead, talking across Ps; every message is counted.

#include "go.hpp"

constexpr int64 spawned = 200000, ring = 100, laps = 2000, senders = 50, each = 2000;

void main_main() {
    // Birth and death.
    chan<int64> results(128);
    go([=] {
        for (int64 i = 0; i < spawned; i++) go([=] { results.send(i); });
    });
    int64 sum = 0;
    for (int64 i = 0; i < spawned; i++) sum += results.recv();
    fmt::Println("spawned", sum == spawned * (spawned - 1) / 2 ? "ok" : "LOST", sum);

    // A ring: one token, a hundred goroutines.
    chan<int64> first(0), in = first;
    for (int64 i = 0; i < ring; i++) {
        chan<int64> out(0);
        go([=] {
            for (int64 k = 0; k < laps; k++) out.send(in.recv() + 1);
        });
        in = out;
    }
    int64 token = 0;
    for (int64 k = 0; k < laps; k++) {
        first.send(token);
        token = in.recv();
    }
    fmt::Println("ring", token == ring * laps ? "ok" : "LOST", token);

    // Many to one.
    chan<int64> all(0);
    for (int64 i = 0; i < senders; i++)
        go([=] {
            for (int64 k = 0; k < each; k++) {
                all.send(1);
                if (k % 64 == 0) runtime::Gosched();
            }
        });
    int64 n = 0;
    for (int64 i = 0; i < senders * each; i++) n += all.recv();
    fmt::Println("many", n == senders * each ? "ok" : "LOST", n);
}
