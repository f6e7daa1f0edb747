"""What the system refuses, and what it throws in between: threads, memory, standard files, signals."""

import os
import re
import signal
import subprocess
import sys

import pytest

# The superuser has no limit of processes: so another user's, and the program as an open file, which that user could not
# find.
WITH_FEW_PROCESSES = """
import os, resource, sys
program = os.open(sys.argv[1], os.O_RDONLY)
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
resource.setrlimit(resource.RLIMIT_NPROC, (int(sys.argv[2]),) * 2)
os.execve(program, ["program"], {})
"""


@pytest.mark.parametrize("limit", ["0", "3"])
def test_a_thread_that_cannot_be_made_is_the_end_with_advice(build, limit):
    result = subprocess.run(
        [sys.executable, "-c", WITH_FEW_PROCESSES, build / "tests/runtime/lockthread", limit],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 2
    assert re.match(
        r"runtime: failed to create new OS thread \(have \d+ already; errno=11\)\n"
        r"runtime: may need to increase max user processes \(ulimit -u\)\n"
        r"fatal error: newosproc\n",
        result.stderr,
    )


@pytest.mark.parametrize("limit", ["-v 100000", "-d 50000"], ids=["addresses", "data"])
def test_memory_that_runs_out_is_the_end_not_a_hang(build, limit):
    result = subprocess.run(
        ["sh", "-c", f"ulimit {limit}; exec {build}/tests/runtime/devour"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stderr.splitlines()[0]) == (2, "fatal error: out of memory")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_files_are_not_a_crash(build, closed):
    """The program's own sockets get the free numbers."""
    assert subprocess.run(["sh", "-c", f"{build}/tests/runtime/netpoll {closed}"], timeout=60).returncode == 0


def stops(process):
    """Waits until it stops; False if it has come to its end instead, which send_signal may have seen first."""
    try:
        return os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
    except ChildProcessError:
        return False


def test_signals_that_mean_nothing_do_no_harm(build):
    process = subprocess.Popen(
        [build / "tests/runtime/churn"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    try:
        for _ in range(100):
            for number in (signal.SIGCHLD, signal.SIGURG, signal.SIGWINCH, signal.SIGSTOP):
                process.send_signal(number)
            if not stops(process):
                break
            process.send_signal(signal.SIGCONT)
        assert re.findall(r"\w+ (\w+) \d+", process.communicate(timeout=60)[0]) == ["ok", "ok", "ok"]
    finally:
        process.kill()
        process.communicate()
