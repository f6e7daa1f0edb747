// os.cpp - packages os and io, as much of them as programs use. Go's counterparts: os/file_unix.go,
// internal/poll/fd_unix.go and fd_mutex.go.
//
// A file that epoll can watch is non-blocking: a call that finds nothing to do parks the goroutine. The standard three
// block, unless the process was given them otherwise: who reads a terminal is in a system call, and sysmon takes the P
// away.

#include "std/os.hpp"

#include "netpoll.hpp"
#include "os_linux.hpp"
#include "runtime.hpp"
#include "sema.hpp"
#include "std/file.hpp"
#include "std/sync.hpp"

const error io::EOF = "EOF";
const error os::ErrClosed = "file already closed";

namespace os {

file* Stdin;
file* Stdout;

error words(int64 errno) {
    switch (errno) {
    case _EBADF: return "bad file descriptor";
    case _ENOMEM: return "cannot allocate memory";
    case _ENFILE: return "too many open files in system";
    case _EMFILE: return "too many open files";
    case _EPIPE: return "broken pipe";
    case _ECONNRESET: return "connection reset by peer";
    default: return "the system call failed";
    }
}

// ---- open ----------------------------------------------------------------------------------------------------------

file* newFile(int32 fd, newFileKind kind) {
    file* f = new_<file>();
    f->fd = fd;
    f->handles = 1;
    f->stdoutOrErr = fd == 1 || fd == 2;
    if (kind != kindNewFile) {
        static sync::Once serverInit;
        serverInit.Do(runtime_pollServerInit);
        int32 errno;
        f->pd = runtime_pollOpen(static_cast<uintptr>(fd), &errno);
        if (f->pd && kind == kindPipe) fcntl_(fd, _F_SETFL, _O_NONBLOCK);
    }
    createfing();
    return f;
}

file* NewFile(int32 fd) {
    int64 flags = fcntl_(fd, _F_GETFL, 0);
    return newFile(fd, flags >= 0 && flags & _O_NONBLOCK ? kindNonBlock : kindNewFile);
}

void init() {
    Stdin = NewFile(0);
    Stdout = NewFile(1);
    NewFile(2);
}

// ---- who uses it, and close ----------------------------------------------------------------------------------------

static bool incref(file* f) {
    for (;;) {
        uint32 s = atomic::Load(&f->state);
        if (s & 1) return false;
        if (atomic::Cas(&f->state, s, s + 2)) return true;
    }
}

/// The last call that leaves a closed file gives the descriptor back: before that its number must not be used anew.
static void decref(file* f) {
    if (atomic::Xadd(&f->state, -2) != 1) return;
    if (f->pd) runtime_pollClose(f->pd);
    closefd(f->fd);
    semrelease(&f->csema, false);
}

static error close(file* f) {
    for (;;) {
        uint32 s = atomic::Load(&f->state);
        if (s & 1) return ErrClosed;
        if (atomic::Cas(&f->state, s, (s | 1) + 2)) break;
    }
    if (f->pd) runtime_pollUnblock(f->pd);
    decref(f);
    if (f->pd) semacquire(&f->csema, false);  // a call that blocks its M may take for ever
    return nullptr;
}

File::File(const File& o) : f(o.f) {
    if (f) atomic::Xadd(&f->handles, 1);
}

void File::drop() {
    if (atomic::Xadd(&f->handles, -1) != 0) return;
    close(f);
    mfree(f, sizeof *f);
}

error File::Close() const { return f ? close(f) : ErrClosed; }

// ---- read and write ------------------------------------------------------------------------------------------------

using rawcall = int64 (*)(uintptr, const void*, uintptr);

/// One call, as often as it takes; -errno, or 0 and *err.
static int64 transfer(file* f, rawcall call, const void* b, int64 n, int32 mode, error* err) {
    if (f->pd && runtime_pollReset(f->pd, mode)) {
        *err = ErrClosed;
        return 0;
    }
    for (;;) {
        int64 r = Syscall(call, static_cast<uintptr>(f->fd), b, static_cast<uintptr>(n));
        if (r >= 0) return r;
        if (r == -_EINTR) continue;
        if (r != -_EAGAIN || !f->pd) {
            *err = words(-r);
            return r;
        }
        if (runtime_pollWait(f->pd, mode)) {
            *err = ErrClosed;
            return 0;
        }
    }
}

/// read in the shape of write, for transfer: b is where the buffer's address stands. In a system call, hence nosplit.
nosplit static int64 readcall(uintptr fd, const void* b, uintptr n);
static int64 readcall(uintptr fd, const void* b, uintptr n) {
    return read_(static_cast<int32>(fd), *static_cast<void* const*>(b), n);
}

result File::Read(void* b, int64 n) const {
    if (!f || !incref(f)) return {0, ErrClosed};
    f->rl.Lock();
    error err = nullptr;
    int64 r = n > 0 ? transfer(f, readcall, &b, n, 'r', &err) : 0;
    f->rl.Unlock();
    decref(f);
    if (err) return {0, err};
    if (r == 0 && n > 0) err = io::EOF;
    return {r, err};
}

/// A broken pipe is the writer's error: the signal that comes with it is caught and is nothing. But if it is standard
/// output to which nobody listens any more, die of it, as the shell expects of the left side of a pipe.
static void epipecheck(file* f, int64 r) {
    if (r == -_EPIPE && f->stdoutOrErr) dieFromSignal(_SIGPIPE);
}

static result write(file* f, const void* b, int64 n) {
    if (!f || !incref(f)) return {0, ErrClosed};
    f->wl.Lock();
    error err = nullptr;
    int64 done = 0;
    while (done < n && !err) {
        int64 r = transfer(f, write_, static_cast<const uint8*>(b) + done, n - done, 'w', &err);
        if (r > 0) done += r;
        epipecheck(f, r);
    }
    f->wl.Unlock();
    decref(f);
    return {done, err};
}

result File::Write(const void* b, int64 n) const { return write(f, b, n); }

result stdoutwrite(const void* b, int64 n) { return write(Stdout, b, n); }

// ---- pipes ---------------------------------------------------------------------------------------------------------

pipe Pipe() {
    int32 fds[2];
    if (int64 r = pipe2_(fds, _O_CLOEXEC); r < 0) return {{}, {}, words(-r)};
    return {File(newFile(fds[0], kindPipe)), File(newFile(fds[1], kindPipe)), nullptr};
}

}  // namespace os
