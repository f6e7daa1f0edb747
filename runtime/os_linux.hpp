// os_linux.hpp - the narrow door to the operating system: everything the core asks of Linux is declared here.
//
// The static program answers with sys_linux_amd64.S, the library with library/sys_library_amd64.S.
// Go's counterparts: os_linux.go, stubs in os_linux_generic.go.
// Calls return the kernel's value; errors are -errno.
#pragma once

#include "runtime2.hpp"

constexpr int32 _EINTR = 4, _EBADF = 9, _EAGAIN = 11, _ENOMEM = 12, _ENFILE = 23, _EMFILE = 24, _EPIPE = 32;
constexpr int32 _ECONNRESET = 104;
constexpr int32 _PROT_NONE = 0, _PROT_READ = 1, _PROT_WRITE = 2;
constexpr int32 _MAP_PRIVATE = 2, _MAP_FIXED = 0x10, _MAP_ANON = 0x20, _MAP_NORESERVE = 0x4000;
constexpr int32 _MADV_DONTNEED = 4, _MADV_HUGEPAGE = 14, _MADV_DONTDUMP = 16;
constexpr int32 _FUTEX_WAIT = 0 | 128, _FUTEX_WAKE = 1 | 128;  // FUTEX_PRIVATE_FLAG
constexpr int32 _EPOLL_CLOEXEC = 0x80000, _EPOLL_CTL_ADD = 1, _EPOLL_CTL_DEL = 2;
constexpr uint32 _EPOLLIN = 1, _EPOLLOUT = 4, _EPOLLERR = 8, _EPOLLHUP = 0x10, _EPOLLRDHUP = 0x2000,
                 _EPOLLET = 0x80000000;
constexpr int32 _O_NONBLOCK = 0x800, _O_CLOEXEC = 0x80000, _F_GETFL = 3, _F_SETFL = 4;
constexpr int32 _AF_UNIX = 1, _SOCK_STREAM = 1, _SOCK_CLOEXEC = 0x80000;
constexpr int32 _SS_DISABLE = 2;
constexpr uint32 _SIGHUP = 1, _SIGINT = 2, _SIGABRT = 6, _SIGBUS = 7, _SIGFPE = 8, _SIGSEGV = 11, _SIGPIPE = 13;
constexpr uint32 _SIGPROF = 27, _NSIG = 65;
constexpr int32 _SIG_BLOCK = 0, _SIG_UNBLOCK = 1, _SIG_SETMASK = 2;

struct timespec_t {
    int64 tv_sec;
    int64 tv_nsec;
};

struct stackt {  // sigaltstack's
    uintptr ss_sp;
    int32 ss_flags;
    uintptr ss_size;
};

struct sigactiont {  // the kernel's, not libc's
    uintptr sa_handler;
    uint64 sa_flags;
    uintptr sa_restorer;
    uint64 sa_mask;
};

/// What the kernel tells a handler: why,
struct siginfo {
    int32 si_signo, si_errno, si_code, pad;
    uintptr si_addr;
};

/// and where it has interrupted the thread.
struct ucontext {
    uintptr flags, link;
    stackt stack;
    uint64 r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
    uint16 cs, gs, fs, pad;
};

struct [[gnu::packed]] epollevent {  // packed on amd64 only, so that 32-bit programs have the same
    uint32 events;
    void* data;
};

[[nodiscard]] int64 read_(int32 fd, void* buf, uintptr n) GO("runtime.read");
[[nodiscard]] int32 open_(const char* name, int32 mode, int32 perm) GO("runtime.open");
int64 closefd(int32 fd) GO("runtime.closefd");
int64 write_(uintptr fd, const void* buf, uintptr n) GO("runtime.write");
[[nodiscard]] void* sysMmap(void* addr, uintptr n, int32 prot, int32 flags, int32 fd, uintptr off)
    GO("runtime.sysMmap");
/// Is what sysMmap returned an error's number, negative?
[[nodiscard, gnu::always_inline]] inline bool mmapfailed(void* v) { return reinterpret_cast<uintptr>(v) > ~4095ull; }
int64 munmap_(void* addr, uintptr n) GO("runtime.munmap");
int64 madvise_(void* addr, uintptr n, int32 advice) GO("runtime.madvise");
int64 rt_sigaction(uintptr sig, const sigactiont* now, sigactiont* old, uintptr size) GO("runtime.rt_sigaction");
int64 rtsigprocmask(int32 how, const sigset* now, sigset* old, uintptr size) GO("runtime.rtsigprocmask");
int64 sigaltstack_(const stackt* now, stackt* old) GO("runtime.sigaltstack");
[[nodiscard]] int64 pipe2_(int32 fds[2], int32 flags) GO("syscall.pipe2");
[[nodiscard]] int64 socketpair_(int32 domain, int32 typ, int32 proto, int32 fds[2]) GO("syscall.socketpair");
int64 fcntl_(int32 fd, int32 cmd, uintptr arg) GO("syscall.fcntl");
[[nodiscard]] int64 epollcreate1(int32 flags) GO("runtime.epollcreate1");
[[nodiscard]] int64 epollctl(int32 epfd, int32 op, int32 fd, epollevent* ev) GO("runtime.epollctl");
[[nodiscard]] int64 epollwait(int32 epfd, epollevent* ev, int32 nev, int32 timeout) GO("runtime.epollwait");
int64 osyield() GO("runtime.osyield");
int64 nanosleep_(const timespec_t* want, timespec_t* left) GO("runtime.nanosleep");
[[nodiscard]] int64 getpid_() GO("runtime.getpid");
[[nodiscard]] int64 gettid_() GO("runtime.gettid");
int64 tgkill_(int64 pid, int64 tid, int32 sig) GO("runtime.tgkill");
int64 futex(uintptr* addr, int32 op, uint32 val, const timespec_t* ts, void* addr2, uint32 val3) GO("runtime.futex");
[[nodiscard]] int64 sched_getaffinity_(uintptr pid, uintptr len, uint8* buf) GO("runtime.sched_getaffinity");
int64 clock_gettime_(int32 clock, timespec_t* ts) GO("runtime.clock_gettime");
[[noreturn]] void exit_(int32 code) GO("runtime.exit");
/// Ends this thread, and says so at *wait as the last thing that it does on its stack.
[[noreturn]] void exitThread(uint32* wait) GO("runtime.exitThread");
[[nodiscard]] int32 clone_(int32 flags, void* stk, m* mp, g* gp, void (*fn)()) GO("runtime.clone");
void sigreturn() GO("runtime.sigreturn");
void sigtramp(uint32 sig, void* info, void* ctx) GO("runtime.sigtramp");

// os_linux.cpp
[[nodiscard]] nosplit int64 nanotime() GO("runtime.nanotime");
nosplit void usleep_(uint32 usec) GO("runtime.usleep");
nosplit void futexsleep(uintptr* addr, uint32 val, int64 ns) GO("runtime.futexsleep");
void futexwakeup(uintptr* addr, uint32 cnt) GO("runtime.futexwakeup");
void osinit() GO("runtime.osinit");
[[nodiscard]] int32 getproccount() GO("runtime.getproccount");
void sysargs(int32 argc, uint8** argv) GO("runtime.sysargs");
int32 sysauxv(uintptr* auxv) GO("runtime.sysauxv");
void newosproc(m* mp, void* stk) GO("runtime.newosproc");
void mpreinit(m* mp) GO("runtime.mpreinit");
void minit() GO("runtime.minit");
void unminit() GO("runtime.unminit");
void goenvs() GO("runtime.goenvs");
