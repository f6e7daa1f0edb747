// builtin.cpp - holds every number of builtin.hpp against the C++ data model, at compile time; makes no code.

#include "builtin.hpp"

#include "runtime.hpp"

using namespace detail;

static_assert(hchan_qcount == offsetof(hchan, qcount) && hchan_dataqsiz == offsetof(hchan, dataqsiz));
static_assert(hchan_refs == offsetof(hchan, refs));
static_assert(offsetof(closure<int>, fn) == offsetof(closureval, fn) &&
              offsetof(closure<int>, typ) == offsetof(closureval, type));
static_assert(gobuf_size == sizeof(gobuf));
static_assert(maxargs == _StackMin - 5 * sizeof(uintptr) - _StackGuard);
