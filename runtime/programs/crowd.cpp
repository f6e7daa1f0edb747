// crowd.cpp - two hundred goroutines are ready, and main yields. How many of them have run when it is back? And again?
//
// New goroutines wait in the ring of a P, who yields at the end of the global queue. With one P a slice in 61 begins
// with the global queue; so main is back with the ring half full, and the next time somewhere else in it.

#include "go.hpp"

constexpr uint32 many = 200;  // a ring has room for 256
static uint32 turn, ran;
static int64 seen[2];

void main_main() {
    for (turn = 0; turn < 2; turn++) {
        ran = 0;
        for (uint32 i = 0; i < many; i++) go([] { atomic::Xadd(&ran, 1); });
        runtime::Gosched();
        seen[turn] = atomic::Load(&ran);
        while (atomic::Load(&ran) < many) runtime::Gosched();
    }
    fmt::Println("first ", seen[0]);
    fmt::Println("second", seen[1]);
}
