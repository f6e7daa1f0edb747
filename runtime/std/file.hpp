// file.hpp - an open file, for the packages that make some: os and net. Go's counterpart: os/file_unix.go.
#pragma once

#include "std/os.hpp"
#include "std/sync.hpp"

struct pollDesc;

namespace os {

struct file {
    int32 fd;
    bool stdoutOrErr;
    int32 handles;       // Files that share it
    uint32 state;        // 1 once it is closed, and 2 for each call that uses fd
    uint32 csema;        // Close waits here for the last of those calls
    sync::Mutex rl, wl;  // one reader and one writer at a time
    pollDesc* pd;        // null: a call blocks its M
};

enum newFileKind { kindNewFile, kindPipe, kindNonBlock };

/// In Go a file gets a finalizer that closes it, and with the first finalizer comes the goroutine that runs them: so it
/// does here, though a file that nobody uses is noticed by its last handle.
[[nodiscard]] file* newFile(int32 fd, newFileKind kind) GO("os.newFile");
/// Of the standard three. Go looks how they are since 1.11; before, a write that found no room was its caller's error,
/// and who prints without a look at errors lost lines.
file* NewFile(int32 fd) GO("os.NewFile");
/// What an errno means.
[[nodiscard]] error words(int64 errno) GO("os.words");

}  // namespace os
