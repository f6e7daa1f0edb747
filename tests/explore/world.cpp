// world.cpp - the explorer's operating system: answers to os_linux.hpp for fibers. Time is a number that passes with
// steps, and at once when everybody waits for it. Files, signals and memory protection are not here.

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <signal.h>
#include <sys/mman.h>
#include <time.h>

#include "explore.hpp"
#include "explorer.hpp"

extern "C" {
void _rt0_amd64_linux_lib(int argc, uintptr_t* argv);
void world_enter(Thread*, uintptr_t stk, void (*fn)(), void* mp, void* gp);
__thread Thread* world_self;
}

char* boot_stack;

namespace {

/// Room for a stack, above a page that nobody may touch.
char* memory(size_t size) {
    void* v = mmap(nullptr, guard_size + size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(v, guard_size, PROT_NONE);
    return static_cast<char*>(v) + guard_size;
}

void run(transfer t) {
    static_cast<Fiber*>(t.data)->context = t.context;
    Fiber& f = me();
    world_enter(&f.thread, f.stk, f.fn, f.mp, f.gp);
    me().state = ENDED;
    event();
    blocked();
    abort();
}

int spawn(uintptr_t stk, void (*fn)(), void* mp, void* gp) {
    static char* stacks[max_fibers];
    size_t n = w->fibers.size();
    if (n == max_fibers) fault("more than %d threads", max_fibers);
    if (!stacks[n]) stacks[n] = memory(stack_size);
    Fiber& f = w->fibers.emplace_back();
    f.stack = stacks[n];
    f.stk = stk;
    f.fn = fn;
    f.mp = mp;
    f.gp = gp;
    f.state = RUNS;
    f.context = make_fcontext(f.stack + stack_size, stack_size, run);
    if (n) {
        f.clock = me().clock;
        f.past = mix(me().past, n);
        me().clock[w->self]++;
    }
    f.clock[n] = 1;
    return static_cast<int>(n);
}

/// What the fiber does now may depend on this.
int64_t seen(int64_t value) {
    me().past = mix(me().past, value);
    return value;
}

int64_t until(const timespec* t) { return w->now + t->tv_sec * 1000000000 + t->tv_nsec; }

}  // namespace

void boot() {
    static uintptr_t block[] = {1, reinterpret_cast<uintptr_t>("case"), 0, 0, 6 /* AT_PAGESZ */, 4096, 0, 0};
    _rt0_amd64_linux_lib(1, block + 1);
}

void wake(Fiber& f, bool in_time) {
    f.woken = in_time;
    if (!in_time && f.deadline > w->now) w->now = f.deadline;
    f.past = mix(f.past, in_time);
    f.state = RUNS;
    f.moved = true;
    f.deadline = 0;
}

extern "C" {

// ---- threads -------------------------------------------------------------------------------------------------------

int64_t world_clone(int, uintptr_t stk, void* mp, void* gp, void (*fn)()) {
    drain();
    event();
    me().moved = true;
    me().past = mix(me().past, 1);
    point();
    return spawn(stk, fn, mp, gp) + 1;
}

void world_thread_create(void (*fn)(void*), void*) {
    boot_stack = memory(boot_size);
    spawn(reinterpret_cast<uintptr_t>(boot_stack + boot_size - 64), reinterpret_cast<void (*)()>(fn), nullptr, nullptr);
}

void* world_stack_lo() { return boot_stack; }

void world_exit(int code) {
    while (!w->output.empty() && w->output.back() == '\n') w->output.pop_back();
    bool meant = chosen->ends && w->output.find(chosen->ends) != std::string::npos;
    if (code && !meant) fault("exit status %d: %s", code, w->output.c_str());
    if (!code && chosen->ends) fault("it ended well");
    go_home();
}

void world_exit_thread(uint32_t* waiting) {
    drain();
    *waiting = 0;
    me().thread.leaving = true;
}

int64_t world_getpid() { return 1; }
int64_t world_gettid() { return w->self + 1; }
int64_t world_tgkill(int64_t, int64_t, int) { return -ENOSYS; }

// ---- waiting -------------------------------------------------------------------------------------------------------

int64_t world_futex(uint64_t* addr, int op, uint32_t val, const timespec* t) {
    drain();
    event();
    me().moved = true;
    me().past = mix(me().past, op);
    point();
    me().moved = true;
    me().past = mix(me().past, op);
    if (op & 1) {
        uint32_t n = 0;
        for (Fiber& f : w->fibers) {
            if (n == val || f.state != WAITS || f.addr != addr) continue;
            wake(f, true);
            join(f.clock, me().clock);
            f.past = mix(f.past, me().past);
            n++;
        }
        w->wakes += n;
        me().past = mix(me().past, n);
        me().clock[w->self]++;
        return n;
    }
    commit_others();
    Fiber& f = me();
    if (*reinterpret_cast<uint32_t*>(addr) != val) return -EAGAIN;
    f.state = WAITS;
    f.addr = addr;
    f.woken = false;
    w->sleeps++;
    f.deadline = t ? until(t) : 0;
    event();
    blocked();
    return me().woken ? 0 : -ETIMEDOUT;
}

int64_t world_nanosleep(const timespec* want, timespec*) {
    drain();
    commit_others();
    me().state = SLEEPS;
    me().deadline = until(want);
    event();
    blocked();
    return 0;
}

int64_t world_osyield() {
    drain();
    commit_others();
    me().state = YIELDED;
    event();
    blocked();
    return 0;
}

/// procyield: a loop that waits for another.
void explore_yield() {
    commit_others();
    me().state = YIELDED;
    event();
    blocked();
}

int64_t world_clock_gettime(int, timespec* t) {
    w->now += 20;
    me().past = mix(me().past, w->now);
    *t = {w->now / 1000000000, w->now % 1000000000};
    return 0;
}

/// cputicks.
int64_t explore_ticks() { return seen(w->now); }

int64_t explore_wakes() { return seen(w->wakes); }
int64_t explore_sleeps() { return seen(w->sleeps); }
int64_t explore_threads() { return seen(static_cast<int64_t>(w->fibers.size())); }

// ---- processors, memory, files: none worth the name ----------------------------------------------------------------

int64_t world_getaffinity(uint64_t, uint64_t len, uint8_t* buf) {
    memset(buf, 0, len);
    buf[0] = static_cast<uint8_t>((1 << chosen->cpus) - 1);
    return 8;
}

void* world_mmap(void* addr, size_t n, int prot, int flags, int fd, off_t off) {
    void* v = mmap(addr, n, prot, flags, fd, off);
    return v == MAP_FAILED ? reinterpret_cast<void*>(-static_cast<intptr_t>(errno)) : v;
}
int64_t world_munmap(void* addr, size_t n) { return munmap(addr, n) ? -errno : 0; }
int64_t world_madvise(void* addr, size_t n, int advice) {
    if (advice == MADV_DONTNEED) memset(addr, 0, n);
    return 0;
}

int64_t world_nofiles() { return -ENOSYS; }
int64_t world_read(int, void*, size_t) { return 0; }
int64_t world_open(const char*, int, int) { return -ENOENT; }
int64_t world_close(int) { return 0; }
int64_t world_write(uint64_t, const char* buf, size_t n) {
    w->output.append(buf, n);
    return static_cast<int64_t>(n);
}

int64_t world_sigaction(uint64_t, const void*, void* old, size_t) {
    if (old) memset(old, 0, 32);
    return 0;
}
int64_t world_sigprocmask(int how, const uint64_t* now, uint64_t* old, size_t) {
    uint64_t* mask = &me().sigmask;
    if (old) *old = *mask;
    if (!now) return 0;
    if (how == SIG_BLOCK) *mask |= *now;
    if (how == SIG_UNBLOCK) *mask &= ~*now;
    if (how == SIG_SETMASK) *mask = *now;
    return 0;
}
int64_t world_sigaltstack(const stack_t*, stack_t* old) {
    if (old) memset(old, 0, sizeof *old);
    return 0;
}

// What only Python's world has.
void world_door(int) {}
bool world_hasprogram() { return false; }
const char* world_panic() { return nullptr; }
int64_t world_await(uint64_t, const void*, uint64_t) { return 0; }

}  // extern "C"
