// runqueue.cpp - a P's run queue without a boot, for Python: class RunQueue, on the core's own functions (runq.cpp).

#include "runqueue.hpp"

#include <pybind11/stl.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "boot.hpp"
#include "door.hpp"
#include "object.hpp"
#include "runq.hpp"

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
        forget_parents();
        if (booted()) fail("a Runtime is using the runtime's variables: close() it first");
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

// ---- in Python -----------------------------------------------------------------------------------------------------

void define_runqueue(py::module_& module) {
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
}
