// explorer.hpp - the third world: the core on threads that are not threads, so that every order of their steps can be
// had, and had again.
//
// One thread of the system's runs everything. An M is a Fiber: a flow of control of its own. At every step that others
// can notice the search may let another go on (search.cpp). Which ones it chose is the schedule, a list of numbers, and
// the same list gives the same run. world.cpp answers os_linux.hpp in the C library's place, by way of the library's
// sys_library_amd64.S; memory.cpp is told of each access (hooks_amd64.S), knows which words two Ms touch in no order,
// and shows stores late, as x86 does; watch.cpp knows the core's types and says what must never be.
//
// A case boots once, up to explore::begin(). Memory is kept as it is there, and every run begins with it.
#pragma once

#include <stdint.h>

#include <array>
#include <string>
#include <vector>

namespace explore {
struct Case;
}

constexpr int max_fibers = 16;
constexpr size_t stack_size = 64 << 10, boot_size = 256 << 10;

struct transfer {  // Boost.Context's
    void* context;
    void* data;
};
extern "C" {
transfer jump_fcontext(void* to, void* data);
void* make_fcontext(void* top, size_t size, void (*entry)(transfer));
}

/// When something happened, for each fiber: how many steps of the others it knows of.
using Clock = std::array<uint32_t, max_fibers>;

struct Thread {  // sys_library_amd64.S knows these two
    void* sp;
    bool leaving;
};

struct Store {  // one that the others do not see yet
    uintptr_t addr;
    int size;
    bool settled;  // `now` is what was stored
    uint8_t before[16], now[16];
};

enum State { RUNS, WAITS, SLEEPS, YIELDED, ENDED };

struct Fiber {
    Thread thread;
    void* context;  // where it goes on
    void* g;        // its current g, while it does not run
    char* stack;
    uintptr_t stk;  // what it runs: fn, on this stack, as mp, on its g0
    void (*fn)();
    void *mp, *gp;
    State state;
    uint64_t* addr;    // WAITS: for the futex
    int64_t deadline;  // SLEEPS, and WAITS with a limit; 0: none
    bool woken;
    int patience;  // how often it still spins before others come
    long since;    // the step at which it came
    uint64_t sigmask;
    Clock clock;
    std::vector<Store> buffer;  // oldest first
};

/// All that a run changes, apart from memory.
struct World {
    std::vector<Fiber> fibers;
    int self = 0;
    int64_t now = 1000000000;
    std::string output;
    long steps = 0;
    int64_t wakes = 0, sleeps = 0;  // as explore.hpp says
    int preemptions = 0;
    std::vector<int> taken, widths;  // the choices made, and among how many
    std::string fault;
};

extern World* w;
extern const explore::Case* chosen;
extern bool exploring;
inline Fiber& me() { return w->fibers[w->self]; }

// ---- search.cpp ----------------------------------------------------------------------------------------------------

struct Options {  // explore.hpp says what they are
    int preemptions, late;
    long random;
    unsigned seed;
    long most;
    bool verbose;
};
extern Options options;

/// A step that others can notice is about to come: another may come before it.
void point();
/// The same before the search begins: nobody comes, and it has an end.
void booting();
/// The running fiber cannot go on, or has nothing to do: others must.
void blocked();
/// This run shows a fault, and is over.
[[noreturn, gnu::format(printf, 1, 2)]] void fault(const char* format, ...);
/// This run is over.
[[noreturn]] void go_home();

// ---- memory.cpp ----------------------------------------------------------------------------------------------------

/// The running fiber's stores can all be seen now.
void drain();
/// So can those of the others: a store is not late for as long as it takes somebody to go to sleep.
void commit_others();
/// How many stores of the running fiber's may still be late.
int unseen();
/// Another fiber comes: the newest `late` stores are taken back. And it returns.
void hide(Fiber& f, int late);
void show(Fiber& f);
/// A fiber knows all that another knew.
void join(Clock& knows, const Clock& of);
/// Forgets what this run touched.
void begin_run();
/// The words found so far that are touched in no order, plainly; a step of the search from then on.
extern std::vector<uintptr_t> racy;

// ---- world.cpp -----------------------------------------------------------------------------------------------------

/// Starts the boot, on the first fiber, which is to be resumed.
void boot();
/// The fiber goes on: it was woken, or its time is over.
void wake(Fiber& f, bool in_time);
extern char* boot_stack;
extern "C" __thread Thread* world_self __attribute__((tls_model("initial-exec")));
extern __thread void* tls_g __asm__("runtime.tls_g") __attribute__((tls_model("initial-exec")));

// ---- watch.cpp -----------------------------------------------------------------------------------------------------

/// What should not be, now that all Ms sleep; null: nothing.
extern "C" const char* watched(bool everybody);
/// The part of the heap that is in use.
extern "C" void arena(uintptr_t* begin, uintptr_t* end);
extern "C" bool onstack(uintptr_t addr);
