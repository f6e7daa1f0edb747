// boot.cpp - a boot of the real runtime, one step at a time, for Python: class Runtime. world.cpp has the threads.

#include "boot.hpp"

#include <pybind11/stl.h>

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "door.hpp"
#include "object.hpp"
#include "world.hpp"

static const char* const step_names[world::STEPS] = {"check", "args", "osinit", "schedinit", "newproc", "mstart"};

/// The words that the kernel would leave on the stack of a new process, with the strings they point at.
class Block {
    std::vector<std::string> strings;
    std::vector<uintptr_t> words;
    unsigned char random[16];

public:
    Block(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env) {
        strings = argv;
        for (auto& [key, value] : env) strings.push_back(key + "=" + value);
        for (auto& s : strings)
            if (s.find('\0') != s.npos) throw py::value_error("argv and env cannot hold NUL");
        words.push_back(argv.size());
        for (size_t i = 0; i < strings.size(); i++) {
            if (i == argv.size()) words.push_back(0);
            words.push_back(reinterpret_cast<uintptr_t>(strings[i].c_str()));
        }
        if (env.empty()) words.push_back(0);
        std::random_device device;
        for (auto& byte : random) byte = device();
        words.insert(words.end(), {0, AT_PAGESZ, 4096, AT_RANDOM, reinterpret_cast<uintptr_t>(random), AT_NULL, 0});
    }
    uintptr_t* data() { return words.data(); }
};

int queues;

/// Python is ending. Its threads that are still here are daemons.
static bool exiting;

/// Lets other threads of Python go on. Without destructors: Python ends a daemon that comes back too late where it
/// stands.
template <class F> static void without_gil(F f) {
    PyThreadState* state = PyEval_SaveThread();
    f();
    PyEval_RestoreThread(state);
}

class Runtime : public Zeroed {
    pid_t owner = getpid();  // where its threads are
    Block block;
    py::object fn = py::none();        // Python's main.main,
    unsigned long program_thread = 0;  // who runs it, while it runs,
    py::object cause;                  // and the exception that left it
    bool closed = false;
    bool stepping = false;  // a step is under way, perhaps on another thread

    /// Go's last words: from the line that begins them on, without the goroutines, which stderr has.
    static std::string message() {
        std::string s = world::output(2);
        size_t from = 0;
        for (const char* kind : {"fatal error: ", "panic: ", "fatal: "})
            for (size_t i = s.find(kind); i != s.npos; i = s.find(kind, i + 1))
                if (i == 0 || s[i - 1] == '\n') from = std::max(from, i);
        bool panic = s.compare(from, 7, "panic: ") == 0;  // its words are the program's, and may be many lines
        s = s.substr(from, s.find(panic ? "\n\ngoroutine " : "\n", from) - from);
        while (!s.empty() && s.back() == '\n') s.pop_back();
        return s.empty() ? "exit status " + std::to_string(world::exit_code()) : s;
    }

    [[noreturn]] void fatal() {
        py::object e = py::reinterpret_borrow<py::object>(Fatal)(text(message()));
        if (cause) PyException_SetCause(e.ptr(), std::exchange(cause, {}).release().ptr());
        PyErr_SetObject(Fatal, e.ptr());
        throw py::error_already_set();
    }

    /// main.main, on a thread of its own: calls fn. Nothing that has a destructor is alive meanwhile; see without_gil.
    static PyObject* call() {
        Runtime* rt = living;
        if (rt->closed) return Py_NewRef(Py_None);
        PyObject* f = Py_NewRef(rt->fn.ptr());
        rt->program_thread = PyThread_get_thread_ident();
        PyObject* result = PyObject_CallNoArgs(f);
        Py_DECREF(f);
        if (!exiting && rt == living && rt->mine()) rt->program_thread = 0;
        return result;
    }

    static int64_t program(const char** panic) {
        PyGILState_STATE gil = PyGILState_Ensure();
        PyObject* result = call();
        int64_t came_to = result ? static_cast<int64_t>(program_returned) : raised(panic);
        Py_XDECREF(result);
        PyGILState_Release(gil);
        return came_to;
    }

    static int64_t raised(const char** panic) {
        static std::string words;
        py::error_already_set e;
        if (exiting || !living || !living->mine()) return program_returned;
        words = e.what();
        words = words.substr(0, words.find("\n\nAt:"));
        *panic = words.c_str();
        living->cause = e.value();
        if (e.trace()) PyException_SetTraceback(living->cause.ptr(), e.trace().ptr());
        return program_raised;
    }

    bool mine() const { return owner == getpid(); }

public:
    static Runtime* living;

    Runtime(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env, int ncpu)
        : block(argv, env) {
        forget_parents();
        if (exiting) fail("Python is ending");
        if (living) fail("one Runtime at a time: close() the other one first");
        if (queues) fail("a RunQueue is using the runtime's variables: close() it first");
        if (argv.empty()) throw py::value_error("argv needs the program's name");
        if (ncpu < 1 || ncpu > 1024) throw py::value_error("ncpu must be 1 to 1024");
        living = this;
        bool begun;
        without_gil([&] { begun = world::begin(block.data(), ncpu); });
        if (begun) return;
        living = nullptr;
        world::reset();
        fail("the system has no thread to boot on");
    }

    ~Runtime() {
        if (!closed && !world::in_program()) close();
        if (living == this) living = nullptr;
    }

    friend void forget_parents();

    void open() const {
        if (!owner) unmade("Runtime");
        if (!mine())
            fail("this Runtime was begun before the fork, and its threads are in the parent: begin another one here");
        if (closed) fail("the Runtime is closed");
    }

    static void nap() {
        without_gil([] { std::this_thread::sleep_for(std::chrono::microseconds(500)); });
    }

    /// The threads of the runtime leave, and a step under way returns.
    void end() {
        closed = true;
        generation++;
        if (program_thread) PyThreadState_SetAsyncExc(program_thread, Error);
        world::end();
        while (stepping) nap();
        without_gil(world::join);
    }

    void close() {
        if (!owner) unmade("Runtime");
        if (world::in_program()) fail("close() inside main.main: return first");
        if (!mine()) return forget_parents();
        if (!closed) {
            end();
            without_gil(world::join_program);
            world::reset();
            living = nullptr;
        }
        while (living == this) nap();  // another thread is closing it
    }

    /// Python's last moment with threads: nothing of the runtime may be running after it. But main.main is a daemon,
    /// too: if it waits for something, it is left there.
    static void at_exit() {
        exiting = true;
        if (living && living->mine() && !living->closed) living->end();
    }

    void step(int step) {
        open();
        std::string name = step_names[step];
        int next = world::next();
        if (world::ended()) fail(name + ": the program has ended, nothing is left to run");
        if (step < next)
            fail(name + " has run already" +
                 (next < world::STEPS ? std::string("; the next step is ") + step_names[next] : ""));
        if (step > next) fail(name + " comes after " + step_names[step - 1] + "; the next step is " + step_names[next]);
        stepping = true;
        world::go(step);
        for (bool done = false; !done;) {
            without_gil([&] {
                done = world::done(step);
                if (!done || !world::ended()) return;
                world::join();
                world::join_program();
            });
            if (PyErr_CheckSignals()) {
                stepping = false;
                throw py::error_already_set();
            }
        }
        bool over = world::ended();
        int code = world::exit_code();
        stepping = false;
        if (exiting) PyErr_SetNone(PyExc_SystemExit);  // as a daemon ends: without a word
        if (exiting) throw py::error_already_set();
        open();
        if (!over) return;
        fn = py::none();
        if (code != 0) fatal();
    }

    void newproc(py::object f) {
        if (!f.is_none() && !PyCallable_Check(f.ptr()))
            throw py::type_error("newproc: fn is called, so it must be callable");
        open();
        if (world::next() == world::NEWPROC && !world::ended()) {
            fn = f;
            world::program(f.is_none() ? nullptr : program);
        }
        step(world::NEWPROC);
    }

    void gopark() {
        open();
        if (!world::in_program()) fail("gopark: only main.main has a goroutine to park");
        without_gil(world::park);
        fail("the program has ended");
    }

    py::object exit_code() const {
        open();
        return world::ended() ? py::object(py::int_(world::exit_code())) : py::none();
    }

    py::bytes output(int fd) const {
        open();
        return world::output(fd);
    }

    py::list signals() const {
        open();
        py::list l;
        for (int i = 0; i < 64; i++)
            if (world::signals() >> i & 1) l.append(i + 1);
        return l;
    }
};

Runtime* Runtime::living;

bool booted() { return Runtime::living; }

void forget_parents() {
    if (!Runtime::living || Runtime::living->mine()) return;
    Runtime::living->closed = true;
    Runtime::living = nullptr;
    generation++;
    world::reset();
}

// ---- in Python -----------------------------------------------------------------------------------------------------

void define_boot(py::module_& module) {
    py::class_<Runtime> runtime(module, "Runtime",
                                "A program that boots. check, args, osinit, schedinit, newproc and mstart are the "
                                "steps of rt0_go, to be taken in this order:\n"
                                "    rt = rt0lab.Runtime(argv=['hello']); rt.check(); rt.args(); rt.osinit(); rt.ncpu\n"
                                "The child of a fork begins its own: the parent's threads are not there.");
    runtime
        .def(py::init<const std::vector<std::string>&, const std::map<std::string, std::string>&, int>(),
             "argv"_a = std::vector<std::string>{"hello"}, "env"_a = std::map<std::string, std::string>{}, "ncpu"_a = 2)
        .def(
            "check", [](Runtime& rt) { rt.step(world::CHECK); }, "The runtime examines what it builds on.")
        .def(
            "args", [](Runtime& rt) { rt.step(world::ARGS); }, "argc, argv and the auxiliary vector are taken over.")
        .def(
            "osinit", [](Runtime& rt) { rt.step(world::OSINIT); }, "How many processors are there?")
        .def(
            "schedinit", [](Runtime& rt) { rt.step(world::SCHEDINIT); },
            "Memory, m0, the Ps: everything but a goroutine.")
        .def("newproc", &Runtime::newproc, "fn"_a = py::none(),
             "The first goroutine, for runtime.main, is made and queued. fn() is to be its main.main; None prints a "
             "line.")
        .def(
            "mstart", [](Runtime& rt) { rt.step(world::MSTART); },
            "m0 begins to schedule. Returns when the program has ended. A daemon thread may call it: when Python ends, "
            "the\n"
            "runtime's threads leave, and fn's too, if it does not wait for something; else it is left behind, as a "
            "daemon is.")
        .def("gopark", &Runtime::gopark, "In fn: parks main's goroutine for ever.")
        .def("close", &Runtime::close,
             "Ends every thread of the runtime, waits until fn has returned, and gives the memory back.")
        .def("__enter__", [](py::object self) { return self; })
        .def("__exit__", [](Runtime& rt, py::args) { rt.close(); })
        .def_property_readonly("exit_code", &Runtime::exit_code, "The program's exit status, None while it lives.")
        .def_property_readonly(
            "stdout", [](Runtime& rt) { return rt.output(1); }, "The bytes it wrote to descriptor 1.")
        .def_property_readonly(
            "stderr", [](Runtime& rt) { return rt.output(2); }, "The bytes it wrote to descriptor 2.")
        .def_property_readonly("signals", &Runtime::signals, "The signals it would catch in a process of its own.");
    auto global = [&](const char* name, const Global* g) {
        runtime.def_property_readonly(name, [g](Runtime& rt) {
            rt.open();
            return load(static_cast<const char*>(g->address), *g->type);
        });
    };
    for (const Global* g = globals; g->name; g++) {
        global(g->name, g);
        if (!strcmp(g->name, "allp")) global("p", g);
    }
    py::module_::import("atexit").attr("register")(py::cpp_function(Runtime::at_exit));
}
