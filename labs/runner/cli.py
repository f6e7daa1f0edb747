"""The command line of the lab: finds the verb, runs it, and turns what went wrong into one line and an exit status."""

import argparse
import os
import signal
import sys
from typing import TextIO, cast

from rt0lab.formats import untrusted

from .failure import Failure
from .host import interruption
from .verbs import (
    bench,
    classes,
    compare,
    compat,
    dev,
    doctor,
    editor,
    exercises,
    export,
    gdb,
    grade,
    notes,
    path,
    python,
    serve,
    setup,
    test,
    tour,
    trace,
)

PARSED = (
    setup,
    doctor,
    tour,
    exercises,
    classes,
    export,
    grade,
    trace,
    serve,
    editor,
    compare,
    compat,
    bench,
    path,
    notes,
    dev,
)
RAW = {"gdb": gdb, "python": python, "test": test}  # these pass their arguments on


def parser() -> argparse.ArgumentParser:
    """The whole command line; gdb, python and test stand here only for the help text."""
    top = argparse.ArgumentParser(prog="lab", description="rt0lab: watch a Go program start.")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    for module in PARSED:
        module.register(verbs)
    for name, module in RAW.items():
        verbs.add_parser(name, help=module.HELP)
    return top


def run(argv: list[str]) -> int:
    """Runs one verb and returns its exit status."""
    if not argv:
        return exercises.here()
    if argv[0] in RAW:
        module = RAW[argv[0]]
        if argv[1:2] in (["-h"], ["--help"]):
            print(f"usage: {module.USAGE}\n\n{module.HELP}")
            return 0
        return module.run(argv[1:])
    args = parser().parse_args(argv)
    return args.run(args)


class Screen:
    """Standard output or error: whatever is printed may quote a name, a path or a text of others, and leaves as `shown`
    has it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """print calls this."""
        return self._stream.write(untrusted.shown_lines(text, untrusted.LINE))

    def __getattr__(self, name):
        return getattr(self._stream, name)


def main(argv: list[str]) -> int:
    """Runs the lab; every way to fail ends here as one line, and Ctrl-C, whenever it comes, as its exit status."""
    try:
        try:
            interruption.arm()
            sys.stdout, sys.stderr = cast(TextIO, Screen(sys.stdout)), cast(TextIO, Screen(sys.stderr))
            return status(argv)
        finally:
            interruption.disarm()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def status(argv: list[str]) -> int:
    """Runs a verb; the exit status, also of a failure, which is said in one line."""
    try:
        number = run(argv)
        sys.stdout.flush()
        return number
    except Failure as failure:
        print(f"lab: {untrusted.shown(str(failure), untrusted.LINE)}", file=sys.stderr)
        return failure.status
    except BrokenPipeError:
        # The reader (`| head`) has left. Nothing more can be said, also not by Python's flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
