"""`lab doctor`: what this machine has and lacks for the lab, one line each, with what to do."""

import os
import shutil
from argparse import Namespace
from collections.abc import Iterator

from ..failure import MACHINE
from ..host import needs, permits, sandbox
from . import Verbs


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("doctor", help="what this machine has and lacks", example="./lab doctor")
    verb.add_argument("--grader", action="store_true", help="what grading a class needs, too")
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Prints every finding; exit status 3 if something is missing that every verb needs."""
    essential_missing = False
    for ok, essential, what, advice in [*findings(), *(for_grading() if args.grader else ())]:
        word = "ok" if ok else "missing" if essential else "note"
        print(f"{word:8}{what}" + (f"\n        -> {advice}" if not ok else ""))
        essential_missing |= essential and not ok
    return MACHINE if essential_missing else 0


def findings() -> Iterator[tuple[bool, bool, str, str]]:
    """(ok, essential, what, advice) for everything that is looked at, in the order in which it matters."""
    for package, (present, purpose) in needs.ALL.items():
        if package != "gdb":
            yield present(), package in needs.TO_RUN, f"{package}: {purpose}", "./lab setup"
    path = permits.chosen_gdb() or shutil.which("gdb") or "/usr/bin/gdb"
    version, python = permits.ask_gdb(path)
    if version:
        advice = "this gdb has no Python; as root: apt-get install gdb"
        yield bool(python), True, f"gdb {version}" + (f", with Python {python}" if python else ""), advice
    else:
        yield False, True, "gdb: the debugger", "./lab setup"
    yield (
        permits.ptrace_permitted(),
        True,
        "ptrace: gdb may trace a program",
        permits.advice_on_ptrace(),
    )
    yield (
        permits.randomisation_can_be_off(),
        False,
        "addresses: randomisation can be turned off",
        "addresses differ from run to run here; everything the lab shows stays the same",
    )
    yield bool(shutil.which("go")), False, "go: for your own Go programs", "not needed; apt-get install golang-go"
    columns, lines = os.get_terminal_size() if os.isatty(1) else (80, 24)
    yield columns >= 80 and lines >= 24, False, f"terminal: {columns} columns, {lines} lines", "the tour wants 80 by 24"


def for_grading() -> Iterator[tuple[bool, bool, str, str]]:
    """The same for what grading needs besides."""
    possible, why = sandbox.possible()
    advice = "without one, what students wrote (implement, gdb-command) is inconclusive; the rest is graded"
    yield possible, False, "sandbox: what students wrote can be run", f"{why}; {advice}"
    yield True, False, f"processors: {os.cpu_count()}, so many submissions at a time (./lab grade --jobs)", ""
