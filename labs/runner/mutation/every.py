"""All changes that are chosen, as many at once as there are CPUs, and the table."""

import collections
import contextlib
import difflib
import os
import shutil
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue

from rt0lab.words import later, screen, tr, trn

from ..failure import USAGE, Failure, progress
from ..host import build, locks
from ..tree import ROOT
from . import decisions, own, tests, trial
from .copy import Copy
from .decisions import Change
from .processes import Processes
from .trial import End, Outcome

FOLDER = ROOT / "build" / "mutate"
WAIT = 60  # seconds for another lab that does the same


def run(words: list[str]) -> int:
    """Undoes the decisions that the words choose; 0 if each was noticed by its own test. Names of changes of our own
    choose these."""
    if words and all(":" in word for word in words):
        return _verdict_of_own(_shown(_ours(words), named_for))
    changes = decisions.chosen(decisions.load(), words)
    ends = _shown(changes, lambda change: [change.test])
    said, unnoticed = trn("{n} change", "{n} changes", len(changes)), len(changes) - ends[End.NAMED]
    if unnoticed:
        print(
            tr("{changes}; {unnoticed} not noticed by the test that is named for it", changes=said, unnoticed=unnoticed)
        )
        return 1
    print(tr("{changes}, each noticed by the test that is named for it", changes=said))
    return 0


def run_own(words: list[str], wanted: int, seed: int) -> int:
    """Makes so many changes of our own, in all files or these; 0 if each was noticed."""
    there = own.files()
    if unknown := [word for word in words if word not in there]:
        raise Failure(tr("no file that is changed is called {name}", name=unknown[0]), USAGE)
    explained = decisions.explained()
    drawn = [one for one in own.drawn(words or there, seed) if (one.file, decisions.changed(one)) not in explained]
    return _verdict_of_own(_shown(drawn, named_for, wanted))


def _verdict_of_own(ends):
    said = trn("{n} change", "{n} changes", _tried(ends))
    print(tr("{changes}; {unnoticed} noticed by nobody", changes=said, unnoticed=ends[End.NOBODY]))
    return int(ends[End.NOBODY] > 0)


def _tried(ends):
    """How many have made a difference."""
    return sum(ends[end] for end in (End.NAMED, End.OTHER, End.NOBODY))


def _ours(names):
    there = own.files()
    found = {change.name: change for change in own.drawn([f for f in there if f"{f}:" in " ".join(names)], 0)}
    if unknown := [name for name in names if name not in found]:
        raise Failure(tr("no change of our own is called {name}", name=unknown[0]), USAGE)
    return [found[name] for name in names]


def named_for(change: Change) -> list[str]:
    """The tests of the decisions in the same function, then those of the file's others."""
    text = decisions.text(change.file)
    there = [one for one in decisions.load() if one.file == change.file and one.test and one.old in text]
    heads = {one.name: own.head(text, text.index(one.old)) for one in there}
    here = own.head(text, text.index(change.old))
    near_first = sorted(there, key=lambda one: heads[one.name] != here)
    return list(dict.fromkeys(one.test for one in near_first))


def _shown(changes: list[Change], named: Callable[[Change], list[str]], wanted: int = 0) -> collections.Counter[End]:
    """Tries the changes, all or as many as make a difference, and prints a row of each; how many ended how."""
    ends: collections.Counter[End] = collections.Counter()
    ours = bool(changes) and not changes[0].reason
    width = min(40, max((len(change.name) for change in changes), default=0))
    build.build(tests.USUAL)
    FOLDER.mkdir(exist_ok=True)
    with locks.held(FOLDER.with_suffix(".lock"), later("changes the runtime in copies"), progress, WAIT):
        try:
            with contextlib.closing(outcomes(changes, named, ours)) as all_of_them:
                for outcome in all_of_them:
                    ends[outcome.end] += 1
                    if not wanted or outcome.end not in (End.SAME, End.UNMADE):
                        print(row(outcome, width, ours), flush=True)
                    if wanted and _tried(ends) >= wanted:
                        break
        finally:
            shutil.rmtree(FOLDER, ignore_errors=True)
    return ends


def row(outcome: Outcome, width: int, ours: bool = False) -> str:
    """What became of a change, for the table, its name in so many columns; of one of our own that nobody noticed, what
    it was."""
    warns = "" if ours or outcome.end == End.NAMED else tr("NOT by its own test") + ": "
    said = ": ".join(filter(None, (outcome.by, outcome.said)))
    first = f"{outcome.change.name:{width}}  {outcome.seconds:5.1f} s  "
    lines = screen.wrap(warns + said, first, "    ")
    if ours and outcome.end == End.NOBODY:
        old, new = outcome.change.old.splitlines(), outcome.change.new.splitlines()
        lines += [f"    {line}" for line in difflib.ndiff(old, new) if not line.startswith("?")]
    return "\n".join(lines)


def outcomes(
    changes: list[Change], named: Callable[[Change], list[str]], unless_same: bool = False
) -> Generator[Outcome, None, None]:
    """What became of each, as soon as it is known."""
    processes, copies = Processes(), SimpleQueue()
    workers = len(os.sched_getaffinity(0))
    for number in range(workers):
        copies.put(Copy(FOLDER / str(number + 1), processes))

    def one(change):
        copy = copies.get()
        try:
            return trial.tried(change, named(change), copy, unless_same)
        finally:
            copies.put(copy)

    with ThreadPoolExecutor(workers) as pool:
        try:
            for future in as_completed([pool.submit(one, change) for change in changes]):
                yield future.result()
        finally:
            processes.stop()  # nothing lives any more, if all went to its end
            pool.shutdown(cancel_futures=True)
