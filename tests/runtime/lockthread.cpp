// lockthread.cpp - goroutines bound to their threads: they stay there, nobody else comes, and a thread dies with the
// goroutine that exits on it, except the first thread, which sleeps for ever.

#include "go.hpp"
#include "runtime.hpp"

constexpr int64 deaths = 300;

static bool alive(int64 tid) { return tgkill_(getpid_(), tid, 0) == 0; }

void main_main() {
    // Each on its own thread, through sleeps, messages and yields.
    sync::WaitGroup wg;
    int64 moved = 0, shared = 0;
    int64 tids[8] = {};
    wg.Add(8);
    for (int64 i = 0; i < 8; i++)
        go([i, &wg, &moved, &tids] {
            runtime::LockOSThread();
            runtime::LockOSThread();
            runtime::UnlockOSThread();  // once is not enough
            tids[i] = gettid_();
            for (int k = 0; k < 50; k++) {
                if (k % 3 == 0) time::Sleep(10 * time::Microsecond);
                runtime::Gosched();
                if (gettid_() != tids[i]) atomic::Xadd(&moved, 1);
            }
            wg.Done();
            while (atomic::Load(&tids[i]) != 0) runtime::Gosched();  // keep the thread until all have been compared
            runtime::UnlockOSThread();
            runtime::UnlockOSThread();  // once too often does no harm
        });
    wg.Wait();
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < i; k++) shared += tids[i] == tids[k];
    for (auto& tid : tids) atomic::Store(&tid, 0);
    fmt::Println("moved", moved, "shared", shared);

    // The thread goes with the goroutine, and its m and stack serve the next.
    int64 before = sched.mnext;
    bool first = false;
    for (int64 i = 0; i < deaths; i++) {
        chan<int64> tid(0);
        go([=] {
            runtime::LockOSThread();
            chan<int64>(tid).send(gettid_());
        });
        int64 t = tid.recv();
        if (t == getpid_()) first = true;
        while (t != getpid_() && alive(t)) runtime::Gosched();
    }
    int64 unused = 0;
    lock(&sched.lock);
    for (m* mp = sched.freem; mp; mp = mp->freelink) unused++;
    unlock(&sched.lock);
    fmt::Println("made", sched.mnext - before >= deaths - 32 ? "many" : "FEW", "died",
                 sched.nmfreed >= deaths - 1 ? "all" : "NOT ALL", "threads", mcount() < 32 ? "few" : "MANY", "unused",
                 unused < 32 ? "few" : "MANY");

    // Not the first thread. Goroutines that keep their threads use up those that are idle, until one gets the first.
    // The eight from above may still be there: each pause lets them go.
    chan<bool> enough(0);
    while (!first) {
        chan<bool> on(0);
        go([=] {
            runtime::LockOSThread();
            bool here = gettid_() == getpid_();
            chan<bool>(on).send(here);
            if (here) return;
            chan<bool>(enough).recv2();
            runtime::UnlockOSThread();
        });
        first = on.recv();
        time::Sleep(10 * time::Microsecond);
    }
    enough.close();
    fmt::Println("first thread", alive(getpid_()) ? "sleeps" : "GONE", "goroutines run on");
}
