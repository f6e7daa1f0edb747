// devour.cpp - run with too little memory: goroutines without end, until there is none left.

#include "go.hpp"

void main_main() {
    chan<int64> never;
    for (;;) go([=] { chan<int64>(never).recv(); });
}
