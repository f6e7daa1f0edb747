"""One core, two worlds: the functions in the module are those of the static program."""

import re
import subprocess

from boots import HELLO, module_file

# The operating system's side: sys_linux_amd64.S there, library/sys_library_amd64.S here.
PLATFORM = set(
    """
    read write open closefd sysMmap munmap madvise rt_sigaction rtsigprocmask sigaltstack osyield nanosleep getpid
    gettid tgkill epollcreate1 epollctl epollwait futex sched_getaffinity clock_gettime exit exitThread clone settls
    sigtramp sigreturn
    """.split()
)


def functions(file):
    """The runtime's functions and their sizes."""
    table = subprocess.run(["nm", "-S", file], capture_output=True, text=True, check=True).stdout
    return {name: int(size, 16) for size, name in re.findall(r"^\w+ (\w+) [tTW] runtime\.(\S+)$", table, re.M)}


def test_the_functions_are_the_same():
    ours, theirs = functions(module_file()), functions(HELLO)
    assert {name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)} <= PLATFORM
    assert len(theirs) > 100
