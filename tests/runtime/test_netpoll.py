"""Files on which goroutines wait: netpoll.cpp, netpoll_epoll.cpp, std/os.cpp."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

LINES = [
    "echo wrong 0 threads few",
    "pipe 8388608 bad 0",
    "closed 3 other end EOF again file already closed",
    "write broken pipe",
]


@pytest.mark.parametrize("procs", ["1", "2", "16"])
def test_readers_park_and_lose_no_byte(run, procs):
    assert run("netpoll", GOMAXPROCS=procs).stdout.splitlines() == LINES


def test_without_a_descriptor_for_epoll_it_says_so(build):
    """Five descriptors: the standard three and the first pair of sockets."""
    result = subprocess.run(
        ["sh", "-c", f"ulimit -n 5; exec {build}/tests/runtime/netpoll"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert result.stderr.startswith("runtime: epollcreate failed with 24\nfatal error: runtime: netpollinit failed\n")


def test_without_a_descriptor_for_the_sockets_it_is_the_program_s_error(build):
    result = subprocess.run(
        ["sh", "-c", f"ulimit -n 4; exec {build}/tests/runtime/nofiles"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert (result.stdout, result.returncode) == ("too many open files\nfile already closed\n", 0)


EPOLL_WAIT = 232


def calls(pid):
    """The numbers of the system calls that the threads of this process are in."""
    return [task.read_text().split()[0] for task in Path(f"/proc/{pid}/task").glob("*/syscall")]


def test_being_stopped_and_continued_breaks_no_wait(build):
    """epoll_wait is the system call that a stop interrupts and that the kernel does not take up again by itself."""
    process = subprocess.Popen(
        [build / "tests/runtime/netwait"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    try:
        while str(EPOLL_WAIT) not in calls(process.pid):
            assert process.poll() is None
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        process.send_signal(signal.SIGCONT)
        assert process.communicate(timeout=60)[0] == "read 1\n"
    finally:
        process.kill()
        process.communicate()


def test_a_reader_that_has_gone_is_the_end_of_who_prints(build):
    """SIGPIPE, though the program goes on when it is one of its own sockets that nobody reads."""
    process = subprocess.Popen([build / "tests/runtime/netpoll"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    process.stdout.close()
    assert process.wait(60) == -signal.SIGPIPE


def test_a_standard_output_that_does_not_block_loses_no_line(build):
    """The reader begins only when the writer can write no more: its goroutine is parked, and a thread waits for the
    pipe."""
    here, there = os.pipe()
    os.set_blocking(there, False)
    with (
        open(here) as lines,
        subprocess.Popen([build / "tests/runtime/lines"], stdin=subprocess.DEVNULL, stdout=there) as process,
    ):
        os.close(there)
        while str(EPOLL_WAIT) not in calls(process.pid):
            assert process.poll() is None
        assert lines.read().splitlines() == [f"line {n}" for n in range(100000)]
        assert process.wait(60) == 0
