// fields.hpp - the core's structures described as data, for Python to read: name, place and type of each field.
#pragma once

#include <stdint.h>

struct Struct;

struct Type {
    enum Kind { SIGNED, UNSIGNED, BOOL, STRING, WORD, POINTER, STRUCT, ARRAY, SLICE } kind;
    uint32_t size;
    const char* name;     // as gdb knows it; an array's and a slice's is its element's
    const Struct* of;     // POINTER: to what; STRUCT: which
    const Type* element;  // ARRAY, SLICE
};

struct Field {
    const char* name;
    uint32_t offset;
    const Type* type;
    const char* const* words;  // names of the values 0, 1, ... up to null, or null
};

struct Struct {
    const char* name;
    uint32_t size;
    const Field* fields;  // up to one without a name
};

struct Global {
    const char* name;
    const void* address;
    const Type* type;
};

extern const Struct* const structs[];  // up to null
extern const Global globals[];         // up to one without a name
