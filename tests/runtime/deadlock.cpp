// deadlock.cpp - everybody waits, nobody can wake anybody: the runtime notices and says so.

#include "go.hpp"

void main_main() {
    chan<int64> c(0);
    go([=] { chan<int64>(c).send(1), chan<int64>(c).send(2); });
    c.recv();
    chan<int64> other(0);
    other.recv();
}
