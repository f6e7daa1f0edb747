"""`lab doctor`: what this machine has and lacks for the lab, one line each, with what to do."""

import os
import shutil
from argparse import Namespace
from collections.abc import Iterator

from rt0lab.words import screen, tr

from ..exercises import state
from ..failure import MACHINE
from ..host import needs, permits, sandbox
from ..tree import writable
from . import Verbs


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("doctor", help=tr("what this machine has and lacks"), example="./lab doctor")
    verb.add_argument("--grader", action="store_true", help=tr("what grading a class needs, too"))
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Prints every finding; exit status 3 if something is missing that every verb needs."""
    essential_missing = False
    for ok, essential, what, advice in [*findings(), *(for_grading() if args.grader else ())]:
        word = "ok" if ok else tr("missing") if essential else tr("note")
        print(*screen.wrap(what, screen.pad(word, 8), " " * 8), sep="\n")
        if not ok:
            print(*screen.wrap(advice, " " * 8 + "-> ", " " * 11), sep="\n")
        essential_missing |= essential and not ok
    return MACHINE if essential_missing else 0


def findings() -> Iterator[tuple[bool, bool, str, str]]:
    """(ok, essential, what, advice) for everything that is looked at, in the order in which it matters."""
    for package, (present, purpose) in needs.ALL.items():
        if package != "gdb":
            yield present(), package in needs.TO_RUN, f"{package}: {tr(purpose)}", "./lab setup"
    path = permits.chosen_gdb() or shutil.which("gdb") or "/usr/bin/gdb"
    version, python = permits.ask_gdb(path)
    if version:
        advice = tr("this gdb has no Python; as root: apt-get install gdb")
        named = (
            tr("gdb {version}, with Python {python}", version=version, python=python) if python else f"gdb {version}"
        )
        yield bool(python), True, named, advice
    else:
        yield False, True, f"gdb: {tr('the debugger')}", "./lab setup"
    yield (
        permits.ptrace_permitted(),
        True,
        tr("ptrace: gdb may trace a program"),
        permits.advice_on_ptrace(),
    )
    yield (
        permits.randomisation_can_be_off(),
        False,
        tr("addresses: randomisation can be turned off"),
        tr("addresses differ from run to run here; everything the lab shows stays the same"),
    )
    yield bool(shutil.which("go")), False, tr("go: for your own Go programs"), tr(
        "not needed; apt-get install golang-go"
    )
    kept = tr("your progress is kept in {file}, and programs are used as they are built", file=state.location())
    yield writable(), False, tr("this clone can be written to"), kept
    columns, lines = os.get_terminal_size() if os.isatty(1) else (80, 24)
    size = tr("terminal: {columns} columns, {lines} lines", columns=columns, lines=lines)
    yield columns >= 80 and lines >= 24, False, size, tr("the tour wants 80 by 24")
    yield True, False, tr("language: English (LAB_LANG=zh: 中文)"), ""


def for_grading() -> Iterator[tuple[bool, bool, str, str]]:
    """The same for what grading needs besides."""
    possible, why = sandbox.possible()
    advice = tr("without one, what students wrote (implement, gdb-command) is inconclusive; the rest is graded")
    yield possible, False, tr("sandbox: what students wrote can be run"), f"{why}; {advice}"
    yield True, False, tr("processors: {n}, so many submissions at a time (./lab grade --jobs)", n=os.cpu_count()), ""
