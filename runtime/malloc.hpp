// malloc.hpp - memory for a type. Go's counterpart: malloc.go.
#pragma once

#include "runtime.hpp"

template <class T> static T* new_() { return static_cast<T*>(mallocgc(sizeof(T))); }
