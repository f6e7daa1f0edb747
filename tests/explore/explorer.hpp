// explorer.hpp - the third world: the core on threads that are not threads, so that every order of their steps can be
// had, and had again.
//
// One thread of the system's runs everything. An M is a Fiber: a flow of control of its own. At every step that others
// can notice the search may let another go on. memory.cpp is told of each access (hooks_amd64.S), knows which words make
// a step, and shows stores late, as x86 does; turns.cpp lets another go on; search.cpp chooses, and tells a fault with
// its schedule: who came, and when. world.cpp answers os_linux.hpp in the C library's place, by way of the library's
// sys_library_amd64.S; watch.cpp knows the core's types and says what must never be.
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
constexpr size_t stack_size = 64 << 10, boot_size = 256 << 10, guard_size = 4 << 10;

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

struct Word;  // memory.cpp

struct Store {  // one that the others do not see yet
    uintptr_t addr;
    int size;
    long event;
    bool settled;  // `now` is what was stored
    uint8_t before[8], now[8];
    Word* word;
    uint64_t version_before, version_now;
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
    bool moved;     // it has made a step since others could last come
    long since;     // the event at which it came
    int patience;   // how often it still spins before others come
    int rounds;     // how often it has looked for what others are to do, while nobody has stored anything
    long stores;    // of the others, when it last looked
    uint64_t past;  // what it has seen of others, and where it is: a hash
    uint64_t sigmask;
    Clock clock;
    std::vector<Store> buffer;  // oldest first
};

/// At this event the fiber comes, or if it is the running one: it looks again; and stores since an event are not seen.
struct Turn {
    long event;
    int fiber;
    long since;  // 0: none
};

/// All that a run changes, apart from memory.
struct World {
    std::vector<Fiber> fibers;
    int self = 0;
    int64_t now = 1000000000;
    std::string output;
    long events = 0;                // accesses, and calls of world.cpp
    int64_t wakes = 0, sleeps = 0;  // as explore.hpp says
    long stores = 0;                // of all but sysmon
    long idle = 0, idle_since = 0;  // how often in a row only time could help, with so many stores
    int preemptions = 0;
    std::vector<int> taken, widths;  // the choices made, and among how many
    std::vector<Turn> turns;         // the ones that were not the most usual
    std::string fault, outcome;
    int sysmon = 0;      // how often sysmon came though others could go on
    bool known = false;  // the run was broken off: all that could follow has been seen
};

extern World* w;
extern const explore::Case* chosen;
extern bool exploring;
inline Fiber& me() { return w->fibers[w->self]; }
inline uint64_t mix(uint64_t a, uint64_t b) {
    a = (a ^ b) * 0x9e3779b97f4a7c15;
    a = (a ^ a >> 32) * 0xd6e8feb86659fd93;
    return a ^ a >> 32;
}

// ---- search.cpp ----------------------------------------------------------------------------------------------------

struct Options {  // explore.hpp says what they are
    int preemptions, late, sysmon;
    long random;
    unsigned seed;
    long most;
    bool unmerged;
    bool verbose;
    bool again;  // one run, by a schedule
    bool every;  // an atomic access is a step, whoever else touches the word
};
extern Options options;

/// One of n, 0 being the most usual; rarely: another is not for every time.
int choose(int n, bool rarely);
/// The turn that the schedule has for this event; null: none.
const Turn* scheduled();
/// The run is over if one has been here before, with everything as it is and as many preemptions left.
void been_here();
/// This run is over.
[[noreturn]] void go_home();

// ---- turns.cpp -----------------------------------------------------------------------------------------------------

/// Called for every access and call, wherever others may come: a schedule counts these.
void event();
/// It has gone on for long, and waits perhaps for one that may not come: the next one's turn. That is no preemption.
void others_turn();
/// A step that others can notice is about to come: another may come before it.
void point();
/// The running fiber cannot go on, or has nothing to do: others must.
void blocked();
/// This run shows a fault, and is over.
[[noreturn, gnu::format(printf, 1, 2)]] void fault(const char* format, ...) __asm__("explore.fault");
/// A signal of the core's is a fault, too.
void catch_signals();

// ---- memory.cpp ----------------------------------------------------------------------------------------------------

/// The running fiber's stores can all be seen now.
void drain();
/// So can those of the others: a store is not late for as long as it takes somebody to go to sleep.
void commit_others();
/// How many stores of the running fiber's may still be late, and when the newest, the second newest... was made.
int unseen();
long unseen_since(int newest);
/// Another fiber comes: the stores since then are taken back. And it returns.
void hide(Fiber& f, long since);
void show(Fiber& f);
/// A fiber knows all that another knew.
void join(Clock& knows, const Clock& of);
/// Forgets what the last run touched.
void begin_run();
/// How many words were found so far of which an access is a step of the search.
extern size_t steps;

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
