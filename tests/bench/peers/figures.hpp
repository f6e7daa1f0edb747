// figures.hpp - the frame of the C++ peers: `PROGRAM FIGURE N` does an operation N times and prints the nanoseconds
// that took in all, for the memory figure the bytes, as ../sched.cpp does.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

inline long resident() {
    std::ifstream file("/proc/self/statm");
    long pages;
    file >> pages >> pages;
    return pages * 4096;
}

inline long nanoseconds() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// What main returns; does not come back from a figure that it has.
inline int measured(int argc, char** argv, const char* program, const std::map<std::string, void (*)(long)>& figures) {
    auto found = argc == 3 ? figures.find(argv[1]) : figures.end();
    if (found == figures.end()) {
        fprintf(stderr, "usage: %s FIGURE N\n", program);
        return 2;
    }
    auto measure = found->first == "memory" ? resident : nanoseconds;
    long began = measure();
    found->second(atol(argv[2]));
    printf("%ld\n", measure() - began);
    fflush(stdout);
    _Exit(0);  // what still waits, waits for ever
}
