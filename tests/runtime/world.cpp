// world.cpp - the number of Ps changes thousands of times under goroutines that talk, are born and die, sleep, lock and
// make system calls: nothing is lost, and nobody is forgotten.

#include "go.hpp"
#include "runtime.hpp"

constexpr int64 changes = 4000, talkers = 20;

static volatile bool stop;
static int64 passed, born, died, slept, echoed, locked;
static sync::Mutex mu;
static int64 guarded;  // by mu

/// A real call each time, which is where preemption happens: the volatile keeps the compiler from finding a loop in it.
static volatile int64 one = 1;
[[gnu::noinline]] static int64 work(int64 n) { return n == 0 ? 0 : work(n - 1) + one; }

void main_main() {
    sync::WaitGroup wg;
    auto start = [&](int64 n, auto f) {
        wg.Add(static_cast<int32>(n));
        for (int64 i = 0; i < n; i++)
            go([f, &wg] {
                while (!stop) f();
                wg.Done();
            });
    };

    // Messages: what is sent is counted by who sends and by who receives.
    chan<int64> numbers(8);
    int64 sum = 0;
    chan<bool> summed(0);
    go([=, &sum] {
        for (;;) {
            auto [v, ok] = chan<int64>(numbers).recv2();
            if (!ok) break;
            sum += v;
        }
        chan<bool>(summed).send(true);
    });
    start(talkers, [=] {
        chan<int64>(numbers).send(3);
        atomic::Xadd(&passed, 3);
    });

    // Births and deaths, deep stacks with them.
    start(2, [] {
        atomic::Xadd(&born, 1);
        chan<int64> deep(0);
        go([=] {
            chan<int64>(deep).send(work(50));
            atomic::Xadd(&died, 1);
        });
        if (deep.recv() != 50) panicplain("wrong depth");
    });

    // Sleep, a lock, system calls, a socket, and one who never gives way by himself.
    start(4, [] {
        time::Sleep(50 * time::Microsecond);
        atomic::Xadd(&slept, 1);
    });
    start(4, [] {
        mu.Lock();
        guarded++;
        mu.Unlock();
        atomic::Xadd(&locked, 1);
        runtime::Gosched();
    });
    auto s = net::Socketpair();
    os::File a = s.a, b = s.b;
    go([=] {
        uint8 byte;
        while (b.Read(&byte, 1).err == nullptr) b.Write(&byte, 1);
    });
    start(1, [=] {
        uint8 byte = 7;
        a.Write(&byte, 1);
        if (a.Read(&byte, 1).n != 1 || byte != 7) panicplain("wrong byte");
        echoed++;
    });
    start(1, [] { work(10); });

    int64 wrong = 0;
    int32 now = runtime::GOMAXPROCS(0);
    for (int64 i = 0; i < changes; i++) {
        // Mostly few: to stop 16 busy threads on two CPUs takes as long as the system takes to run each of them once.
        const int32 counts[] = {1, 2, 3, 2, 1, 4, 2, 1, 2, 3};
        int32 n = i % 50 == 0 ? 16 : counts[i % 10];
        wrong += runtime::GOMAXPROCS(n) != now;
        now = n;
        if (i % 50 == 0) time::Sleep(time::Millisecond);  // and let the others get somewhere
    }
    stop = true;
    wg.Wait();
    numbers.close();
    summed.recv();
    a.Close();

    fmt::Println("gomaxprocs wrong", wrong, "now", runtime::GOMAXPROCS(-1));
    fmt::Println("messages", passed > 0 && sum == passed ? "ok" : "LOST");
    while (runtime::NumGoroutine() != 1) runtime::Gosched();
    fmt::Println("goroutines", runtime::NumGoroutine(), born > 0 && born == died ? "ok" : "LOST");
    fmt::Println("slept", slept > 0 ? "ok" : "NEVER", "echoed", echoed > 0 ? "ok" : "NEVER", "locked",
                 guarded == locked ? "ok" : "WRONG");
}
