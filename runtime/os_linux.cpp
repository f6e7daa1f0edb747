// os_linux.cpp - what boot learns from Linux, and how a thread is made. Go's counterpart: os_linux.go.

#include "runtime.hpp"

constexpr uintptr _AT_NULL = 0, _AT_PAGESZ = 6, _AT_RANDOM = 25;
constexpr int64 _CLOCK_MONOTONIC = 1;

int64 nanotime() {
    timespec_t ts;
    clock_gettime_(_CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void usleep_(uint32 usec) {
    timespec_t ts{usec / 1000000, usec % 1000000 * 1000ll};
    nanosleep_(&ts, nullptr);
}

/// Sleeps while *addr == val, at most ns (< 0: for ever). May wake for no reason.
void futexsleep(uintptr* addr, uint32 val, int64 ns) {
    if (ns < 0) {
        futex(addr, _FUTEX_WAIT, val, nullptr, nullptr, 0);
        return;
    }
    timespec_t ts{ns / 1000000000, ns % 1000000000};
    futex(addr, _FUTEX_WAIT, val, &ts, nullptr, 0);
}

void futexwakeup(uintptr* addr, uint32 cnt) {
    if (futex(addr, _FUTEX_WAKE, cnt, nullptr, nullptr, 0) < 0) throw_("futexwakeup: the kernel refused");
}

/// Behind argv stand null, the environment, null, and then the auxiliary vector.
void sysargs(int32 c, uint8** v) {
    int32 n = c + 1;
    while (v[n]) n++;
    n++;
    sysauxv(reinterpret_cast<uintptr*>(v + n));
}

/// Pairs of tag and value, up to AT_NULL. Returns how many pairs.
int32 sysauxv(uintptr* auxv) {
    int32 i = 0;
    for (; auxv[i] != _AT_NULL; i += 2) {
        uintptr val = auxv[i + 1];
        switch (auxv[i]) {
        case _AT_RANDOM:  // 16 random bytes, on the stack
            startupRandomData = {reinterpret_cast<uint8*>(val), 16, 16};
            break;
        case _AT_PAGESZ: physPageSize = val; break;
        }
    }
    return i / 2;
}

/// How many CPUs this process may run on. Go's buffer is 8 KB; 1 KB is 8,192 CPUs and touches fewer fresh stack pages.
int32 getproccount() {
    uint8 buf[1024];
    int64 r = sched_getaffinity_(0, sizeof buf, buf);
    int32 n = 0;
    for (int64 i = 0; i < r; i++)
        for (uint8 b = buf[i]; b; b &= b - 1) n++;
    return n ? n : 1;
}

void osinit() { ncpu = getproccount(); }

void goenvs() { goenvs_unix(); }

/// On the thread that makes the M: a stack for its signal handlers, 32 KB as in Go.
void mpreinit(m* mp) {
    mp->gsignal = malg(32 * 1024);
    mp->gsignal->m = mp;
}

/// On the new M's own thread, from mstart1.
void minit() {
    minitSignals();
    getg()->m->procid = gettid_();  // for debuggers: the number that `info threads` shows
}

/// The other way, from mexit: no more signals, and none on a stack that is given back.
void unminit() {
    sigset all = ~0ull;
    rtsigprocmask(_SIG_SETMASK, &all, nullptr, sizeof all);
    m* mp = getg()->m;
    if (!mp->newSigstack) return;
    stackt none = {0, _SS_DISABLE, 0};
    sigaltstack_(&none, nullptr);
    mp->newSigstack = false;
}

// VM | FS | FILES | SIGHAND | SYSVSEM | THREAD: a thread like any other, without libc's TLS.
constexpr int32 cloneFlags = 0x100 | 0x200 | 0x400 | 0x800 | 0x40000 | 0x10000;

/// Starts mp's thread in mstart, on its g0. Signals stay blocked until it is ready for them.
void newosproc(m* mp, void* stk) {
    sigset all = ~0ull, old;
    rtsigprocmask(_SIG_SETMASK, &all, &old, sizeof old);
    int32 ret = clone_(cloneFlags, stk, mp, mp->g0, mstart);
    rtsigprocmask(_SIG_SETMASK, &old, nullptr, sizeof old);
    if (ret < 0) {
        prints("runtime: failed to create new OS thread (have ");
        printint(mcount());
        prints(" already; errno=");
        printint(-ret);
        prints(")\n");
        if (ret == -_EAGAIN) prints("runtime: may need to increase max user processes (ulimit -u)\n");
        throw_("newosproc");
    }
}
