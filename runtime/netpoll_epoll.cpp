// netpoll_epoll.cpp - Linux's answer to "which files are ready?". Go's counterpart: netpoll_epoll.go.
//
// Edge-triggered: the kernel tells once that a file became ready, not again while it stays so. Hence pdReady.

#include "netpoll.hpp"
#include "runtime.hpp"

void netpollinit() {
    epfd = static_cast<int32>(epollcreate1(_EPOLL_CLOEXEC));
    if (epfd >= 0) return;
    prints("runtime: epollcreate failed with ");
    printint(-epfd);
    prints("\n");
    throw_("runtime: netpollinit failed");
}

int32 netpollopen(uintptr fd, pollDesc* pd) {
    epollevent ev = {_EPOLLIN | _EPOLLOUT | _EPOLLRDHUP | _EPOLLET, pd};
    return static_cast<int32>(-epollctl(epfd, _EPOLL_CTL_ADD, static_cast<int32>(fd), &ev));
}

int32 netpollclose(uintptr fd) {
    epollevent ev = {};
    return static_cast<int32>(-epollctl(epfd, _EPOLL_CTL_DEL, static_cast<int32>(fd), &ev));
}

/// The goroutines that can go on, linked by schedlink and still _Gwaiting. block: waits until there is one.
g* netpoll(bool block) {
    if (epfd == -1) return nullptr;
    epollevent events[128];
    g* gp = nullptr;
    do {
        int64 n = epollwait(epfd, events, len(events), block ? -1 : 0);
        if (n < 0 && n != -_EINTR) {
            prints("runtime: epollwait on fd ");
            printint(epfd);
            prints(" failed with ");
            printint(-n);
            prints("\n");
            throw_("runtime: netpoll failed");
        }
        for (int64 i = 0; i < n; i++) {
            uint32 e = events[i].events;
            int32 mode = 0;
            if (e & (_EPOLLIN | _EPOLLRDHUP | _EPOLLHUP | _EPOLLERR)) mode += 'r';
            if (e & (_EPOLLOUT | _EPOLLHUP | _EPOLLERR)) mode += 'w';
            if (mode) netpollready(&gp, static_cast<pollDesc*>(events[i].data), mode);
        }
    } while (block && !gp);
    return gp;
}
