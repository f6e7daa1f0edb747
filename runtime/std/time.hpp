// time.hpp - package time for programs: Sleep, After, Ticker. Go's counterparts: time/sleep.go, time/tick.go.
#pragma once

#include "builtin.hpp"

namespace time {

constexpr int64 Nanosecond = 1, Microsecond = 1000, Millisecond = 1000 * Microsecond, Second = 1000 * Millisecond;

/// Parks the goroutine for at least ns.
void Sleep(int64 ns) GO("time.Sleep");

/// A channel that gets the time, once, in ns from now.
chan<int64> After(int64 ns) GO("time.After");

/// The runtime's timer as this package sees it; time.cpp holds the two together.
struct runtimeTimer {
    void* tb;
    int64 i, when, period;
    void (*f)(void*);
    void* arg;
};

/// A channel C that gets the time every ns, until Stop. A tick that nobody has taken is not followed by another.
class Ticker {
    runtimeTimer r{};

public:
    chan<int64> C{1};
    explicit Ticker(int64 ns) GO("time.NewTicker");
    Ticker(const Ticker&) = delete;
    ~Ticker() { Stop(); }
    void Stop() GO("time.Ticker.Stop");
};

}  // namespace time
