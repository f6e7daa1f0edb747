// init.cpp - main.init, which in Go the compiler writes.

#include "runtime.hpp"
#include "std/os.hpp"

extern "C" [[gnu::visibility("hidden")]] void (*__init_array_start[])(int, uint8**, uint8**);
extern "C" [[gnu::visibility("hidden")]] void (*__init_array_end[])(int, uint8**, uint8**);

/// Called by runtime.main: packages first, then what the program itself initialises, which in C++ are its static
/// constructors.
void main_init() {
    os::init();
    for (auto* f = __init_array_start; f != __init_array_end; f++) (*f)(argc, argv, argv + argc + 1);
}
