// deadlock.cpp - a worker waits for a job, main waits for the worker's result, and nobody sends a job.
//
// When the last M has nothing to run, it counts: no goroutine can ever run again, so the runtime says so and ends the
// program with status 2 instead of letting it hang. It needs no search for a cycle: all asleep is enough.

#include "go.hpp"

static void worker(chan<int64> jobs, chan<int64> results) {
    for (int64 n : jobs) results.send(n * n);
}

void main_main() {
    chan<int64> jobs(0), results(0);
    go([=] { worker(jobs, results); });
    fmt::Println("waiting for a result");
    fmt::Println("result", results.recv());
}
