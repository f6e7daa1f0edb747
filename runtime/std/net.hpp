// net.hpp - package net for programs: sockets, which are files. Go's counterpart: net/file.go.
//
//	auto [a, b, err] = net::Socketpair();
#pragma once

#include "std/os.hpp"

namespace net {

struct pair {
    os::File a, b;
    error err;
};

/// Two sockets connected to each other. In Go: syscall.Socketpair, os.NewFile and net.FileConn.
[[nodiscard]] pair Socketpair() GO("net.Socketpair");

}  // namespace net
