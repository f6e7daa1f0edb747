// The scheduler as it stands in your program: runtime/proc_sched.cpp, and below
// it runtime/proc_g.cpp. There are two bugs in it. One is the bug that you found
// in exercise 14. The other shows only where two threads look at the same thing
// at the same time: `lab sched 1-50` in gdb finds it, once the first is gone.
//
// `./lab run` builds this file and opens gdb on a program with it, `./lab check`
// judges it. A bug is mended in three lines at most, and no check has to be
// taken away: the code must do again what the comment at it or above it says.
