// Times whole processes, from vfork to wait4, one after the other in turn, so that a noisy machine disturbs all alike.
// Usage: startup ROUNDS PROGRAM... ; prints one line per program: PATH MEDIAN MINIMUM (microseconds).

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

// Where we report; descriptors 1 and 2 are /dev/null, for the programs' own output (println writes to standard error).
static FILE *report, *complaints;

// run starts the program with an empty environment, waits for its end and returns the microseconds between.
// vfork, because posix_spawn adds a third to what the smallest program costs.
static double run(char* program) {
    char* argv[] = {program, nullptr};
    char* envp[] = {nullptr};
    auto before = std::chrono::steady_clock::now();
    int status;
    pid_t child = vfork();
    if (child == 0) {
        execve(program, argv, envp);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, nullptr) != child || status != 0) {
        fprintf(complaints, "startup: %s could not be run or failed (wait status %d)\n", program,
                child < 0 ? -1 : status);
        exit(1);
    }
    std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - before;
    return taken.count();
}

int main(int argc, char** argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: startup ROUNDS PROGRAM...\n");
        return 2;
    }
    int rounds = std::max(1, atoi(argv[1]));
    int programs = argc - 2;

    report = fdopen(fcntl(1, F_DUPFD_CLOEXEC, 3), "w");
    complaints = fdopen(fcntl(2, F_DUPFD_CLOEXEC, 3), "w");
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, 1);
    dup2(null, 2);

    std::vector<std::vector<double>> times(programs);
    for (int round = -2; round < rounds; round++) {  // the first two warm the page cache and do not count
        for (int turn = 0; turn < programs; turn++) {
            int which = (turn + round + 2) % programs;  // everyone follows everyone else equally often
            double taken = run(argv[2 + which]);
            if (round >= 0) times[which].push_back(taken);
        }
    }

    for (int which = 0; which < programs; which++) {
        auto& list = times[which];
        std::sort(list.begin(), list.end());
        fprintf(report, "%s %.1f %.1f\n", argv[2 + which], list[list.size() / 2], list.front());
    }
    return 0;
}
