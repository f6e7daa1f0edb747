// hello.cpp - the smallest program, and the one to watch: everything before its one line is the runtime.

#include "go.hpp"

void main_main() {  // runtime.main calls it
    fmt::Println("hello world");
}
