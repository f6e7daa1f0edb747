// netpoll.cpp - goroutines that wait for a file: parked here, readied by whoever polls. Go's counterpart: netpoll.go.
//
// Cast: a goroutine whose read would block calls runtime_pollWait and parks; its M goes on with others. The scheduler
// and sysmon call netpoll (netpoll_epoll.cpp), which asks the system and returns the goroutines that can go on.
// Waiter and announcement meet in pollDesc.rg (wg): whoever comes second sees what the first has left there.
// Deadlines are not here.

#include "netpoll.hpp"

#include "runtime.hpp"

constexpr uintptr pollBlockSize = 4096;

static struct {
    mutex lock;
    pollDesc* first;
} pollcache;

void runtime_pollServerInit() {
    netpollinit();
    atomic::Store(&netpollInited, 1);
}

bool netpollinited() { return atomic::Load(&netpollInited) != 0; }

// ---- open and close ------------------------------------------------------------------------------------------------

static pollDesc* pollalloc() {
    lock(&pollcache.lock);
    if (!pollcache.first) {
        auto* pd = static_cast<pollDesc*>(persistentalloc(pollBlockSize, alignof(pollDesc)));
        for (uintptr i = 0; i < pollBlockSize / sizeof(pollDesc); i++) {
            pd[i].link = pollcache.first;
            pollcache.first = &pd[i];
        }
    }
    pollDesc* pd = pollcache.first;
    pollcache.first = pd->link;
    unlock(&pollcache.lock);
    return pd;
}

static void pollfree(pollDesc* pd) {
    lock(&pollcache.lock);
    pd->link = pollcache.first;
    pollcache.first = pd;
    unlock(&pollcache.lock);
}

static bool blocked(const uintptr* gpp) { return atomic::Load(gpp) > pdReady; }

/// Null, and the reason in *errno, if the system cannot watch this kind of file.
pollDesc* runtime_pollOpen(uintptr fd, int32* errno) {
    pollDesc* pd = pollalloc();
    lock(&pd->lock);
    if (blocked(&pd->rg) || blocked(&pd->wg)) throw_("runtime_pollOpen: somebody waits on a free descriptor");
    pd->fd = fd;
    pd->closing = false;
    atomic::Store(&pd->rg, 0);
    atomic::Store(&pd->wg, 0);
    unlock(&pd->lock);
    *errno = netpollopen(fd, pd);
    if (*errno == 0) return pd;
    pollfree(pd);
    return nullptr;
}

void runtime_pollClose(pollDesc* pd) {
    if (!pd->closing) throw_("runtime_pollClose: not unblocked before");
    if (blocked(&pd->rg) || blocked(&pd->wg)) throw_("runtime_pollClose: somebody waits");
    netpollclose(pd->fd);
    pollfree(pd);
}

// ---- wait ----------------------------------------------------------------------------------------------------------

static int32 netpollcheckerr(pollDesc* pd) { return atomic::Load(&pd->closing) ? errClosing : 0; }

int32 runtime_pollReset(pollDesc* pd, int32 mode) {
    if (int32 err = netpollcheckerr(pd)) return err;
    atomic::Store(mode == 'r' ? &pd->rg : &pd->wg, 0);
    return 0;
}

/// On g0, the goroutine is off its stack: from now on it may be found. False: the announcement was quicker.
bool netpollblockcommit(g* gp, void* gpp) {
    // Counted before it can be found, so that the count never falls below zero.
    atomic::Xadd(&netpollWaiters, 1);
    if (atomic::Cas(static_cast<uintptr*>(gpp), pdWait, reinterpret_cast<uintptr>(gp))) return true;
    atomic::Xadd(&netpollWaiters, -1);
    return false;
}

/// True if the file is ready, false if the wait was broken off.
bool netpollblock(pollDesc* pd, int32 mode) {
    uintptr* gpp = mode == 'r' ? &pd->rg : &pd->wg;
    while (!atomic::Cas(gpp, 0, pdWait)) {
        uintptr old = atomic::Load(gpp);
        if (old == pdReady) {
            atomic::Store(gpp, 0);
            return true;
        }
        if (old != 0) throw_("netpollblock: two goroutines wait for the same");
    }
    // Look for closing only after pdWait stands there: pollUnblock does it the other way round, so one sees the other.
    if (netpollcheckerr(pd) == 0) gopark(netpollblockcommit, gpp, str("IO wait"));
    uintptr old = atomic::Xchg(gpp, 0);
    if (old > pdWait) throw_("netpollblock: corrupted descriptor");
    return old == pdReady;
}

int32 runtime_pollWait(pollDesc* pd, int32 mode) {
    for (;;) {
        if (int32 err = netpollcheckerr(pd)) return err;
        if (netpollblock(pd, mode)) return 0;
    }
}

// ---- wake ----------------------------------------------------------------------------------------------------------

/// Takes the waiter off, if there is one. ioready: the file is ready, and whoever comes next is to know.
g* netpollunblock(pollDesc* pd, int32 mode, bool ioready) {
    uintptr* gpp = mode == 'r' ? &pd->rg : &pd->wg;
    for (;;) {
        uintptr old = atomic::Load(gpp);
        if (old == pdReady) return nullptr;
        if (old == 0 && !ioready) return nullptr;
        if (!atomic::Cas(gpp, old, ioready ? pdReady : 0)) continue;
        if (old <= pdWait) return nullptr;  // it has not parked yet, and will see this when it tries
        // Go 1.10 forgets to count down here, so one read is enough and no deadlock is noticed ever after.
        atomic::Xadd(&netpollWaiters, -1);
        return reinterpret_cast<g*>(old);
    }
}

static void push(g** gpp, g* gp) {
    if (!gp) return;
    gp->schedlink = *gpp;
    *gpp = gp;
}

void netpollready(g** gpp, pollDesc* pd, int32 mode) {
    if (mode != 'w') push(gpp, netpollunblock(pd, 'r', true));
    if (mode != 'r') push(gpp, netpollunblock(pd, 'w', true));
}

void runtime_pollUnblock(pollDesc* pd) {
    lock(&pd->lock);
    if (pd->closing) throw_("runtime_pollUnblock: already closing");
    atomic::Store(&pd->closing, true);
    g* rg = netpollunblock(pd, 'r', false);
    g* wg = netpollunblock(pd, 'w', false);
    unlock(&pd->lock);
    if (rg) goready(rg);
    if (wg) goready(wg);
}
