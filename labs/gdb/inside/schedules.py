"""Runs the program under a schedule that a seed chooses: gdb lets one thread go on at a time, from one of the
scheduler's functions to the next, and looks at every invariant in between.

Which thread may go on is all that is chosen; nothing is written. Whoever is about to sleep on a futex whose word still
says so is let wait, so that gdb never waits for a thread that only another could wake. sysmon and who waits for the
network go on when nobody else can: what they do depends on the time, and the same seed is to make the same run.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import re
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import gdb
from rt0lab import program
from rt0lab.boot import stops
from rt0lab.commands import console
from rt0lab.program import hidden, settings
from rt0lab.state import checks, verdicts
from rt0lab.words import tr
from runner.exercises import forms
from runner.exercises.forms import Exercise

from . import observe

_TURNS = """
    schedule findrunnable execute runqput runqsteal globrunqget newproc1 gopark park_m goready ready wakep
    startm stopm handoffp mstart
""".split()
_SLEEP, _NAP, _NETWORK, _END = "futexsleep", "nanosleep", "epollwait", "exit"
_MOST_STOPS = 600
_PATIENCE = 10  # seconds for a thread that comes to no stop
_MOST_THREADS = 64
_DEPTH = 4  # of sysmon's nap: frames
_PROCESSORS = 2  # with more, a thief begins with one that nobody can foresee
_MOST_SEEDS = 100
_PR_SET_DUMPABLE = 4


def seeds(text: str) -> range | None:
    """The seeds of `SEED` or `FIRST-LAST`; None if it is neither, or too many."""
    match = re.fullmatch(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?", text.strip(), re.ASCII)
    found = range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)
    return found if 0 < len(found) <= _MOST_SEEDS else None


def run(job_file: str) -> None:
    """Reads the job, {"exercise": folder, "word", "program", "arguments": [argument...], "seeds": [seed...]}, and
    prints a line for each row of `tried`: the word, and the row as JSON.

    The program is a stranger's. It cannot look into this gdb, and the word that makes a line ours is gone before it
    runs.
    """
    with open(job_file, encoding="utf-8") as file:
        job = json.load(file)
    os.unlink(job_file)
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    for row in tried(job["program"], job["arguments"], job["seeds"], forms.load(job["exercise"])):
        gdb.write(f"\n{job['word']} {json.dumps(row, sort_keys=True)}\n")
        gdb.flush()


def tried(path: str, arguments: Iterable[str], seeds: Iterable[int], exercise: Exercise) -> Iterator[dict[str, Any]]:
    """Runs a program under one schedule after the other, up to the first in which something is wrong or could not be
    looked at. Each row has the fields of a Run."""
    with settings.quiet():
        gdb.execute(f"file {path}", to_string=True)
        gdb.execute(f"set args {' '.join(arguments)}", to_string=True)
    with alone({}):
        for seed in seeds:
            found = once(seed, exercise)
            yield asdict(found)
            if found.wrong or found.unknown:
                return


def once(seed: int, exercise: Exercise) -> Run:
    """What the schedule of a seed comes to, and why nothing could be said if so."""
    schedule = Schedule(seed, lambda: _broken(exercise))
    try:
        return schedule.go()
    except (program.Problem, gdb.error) as problem:
        schedule.run.unknown = str(problem)
        return schedule.run


def _broken(exercise):
    """What does not hold now of `rt0 check` and of what the exercise says of every place, "" if all does."""
    results = checks.run(console.so_far.snapshot())
    wrong = (f"{result.name}: {result.detail}" for result in results if result.verdict == verdicts.BROKEN)
    return next(wrong, "") or observe.broken_anywhere(exercise)


@contextlib.contextmanager
def alone(environment: Mapping[str, str]) -> Iterator[None]:
    """The program, ended if it runs, is run with two Ps and without the learner's breakpoints while this lasts."""
    own = [point for point in gdb.breakpoints() if point.visible and point.enabled]
    before = environment.get("GOMAXPROCS", os.environ.get("GOMAXPROCS", ""))
    _end()
    try:
        for point in own:
            point.enabled = False
        gdb.execute(f"set environment GOMAXPROCS={_PROCESSORS}")
        yield
    finally:
        if before.isdecimal():
            gdb.execute(f"set environment GOMAXPROCS={before}")
        else:
            gdb.execute("unset environment GOMAXPROCS")
        for point in own:
            if point.is_valid():
                point.enabled = True


@contextlib.contextmanager
def left_out(observer: observe.Observer) -> Iterator[None]:
    """The observer notes nothing of the processes that begin while this lasts."""

    def begins(event: gdb.Event) -> None:
        observer.left_out = gdb.selected_inferior().pid

    gdb.events.new_thread.connect(begins)
    try:
        yield
    finally:
        gdb.events.new_thread.disconnect(begins)


def _end():
    """Ends the process, if there is one."""
    if program.alive():
        with settings.quiet():
            gdb.execute("kill", to_string=True)


@dataclass
class Run:
    """What one schedule came to: at which stop, which thread was where, and what was wrong, "" if nothing."""

    seed: int
    stops: int = 0
    thread: int = 0
    place: str = ""
    wrong: str = ""
    unknown: str = ""  # why it could not be looked at further


class Schedule:
    """One process under the schedule of a seed."""

    def __init__(self, seed: int, look: Callable[[], str]) -> None:
        """`look()` says what does not hold now, or ""."""
        self._random, self._look = random.Random(seed), look
        self.run = Run(seed)
        self._known = {1}  # threads that have come to one of our places
        self._owed = 0  # interrupts that came too late to be needed
        self._places: dict[int, str] = {}

    def go(self) -> Run:
        """Runs the program from its first instruction; it is left standing where something is wrong, else ended."""
        points: list[gdb.Breakpoint] = []
        try:
            stops.start()
            self._places = dict(_places())
            with settings.changed({"scheduler-locking": "on"}):
                points = [_Turn(address) for address in self._places]
                for _ in self._turns():
                    if self.run.wrong or self.run.unknown or self.run.stops >= _MOST_STOPS:
                        break
        finally:
            hidden.remove(points)
        if not self.run.wrong:
            _end()
        return self.run

    def _turns(self) -> Iterator[None]:
        """Lets one thread go on, again and again, until the program is about to end."""
        while self.run.place != _END:
            threads = {thread.num: thread for thread in gdb.selected_inferior().threads()}
            if len(threads) > _MOST_THREADS:
                self.run.unknown = tr("too many threads")
                return
            new = min(threads.keys() - self._known, default=0)
            number = new or self._choose(threads)
            if not number:
                self.run.wrong = tr("no thread can go on: each waits for another")
                return
            self._advance(threads[number])
            yield

    def _choose(self, threads):
        """The number of the thread that may go on; 0 if none can."""
        able = {number: self._able(thread) for number, thread in threads.items()}
        best = max(able.values(), default=0)
        return self._random.choice(sorted(n for n in able if able[n] == best)) if best else 0

    def _able(self, thread):
        """2: it can go on, 1: when nobody else can, 0: another must wake it first."""
        thread.switch()
        place = self._places.get(program.register("rip") or 0)
        if place == _SLEEP:
            return _asleep()
        return 1 if place == _NETWORK or place == _NAP and _is_sysmon() else 2

    def _advance(self, thread):
        """Lets one thread go on to its next place. Another that was just made may come to its first one meanwhile."""
        for _ in range(_MOST_THREADS):
            thread.switch()
            ended = self._continue()
            if self.run.wrong or self.run.unknown:
                return
            if ended.what == "exited":
                self.run.wrong = tr("the program ended with exit code {code}", code=ended.code)
                return
            if gdb.selected_thread().num == thread.num:
                self._stopped(thread.num)
                return
            self._known.add(gdb.selected_thread().num)

    def _stopped(self, number):
        known, place = number in self._known, self._places.get(program.register("rip") or 0, "?")
        self._known.add(number)
        if not known:  # where it begins is no stop: whether gdb sees it there now or a moment before is chance
            return
        self.run.stops, self.run.thread, self.run.place = self.run.stops + 1, number, place
        self.run.wrong = _exit_status() if place == _END else self._look()

    def _continue(self):
        """The Outcome of gdb's `continue`, which ends for certain."""
        pid, late = gdb.selected_inferior().pid, threading.Event()

        def interrupt():
            late.set()
            os.kill(pid, signal.SIGINT)

        while True:
            timer = _started(threading.Timer(_PATIENCE, interrupt))
            try:
                ended = stops.go("continue")
            finally:
                timer.cancel()
                timer.join()
            if ended.what != "signal":
                self._owed += late.is_set()  # it came just then; gdb will tell of the signal at the next turn
                return ended
            if ended.text != "SIGINT":
                self.run.wrong = tr("signal {name}", name=ended.text)
                return ended
            if late.is_set():
                self.run.unknown = tr(
                    "thread {thread} came to no stop within {n} s", thread=gdb.selected_thread().num, n=_PATIENCE
                )
                return ended
            if not self._owed:
                raise KeyboardInterrupt
            self._owed -= 1


def _started(timer):
    """Starts a thread that takes no signal: gdb waits for its own SIGCHLD, and another thread would keep it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        timer.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return timer


class _Turn(stops.Point):
    """A place where a thread waits for its turn; gdb says nothing of it."""

    def __init__(self, address: int) -> None:
        super().__init__(address)
        self.silent = True


def _places():
    """(address, function) of where threads are stopped, of those that this program has."""
    world = program.world()
    for name in (*_TURNS, _SLEEP, _NAP, _NETWORK, _END):
        address = world.address(f"runtime.{name}") if f"runtime.{name}" in world.elf.symbols else None
        if address is not None:
            yield address, name


def _asleep():
    """What _able says of a thread at futexsleep(addr, val, ns): the kernel lets it sleep while the word is val."""
    address, wanted, limit = (program.register(name) or 0 for name in ("rdi", "rsi", "rdx"))
    data = program.read(address, 4)
    if not isinstance(data, bytes) or int.from_bytes(data, "little") != wanted & 0xFFFFFFFF:
        return 2
    return 0 if limit >> 63 else 1


def _is_sysmon():
    frame = gdb.newest_frame()
    for _ in range(_DEPTH):
        frame = frame.older()
        if frame is None:
            return False
        if (frame.name() or "").endswith("sysmon"):
            return True
    return False


def _exit_status():
    """What is wrong with the way the program is about to end, "" if nothing is."""
    status = (program.register("rdi") or 0) & 0xFF
    return tr("the program ends with exit code {code}", code=status) if status else ""
