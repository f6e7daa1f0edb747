// main.hpp - what main.cpp, the linker and sys_library_amd64.S know of each other.
#pragma once

#include "types.hpp"

bool hasprogram() GO("library.hasprogram");
int64 await(uintptr, const void*, uintptr) GO("library.await");
void real_main() GO("__real_main.main");
void wrap_main() GO("__wrap_main.main");
