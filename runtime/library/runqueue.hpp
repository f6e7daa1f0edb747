// runqueue.hpp - a P's run queue without a boot, for Python.
#pragma once

#include <pybind11/pybind11.h>

/// Adds RunQueue and globrunq to the module.
void define_runqueue(pybind11::module_& module);
