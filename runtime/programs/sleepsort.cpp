// sleepsort.cpp - each number sleeps for as long as it is large, then reports: they come out sorted, if nobody is late.
//
// A sleeping goroutine costs no thread. It stands in the timer heap, and one goroutine, timerproc, waits for the first.

#include "go.hpp"

void main_main() {
    const int64 numbers[] = {7, 1, 5, 3, 8, 2, 6, 4};
    chan<int64> sorted(0);
    for (int64 v : numbers)
        go([=] {
            time::Sleep(v * 10 * time::Millisecond);
            sorted.send(v);
        });
    for (int64 v : numbers) {
        (void)v;
        fmt::Println(sorted.recv());
    }
}
