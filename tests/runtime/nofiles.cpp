// nofiles.cpp - run with too few descriptors: the error is the program's to see, and the files that are not there can
// be used without harm.

#include "go.hpp"

void main_main() {
    auto [a, b, err] = net::Socketpair();
    fmt::Println(err ? err : "none");
    uint8 byte;
    fmt::Println(a.Read(&byte, 1).err);
}
