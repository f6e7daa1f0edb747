"""The verbs of `./lab`, one file each, called what is typed; `exercises` has eight that go together.
May use every room.

A verb has `register(verbs)`, which adds it to the command line, and `run(args)`, which returns the exit status; the
three that pass their arguments on (gdb, python, test) have HELP, USAGE and `run(argv)`.
"""

import argparse
from typing import Any, Protocol


class Verbs(Protocol):
    """Where a verb is added: argparse's sub-commands."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser:
        """The parser of a new verb."""


def add_program(verb: argparse.ArgumentParser) -> None:
    """Adds the program to look at, for the verbs that take ours and Go's."""
    verb.add_argument(
        "program",
        nargs="?",
        default="hello",
        metavar="PROGRAM|GO-BINARY",
        help="a program of runtime/programs (default: hello), or the path of a Go program",
    )
