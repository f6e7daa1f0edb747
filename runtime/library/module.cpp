// module.cpp - the Python module: the real boot of the real runtime, one step at a time, and its structures to look at.
//
// Cast: object.cpp is a structure of the core's memory, read when an attribute is asked for; boot.cpp a boot (one at a
// time, because the core's variables are global); runqueue.cpp a P's run queue without a boot.

#include <pybind11/pybind11.h>

#include <exception>

#include "boot.hpp"
#include "door.hpp"
#include "object.hpp"
#include "runqueue.hpp"

/// For pybind11's common base class, which has no instances: asked for one, as pickle asks, it would end the process
/// with a C++ exception.
static PyObject* new_instance(PyTypeObject* type, PyObject*, PyObject*) {
    try {
        return py::detail::make_new_instance(type);
    } catch (const std::exception& e) {
        PyErr_SetString(PyExc_TypeError, e.what());
        return nullptr;
    }
}

PYBIND11_MODULE(rt0lab, module) {
    module.doc() =
        "The runtime, booted inside Python: one step at a time, with g, m, p and sched to look at in between.";
    world::load();
    reinterpret_cast<PyTypeObject*>(py::detail::get_internals().instance_base)->tp_new = new_instance;
    define_object(module);
    define_boot(module);
    define_runqueue(module);
}
