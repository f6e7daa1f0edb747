// runtime2.cpp - the variables that more than one file knows: what their declarations in the headers become here. Go's
// counterpart: runtime2.go.
//
// Each has two names. To the linker it is runtime.g0, which no program's variable can be called. As g0 it is local to
// this file: so `print g0` works in gdb, and a program may have a g0 of its own.

#define GOVAR(type, name, ...)                                                                      \
    extern type name##_go GO("runtime." #name) __attribute__((alias(#name), visibility("hidden"))); \
    [[gnu::used]] static type name GO(#name) __VA_ARGS__

#include "runtime2.hpp"
#include "mheap.hpp"
#include "netpoll.hpp"
#include "sema.hpp"
