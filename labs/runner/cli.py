"""The command line of the lab: finds the verb, runs it, and turns what went wrong into one line and an exit status."""

import os
import signal
import sys
from typing import TextIO, cast

from rt0lab.formats import untrusted

from rt0lab.words import later, tr

from .failure import Failure, progress
from .host import interruption
from .parser import Parser
from .verbs import (
    bench,
    book,
    classes,
    compare,
    compat,
    completion,
    dev,
    doctor,
    editor,
    exercises,
    export,
    gdb,
    grade,
    help,
    man,
    notes,
    path,
    python,
    report,
    serve,
    setup,
    test,
    tour,
    trace,
    watch,
)

GROUPS = (
    (later("The exercises:"), (exercises, watch)),
    (later("To look at a program:"), (tour, gdb, trace, report, compare, compat, serve, path)),
    (later("This machine:"), (doctor, setup, editor, completion, man, help)),
    (later("Classes:"), (classes, export, grade)),
    (later("To change what is here:"), (test, dev, notes, book, bench, python)),
)
RAW = {"gdb": gdb, "python": python, "test": test}  # these pass their arguments on; the parser knows them for its help
VERSION = ("--version", "-V", "version")


def parser() -> Parser:
    """The whole command line."""
    top = Parser(
        prog="lab",
        description=tr(
            "Watch a Go program start. ./lab alone says where you are; ./lab help VERB says more of a verb."
        ),
        example="./lab\n./lab tour\n./lab run",
    )
    verbs = top.add_subparsers(dest="verb", metavar="VERB", prog="lab")
    for title, modules in GROUPS:
        before = len(verbs.parsers)
        for module in modules:
            module.register(verbs)
        top.groups.append((tr(title), list(verbs.parsers)[before:]))
    top.add_argument("--version", action="store_true", help=tr("say which lab this is"))
    return top


def run(argv: list[str]) -> int:
    """Runs one verb and returns its exit status."""
    if not argv:
        return exercises.here()
    if argv[0] in RAW and argv[1:2] not in (["-h"], ["--help"]):
        return RAW[argv[0]].run(argv[1:])
    if argv[0] in VERSION:
        print(help.version())
        return 0
    top = parser()
    if argv[0] not in top.verbs() and argv[0] not in ("-h", "--help"):
        raise help.unknown(top, argv)
    args, left = top.parse_known_args(argv)
    if left:
        raise verb_of(top, argv).too_much(left)
    args.top = top
    return args.run(args)


def verb_of(top: Parser, argv: list[str]) -> Parser:
    """The verb, or the part of one, that a command line names."""
    for word in argv:
        top = top.verbs().get(word, top)
    return top


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
        progress(untrusted.shown(str(failure), untrusted.LINE))
        return failure.status
    except BrokenPipeError:
        # The reader (`| head`) has left. Nothing more can be said, also not by Python's flush at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
