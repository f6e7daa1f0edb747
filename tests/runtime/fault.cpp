// fault.cpp - a program that touches address 0x18, on a goroutine: the signal handler reports it on its own stack.

#include "go.hpp"

void main_main() {
    chan<int64> c(0);
    go([=] {
        volatile uintptr nowhere = 0x18;
        *reinterpret_cast<volatile int64*>(nowhere) = 1;
        c.send(1);
    });
    c.recv();
}
