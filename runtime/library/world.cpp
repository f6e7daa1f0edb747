// world.cpp - the library's operating system: answers to os_linux.hpp by means of the C library, and their end.
//
// Cast: a Thread is one of the runtime's Ms. Whatever makes it wait (futex, nanosleep, osyield, a step of the boot)
// goes through wait(), and whatever waits there when the program ends, leaves: the function returns as ever, to
// assembly, and that goes back to where the thread entered the runtime. So an M in the middle of a goroutine's stack
// ends as simply as one on its own, every thread can be joined, and no frame of C++'s is skipped on the way.
//
// One lock and one condition for all: nothing here is fast, and all of it can be stopped. Limits: a futex's waiters are
// this Runtime's; output goes to memory; handlers, masks and signal stacks are noted, not installed.

#include "world.hpp"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "door.hpp"

extern "C" void _rt0_amd64_linux_lib(int argc, uintptr_t* argv);
extern "C" char rt0lab_core_begin[], rt0lab_core_end[];  // core.ld

// ---- threads -------------------------------------------------------------------------------------------------------

struct Thread {
    void* sp;      // assembly finds these two here: calls of the C library begin below this,
    bool leaving;  // and a call that has set this is the thread's last one in the runtime
    pthread_t id;
    uintptr_t stk;  // what it runs: fn, on this stack (0: on the lower part of its own),
    void (*fn)();
    void *mp, *gp;     // as this m, on its g0
    uint64_t sigmask;  // as the runtime believes
    stack_t sigstack;
};
static_assert(offsetof(Thread, sp) == 0 && offsetof(Thread, leaving) == 8);  // sys_library_amd64.S

extern "C" {
__thread Thread* world_self __attribute__((tls_model("initial-exec")));
void world_enter(Thread*, uintptr_t stk, void (*fn)(), void* mp, void* gp);
}

constexpr size_t libc_room = 256 << 10;  // for calls of the C library
constexpr size_t boot_room = 256 << 10;  // for g0: the kernel would give it 8 MB, Go reckons with 64 KB

struct Futex {  // a thread that sleeps on a word
    uint64_t* addr;
    bool woken;
};

namespace {

struct World {
    std::mutex lock;
    std::condition_variable changed;
    bool stopping = false;  // threads are to leave
    bool ended = false;
    int exit_code = 0;
    std::list<Thread> threads;
    std::list<Futex*> sleepers;     // first come, first woken
    int reached = -1, allowed = 0;  // the step the boot stands before; the first one that it may not begin
    int ncpu = 1;
    std::vector<std::pair<void*, size_t>> maps;
    std::string output[2];
    uint64_t signals = 0;

    int64_t (*program)(const char**) = nullptr;
    pthread_t program_thread;
    bool program_begun = false;
    int64_t request = 0;  // to g1, from the program
    const char* panic = nullptr;
};

World& w = *new World;  // never destroyed: Python leaves threads behind when it ends

void clear_guard() { __asm__ volatile("movq $0, %%fs:0x70" : : : "memory"); }

/// This thread is to leave, now that it returns.
void leave() { world_self->leaving = true; }

/// Waits until done() holds, with the lock held before and after. False: the program ends. Return then; this thread
/// leaves.
template <class Done> [[nodiscard]] bool wait(std::unique_lock<std::mutex>& l, Done done) {
    w.changed.wait(l, [&] { return w.stopping || done(); });
    if (w.stopping) leave();
    return !w.stopping;
}

/// The same, for at most this long.
template <class Done> [[nodiscard]] bool wait(std::unique_lock<std::mutex>& l, const timespec* t, Done done) {
    auto year = std::chrono::seconds(366 * 86400);  // long enough, and no overflow: who wakes early looks again
    auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(t->tv_nsec) +
                 std::min(year, std::chrono::seconds(t->tv_sec));
    w.changed.wait_until(l, until, [&] { return w.stopping || done(); });
    if (w.stopping) leave();
    return !w.stopping;
}

/// The same, for what does not wait: has the program ended?
[[nodiscard]] bool goes_on(std::unique_lock<std::mutex>& l) {
    return wait(l, [] { return true; });
}

void* start(void* arg) {
    auto* t = static_cast<Thread*>(arg);
    uintptr_t stk = t->stk ? t->stk : (reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) - libc_room) & ~15ull;
    world_self = t;
    world_enter(t, stk, t->fn, t->mp, t->gp);
    clear_guard();
    return nullptr;
}

/// With the lock held. Signals are for Python's threads; only those that a thread brings on itself can meet it here.
int spawn(size_t size, uintptr_t stk, void (*fn)(), void* mp, void* gp) {
    Thread& t = w.threads.emplace_back();
    t.stk = stk;
    t.fn = fn;
    t.mp = mp;
    t.gp = gp;
    t.sigstack.ss_flags = SS_DISABLE;

    sigset_t mask;
    sigfillset(&mask);
    for (int sig : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&mask, sig);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, size);
    pthread_attr_setsigmask_np(&attr, &mask);
    int error = pthread_create(&t.id, &attr, start, &t);
    pthread_attr_destroy(&attr);
    if (error) w.threads.pop_back();
    return error;
}

}  // namespace

extern "C" {

int64_t world_clone(int, uintptr_t stk, void* mp, void* gp, void (*fn)()) {
    std::unique_lock l(w.lock);
    if (!goes_on(l)) return 0;
    int error = spawn(libc_room, stk, fn, mp, gp);
    return error ? -error : 1;
}

void world_thread_create(void (*fn)(void*), void*) {
    std::unique_lock l(w.lock);
    spawn(libc_room + boot_room, 0, reinterpret_cast<void (*)()>(fn), nullptr, nullptr);
}

/// As Go's x_cgo_init reckons: a page above the end.
void* world_stack_lo() {
    pthread_attr_t attr;
    void* lo;
    size_t size;
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstack(&attr, &lo, &size);
    pthread_attr_destroy(&attr);
    return static_cast<char*>(lo) + 4096;
}

void world_exit(int code) {
    std::unique_lock l(w.lock);
    if (!w.ended) w.exit_code = code;
    w.ended = w.stopping = true;
    w.changed.notify_all();
    leave();
}

/// On the thread's own stack; what it ran on is free.
void world_exit_thread(uint32_t* waiting) {
    __atomic_store_n(waiting, 0, __ATOMIC_SEQ_CST);
    leave();
}

int64_t world_getpid() { return getpid(); }
int64_t world_gettid() { return syscall(SYS_gettid); }
int64_t world_tgkill(int64_t, int64_t, int) { return -ENOSYS; }

// ---- waiting -------------------------------------------------------------------------------------------------------

int64_t world_futex(uint64_t* addr, int op, uint32_t val, const timespec* t) {
    std::unique_lock l(w.lock);
    if (!goes_on(l)) return 0;
    if (op & 1) {  // FUTEX_WAKE
        uint32_t n = 0;
        for (Futex* f : w.sleepers)
            if (n < val && f->addr == addr && !f->woken) {
                f->woken = true;
                n++;
            }
        if (n) w.changed.notify_all();
        return n;
    }
    if (__atomic_load_n(reinterpret_cast<uint32_t*>(addr), __ATOMIC_SEQ_CST) != val) return -EAGAIN;
    Futex me = {addr, false};
    auto place = w.sleepers.insert(w.sleepers.end(), &me);
    auto woken = [&] { return me.woken; };
    bool stays = t ? wait(l, t, woken) : wait(l, woken);
    w.sleepers.erase(place);
    return !stays || me.woken ? 0 : -ETIMEDOUT;
}

int64_t world_nanosleep(const timespec* want, timespec*) {
    std::unique_lock l(w.lock);
    return wait(l, want, [] { return false; }) ? 0 : -EINTR;
}

int64_t world_osyield() {
    std::unique_lock l(w.lock);
    if (!goes_on(l)) return 0;
    l.unlock();
    return sched_yield();
}

int64_t world_clock_gettime(int clock, timespec* t) { return clock_gettime(clock, t) ? -errno : 0; }

// ---- processors, memory, files -------------------------------------------------------------------------------------

int64_t world_getaffinity(uint64_t, uint64_t len, uint8_t* buf) {
    memset(buf, 0, len);
    for (int i = 0; i < w.ncpu; i++) buf[i / 8] |= 1 << i % 8;
    return (w.ncpu + 63ll) / 64 * 8;
}

/// What is mapped anew is noted, to be given back; what is mapped over that (MAP_FIXED) goes with it.
void* world_mmap(void* addr, size_t n, int prot, int flags, int fd, off_t off) {
    void* v = mmap(addr, n, prot, flags, fd, off);
    if (v == MAP_FAILED) return reinterpret_cast<void*>(-static_cast<intptr_t>(errno));
    std::unique_lock l(w.lock);
    if (!(flags & MAP_FIXED)) w.maps.emplace_back(v, n);
    return v;
}

int64_t world_munmap(void* addr, size_t n) {
    std::unique_lock l(w.lock);
    std::erase(w.maps, std::pair(addr, n));
    return munmap(addr, n) ? -errno : 0;
}

int64_t world_madvise(void* addr, size_t n, int advice) { return madvise(addr, n, advice) ? -errno : 0; }

int64_t world_nofiles() { return -ENOSYS; }

/// Nobody types anything here; a file that is open is the module.
int64_t world_read(int fd, void* buf, size_t n) {
    if (fd <= 2) return 0;
    ssize_t got = read(fd, buf, n);
    return got < 0 ? -errno : got;
}

int64_t world_write(uint64_t fd, const char* buf, size_t n) {
    if (fd != 1 && fd != 2) return -EBADF;
    std::unique_lock l(w.lock);
    w.output[fd - 1].append(buf, n);
    return static_cast<int64_t>(n);
}

/// Only reports open a file: the program's own, which is this module.
int64_t world_open(const char*, int mode, int) {
    Dl_info self;
    if (!dladdr(rt0lab_core_begin, &self)) return -ENOENT;
    int fd = open(self.dli_fname, mode);
    return fd < 0 ? -errno : fd;
}

int64_t world_close(int fd) { return close(fd) ? -errno : 0; }

// ---- signals: noted ------------------------------------------------------------------------------------------------

int64_t world_sigaction(uint64_t sig, const void* now, void* old, size_t) {
    if (old) memset(old, 0, 32);
    std::unique_lock l(w.lock);
    if (now) w.signals |= 1ull << (sig - 1);
    return 0;
}

int64_t world_sigprocmask(int how, const uint64_t* now, uint64_t* old, size_t) {
    uint64_t* mask = &world_self->sigmask;
    if (old) *old = *mask;
    if (!now) return 0;
    if (how == SIG_BLOCK) *mask |= *now;
    if (how == SIG_UNBLOCK) *mask &= ~*now;
    if (how == SIG_SETMASK) *mask = *now;
    return 0;
}

int64_t world_sigaltstack(const stack_t* now, stack_t* old) {
    if (old) *old = world_self->sigstack;
    if (now) world_self->sigstack = *now;
    return 0;
}

// ---- the steps of the boot -----------------------------------------------------------------------------------------

void world_door(int step) {
    std::unique_lock l(w.lock);
    if (step < w.reached) return;  // others call newproc and mstart1, too
    w.reached = step;
    w.changed.notify_all();
    static_cast<void>(wait(l, [&] { return step < w.allowed; }));
}

// ---- Python's main.main --------------------------------------------------------------------------------------------

bool world_hasprogram() { return w.program; }
const char* world_panic() { return w.panic; }

static void* run_program(void*) {
    const char* panic = nullptr;
    pid_t self = getpid();
    int64_t result = w.program(&panic);
    if (getpid() != self) return nullptr;  // it has forked, and this is the child: nobody waits here
    std::unique_lock l(w.lock);
    w.request = result;
    w.panic = panic;
    w.changed.notify_all();
    return nullptr;
}

/// On g1, in a system call.
int64_t world_await(uint64_t, const void*, uint64_t) {
    std::unique_lock l(w.lock);
    if (!goes_on(l)) return 0;
    if (pthread_create(&w.program_thread, nullptr, run_program, nullptr)) {
        w.panic = "no thread for main.main";
        return program_raised;
    }
    w.program_begun = true;
    return wait(l, [] { return w.request != 0; }) ? w.request : 0;
}

}  // extern "C"

namespace world {

void program(int64_t (*fn)(const char**)) { w.program = fn; }

void park() {
    std::unique_lock l(w.lock);
    w.request = program_parks;
    w.changed.notify_all();
    w.changed.wait(l, [] { return w.stopping; });
}

bool in_program() {
    std::unique_lock l(w.lock);
    return w.program_begun && pthread_equal(pthread_self(), w.program_thread);
}

// ---- from Python's side --------------------------------------------------------------------------------------------

bool begin(uintptr_t* block, int ncpu) {
    w.ncpu = ncpu;
    _rt0_amd64_linux_lib(static_cast<int>(block[0]), block + 1);
    if (w.threads.empty()) return false;
    std::unique_lock l(w.lock);
    w.changed.wait(l, [] { return w.reached == CHECK; });
    return true;
}

int next() { return w.allowed; }

void go(int step) {
    std::unique_lock l(w.lock);
    w.allowed = step + 1;
    w.changed.notify_all();
}

bool done(int step) {
    std::unique_lock l(w.lock);
    return w.changed.wait_for(l, std::chrono::milliseconds(50), [&] { return w.stopping || w.reached > step; });
}

bool ended() {
    std::unique_lock l(w.lock);
    return w.ended;
}

int exit_code() { return w.exit_code; }
uint64_t signals() { return w.signals; }

std::string output(int fd) {
    std::unique_lock l(w.lock);
    return w.output[fd - 1];
}

void end() {
    std::unique_lock l(w.lock);
    w.stopping = true;
    w.changed.notify_all();
}

void join() {
    for (Thread& t : w.threads) pthread_join(t.id, nullptr);  // nobody makes threads any more
    w.threads.clear();
}

void join_program() {
    if (w.program_begun) pthread_join(w.program_thread, nullptr);
    w.program_begun = false;
}

/// The core's variables as the dynamic linker left them. A copy of exactly those, rather than a private shared object
/// loaded for each Runtime: its thread-local slot must stand in the static TLS block, where the C library keeps little
/// room for late comers and does not always take it back.
static const std::string& image() {
    static const std::string copy(rt0lab_core_begin, rt0lab_core_end);
    return copy;
}

void reset() {
    for (auto [v, n] : w.maps) munmap(v, n);
    memcpy(rt0lab_core_begin, image().data(), image().size());
    w.~World();
    new (&w) World;
}

/// A fork waits until no other thread changes anything here. The child has the memory, but none of the threads.
static void forks() { w.lock.lock(); }
static void forked_parent() { w.lock.unlock(); }
static void forked_child() {
    new (&w.lock) std::mutex;
    new (&w.changed) std::condition_variable;
    w.threads.clear();
    w.program_begun = false;
}

void load() {
    image();
    pthread_atfork(forks, forked_parent, forked_child);
}

static void (*callee)(void*);
static void* argument;

bool call(void (*fn)(void*), void* arg) {
    alignas(16) static char stack[64 << 10];
    auto top = reinterpret_cast<uintptr_t>(stack + sizeof stack);
    callee = fn;
    argument = arg;
    Thread t = {};
    world_self = &t;
    auto run = [] { callee(argument); };
    world_enter(&t, top, run, nullptr, nullptr);
    clear_guard();
    bool fatal = w.ended;
    w.ended = w.stopping = false;
    return !fatal;
}

}  // namespace world
