// timers.cpp - sleeps, timeouts and ticks: nothing early, nothing lost, and a sleeping program is not deadlocked.

#include "go.hpp"
#include "runtime.hpp"

void main_main() {
    // Out of order on the heap; each one says whether it came too soon.
    chan<bool> early(16);
    const int64 values[] = {7, 1, 5, 3, 8, 2, 6, 4};
    for (int64 v : values)
        go([=] {
            int64 until = nanotime() + v * 5 * time::Millisecond;
            time::Sleep(v * 5 * time::Millisecond);
            early.send(nanotime() < until);
        });
    int64 wrong = 0;
    for (int64 i = 1; i <= 8; i++) wrong += early.recv();
    fmt::Println("early", wrong);

    // Many sleepers, none forgotten.
    sync::WaitGroup wg;
    wg.Add(2000);
    for (int64 i = 0; i < 2000; i++)
        go([&wg, i] {
            for (int k = 0; k < 5; k++) time::Sleep((i % 37 + 1) * 50 * time::Microsecond);
            wg.Done();
        });
    wg.Wait();
    fmt::Println("slept ok");

    // A timeout, and ticks.
    chan<int64> never;
    bool timeout = false;
    Select(never.onrecv([](int64, bool) {}),
           time::After(time::Millisecond).onrecv([&](int64, bool) { timeout = true; }));
    time::Ticker ticker(time::Millisecond);
    int64 last = 0, ticks = 0;
    for (; ticks < 5; ticks++) {
        int64 now = ticker.C.recv();
        if (now <= last) break;
        last = now;
    }
    ticker.Stop();
    fmt::Println("timeout", timeout ? "ok" : "MISSED", "ticks", ticks);
}
