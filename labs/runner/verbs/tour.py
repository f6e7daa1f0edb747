"""`lab tour`: the guided walk through the boot, in gdb, of one of our programs or of a Go program."""

import os
import signal
import sys
from argparse import Namespace

from rt0lab.words import tr

from ..failure import Failure, progress
from ..host import build, debugger, needs, packages
from ..report import films
from ..tree import build_folder, writable
from . import Verbs, add_program


WALKED = 64  # gdb's exit status after a tour to the end of the program


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "tour", help=tr("the guided walk through the boot, in gdb"), example="./lab tour\n./lab tour ./my-go-program"
    )
    add_program(verb)
    verb.add_argument("--batch", action="store_true", help=tr("print every card without asking"))
    verb.add_argument("--release", action="store_true", help=tr("walk through the optimised build"))
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Walks; without a terminal, or with --batch, all cards come out in one go. 130 if Ctrl-C ended it."""
    target = debugger.program(args.program, args.release)
    if args.batch or not (sys.stdin.isatty() and sys.stdout.isatty()):
        status = debugger.unattended(debugger.command(target.path, batch=True) + ["-ex", "rt0 tour -batch"])
    else:
        # When the program has come to its end, so has the tour; after `g` it has not, and gdb's prompt stays.
        leave = f"python gdb.convenience_variable('_exitcode') is None or gdb.execute('quit {WALKED}')"
        # What is at stake is the program of the tour: gdb need not ask whether one is sure.
        words = ["-ex", "set confirm off", "-ex", "rt0 tour", "-ex", leave]
        status = debugger.interactive(debugger.command(target.path), words)
        if status == 0:
            return 0  # left on the way, in a hurry perhaps
        status = 0 if status == WALKED else status
    if status == 128 + signal.SIGINT:
        return status
    if status:
        raise Failure(tr("the tour ended early (gdb's exit status {status})", status=status))
    if args.program == "hello" and not args.release:
        show_films()
    return 0


def show_films() -> None:
    """Says where the films of hello's boot are, after bringing them up to date; or in one line why there are none."""
    folder = build_folder("debug") / films.FOLDER
    try:
        packages.ensure(needs.TO_SHOW)
        if writable(folder.parent.parent):
            for line in build.made("films", tr("recording the same boot once more, for its films")):
                progress(line)
        found = [folder / name for name in (films.BOOT, films.BESIDE)]
        if not all(path.exists() for path in found):
            return
    except Failure as failure:
        progress(tr("no films: {why}", why=str(failure)))
        return
    print()
    print(tr("The same boot as a film to open in a browser, and beside Go 1.10.2's:"))
    for path in found:
        print(f"  {os.path.relpath(path)}")
