// netwait.cpp - one goroutine waits for a socket for a fifth of a second, and nobody else has anything to do: meanwhile
// one M sleeps in epoll_wait.

#include "go.hpp"

void main_main() {
    auto [a, b, err] = net::Socketpair();
    os::File w = b;
    go([=] {
        time::Sleep(200 * time::Millisecond);
        w.Write("x", 1);
    });
    uint8 byte;
    fmt::Println("read", a.Read(&byte, 1).n);
}
