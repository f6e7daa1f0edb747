// search.cpp - which fiber goes on: all orders with few preemptions, others at random, or one again.
//
// A run is told by its choices: at each, 0 is what would be most usual (go on), and other numbers let another fiber
// come. Depth first: the last choice that has not had all its values gets the next one, and those before it stay. First
// without any preemption, then with one, and so on, so that a fault's schedule is short.
//
// Many orders lead to the same place. What a fiber does next depends on what it has read, and that on who wrote it: if
// all fibers have read the same, and the words are from the same writers, then all that can follow is the same as it was
// the first time, and is not run again.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <set>

#include <getopt.h>

#include "explore.hpp"
#include "explorer.hpp"

extern "C" const explore::Case *const __start_explore_cases[], *const __stop_explore_cases[];
extern "C" char explored_begin[], explored_end[];  // explored.ld: the core's variables and the case's

World* w;
bool exploring;
Options options;
const explore::Case* chosen;

namespace {

void* home;  // main's context, while a fiber runs

// ---- choices -------------------------------------------------------------------------------------------------------

std::vector<int> prefix;
bool at_random;
std::mt19937 dice;
std::vector<Turn> schedule;

/// Places where runs have been.
class Places {
    std::vector<uint64_t> slots = std::vector<uint64_t>(1 << 16);
    size_t count = 0;

public:
    void clear() {
        std::fill(slots.begin(), slots.end(), 0);
        count = 0;
    }
    /// False: it was there.
    bool add(uint64_t place) {
        size_t mask = slots.size() - 1, i = place & mask;
        while (slots[i] && slots[i] != place) i = (i + 1) & mask;
        if (slots[i]) return false;
        slots[i] = place;
        if (++count * 2 > slots.size()) {
            std::vector<uint64_t> old(slots.size() * 2);
            old.swap(slots);
            count = 0;
            for (uint64_t each : old)
                if (each) add(each);
        }
        return true;
    }
} places;

/// All that what follows depends on.
uint64_t place() {
    uint64_t h = mix(w->self, options.preemptions - w->preemptions);
    h = mix(h, w->now);
    h = mix(h, w->sysmon);
    for (char c : w->outcome) h = mix(h, c);
    for (const Fiber& f : w->fibers) {
        h = mix(h, f.past);
        h = mix(h, f.rounds);
        h = mix(h, f.state | f.woken << 3 | f.moved << 4 | f.patience << 5);
        h = mix(h, f.deadline);
        h = mix(h, f.buffer.size());
    }
    return h;
}

std::string told(const std::vector<Turn>& turns) {
    std::string s;
    for (const Turn& turn : turns) {
        s += (s.empty() ? "" : ",") + std::to_string(turn.event) + "=" + std::to_string(turn.fiber);
        if (turn.since) s += "~" + std::to_string(turn.since);
    }
    return s;
}

bool parse(const char* s, std::vector<Turn>& turns) {
    int n;
    for (Turn turn = {}; sscanf(s, "%ld=%d%n", &turn.event, &turn.fiber, &n) == 2; s += n + (s[n] == ',')) {
        turn.since = 0;
        int more;
        if (sscanf(s + n, "~%ld%n", &turn.since, &more) == 1) n += more;
        turns.push_back(turn);
    }
    return *s == 0;
}

}  // namespace

int choose(int n, bool rarely) {
    if (n <= 1) return 0;
    size_t at = w->taken.size();
    int c = 0;
    if (at < prefix.size())
        c = prefix[at];
    else if (at_random && (!rarely || dice() % 16 == 0))
        c = static_cast<int>(dice() % n);
    if (c >= n) fault("the explorer's own fault: choice %zu is %d of %d", at, c, n);
    w->taken.push_back(c);
    w->widths.push_back(n);
    return c;
}

const Turn* scheduled() {
    size_t next = w->turns.size();
    if (next == schedule.size() || schedule[next].event != w->events) return nullptr;
    w->turns.push_back(schedule[next]);
    return &schedule[next];
}

void been_here() {
    if (at_random || options.unmerged || w->taken.size() < prefix.size() || places.add(place())) return;
    w->known = true;
    go_home();
}

void go_home() {
    jump_fcontext(home, nullptr);
    abort();
}

extern "C" {

/// A case is ready: back to main, which comes here for each run.
void explore_begin() {
    if (exploring) return;
    drain();
    me().g = tls_g;
    home = jump_fcontext(home, &me()).context;
}
void explore_settle() {
    for (int tries = 0; tries < 1000 && !exploring; tries++) {
        bool all = true;
        for (Fiber& f : w->fibers) all = all && (&f == &me() || (f.state != RUNS && f.state != YIELDED));
        if (all) return;
        me().state = YIELDED;
        blocked();
    }
}
void explore_point() {
    if (!exploring) return;
    event();
    me().moved = true;
    me().past = mix(me().past, 1);
    point();
}
void explore_outcome(int64_t n) {
    event();
    me().moved = true;
    me().past = mix(me().past, n);
    w->outcome += std::to_string(n);
}
void explore_fail(const char* what) { fault("%s", what); }

}  // extern "C"

// ---- runs ----------------------------------------------------------------------------------------------------------

namespace {

struct Kept {
    char* addr;
    std::vector<char> bytes;
};
std::vector<Kept> kept;
World beginning;
uintptr_t heap_end;

void keep(void* from, void* to) {
    kept.push_back({static_cast<char*>(from), std::vector<char>(static_cast<char*>(from), static_cast<char*>(to))});
}

void keep_all() {
    uintptr_t heap;
    arena(&heap, &heap_end);
    keep(explored_begin, explored_end);
    keep(reinterpret_cast<void*>(heap), reinterpret_cast<void*>(heap_end));
    keep(boot_stack, boot_stack + boot_size);
    w->events = 0;
    for (Fiber& f : w->fibers) {
        f.moved = true;
        f.since = 0;
        keep(f.context, f.stack + stack_size);
    }
    beginning = *w;
}

void run_once() {
    uintptr_t heap, end;
    arena(&heap, &end);
    if (end > heap_end) memset(reinterpret_cast<void*>(heap_end), 0, end - heap_end);
    for (Kept& k : kept) memcpy(k.addr, k.bytes.data(), k.bytes.size());
    *w = beginning;
    begin_run();
    exploring = true;
    world_self = &me().thread;
    tls_g = me().g;
    jump_fcontext(me().context, nullptr);
    exploring = false;
}

/// The next prefix in order. False: that was the last.
bool next_prefix() {
    std::vector<int>&taken = w->taken, &widths = w->widths;
    while (!taken.empty() && taken.back() + 1 == widths[taken.size() - 1]) taken.pop_back();
    if (taken.empty()) return false;
    taken.back()++;
    prefix = taken;
    return true;
}

void first(transfer t) {
    home = t.context;
    boot();
    Fiber nobody;
    world_self = &me().thread;
    jump_fcontext(me().context, &nobody);
}

const explore::Case* named(const char* name) {
    for (auto c = __start_explore_cases; c != __stop_explore_cases; c++)
        if (strcmp((*c)->name, name) == 0) return *c;
    return nullptr;
}

/// What all runs together did.
struct Search {
    long runs = 0, events = 0;
    int cut = -1;  // with so many preemptions not all orders were had
    std::set<std::string> outcomes;
};

const char* program;

/// What each thread does, and what shows the fault again.
void tell_fault(const Search& done) {
    static const char* const states[] = {"runs", "waits", "sleeps", "looks again", "has ended"};
    printf("%s: fault after %ld runs: %s\n  ", chosen->name, done.runs, w->fault.c_str());
    for (size_t i = 0; i < w->fibers.size(); i++)
        printf("thread %zu %s%s", i, states[w->fibers[i].state], i + 1 < w->fibers.size() ? ", " : "\n");
    std::string again = std::string(program) + " " + chosen->name + " --schedule=" + told(w->turns);
    printf("again:  %s\n", again.c_str());
    printf("in gdb: gdb -iex 'add-auto-load-safe-path gdb-scripts' -ex 'break explore.fault' -ex run --args %s\n",
           again.c_str());
}

/// One run. False: it shows a fault.
bool held(Search& done) {
    run_once();
    done.runs++;
    done.events += w->events;
    if (w->fault.empty()) {
        if (!w->known && !w->outcome.empty()) done.outcomes.insert(w->outcome);
        return true;
    }
    tell_fault(done);
    return false;
}

/// All orders with so few preemptions; false: a fault.
bool search(Search& done, int preemptions) {
    options.preemptions = preemptions;
    options.every = preemptions <= 1;
    prefix.clear();
    places.clear();
    while (true) {
        size_t known = steps;
        if (!held(done)) return false;
        if (done.runs >= options.most) {
            done.cut = preemptions;
            return true;
        }
        if (known != steps) {  // there are more steps than were thought: all anew
            prefix.clear();
            places.clear();
        } else if (!next_prefix()) {
            return true;
        }
    }
}

bool search_all(Search& done) {
    int limit = options.preemptions;
    for (int n = 0; n <= limit && done.cut < 0; n++)
        if (!search(done, n)) return false;
    options.preemptions = 1000;
    options.every = true;
    prefix.clear();
    at_random = true;
    for (long n = 0; n < options.random; n++)
        if (!held(done)) return false;
    return true;
}

bool run_again(Search& done) {
    if (!held(done)) return false;
    if (w->turns.size() == schedule.size()) return true;
    w->fault = "the schedule does not fit: nothing happens at event " + std::to_string(schedule[w->turns.size()].event);
    tell_fault(done);
    return false;
}

int usage() {
    fprintf(stderr,
            "usage: explore CASE [--preemptions N] [--late N] [--random N] [--seed N]\n"
            "                    [--most N] [--unmerged] [--schedule S] [--verbose]\n"
            "       explore --list\n");
    return 2;
}

/// The case's name is chosen, its own limits are options unless the command line has others.
bool parse(int argc, char** argv) {
    static const option longs[] = {
        {"preemptions", 1, nullptr, 'p'}, {"late", 1, nullptr, 'l'},    {"random", 1, nullptr, 'r'},
        {"seed", 1, nullptr, 's'},        {"most", 1, nullptr, 'm'},    {"unmerged", 0, nullptr, 'u'},
        {"schedule", 1, nullptr, 'x'},    {"verbose", 0, nullptr, 'v'}, {nullptr, 0, nullptr, 0}};
    if (argc < 2) return false;
    chosen = named(argv[1]);
    if (!chosen) {
        if (argv[1][0] != '-') fprintf(stderr, "explore: no case is called %s\n", argv[1]);
        return false;
    }
    options = {chosen->preemptions, chosen->late, chosen->sysmon, chosen->random, 1,
               chosen->most,        false,        false,          false,          false};
    for (int c; (c = getopt_long(argc - 1, argv + 1, "", longs, nullptr)) != -1;) {
        switch (c) {
        case 'p': options.preemptions = atoi(optarg); break;
        case 'l': options.late = atoi(optarg); break;
        case 'r': options.random = atol(optarg); break;
        case 's': options.seed = static_cast<unsigned>(atol(optarg)); break;
        case 'm': options.most = atol(optarg); break;
        case 'u': options.unmerged = true; break;
        case 'x':
            options.again = true;
            if (!parse(optarg, schedule)) {
                fprintf(stderr, "explore: this is no schedule: %s\n", optarg);
                return false;
            }
            break;
        case 'v': options.verbose = true; break;
        default: return false;
        }
    }
    return optind == argc - 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (auto c = __start_explore_cases; c != __stop_explore_cases; c++) puts((*c)->name);
        return 0;
    }
    program = argv[0];
    if (!parse(argc, argv)) return usage();
    w = new World;
    w->fibers.reserve(max_fibers);
    catch_signals();
    static char room[256 << 10];
    transfer t = jump_fcontext(make_fcontext(room + sizeof room, sizeof room, first), nullptr);
    if (!t.data) {
        const std::string& why = w->fault.empty() ? w->output : w->fault;
        fprintf(stderr, "%s: ended before it began: %s\n", chosen->name, why.c_str());
        return 2;
    }
    me().context = t.context;
    keep_all();
    dice.seed(options.seed);

    Search done;
    if (!(options.again ? run_again(done) : search_all(done))) return 1;
    printf("%s: %ld runs, %ld events each, %zu words make a step", chosen->name, done.runs, done.events / done.runs,
           steps);
    if (done.cut >= 0) printf(", cut at %d preemptions", done.cut);
    if (!done.outcomes.empty()) printf("\n%zu outcomes:", done.outcomes.size());
    for (const std::string& outcome : done.outcomes) printf(" %s", outcome.c_str());
    puts("");
    return 0;
}
