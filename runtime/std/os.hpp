// os.hpp - packages os and io for programs: files, and pipes, on which a goroutine that must wait parks and its M goes
// on. Go's counterparts: os/file.go, os/pipe_linux.go. (What the core asks of Linux is in os_linux.hpp.)
//
//	auto [r, w, err] = os::Pipe();
//	auto [n, err] = r.Read(buf, sizeof buf);     // err == io::EOF: the other end is closed
#pragma once

#include "builtin.hpp"

namespace io {
extern const error EOF;
}

namespace os {

extern const error ErrClosed;

struct file;
extern file* Stdin GO("os.Stdin");
extern file* Stdout GO("os.Stdout");

struct result {
    int64 n;  // bytes that were moved
    error err;
};

/// An open file. Copies share it, as in Go; Close may be called on any of them, and the last one that goes closes too.
class File {
    file* f = nullptr;

public:
    File() = default;
    explicit File(file* opened) : f(opened) {}
    File(const File& o) GO("os.File.share");
    File(File&& o) noexcept : f(o.f) { o.f = nullptr; }
    File& operator=(File o) {
        file* mine = f;
        f = o.f;
        o.f = mine;
        return *this;
    }
    ~File() {
        if (f) drop();
    }

    /// Some bytes, at least one; at the end 0 and io::EOF.
    result Read(void* b, int64 n) const GO("os.File.Read");
    /// All n bytes, or an error.
    result Write(const void* b, int64 n) const GO("os.File.Write");
    result WriteString(const char* s) const { return Write(s, detail::findnull(s)); }
    /// Whoever is in Read or Write meanwhile gets ErrClosed.
    error Close() const GO("os.File.Close");

private:
    void drop() GO("os.File.drop");
};

struct pipe {
    File r, w;
    error err;
};

/// What is written to w can be read from r.
[[nodiscard]] pipe Pipe() GO("os.Pipe");

// For package fmt and main_init.
result stdoutwrite(const void* b, int64 n) GO("os.Stdout.Write");
void init() GO("os.init");

}  // namespace os
