// panic.cpp - a panic on its way up: deferred calls are made, the last one first, until one of them recovers. A panic
// that nobody recovers ends the program with status 2.

#include "go.hpp"

/// a / b; 0 where there is no answer.
static int64 divide(int64 a, int64 b) {
    return func([=](Defer& defer) -> int64 {
        defer([] {
            if (any r = recover()) fmt::Println("recovered:", r.s);
        });
        if (b == 0) panic("division by zero");
        return a / b;
    });
}

static void climb(int64 height) {
    func([=](Defer& defer) {
        defer([=] { fmt::Println("deferred at", height); });
        if (height == 3) panic("fell");
        climb(height + 1);
    });
}

void main_main() {
    fmt::Println("7 / 2 is", divide(7, 2));
    fmt::Println("7 / 0 is", divide(7, 0));
    climb(1);
    fmt::Println("on top");  // not reached
}
