"""All changes that are chosen, as many at once as there are CPUs, and the table."""

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from rt0lab.words import later, tr, trn

from ..host import build, locks
from ..failure import progress
from ..tree import ROOT
from . import decisions, trial
from .copy import Copy
from .processes import Processes
from .trial import Outcome

FOLDER = ROOT / "build" / "mutate"
WAIT = 60  # seconds for another lab that does the same


def run(words: list[str]) -> int:
    """Tries the changes that the words choose; 0 if each was noticed by its own test."""
    changes = decisions.chosen(decisions.load(), words)
    build.build(trial.tests.USUAL)
    FOLDER.mkdir(exist_ok=True)
    with locks.held(FOLDER.with_suffix(".lock"), later("changes the runtime in copies"), progress, WAIT):
        try:
            width = max(len(change.name) for change in changes)
            unnoticed = 0
            for outcome in outcomes(changes):
                unnoticed += not outcome.by_its_own
                print(f"{outcome.change.name:{width}}  {row(outcome)}", flush=True)
        finally:
            shutil.rmtree(FOLDER, ignore_errors=True)
    said = trn("{n} change", "{n} changes", len(changes))
    if unnoticed:
        print(
            tr("{changes}; {unnoticed} not noticed by the test that is named for it", changes=said, unnoticed=unnoticed)
        )
        return 1
    print(tr("{changes}, each noticed by the test that is named for it", changes=said))
    return 0


def row(outcome: Outcome) -> str:
    """What became of a change, for the table."""
    own = "" if outcome.by_its_own else tr("NOT by its own test") + ": "
    said = ": ".join(filter(None, (outcome.by, outcome.said)))
    return f"{outcome.seconds:5.1f} s  {own}{said}"


def outcomes(changes: list[decisions.Change]) -> Iterator[Outcome]:
    """What became of each, in their order."""
    processes, copies = Processes(), SimpleQueue()
    workers = len(os.sched_getaffinity(0))
    for number in range(workers):
        copies.put(Copy(FOLDER / str(number + 1), processes))

    def one(change):
        copy = copies.get()
        try:
            return trial.tried(change, copy)
        finally:
            copies.put(copy)

    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from pool.map(one, changes)
        finally:
            processes.stop()  # nothing lives any more, if all went to its end
            pool.shutdown(cancel_futures=True)
