// signals.cpp - says that it is ready, and then repeats what it hears on standard input, until that ends. With a number
// as argument it first brings that signal on itself, as if somebody had sent it, in the middle of a system call.

#include "go.hpp"
#include "runtime.hpp"

/// rt_tgsigqueueinfo, to this thread: who does that to himself may say that it came from outside.
nosplit static int64 send(uintptr sig, const void* info, uintptr);
static int64 send(uintptr sig, const void* info, uintptr) {
    int64 r = 297, pid = getpid_(), tid = gettid_();
    register const void* fourth __asm__("r10") = info;
    __asm__ volatile("syscall" : "+a"(r) : "D"(pid), "S"(tid), "d"(sig), "r"(fourth) : "rcx", "r11", "memory");
    return r;
}

void main_main() {
    fmt::Println("ready");
    if (argslice.len > 1) {
        bool ok;
        int64 sig = atoi(argslice.array[1], &ok);
        const int32 info[32] = {static_cast<int32>(sig)};  // si_signo; si_code 0: SI_USER
        Syscall(send, static_cast<uintptr>(sig), info, 0);
    }
    os::File in(os::Stdin);
    char line[64];
    for (;;) {
        auto [n, err] = in.Read(line, sizeof line);
        if (err) return;
        fmt::Println("heard", gostring{line, n - 1});
    }
}
