"""Grades many submissions, each in a process of its own: what one does to its process costs no other."""

import ctypes
import os
import select
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rt0lab.words import tr, trn

from ..failure import Failure
from ..host import interruption
from ..tree import ROOT
from . import marks
from .entries import Entry
from .grading import Grader
from .marks import Result

PATIENCE = 5  # seconds in which a process that is asked to end may put away what it started
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def open_entries(grader: Grader, entries: list[Entry], results: Path) -> list[Entry]:
    """Those that have no result yet, or one that follows from something else."""
    return [entry for entry in entries if marks.read(results, entry.key, grader.basis(entry)) is None]


def plan(folder: Path, course: Path, results: Path, entries: list[Entry]) -> Iterator[str]:
    """One command for each entry; they depend on nothing but the folders they name. Failure where one has no line."""
    for entry in entries:
        words = [ROOT / "lab", "grade", folder.resolve(), "--class", course.resolve(), "--results", results.resolve()]
        line = shlex.join([*map(str, words), "--one", entry.key])
        if "\n" in line or "\r" in line:
            raise Failure(tr("a folder's name has more than one line, so no line of a plan can name it"))
        yield line


def grade(grader: Grader, entries: list[Entry], results: Path, jobs: int) -> None:
    """Writes the result of every entry, `jobs` at a time. However this ends, no process of theirs is left."""
    waiting, running = list(entries), {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                job = _Job(grader, waiting.pop(0), results)
                running[job.descriptor] = job
            _wait(running, results)
    finally:
        for job in running.values():
            job.ask_to_end()
        for job in running.values():
            job.end()


def _wait(running, results):
    """Until a job has ended, or must be ended because its time is up."""
    soonest = min(job.until for job in running.values())
    ready, _, _ = select.select(list(running), [], [], max(0.0, soonest - time.monotonic()))
    late = [job for job in running.values() if job.until <= time.monotonic() and job.descriptor not in ready]
    for job in [running[descriptor] for descriptor in ready] + late:
        job.ask_to_end()
        job.end()
        del running[job.descriptor]
        job.settle(job in late)


class _Job:
    """The process that grades one entry."""

    def __init__(self, grader: Grader, entry: Entry, results: Path) -> None:
        self.grader, self.entry, self.results = grader, entry, results
        self.until = time.monotonic() + grader.course.policy.seconds
        sys.stdout.flush()
        sys.stderr.flush()
        with interruption.held():
            us = os.getpid()
            self.process = os.fork()
            if self.process == 0:
                self._inside(us)
            self.descriptor = os.pidfd_open(self.process)
        self._status: int | None = None

    def _inside(self, us):
        """In the new process, which never returns from here."""
        status = 1
        try:
            os.setpgid(0, 0)  # a key at the terminal is for us alone
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != us:
                os._exit(1)
            with open(os.devnull, "r+b") as nothing:
                for number in (0, 1, 2):
                    os.dup2(nothing.fileno(), number)
            interruption.release()
            marks.write(self.results, self.grader.grade(self.entry))
            status = 0
        finally:
            os._exit(status)

    def ask_to_end(self) -> None:
        """Lets it put away what it started."""
        if self._status is None:
            signal.pidfd_send_signal(self.descriptor, signal.SIGTERM)

    def end(self) -> None:
        """Waits until it has ended, a little, then ends it."""
        with interruption.held():
            if not select.select([self.descriptor], [], [], PATIENCE)[0]:
                os.killpg(self.process, signal.SIGKILL)
            if self._status is None:
                self._status = os.waitpid(self.process, 0)[1]
                os.close(self.descriptor)

    def settle(self, late: bool) -> None:
        """Writes a result where the process has written none."""
        if marks.read(self.results, self.entry.key, self.grader.basis(self.entry)) is None:
            if late:
                why = tr("timeout: not graded within {n} s", n=self.grader.course.policy.seconds)
            else:
                why = tr("the grader broke off at this submission")
            marks.write(self.results, self.grader.failed(self.entry, why))


def merge(grader: Grader, entries: list[Entry], results: Path, *, everybody: bool) -> list[Result]:
    """The results of all entries, by student; with `everybody`, of those too who handed in nothing."""
    found = [(entry, marks.read(results, entry.key, grader.basis(entry))) for entry in entries]
    missing = sum(result is None for _, result in found)
    if missing:
        handed_in = trn("{n} submission", "{n} submissions", len(entries))
        raise Failure(
            tr(
                "{missing} of {all} have no result in {results} yet; --plan names them",
                missing=missing,
                all=handed_in,
                results=results,
            )
        )
    all_of_them = [result for _, result in found if result]
    if everybody:
        graded = {result.student for result in all_of_them}
        all_of_them += [grader.missing(s) for s in grader.course.students if s.id not in graded]
    return sorted(all_of_them, key=lambda result: (result.student, result.key))
