// boot.hpp - what else in the module must know of a boot. The core's variables are global: there is one Runtime, or
// there are RunQueues.
#pragma once

#include <pybind11/pybind11.h>

/// RunQueues alive.
extern int queues;

/// Whether there is a Runtime.
bool booted();
/// In the child of a fork: of the parent's Runtime there is only memory.
void forget_parents();

/// Adds Runtime to the module.
void define_boot(pybind11::module_& module);
