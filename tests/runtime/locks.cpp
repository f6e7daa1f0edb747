// locks.cpp - package sync under load: nothing counted twice or lost, readers and writers apart, Once once.

#include "go.hpp"

constexpr int64 workers = 20, each = 5000;

void main_main() {
    static sync::Mutex m;
    static sync::RWMutex rw;
    static sync::Once once;
    static int64 count, pair[2], torn, ran;
    sync::WaitGroup wg;
    wg.Add(2 * workers);
    for (int64 w = 0; w < workers; w++) {
        go([&wg] {
            for (int64 i = 0; i < each; i++) {
                m.Lock();
                count++;
                if (i % 100 == 0) runtime::Gosched();  // others queue up meanwhile
                m.Unlock();
            }
            once.Do([] { ran++; });
            wg.Done();
        });
        go([&wg, w] {
            for (int64 i = 0; i < each; i++) {
                if (w % 4 == 0) {
                    rw.Lock();
                    pair[0]++;
                    if (i % 100 == 0) runtime::Gosched();
                    pair[1]++;
                    rw.Unlock();
                } else {
                    rw.RLock();
                    if (pair[0] != pair[1]) atomic::Xadd(&torn, 1);
                    rw.RUnlock();
                }
            }
            wg.Done();
        });
    }
    wg.Wait();
    fmt::Println("mutex", count == workers * each ? "ok" : "LOST", count);
    fmt::Println("rwmutex", torn == 0 && pair[1] == workers / 4 * each ? "ok" : "TORN", torn);
    fmt::Println("once", ran);
}
