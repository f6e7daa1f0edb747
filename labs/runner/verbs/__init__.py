"""The verbs of `./lab`, one file each, called what is typed; `exercises` has eight that go together.
May use every room.

A verb has `register(verbs)`, which adds it to the command line with what it is for and an example, and `run(args)`,
which returns the exit status; the three that pass their arguments on (gdb, python, test) have `run(argv)`.
"""

import argparse

from rt0lab.words import tr

from ..parser import Verbs

__all__ = ["Verbs", "add_program", "at_least_one"]


def add_program(verb: argparse.ArgumentParser) -> None:
    """Adds the program to look at, for the verbs that take ours and Go's."""
    verb.add_argument(
        "program",
        nargs="?",
        default="hello",
        metavar="PROGRAM|GO-BINARY",
        help=tr("a program of runtime/programs (default: hello), or the path of a Go program"),
    )


def at_least_one(text: str) -> int:
    """A number of rounds, or of whatever there are some of."""
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(text)
    return int(text)
