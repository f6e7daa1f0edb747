// symtab.hpp - what a pc means, for traceback.cpp; debug/ finds it out. Go's counterpart: symtab.go.
#pragma once

#include "runtime2.hpp"

/// A function of the symbol table; all zero if there is none.
struct symbol {
    uintptr entry;
    const char* name;  // as the linker knows it: Go's, or mangled
};

/// One of the functions that a pc is in.
struct funcinfo {
    uintptr entry;   // of the function that the code belongs to
    uint64 line;     // 0: unknown, as file is
    bool inlined;    // its code stands in another function's
    bool own;        // the runtime's, though the source does not give it a name of Go's
    bool args;       // it has arguments, or nobody knows
    char name[192];  // Go's way to write it
    char file[192];
};

/// A pc: the function that it is in, the innermost first, and those that this one was inlined into.
struct place {
    uintptr pc;
    int32 n;
    funcinfo f[8];
};

/// Is there code of the program's at pc?
[[nodiscard]] bool findmoduledatap(uintptr pc) GO("runtime.findmoduledatap");

// With paniclk held, on g0 or gsignal.
[[nodiscard]] symbol findsymbol(uintptr pc) GO("runtime.findfunc");
/// What is known of pc, until the next call; null if it is in no function.
[[nodiscard]] const place* findpc(uintptr pc) GO("runtime.findpc");
