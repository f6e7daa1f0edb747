"""How a signal ends the lab: as an exception, so that what was started is stopped, and never in the middle of starting
or stopping."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def arm() -> None:
    """From here on SIGINT is KeyboardInterrupt, SIGTERM and SIGHUP are SystemExit. What nohup or a shell's `&` ignores
    stays ignored.

    `lab` starts Python with SIGINT held back, so that Ctrl-C finds no half-imported module; it comes through here.
    """
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    release()


def disarm() -> None:
    """From here on nothing interrupts."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Inside, these signals wait; behind it they come. A process started inside calls `release`."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def release() -> None:
    """Lets signals that were held back come."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def run(words: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs a program that reads nothing, and returns what it said, as subprocess.run does; that one loses a process if
    it is interrupted while it starts it."""
    process, timeout = None, options.pop("timeout", None)
    try:
        with held():
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                preexec_fn=release,
                **options,
            )
        said, complained = process.communicate(timeout=timeout)
    except BaseException:
        if process:
            process.kill()
            process.wait()
        raise
    return subprocess.CompletedProcess(words, process.returncode, said, complained)


def _end(number, _frame):
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)
