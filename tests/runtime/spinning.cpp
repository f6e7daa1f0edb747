// spinning.cpp - main runs and runs, for a debugger to look at while it does: it says in main.spinning that it has
// begun.

#include "go.hpp"

static volatile bool spinning GO("main.spinning");

void main_main() {
    for (;;) spinning = true;
}
