// defs_linux_amd64.h - the kernel's numbers, for the assembly of both worlds. Go's counterparts: defs_linux_amd64.h,
// and the first lines of sys_linux_amd64.s.

#define SYS_read               0
#define SYS_write              1
#define SYS_open               2
#define SYS_close              3
#define SYS_mmap               9
#define SYS_munmap             11
#define SYS_rt_sigaction       13
#define SYS_rt_sigprocmask     14
#define SYS_rt_sigreturn       15
#define SYS_sched_yield        24
#define SYS_madvise            28
#define SYS_nanosleep          35
#define SYS_getpid             39
#define SYS_socketpair         53
#define SYS_clone              56
#define SYS_exit               60
#define SYS_fcntl              72
#define SYS_sigaltstack        131
#define SYS_arch_prctl         158
#define SYS_gettid             186
#define SYS_futex              202
#define SYS_sched_getaffinity  204
#define SYS_clock_gettime      228
#define SYS_exit_group         231
#define SYS_epoll_wait         232
#define SYS_epoll_ctl          233
#define SYS_tgkill             234
#define SYS_epoll_create1      291
#define SYS_pipe2              293

#define ARCH_SET_FS            0x1002
#define MAX_ERRNO              4095
