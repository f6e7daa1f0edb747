"""How every verb ends badly and says what takes time: Failure, one line with an exit status, and progress."""

import sys

from rt0lab.words import screen

FAILED = 1  # the work itself failed
USAGE = 2  # wrong usage
MACHINE = 3  # the machine cannot


class Failure(Exception):
    """Ends the lab with one line on standard error and an exit status."""

    def __init__(self, message: str, status: int = FAILED) -> None:
        super().__init__(message)
        self.status = status


def progress(message: str) -> None:
    """Says on standard error what takes a moment, so that standard output stays the verb's own: one line, folded for
    whoever reads it on a terminal."""
    line = f"lab: {message}"
    lines = screen.wrap(line, "", "     ") if sys.stderr.isatty() else [line]
    print(*lines, sep="\n", file=sys.stderr, flush=True)
