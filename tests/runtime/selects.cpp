// selects.cpp - select under load: many goroutines on many channels, fairness, default, close, send and receive in one.

#include "go.hpp"

constexpr int64 rounds = 20000;

void main_main() {
    // Two channels both ways: everything sent arrives once.
    chan<int64> a(0), b(3), done(0);
    for (int k = 0; k < 4; k++)
        go([=] {
            for (int64 i = 0; i < rounds; i++) Select(a.onsend(i, [] {}), b.onsend(-i, [] {}));
            done.send(1);
        });
    int64 sum = 0, got = 0, left = 4;
    while (left > 0)
        Select(a.onrecv([&](int64 v, bool) { sum += v, got++; }), b.onrecv([&](int64 v, bool) { sum += -v, got++; }),
               done.onrecv([&](int64, bool) { left--; }));
    while (b.len() > 0) sum += -b.recv(), got++;
    fmt::Println("sent", got == 4 * rounds && sum == 4 * (rounds * (rounds - 1) / 2) ? "ok" : "LOST", got);

    // Always ready, both: each gets about half.
    chan<int64> x(1), y(1);
    int64 fromx = 0;
    for (int64 i = 0; i < 10000; i++) {
        if (x.len() == 0) x.send(i);
        if (y.len() == 0) y.send(i);
        Select(x.onrecv([&](int64, bool) { fromx++; }), y.onrecv([&](int64, bool) {}));
    }
    fmt::Println("fair", fromx > 4500 && fromx < 5500 ? "ok" : "UNFAIR", fromx > 0 ? "" : "none");

    // Default, nil channels, close.
    chan<int64> never, quiet(0);
    bool fell = false, closed = false;
    Select(never.onrecv([](int64, bool) {}), quiet.onrecv([](int64, bool) {}), otherwise([&] { fell = true; }));
    go([=] { quiet.close(); });
    Select(never.onsend(1, [] {}), quiet.onrecv([&](int64, bool ok) { closed = !ok; }));
    fmt::Println("default", fell ? "ok" : "MISSED", "close", closed ? "ok" : "MISSED");
}
