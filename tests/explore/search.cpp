// search.cpp - which fiber goes on: all orders with few preemptions, others at random, or one again.
//
// A run is told by its choices: at each, 0 is what would be most usual (go on), and other numbers let another fiber
// come. Depth first: the last choice that has not had all its values gets the next one, and those before it stay. First
// without any preemption, then with one, and so on, so that a fault's schedule is short.

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>

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

constexpr long too_long = 300000;          // steps of a run
constexpr long turn = 5000;                // and of a fiber, while others could go on: none is left out for ever
constexpr int64_t long_wait = 1000000000;  // ns: who sleeps for longer wakes when nobody else can run

void* home;  // main's context, while a fiber runs
std::vector<int> prefix;
bool at_random;
std::mt19937 dice;

std::string schedule(const std::vector<int>& taken) {
    std::string s;
    for (size_t i = 0; i < taken.size(); i++)
        if (taken[i]) s += (s.empty() ? "" : ",") + std::to_string(i) + "=" + std::to_string(taken[i]);
    return s;
}

std::vector<int> parsed(const char* s) {
    std::vector<int> found;
    for (int at, value, n; sscanf(s, "%d=%d%n", &at, &value, &n) == 2; s += n + (s[n] == ',')) {
        if (at >= static_cast<int>(found.size())) found.resize(at + 1);
        found[at] = value;
    }
    return found;
}

/// One of n; rarely: another one than 0 is not for every time.
int choose(int n, bool rarely) {
    if (n <= 1) return 0;
    size_t at = w->taken.size();
    int c = 0;
    if (at < prefix.size())
        c = prefix[at];
    else if (at_random && (!rarely || dice() % 16 == 0))
        c = static_cast<int>(dice() % n);
    if (c >= n) fault("the schedule does not fit: choice %zu is %d of %d", at, c, n);
    w->taken.push_back(c);
    w->widths.push_back(n);
    return c;
}

void switch_to(int next, int late) {
    if (next == w->self) return;
    Fiber& from = me();
    from.g = tls_g;
    hide(from, late);
    w->self = next;
    Fiber& to = me();
    if (options.verbose && exploring)
        fprintf(stderr, "step %ld: %td -> %d%s\n", w->steps, &from - &w->fibers[0], next,
                late ? ", with stores unseen" : "");
    show(to);
    to.since = w->steps;
    world_self = &to.thread;
    tls_g = to.g;
    transfer t = jump_fcontext(to.context, &from);
    static_cast<Fiber*>(t.data)->context = t.context;  // of whoever came here
}

/// A few fibers. No vector: it would be freed once in each run that begins with a copy of its owner's stack.
struct Some {
    int count = 0;
    int list[max_fibers + 1];
    void add(int n) { list[count++] = n; }
};

/// The fibers that can go on, the next in turn first, but for the running one.
Some able(bool yielded) {
    Some found;
    int n = static_cast<int>(w->fibers.size());
    for (int i = 1; i < n; i++) {
        const Fiber& f = w->fibers[(w->self + i) % n];
        bool in_time = (f.state == SLEEPS || f.state == WAITS) && f.deadline && f.deadline <= w->now;
        if (f.state == RUNS || in_time || (yielded && f.state == YIELDED)) found.add((w->self + i) % n);
    }
    return found;
}

/// The fiber that time will wake first; -1: none.
int sleeper() {
    int found = -1;
    for (int i = 0; i < static_cast<int>(w->fibers.size()); i++) {
        const Fiber& f = w->fibers[i];
        if ((f.state == SLEEPS || f.state == WAITS) && f.deadline &&
            (found < 0 || f.deadline < w->fibers[found].deadline))
            found = i;
    }
    return found;
}

void unyield() {
    for (Fiber& f : w->fibers)
        if (f.state == YIELDED) f.state = RUNS;
}

}  // namespace

void go_home() {
    jump_fcontext(home, nullptr);
    abort();
}

void fault(const char* format, ...) {
    char text[1000];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    w->fault = text;
    go_home();
}

/// It has gone on for long, and perhaps waits for one that may not come: the next one's turn. No preemption.
static void others_turn() {
    me().since = w->steps;
    unyield();
    Some others = able(false);
    if (!others.count) return;
    if (w->fibers[others.list[0]].state != RUNS) wake(w->fibers[others.list[0]], false);
    switch_to(others.list[0], 0);
}

void booting() {
    if (++w->steps > too_long) fault("it does not come to its beginning");
}

void point() {
    if (!exploring) return;
    w->now += 20;
    if (++w->steps > too_long) fault("it does not end");
    if (w->steps - me().since > turn) return others_turn();
    if (w->preemptions >= options.preemptions) return;
    Some others = able(false);
    int asleep = sleeper();
    if (asleep >= 0 && w->fibers[asleep].deadline - w->now < long_wait)
        others.add(asleep);  // its time may come at any moment
    if (!others.count) return;
    int lates = unseen() + 1;
    int c = choose(1 + others.count * lates, true);
    if (c == 0) return;
    w->preemptions++;
    int next = others.list[(c - 1) / lates];
    if (w->fibers[next].state != RUNS) wake(w->fibers[next], false);
    unyield();
    switch_to(next, (c - 1) % lates);
}

void blocked() {
    State s = me().state;
    if (s == YIELDED && me().patience > 0) {
        me().patience--;
        me().state = RUNS;
        return;
    }
    me().patience = 0;
    if (s != YIELDED) unyield();
    Some others = able(false);
    if (!others.count) others = able(true);
    if (!others.count && s == YIELDED) me().state = RUNS;  // it alone could go on
    if (!others.count) {
        commit_others();
        bool everybody = true;
        for (size_t i = 0; i < w->fibers.size(); i++)
            if (i != 1) everybody = everybody && w->fibers[i].state != SLEEPS;  // 1 is sysmon
        const char* what = exploring ? watched(everybody && me().state != SLEEPS) : nullptr;
        if (what) fault("%s", what);
        int asleep = sleeper();
        if (asleep < 0) {
            if (s == YIELDED) return;
            fault("nobody will ever run again");
        }
        others.add(asleep);
    }
    // The next in turn, unless that is to be another.
    bool free = exploring && w->preemptions < options.preemptions;
    int lates = s == ENDED ? unseen() + 1 : 1;
    int c = free ? choose(others.count * lates + (s == YIELDED), false) : 0;
    if (c) w->preemptions++;
    if (s == YIELDED && c == others.count) {
        me().patience = 200;  // it looks again and again, and nobody comes meanwhile
        me().state = RUNS;
        return;
    }
    int next = others.list[c / lates];
    if (w->fibers[next].state != RUNS && w->fibers[next].state != YIELDED) wake(w->fibers[next], false);
    switch_to(next, c % lates);
    if (me().state == YIELDED) me().state = RUNS;
}

extern "C" {

/// A case is ready: back to main, which comes here for each run.
void explore_begin() {
    if (exploring) return;
    drain();
    me().g = tls_g;
    home = jump_fcontext(home, &me()).context;
}
void explore_point() { point(); }
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
    for (Fiber& f : w->fibers) keep(f.context, f.stack + stack_size);
    w->steps = 0;
    for (Fiber& f : w->fibers) f.since = 0;
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
    long runs = 0, steps = 0;
    bool cut = false;
};

/// One run. False: it shows a fault, which is told with what shows it again.
bool held(Search& done) {
    run_once();
    done.runs++;
    done.steps += w->steps;
    if (w->fault.empty()) return true;
    printf("%s: fault after %ld runs: %s\n%s --preemptions=%d --late=%d --schedule=%s\n", chosen->name, done.runs,
           w->fault.c_str(), chosen->name, options.preemptions, options.late, schedule(w->taken).c_str());
    return false;
}

/// All orders with so few preemptions; false: a fault.
bool search(Search& done, int preemptions) {
    options.preemptions = preemptions;
    prefix.clear();
    while (true) {
        size_t races = racy.size();
        if (!held(done)) return false;
        if (done.runs >= options.most) {
            done.cut = true;
            return true;
        }
        if (races != racy.size())
            prefix.clear();  // there are more steps than were thought: all anew
        else if (!next_prefix())
            return true;
    }
}

bool search_all(Search& done) {
    int limit = options.preemptions;
    for (int n = 0; n <= limit && !done.cut; n++)
        if (!search(done, n)) return false;
    options.preemptions = 1000;
    prefix.clear();
    at_random = true;
    for (long n = 0; n < options.random; n++)
        if (!held(done)) return false;
    return true;
}

int usage() {
    fprintf(stderr,
            "usage: explore CASE [--preemptions N] [--late N] [--random N] [--seed N] [--most N] [--schedule S] "
            "[--verbose]\n"
            "       explore --list\n");
    return 2;
}

/// The case's name is chosen, its own limits are options unless the command line has others.
bool parse(int argc, char** argv, const char** again) {
    static const option longs[] = {{"preemptions", 1, nullptr, 'p'}, {"late", 1, nullptr, 'l'},
                                   {"random", 1, nullptr, 'r'},      {"seed", 1, nullptr, 's'},
                                   {"most", 1, nullptr, 'm'},        {"schedule", 1, nullptr, 'x'},
                                   {"verbose", 0, nullptr, 'v'},     {nullptr, 0, nullptr, 0}};
    if (argc < 2 || !(chosen = named(argv[1]))) return false;
    options = {chosen->preemptions, chosen->late, chosen->random, 1, chosen->most, false};
    for (int c; (c = getopt_long(argc - 1, argv + 1, "", longs, nullptr)) != -1;) {
        switch (c) {
        case 'p': options.preemptions = atoi(optarg); break;
        case 'l': options.late = atoi(optarg); break;
        case 'r': options.random = atol(optarg); break;
        case 's': options.seed = static_cast<unsigned>(atol(optarg)); break;
        case 'm': options.most = atol(optarg); break;
        case 'x': *again = optarg; break;
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
    const char* again = nullptr;
    if (!parse(argc, argv, &again)) return usage();
    w = new World;
    w->fibers.reserve(max_fibers);
    static char room[256 << 10];
    transfer t = jump_fcontext(make_fcontext(room + sizeof room, sizeof room, first), nullptr);
    if (!t.data) {
        fprintf(stderr, "%s ended before it began: %s %s\n", chosen->name, w->fault.c_str(), w->output.c_str());
        return 2;
    }
    me().context = t.context;
    keep_all();
    dice.seed(options.seed);

    Search done;
    if (again) {
        prefix = parsed(again);
        if (!held(done)) return 1;
    } else if (!search_all(done)) {
        return 1;
    }
    printf("%s: %ld runs, %ld steps each, %zu racy words%s\n", chosen->name, done.runs, done.steps / done.runs,
           racy.size(), done.cut ? ", cut" : "");
    if (options.verbose)
        for (uintptr_t addr : racy) fprintf(stderr, "racy: %lx\n", addr);
    return 0;
}
