// What a boot like ours must cost, in steps: a program without a runtime that makes the system calls, pages and threads of
// our hello and nothing else. STEPS says how many of the steps are taken; what each adds is in ../README.md.

#include <asm/unistd.h>

using word = long;

static word call(word n, word a = 0, word b = 0, word c = 0, word d = 0, word e = 0, word f = 0) {
    register word r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "+a"(n) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return n;
}
static word addr(const volatile void* p) { return reinterpret_cast<word>(p); }

// The arena, and what stands where in it.
constexpr word reserve = 0xc3fb000000, reserved = 69340233728, table = 0xc41fff0000, arena = 0xc420000000;
constexpr word gsignal = arena + 0x8000, stacks = arena + 0x10000, g0stack = arena + 0x22000;

static word tls[4][32];
static volatile unsigned answered, never;

/// minit: a signal stack and the signal mask; and what comes before it on a new thread.
static void init(int id) {
    word old[3], stack[3] = {gsignal + id * 0x10000, 0, 32768}, mask = 0;
    if (id) call(__NR_gettid);
    call(__NR_arch_prctl, 0x1002, addr(tls[id]));
    call(__NR_sigaltstack, 0, addr(old));
    call(__NR_sigaltstack, addr(stack), 0);
    call(__NR_rt_sigprocmask, 2, addr(&mask), 0, 8);
    call(__NR_gettid);
}

static void sysmon() {
    init(1);
    for (;;) {
        word now[2], wait[2] = {0, 20000};
        call(__NR_clock_gettime, 1, addr(now));
        call(__NR_nanosleep, addr(wait));
    }
}

/// The M that runs bgsweep, and tells g1's.
static void second() {
    init(2);
    answered = 1;
    call(__NR_futex, addr(&answered), 129, 1);
    call(__NR_futex, addr(&never), 128, 0);
}

/// The M that comes too late to do anything.
static void third() {
    init(3);
    call(__NR_futex, addr(&never), 128, 0);
}

/// newosproc.
static void thread(int id, void (*fn)()) {
    word all = -1, old, n = __NR_clone;
    call(__NR_rt_sigprocmask, 2, addr(&all), addr(&old), 8);
    register word r10 __asm__("r10") = 0, r8 __asm__("r8") = 0;
    register auto r9 __asm__("r9") = fn;
    __asm__ volatile("syscall\n\ttest %%eax, %%eax\n\tjnz 1f\n\tcall *%%r9\n1:"
                     : "+a"(n)
                     : "D"(0x50f00), "S"(g0stack + id * 0x2000), "d"(0), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    call(__NR_rt_sigprocmask, 2, addr(&old), 0, 8);
}

static void cpuid(unsigned leaf) {
    unsigned b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(leaf), "=b"(b), "+c"(c), "=d"(d));
}

static void boot() {
    if (STEPS < 2) return;
    cpuid(0);
    cpuid(1);
    cpuid(7);
    if (STEPS < 3) return;
    char cpus[1024];
    word mask, now[2];
    call(__NR_sched_getaffinity, 0, sizeof cpus, addr(cpus));
    call(__NR_mmap, reserve, reserved, 0, 0x4022, -1);
    call(__NR_madvise, reserve, reserved, 16);
    call(__NR_mmap, table, arena + (1 << 20) - table, 3, 0x4032, -1);
    call(__NR_rt_sigprocmask, 2, 0, addr(&mask), 8);
    for (int i = 0; i < 4; i++) call(__NR_clock_gettime, 1, addr(now));
    for (int fd = 0; fd < 3; fd++) call(__NR_fcntl, fd, 3);
    init(0);
    if (STEPS < 4) return;
    word action[4] = {arena, 0x1c000004, arena, -1};
    for (int sig = 1; sig <= 57; sig++) call(__NR_rt_sigaction, sig == 9 || sig == 19 ? 1 : sig, addr(action), 0, 8);
    if (STEPS < 5) return;
    for (int page = -1; page < 4; page++) *reinterpret_cast<volatile char*>(arena + page * 4096) = 1;
    for (int page = 0; page < 2; page++) *reinterpret_cast<volatile char*>(stacks + page * 4096) = 1;
    if (STEPS < 6) return;
    thread(0, sysmon);
    if (STEPS < 7) return;
    thread(1, second);
    if (STEPS >= 8) thread(2, third);
    for (int i = 0; i < 50 && !answered; i++) call(__NR_sched_yield);
    while (!answered) call(__NR_futex, addr(&answered), 128, 0);
}

extern "C" [[gnu::force_align_arg_pointer]] void _start() {
    boot();
    call(__NR_write, 1, addr("hello world\n"), 12);
    call(__NR_exit_group, 0);
    __builtin_unreachable();
}
