// turns.cpp - whose turn it is: at each step, and when a fiber waits, others that can go on may come.

#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/time.h>

#include "explorer.hpp"

namespace {

constexpr long too_long = 2000000;         // events of a run
constexpr long turn = 20000;               // of a fiber, while others could go on: none is left out for ever
constexpr int64_t long_wait = 1000000000;  // ns: who sleeps for longer wakes when nobody else can go on
constexpr int patience = 12;               // how often the core looks in a loop that gives up, at most
constexpr int too_idle = 3000;             // sysmon's turns while nobody else stores anything

/// `since`: of the running fiber's stores, those are not seen.
[[gnu::noinline]] void switch_to(int next, long since) __asm__("explore.switch_to");
void switch_to(int next, long since) {
    if (next == w->self) return;
    Fiber& from = me();
    from.g = tls_g;
    hide(from, since);
    w->self = next;
    Fiber& to = me();
    if (options.verbose && exploring)
        fprintf(stderr, "event %ld: %td -> %d%s\n", w->events, &from - &w->fibers[0], next,
                from.buffer.empty() ? "" : ", with stores unseen");
    show(to);
    to.since = w->events;
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
    bool has(int n) const {
        for (int i = 0; i < count; i++)
            if (list[i] == n) return true;
        return false;
    }
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

/// The fiber whose time may come at any moment; -1: none.
int restless() {
    int asleep = sleeper();
    if (asleep < 0 || w->fibers[asleep].deadline - w->now >= long_wait) return -1;
    return asleep == 1 && w->sysmon >= options.sysmon ? -1 : asleep;
}

/// Another fiber comes, as was chosen.
void comes(int next, long since) {
    w->preemptions++;
    w->turns.push_back({w->events, next, since});
}

/// The schedule's fiber is one of these, or the schedule is of something else.
int fits(const Turn& turn, const Some& others) {
    if (!others.has(turn.fiber))
        fault("the schedule does not fit: at event %ld thread %d cannot go on", turn.event, turn.fiber);
    return turn.fiber;
}

void go_on_as(int next, long since) {
    Fiber& f = w->fibers[next];
    if (f.state == WAITS || f.state == SLEEPS) wake(f, false);
    switch_to(next, since);
}

/// It looks again and again; how often has nobody stored anything meanwhile?
void look(Fiber& f) {
    f.rounds = f.stores == w->stores ? f.rounds + 1 : 0;
    f.stores = w->stores;
}

/// Do all that could go on look again and again at the same, so long that a loop that gives up would have done so?
bool all_have_looked() {
    for (const Fiber& f : w->fibers)
        if (f.state == YIELDED && (f.stores != w->stores || f.rounds <= patience)) return false;
    return true;
}

/// Will time bring somebody else than sysmon?
bool others_sleep() {
    for (size_t i = 0; i < w->fibers.size(); i++) {
        const Fiber& f = w->fibers[i];
        if (i != 1 && (f.state == SLEEPS || f.state == WAITS) && f.deadline) return true;
    }
    return false;
}

int waiting(State s) {
    int n = 0;
    for (const Fiber& f : w->fibers) n += f.state == s;
    return n;
}

/// Nobody can go on, or only those who look again and again: what time brings is all that can help. -1: it brings nobody.
int in_time(bool looks) {
    commit_others();
    bool everybody = me().state != SLEEPS;
    for (int i = 0; i < static_cast<int>(w->fibers.size()); i++) {
        State s = w->fibers[i].state;
        if (i != 1 && i != w->self) everybody = everybody && s != SLEEPS && s != YIELDED;  // 1 is sysmon
    }
    const char* what = exploring ? watched(everybody) : nullptr;
    if (what) fault("%s", what);
    int asleep = sleeper();
    if (asleep < 0 && !looks) fault("nobody will ever run again");
    if (w->idle_since != w->stores || others_sleep()) w->idle_since = w->stores, w->idle = 0;
    if (exploring && ++w->idle > too_idle)
        fault("nobody gets any further: %d wait for a futex, and %d look again and again", waiting(WAITS),
              waiting(YIELDED));
    return asleep;
}

/// It looks again and again, and nobody comes meanwhile.
void look_on() {
    me().patience = patience;
    me().state = RUNS;
}

}  // namespace

void fault(const char* format, ...) {
    static char text[16 << 10];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    w->fault = text;
    go_home();
}

void event() {
    if (++w->events <= too_long) return;
    fault(exploring ? "it does not end, and still somebody stores something" : "it does not come to its beginning");
}

void others_turn() {
    if (w->events - me().since <= turn) return;
    me().since = w->events;
    unyield();
    Some others = able(false);
    if (others.count) go_on_as(others.list[0], 0);
}

void point() {
    if (!exploring) return;
    if (options.again) {
        const Turn* turn = scheduled();
        if (!turn || me().state != RUNS) return;
        unseen();
        Some others = able(false);
        int asleep = sleeper();
        if (asleep >= 0) others.add(asleep);
        unyield();
        go_on_as(fits(*turn, others), turn->since);
        return;
    }
    if (!me().moved) return;
    me().moved = false;
    been_here();
    if (w->preemptions >= options.preemptions) return;
    Some others = able(false);
    int asleep = restless();
    if (asleep >= 0) others.add(asleep);
    if (!others.count) return;
    int lates = unseen() + 1;
    int c = choose(1 + others.count * lates, true);
    if (c == 0) return;
    int next = others.list[(c - 1) / lates];
    long since = unseen_since((c - 1) % lates);
    comes(next, since);
    if (next == 1 && w->fibers[1].state != RUNS) w->sysmon++;
    unyield();
    go_on_as(next, since);
}

void blocked() {
    State s = me().state;
    bool looks = s == YIELDED;
    if (looks) look(me());
    if (looks && me().patience > 0) {
        me().patience--;
        me().state = RUNS;
        return;
    }
    me().patience = 0;
    me().moved = false;
    me().past = mix(me().past, s);
    if (!looks) unyield();
    Some others = able(false);
    if (!others.count && !(looks && all_have_looked())) others = able(true);
    if (!others.count) {
        int asleep = in_time(looks);
        if (asleep < 0) {
            me().state = RUNS;
            return;
        }
        others.add(asleep);
    }
    // The next in turn, unless that is to be another.
    int next = others.list[0];
    long since = 0;
    if (const Turn* turn = exploring && options.again ? scheduled() : nullptr) {
        unseen();
        if (looks && turn->fiber == w->self) return look_on();
        next = fits(*turn, others);
        since = turn->since;
    } else if (exploring && !options.again) {
        been_here();
        bool free = w->preemptions < options.preemptions;
        int lates = s == ENDED ? unseen() + 1 : 1;
        int c = free ? choose(others.count * lates + looks, false) : 0;
        if (looks && c == others.count) {
            comes(w->self, 0);
            return look_on();
        }
        next = others.list[c / lates];
        since = unseen_since(c % lates);
        if (c) comes(next, since);
    }
    go_on_as(next, since);
    if (me().state == YIELDED) me().state = RUNS;
}

// ---- signals -------------------------------------------------------------------------------------------------------

namespace {

bool in_guard(uintptr_t addr) {
    auto hit = [&](char* stack) { return reinterpret_cast<uintptr_t>(stack) - addr - 1 < guard_size; };
    for (const Fiber& f : w->fibers)
        if (hit(f.stack)) return true;
    return hit(boot_stack);
}

void signalled(int sig, siginfo_t* info, void*) {
    auto addr = reinterpret_cast<uintptr_t>(info->si_addr);
    if (!exploring) {
        fprintf(stderr, "the explorer itself: signal %d, address %lx\n", sig, addr);
        _exit(2);
    }
    if (sig == SIGSEGV && in_guard(addr)) fault("a thread's stack is too small");
    fault("SIG%s, address %lx", sigabbrev_np(sig), addr);
}

/// A loop without any access to memory is not stopped by what it does.
void ticked(int) {
    static long events, ticks;
    if (!exploring || events != w->events) ticks = 0;
    events = w->events;
    if (exploring && ++ticks == 5) fault("it does not end, and does nothing that others can notice");
}

}  // namespace

void catch_signals() {
    static char room[64 << 10];
    stack_t stack = {};
    stack.ss_sp = room;
    stack.ss_size = sizeof room;
    sigaltstack(&stack, nullptr);
    struct sigaction action = {};
    action.sa_sigaction = signalled;
    action.sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO;
    for (int sig : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}) sigaction(sig, &action, nullptr);
    action.sa_handler = ticked;
    action.sa_flags = SA_ONSTACK | SA_NODEFER | SA_RESTART;
    sigaction(SIGVTALRM, &action, nullptr);
    itimerval often = {{0, 200000}, {0, 200000}};
    setitimer(ITIMER_VIRTUAL, &often, nullptr);
}
