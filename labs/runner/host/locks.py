"""One lab at a time changes a thing: whoever must wait says so at once, and for whom, and does not wait for ever."""

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator

from rt0lab.words import tr

from ..failure import Failure

_POLL = 0.05  # seconds


@contextlib.contextmanager
def held(
    path: str | os.PathLike[str], what: str, say: Callable[[str], None], seconds: float, *, quiet: float = 0
) -> Iterator[None]:
    """Holds the lock that this file is; Failure after `seconds` if somebody else does. `what` they do goes into a
    sentence.

    Nothing is said of the first `quiet` seconds. OSError if the file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    try:
        _lock(descriptor, what, say, seconds, quiet)
        yield
    finally:
        os.close(descriptor)


def taken(path: str | os.PathLike[str]) -> bool:
    """Whether somebody holds the lock that this file is; False where there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _lock(descriptor, what, say, seconds, quiet):
    began, said = time.monotonic(), False
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = time.monotonic() - began
        if waited > seconds:
            raise Failure(
                tr(
                    "another lab{holder} still {what}; nothing was changed here",
                    holder=_holder(descriptor),
                    what=tr(what),
                )
            )
        if waited >= quiet and not said:
            say(
                tr(
                    "another lab{holder} {what}; waiting for it, {n} s at most",
                    holder=_holder(descriptor),
                    what=tr(what),
                    n=seconds,
                )
            )
            said = True
        time.sleep(_POLL)


def _holder(descriptor):
    """` (process N)` of the lock's holder; nothing if the kernel does not say."""
    about = os.fstat(descriptor)
    place = f"{os.major(about.st_dev):02x}:{os.minor(about.st_dev):02x}:{about.st_ino}"
    try:
        with open("/proc/locks") as file:
            found = re.search(rf"^\d+: FLOCK +\w+ +WRITE (\d+) {place} ", file.read(), re.M)
    except OSError:
        found = None
    return tr(" (process {number})", number=found[1]) if found and found[1] != "0" else ""
