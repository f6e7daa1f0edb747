// netpoll.hpp - waiting for the network: a descriptor that two goroutines can wait on, one to read and one to write.
// Go's counterpart: netpoll.go. Used by std/os.cpp and by the scheduler.
#pragma once

#include "runtime2.hpp"

/// rg and wg hold one of these, or the g that waits: from 0 to pdWait to the g and back, and pdReady from anywhere.
constexpr uintptr pdReady = 1;  // the system has said so, and nobody has taken notice yet
constexpr uintptr pdWait = 2;   // a goroutine is about to park, or to notice that it need not

/// One open file that epoll watches. Memory for these is never used for anything else, because epoll may name a
/// descriptor that has just been closed: at worst the next user looks once too often.
struct pollDesc {
    pollDesc* link;  // on pollcache
    mutex lock;      // open, unblock and close exclude each other; rg and wg are changed by CAS alone
    uintptr fd;
    bool closing;
    uintptr rg;
    uintptr wg;
};

constexpr int32 errClosing = 1;  // the file is being closed

// For package os.
void runtime_pollServerInit() GO("poll.runtime_pollServerInit");
[[nodiscard]] pollDesc* runtime_pollOpen(uintptr fd, int32* errno) GO("poll.runtime_pollOpen");
void runtime_pollClose(pollDesc* pd) GO("poll.runtime_pollClose");
/// Before a read (mode 'r') or write ('w'): what was announced earlier counts no more. 0 or errClosing.
[[nodiscard]] int32 runtime_pollReset(pollDesc* pd, int32 mode) GO("poll.runtime_pollReset");
/// After the system said "not now": parks until it may work. 0 or errClosing.
[[nodiscard]] int32 runtime_pollWait(pollDesc* pd, int32 mode) GO("poll.runtime_pollWait");
/// Who waits gets errClosing, and so does everybody who comes.
void runtime_pollUnblock(pollDesc* pd) GO("poll.runtime_pollUnblock");

GOVAR(uint32, netpollInited);
GOVAR(int32, epfd, = -1);  // netpoll_epoll.cpp's descriptor

// Between netpoll.cpp and what the system offers: netpoll_epoll.cpp.
void netpollinit() GO("runtime.netpollinit");
[[nodiscard]] int32 netpollopen(uintptr fd, pollDesc* pd) GO("runtime.netpollopen");
int32 netpollclose(uintptr fd) GO("runtime.netpollclose");
/// pd is ready for 'r', 'w' or 'r' + 'w': its waiters go on the list at *gpp, linked by schedlink.
void netpollready(g** gpp, pollDesc* pd, int32 mode) GO("runtime.netpollready");

// netpoll.cpp's own.
bool netpollblockcommit(g* gp, void* gpp) GO("runtime.netpollblockcommit");
[[nodiscard]] bool netpollblock(pollDesc* pd, int32 mode) GO("runtime.netpollblock");
[[nodiscard]] g* netpollunblock(pollDesc* pd, int32 mode, bool ioready) GO("runtime.netpollunblock");
