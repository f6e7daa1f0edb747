// object.hpp - a structure of the core's memory as Python sees it, and what all classes of the module need.
#pragma once

#include <pybind11/pybind11.h>

#include <stdlib.h>

#include <new>
#include <string>

#include "fields.hpp"

namespace py = pybind11;
using namespace py::literals;

extern PyObject *Error, *Fatal;  // rt0lab.Error, rt0lab.Fatal

/// Raises Error.
[[noreturn]] void fail(const std::string& s);
/// Of an object that __new__ alone has made.
[[noreturn]] void unmade(const char* what);
py::str text(const std::string& s);

/// __new__ alone makes an object with nothing in it, and pybind11 takes memory for it as soon as it is used: zeros,
/// which every class below knows from what its constructor leaves.
struct Zeroed {
    static void* operator new(size_t n) {
        if (void* v = calloc(1, n)) return v;
        throw std::bad_alloc();
    }
    static void operator delete(void* v) { free(v); }
};

/// How often the core has been made new: an Object is of one Runtime.
extern unsigned generation;

struct Object : Zeroed {
    const char* address;
    const Struct* of;
    unsigned born;

    Object(const char* a, const Struct* s) : address(a), of(s), born(generation) {}
    const Struct* kind() const { return of ? of : (unmade("Object"), of); }
};

/// What stands at this address, in Python: numbers, text, lists; structures and known pointers as Objects, null as
/// None.
py::object load(const char* a, const Type& t);
/// The structure of this name; else a KeyError.
const Struct* find(const std::string& name);

/// Adds Object, layout and the exceptions to the module.
void define_object(py::module_& module);
