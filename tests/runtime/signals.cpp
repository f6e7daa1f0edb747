// signals.cpp - says that it is ready, and then repeats what it hears on standard input, until that ends: all on the first
// thread, which is the one that the system sends signals to.

#include "go.hpp"

static const int locked = (runtime::LockOSThread(), 0);

void main_main() {
    os::File in(os::Stdin);
    fmt::Println("ready");
    char line[64];
    for (;;) {
        auto [n, err] = in.Read(line, sizeof line);
        if (err) return;
        fmt::Println("heard", gostring{line, n - 1});
    }
}
