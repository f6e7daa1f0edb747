// net.cpp - package net, as much of it as programs use. Go's counterparts: net/file_unix.go, syscall's Socketpair.

#include "std/net.hpp"

#include "os_linux.hpp"
#include "std/file.hpp"

net::pair net::Socketpair() {
    int32 fds[2];
    if (int64 r = socketpair_(_AF_UNIX, _SOCK_STREAM | _SOCK_CLOEXEC, 0, fds); r < 0) return {{}, {}, os::words(-r)};
    return {os::File(os::newFile(fds[0], os::kindPipe)), os::File(os::newFile(fds[1], os::kindPipe)), nullptr};
}
