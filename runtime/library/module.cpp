// module.cpp - the Python module: the real boot of the real runtime, one step at a time, and its structures to look at.
//
// Cast: Runtime is a boot (one at a time, because the core's variables are global); Object is a structure of the core's
// memory, read when an attribute is asked for; RunQueue is a P's run queue without a boot. fields.cpp has the table of
// what there is to see, world.cpp the threads.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <map>
#include <memory>
#include <random>
#include <thread>

#include <unistd.h>

#include "door.hpp"
#include "fields.hpp"
#include "runq.hpp"
#include "world.hpp"

namespace py = pybind11;
using namespace py::literals;

static PyObject *Error, *Fatal;

[[noreturn]] static void fail(const std::string& s) {
    PyErr_SetString(Error, s.c_str());
    throw py::error_already_set();
}

static py::str text(const std::string& s) {
    return py::reinterpret_steal<py::str>(PyUnicode_DecodeUTF8(s.data(), s.size(), "surrogateescape"));
}

/// How often the core has been made new: an Object is of one Runtime.
static unsigned generation;

/// Python is ending. Its threads that are still here are daemons.
static bool exiting;

/// Lets other threads of Python go on. Without destructors: Python ends a daemon that comes back too late where it
/// stands.
template <class F> static void without_gil(F f) {
    PyThreadState* state = PyEval_SaveThread();
    f();
    PyEval_RestoreThread(state);
}

/// __new__ alone makes an object with nothing in it, and pybind11 takes memory for it as soon as it is used: zeros,
/// which every class below knows from what its constructor leaves.
struct Zeroed {
    static void* operator new(size_t n) {
        if (void* v = calloc(1, n)) return v;
        throw std::bad_alloc();
    }
    static void operator delete(void* v) { free(v); }
};
[[noreturn]] static void unmade(const char* what) {
    fail(std::string("this ") + what + " was made by __new__ alone: nothing is in it");
}

// ---- structures ----------------------------------------------------------------------------------------------------

static const Struct* find(const std::string& name) {
    for (auto* s = structs; *s; s++)
        if (name == (*s)->name) return *s;
    throw py::key_error(name);
}

/// A type's name as gdb would say it.
static std::string type_name(const Type& t) {
    switch (t.kind) {
    case Type::STRUCT: return t.of->name;
    case Type::POINTER: return std::string(t.of->name) + "*";
    case Type::ARRAY: return type_name(*t.element) + "[" + std::to_string(t.size / t.element->size) + "]";
    case Type::SLICE: return "slice<" + type_name(*t.element) + ">";
    default: return t.name;
    }
}

static py::dict layout(const std::string& name) {
    const Struct* s = find(name);
    py::list fields;
    for (const Field* f = s->fields; f->name; f++)
        fields.append(py::dict("name"_a = f->name, "offset"_a = f->offset, "size"_a = f->type->size,
                               "type"_a = type_name(*f->type)));
    return py::dict("size"_a = s->size, "fields"_a = fields);
}

struct Object : Zeroed {
    const char* address;
    const Struct* of;
    unsigned born;

    Object(const char* a, const Struct* s) : address(a), of(s), born(generation) {}
    const Struct* kind() const { return of ? of : (unmade("Object"), of); }
};

template <class T> static T at(const char* address) {
    T v;
    memcpy(&v, address, sizeof v);
    return v;
}

/// What stands at this address, in Python: numbers, text, lists; structures and known pointers as Objects, null as
/// None.
static py::object load(const char* a, const Type& t) {
    switch (t.kind) {
    case Type::BOOL: return py::bool_(*a != 0);
    case Type::SIGNED: return py::int_(t.size == 8 ? at<int64_t>(a) : t.size == 4 ? at<int32_t>(a) : at<int8_t>(a));
    case Type::WORD: return py::int_(at<uint64_t>(a));
    case Type::UNSIGNED:
        return py::int_(t.size == 8   ? at<uint64_t>(a)
                        : t.size == 4 ? at<uint32_t>(a)
                        : t.size == 2 ? at<uint16_t>(a)
                                      : at<uint8_t>(a));
    case Type::STRING: return text({at<const char*>(a), at<size_t>(a + 8)});
    case Type::STRUCT: return py::cast(Object(a, t.of));
    case Type::POINTER: {
        auto* to = at<const char*>(a);
        return to ? py::cast(Object(to, t.of)) : py::none();
    }
    case Type::ARRAY:
    case Type::SLICE: {
        auto* first = t.kind == Type::ARRAY ? a : at<const char*>(a);
        int64_t n = t.kind == Type::ARRAY ? t.size / t.element->size : at<int64_t>(a + 8);
        py::list l;
        for (int64_t i = 0; i < n; i++) l.append(load(first + i * t.element->size, *t.element));
        return l;
    }
    }
    return py::none();
}

static void alive(const Object& o) {
    if (o.kind(), o.born != generation) fail("the " + std::string(o.of->name) + " is gone: its Runtime is closed");
}

static py::object field(const Object& o, const std::string& name) {
    alive(o);
    for (const Field* f = o.of->fields; f->name; f++)
        if (name == f->name) return load(o.address + f->offset, *f->type);
    throw py::attribute_error(std::string(o.of->name) + " has no field " + name);
}

static bool same(const Object& o, const Object& other) {
    return o.address == other.address && o.kind() == other.kind() && o.born == other.born;
}

static size_t address(const Object& o) { return o.kind(), reinterpret_cast<size_t>(o.address); }

static bool is_id(const Field* f) { return !strcmp(f->name, "goid") || !strcmp(f->name, "id"); }

/// Who it is: a g by its goid, m and p by id, others by address.
static std::string brief(const Object& o) {
    for (const Field* f = o.of->fields; f->name; f++)
        if (is_id(f))
            return std::string(o.of->name) + " " + std::string(py::str(load(o.address + f->offset, *f->type)));
    char buf[40];
    snprintf(buf, sizeof buf, " at %p", o.address);
    return o.of->name + std::string(buf);
}

/// Who it is, and every simple field that is not zero.
static std::string repr(const Object& o) {
    if (o.kind(), o.born != generation) return "<" + std::string(o.of->name) + " of a closed Runtime>";
    std::string s = "<" + brief(o);
    for (const Field* f = o.of->fields; f->name; f++) {
        const Type& t = *f->type;
        if (t.kind == Type::STRUCT || t.kind == Type::ARRAY || t.kind == Type::SLICE || is_id(f)) continue;
        py::object v = load(o.address + f->offset, t);
        std::string word;
        if (t.kind == Type::POINTER)
            word = v.is_none() ? "" : "<" + brief(v.cast<Object>()) + ">";
        else if (f->words) {
            unsigned value = v.cast<unsigned>(), n = 0;
            while (f->words[n] && n < value) n++;
            word = f->words[n] ? f->words[n] : std::to_string(value);
        } else if (py::bool_(v))
            word = t.size == 8 && t.kind != Type::SIGNED && t.kind != Type::STRING && v.cast<uint64_t>() > 0xffff
                       ? std::string(py::str("0x{:x}").format(v).cast<std::string>())
                       : std::string(py::repr(v));
        if (!word.empty()) s += " " + std::string(f->name) + "=" + word;
    }
    return s + ">";
}

// ---- Runtime -------------------------------------------------------------------------------------------------------

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
        words.insert(words.end(),
                     {0, 6, 4096, 25, reinterpret_cast<uintptr_t>(random), 0, 0});  // AT_PAGESZ, AT_RANDOM, AT_NULL
    }
    uintptr_t* data() { return words.data(); }
};

class RunQueue;
static int queues;  // RunQueues alive

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

    /// In the child of a fork: of the parent's Runtime there is only memory.
    static void forget_parents() {
        if (!living || living->mine()) return;
        living->closed = true;
        living = nullptr;
        generation++;
        world::reset();
    }

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

// ---- RunQueue ------------------------------------------------------------------------------------------------------

/// Memory of the core's structures lives until the last RunQueue goes, so that an Object never outlives it.
static std::vector<std::unique_ptr<char[]>> memory;
static std::map<int64_t, void*> idle, queued;  // gs, by goid
static bool broken;

static void* make(const char* kind) { return memory.emplace_back(new char[find(kind)->size]()).get(); }

class RunQueue : public Zeroed {
    void* p;

    void* run(Runq q, bool* flag = nullptr) const {
        open();
        if (broken) fail("a fatal error has left the queues unusable: close() every RunQueue");
        if (!world::call(runq_do, &q)) {
            broken = true;
            std::string s = world::output(2);
            PyErr_SetString(Fatal, s.substr(0, s.find('\n')).c_str());
            throw py::error_already_set();
        }
        if (flag) *flag = q.flag;
        return q.g;
    }

    static py::object taken(void* g) {
        if (!g) return py::none();
        int64_t goid = runq_goid(g);
        queued.erase(goid);
        idle[goid] = g;
        return py::int_(goid);
    }

public:
    RunQueue() {
        Runtime::forget_parents();
        if (Runtime::living) fail("a Runtime is using the runtime's variables: close() it first");
        p = make("p");
        runq_newp(p, queues, queues + 1);
        queues++;
    }

    ~RunQueue() { close(); }

    void open() const {
        if (!p) fail("the RunQueue is closed");
    }

    void close() {
        if (!p) return;
        p = nullptr;
        if (--queues) return;
        memory.clear();
        idle.clear();
        queued.clear();
        broken = false;
        world::reset();
        generation++;
    }

    RunQueue(const RunQueue&) = delete;

    void put(int64_t goid, bool next) {
        open();
        if (queued.count(goid)) fail("goroutine " + std::to_string(goid) + " is on a queue already");
        void* g = idle.count(goid) ? idle.extract(goid).mapped() : make("g");
        runq_newg(g, goid);
        queued[goid] = g;
        run({Runq::PUT, p, nullptr, g, next, 0});
    }

    py::object get() {
        bool inherit;
        py::object goid = taken(run({Runq::GET, p, nullptr, nullptr, false, 0}, &inherit));
        return goid.is_none() ? goid : py::make_tuple(goid, inherit);
    }

    py::object steal(RunQueue& other, bool runnext) {
        if (&other == this) fail("steal: from another RunQueue");
        other.open();
        return taken(run({Runq::STEAL, p, other.p, nullptr, runnext, 0}));
    }

    /// Up to 128 go into the ring while sched.lock is held; a full ring would want that lock once more, and wait for
    /// ever.
    py::object globrunqget(int32_t max) {
        if (ring().size() > 128)
            fail("globrunqget: for a P that has run out of work, this one's ring is more than half full");
        return taken(run({Runq::GLOBRUNQGET, p, nullptr, nullptr, false, max}));
    }

    Object object() const {
        open();
        return {static_cast<const char*>(p), find("p")};
    }

    std::vector<int64_t> ring() const {
        open();
        std::vector<int64_t> ids(256);
        ids.resize(runq_ring(p, ids.data()));
        return ids;
    }

    py::object runnext() const {
        open();
        const void* g = runq_next(p);
        return g ? py::object(py::int_(runq_goid(g))) : py::none();
    }
};

static std::vector<int64_t> globrunq() {
    std::vector<int64_t> ids(runq_globalsize());
    ids.resize(runq_global(ids.data()));
    return ids;
}

// ---- the module ----------------------------------------------------------------------------------------------------

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
    Error = PyErr_NewExceptionWithDoc("rt0lab.Error", "What was asked cannot be done, or not now.", nullptr, nullptr);
    Fatal =
        PyErr_NewExceptionWithDoc("rt0lab.Fatal", "The runtime gave up; the text is its last words.", Error, nullptr);
    module.attr("Error") = py::handle(Error);
    module.attr("Fatal") = py::handle(Fatal);

    module.def("layout", layout, "kind"_a,
               "The size and the fields (name, offset, size, type) of one of the runtime's structures.");

    py::class_<Object>(module, "Object", "A structure of the runtime's, under Go's names. Read when asked for.")
        .def("__getattr__", field)
        .def("__repr__", repr)
        .def("__dir__",
             [](const Object& o) {
                 py::list l;
                 for (const Field* f = o.kind()->fields; f->name; f++) l.append(f->name);
                 return l;
             })
        .def("__eq__", [](const Object& o,
                          py::object other) { return py::isinstance<Object>(other) && same(o, other.cast<Object>()); })
        .def("__hash__", address)
        .def("__int__", address, "Its address.");

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

    py::class_<RunQueue>(module, "RunQueue",
                         "A P that no M holds, with the runtime's own runqput, runqget and runqsteal.")
        .def(py::init<>())
        .def("close", &RunQueue::close, "Gives it up. When the last one goes, the global queue is empty again.")
        .def("put", &RunQueue::put, "goid"_a, "next"_a = false,
             "runqput: a goroutine of this number, into runnext if next.")
        .def("get", &RunQueue::get, "runqget: (goid, inheritTime), or None.")
        .def("steal", &RunQueue::steal, "other"_a, "runnext"_a = false,
             "runqsteal: half of the other's, one of them returned.")
        .def("globrunqget", &RunQueue::globrunqget, "max"_a = 0,
             "globrunqget: a share of the global queue, one of it returned.")
        .def_property_readonly("p", &RunQueue::object, "The P.")
        .def_property_readonly("runq", &RunQueue::ring, "The goids in the ring, next one first.")
        .def_property_readonly("runnext", &RunQueue::runnext, "The goid in runnext, or None.");
    module.def("globrunq", globrunq, "The goids in the RunQueues' global queue, next one first.");

    py::module_::import("atexit").attr("register")(py::cpp_function(Runtime::at_exit));
}
