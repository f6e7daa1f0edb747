"""Runs the program under a schedule that a seed chooses: gdb lets one thread go on at a time, from one of the
scheduler's functions to the next, and looks at every invariant in between.

Which thread may go on is all that is chosen; nothing is written. Whoever is about to sleep on a futex whose word still
says so is let wait, so that gdb never waits for a thread that only another could wake. Who yields the processor until
another thread has done something goes on when nobody else can, and so do sysmon and who waits for the network: what
these do depends on the time, and the same seed is to make the same run.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import gdb
from rt0lab import program
from rt0lab.boot import stops
from rt0lab.commands import console
from rt0lab.goroutines import naming
from rt0lab.program import hidden, settings
from rt0lab.state import checks, verdicts
from rt0lab.words import tr
from runner.exercises import forms
from runner.exercises.forms import Exercise

from . import observe, stranger

_TURNS = """
    schedule findrunnable acquirep execute runqput runqsteal globrunqget newproc1 gopark park_m goready ready wakep
    startm stopm handoffp
""".split()
_FIRST = "mstart"  # where all threads but m0's begin
_SLEEP, _NAP, _YIELD, _NETWORK, _END = "futexsleep", "nanosleep", "osyield", "epollwait", "exit"
_THROW = "throw"  # here the stack still shows who noticed
_MOST_STOPS = 600
_ALONE = {"suppress-cli-notifications": "on", "scheduler-locking": "on", "breakpoint always-inserted": "on"}
_SELDOM, _OFTEN = 1 / 6, 19 / 20  # another thread goes on, though the one before could
_BETWEEN = "park_m"  # where a goroutine still runs, and others may know already that it is to wait
_READY, _WAITING, _TIMED, _ASLEEP = range(4)  # who may go on: the first that there are, but none that is asleep
_PATIENCE = 10  # seconds for a thread that comes to no stop
_MOST_THREADS = 64
_DEPTH = 4  # of sysmon's nap: frames
_PROCESSORS = 2  # with more, a thief begins with one that nobody can foresee
_MOST_SEEDS = 100


def seeds(text: str) -> range | None:
    """The seeds of `SEED` or `FIRST-LAST`; None if it is neither, or too many."""
    match = re.fullmatch(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?", text.strip(), re.ASCII)
    found = range(int(match[1]), int(match[2] or match[1]) + 1) if match else range(0)
    return found if 0 < len(found) <= _MOST_SEEDS else None


def run(job_file: str) -> None:
    """Reads the job, {"exercise": folder, "word", "program", "arguments": [argument...], "seeds": [seed...]}, and
    prints a line for each row of `tried`: the word, and the row as JSON."""
    job = stranger.job(job_file)
    for row in tried(job["program"], job["arguments"], job["seeds"], forms.load(job["exercise"])):
        stranger.tell(job["word"], row)


def tried(path: str, arguments: Iterable[str], seeds: Iterable[int], exercise: Exercise) -> Iterator[dict[str, Any]]:
    """Runs a program under one schedule after the other, up to the first in which something is wrong or could not be
    looked at. Each row has the fields of a Run."""
    stranger.take(path, arguments)
    with alone({}), _unseen():
        for seed in seeds:
            found = once(seed, exercise)
            yield asdict(found)
            if found.wrong or found.unknown:
                return


def once(seed: int, exercise: Exercise) -> Run:
    """What the schedule of a seed comes to, and why nothing could be said if so."""
    schedule = Schedule(seed, lambda place: _thrown(exercise) if place == _THROW else _broken(exercise))
    try:
        return schedule.go()
    except (program.Problem, gdb.error) as problem:
        schedule.run.unknown = str(problem)
        return schedule.run


def _broken(exercise):
    """What does not hold now of `rt0 check` and of what the exercise says of every place, "" if all does."""
    results = checks.run(console.so_far.snapshot())
    wrong = (str(result) for result in results if result.verdict == verdicts.BROKEN)
    return next(wrong, "") or observe.broken_anywhere(exercise)


def _thrown(exercise):
    """What the runtime says as it gives up, where throw begins."""
    what = observe.Moment(exercise, {}, (), {}).text(str(program.fresh_register("rdi") or 0))
    return tr("the runtime gives up: {what}", what=what)


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


@contextlib.contextmanager
def _unseen():
    """Nobody sees these stops, or asks for the past: nothing is kept of them, and no thread gets a name."""
    others = console.so_far.stopped, naming.names.stopped
    for other in others:
        gdb.events.stop.disconnect(other)
    try:
        yield
    finally:
        for other in others:
            gdb.events.stop.connect(other)


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

    @property
    def ended(self) -> bool:
        """Is there no next turn?"""
        return bool(self.wrong or self.unknown or self.place == _END)


class Schedule:
    """One process under the schedule of a seed.

    The threads stand in a row. The first of them that can goes on, and now and then whoever went on is sent to its end:
    so a thread stands still for long just where it was, which is what most races need.
    """

    def __init__(self, seed: int, look: Callable[[str], str]) -> None:
        """`look(place)` says what does not hold now that a thread has come there, or ""."""
        self._random, self._look = random.Random(seed), look
        self.run = Run(seed)
        self._row = [1]
        self._places: dict[int, str] = {}
        self._at: dict[int, _Standing] = {}  # of those threads that have come to one of our places

    def go(self) -> Run:
        """Runs the program from its first instruction; it is left standing where something is wrong, else ended."""
        points: list[_Turn] = []
        try:
            if stops.start().what == "signal":
                raise KeyboardInterrupt  # who types Ctrl-C just then means it, too
            with program.holding(), _quiet(), _Resumed() as resumed:
                self._places = dict(_places())
                points = [_Turn(address, name) for address, name in self._places.items()]
                while self.run.stops < _MOST_STOPS and not self.run.ended:
                    self._turn(resumed)
        finally:
            hidden.remove(points)
        if not self.run.wrong:
            _end()
        return self.run

    def _turn(self, resumed):
        """Lets one thread go on to its next place."""
        threads = {thread.num: thread for thread in gdb.selected_inferior().threads()}
        if len(threads) > _MOST_THREADS:
            self.run.unknown = tr("too many threads")
            return
        for number in sorted(threads.keys() - set(self._row)):
            self._row.insert(self._random.randrange(len(self._row) + 1), number)
        new = min(threads.keys() - self._at.keys(), default=0)
        if new and self._begun(threads[new]):
            return
        number = new or self._chosen()
        if not number:
            self.run.wrong = tr("no thread can go on: each waits for another")
            return
        self._advance(threads[number], resumed)

    def _begun(self, thread):
        """Does a new thread stand at its first place already? gdb has told of another's stop then, and not of this."""
        thread.switch()
        place = self._places.get(program.fresh_register("rip"))
        if place is not None:
            self._at[thread.num] = _Standing(place)
        return place is not None

    def _chosen(self):
        """The number of the thread that may go on; 0 if none can."""
        if self.run.thread and self._random.random() < (_OFTEN if self.run.place == _BETWEEN else _SELDOM):
            self._row.remove(self.run.thread)
            self._row.append(self.run.thread)
        able: dict[int, int] = {}
        for number in self._row:
            able.setdefault(self._at[number].able(), number)
            if _READY in able:
                break
        best = min(able)
        return 0 if best == _ASLEEP else able[best]

    def _advance(self, thread, resumed):
        """The same of this thread. Another that was just made may come to its first place meanwhile."""
        for _ in range(_MOST_THREADS):
            thread.switch()
            resumed.go_on()
            self.run.wrong, self.run.unknown = resumed.wrong, resumed.unknown
            if self.run.ended:
                return
            number = gdb.selected_thread().num
            before, self._at[number] = self._at.get(number), _Standing(resumed.place)
            if number != thread.num or before and before.place == resumed.place == _FIRST:
                continue
            if before:  # where it begins is no stop: whether gdb sees it there now or a moment before is chance
                self._stopped(number, resumed.place)
            return

    def _stopped(self, number, place):
        self.run.stops, self.run.thread, self.run.place = self.run.stops + 1, number, place
        self.run.wrong = _exit_status() if place == _END else self._look(place)


class _Standing:
    """A thread at one of our places, which does not change as long as the others go on."""

    def __init__(self, place: str) -> None:
        """Of the selected thread."""
        self.place = place
        timed = place == _NETWORK or place == _NAP and _is_sysmon()
        self._ready = _TIMED if timed else _WAITING if place == _YIELD else _READY
        self._sleep = [program.fresh_register(name) or 0 for name in ("rdi", "rsi", "rdx")] if place == _SLEEP else []

    def able(self) -> int:
        """May it go on? _READY, or what it waits for."""
        return _asleep(*self._sleep) if self._sleep else self._ready


class _Resumed:
    """Lets the selected thread go on until it, or one that was just made, comes to a place, and ends that for certain:
    who comes nowhere is interrupted."""

    def __init__(self) -> None:
        self.place, self.wrong, self.unknown = "", "", ""
        self._signal: str | None = None
        self._over, self._lock = threading.Event(), threading.Lock()
        self._until: float | None = None  # when to interrupt; None while nobody waits
        self._late = False  # was it interrupted?
        self._owed = 0  # interrupts that came too late to be needed
        self._watch = threading.Thread(target=self._wait, args=(gdb.selected_inferior().pid,), daemon=True)

    def __enter__(self) -> _Resumed:
        gdb.events.stop.connect(self._stops)
        gdb.events.exited.connect(self._exits)
        # it takes no signal: gdb waits for its own SIGCHLD, and another thread would keep it
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self._watch.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return self

    def __exit__(self, *_: Any) -> None:
        gdb.events.stop.disconnect(self._stops)
        gdb.events.exited.disconnect(self._exits)
        self._over.set()
        self._watch.join()

    def _stops(self, event):
        """gdb.events.stop"""
        self._signal = getattr(event, "stop_signal", None)
        self.place = next((each.place for each in getattr(event, "breakpoints", ()) if isinstance(each, _Turn)), "?")

    def _exits(self, event):
        """gdb.events.exited"""
        self.wrong = tr("the program ended with exit code {code}", code=getattr(event, "exit_code", "?"))

    def _wait(self, pid):
        """Interrupts who takes too long, in a thread of its own."""
        while not self._over.wait(1):
            with self._lock:
                if self._until is not None and time.monotonic() > self._until and not self._late:
                    self._late = True
                    os.kill(pid, signal.SIGINT)

    def go_on(self) -> None:
        """One turn; `place` is where it ended, or `wrong` or `unknown` say what happened."""
        while True:
            self._signal, self._until = None, time.monotonic() + _PATIENCE
            try:
                gdb.execute("continue", to_string=True)
            finally:
                with self._lock:
                    late, self._late, self._until = self._late, False, None
            if self.wrong or not self._signal:
                self._owed += late  # it came just then; gdb will tell of the signal at the next turn
                return
            if self._signal != "SIGINT":
                self.wrong = tr("signal {name}", name=self._signal)
                return
            if late:
                number = gdb.selected_thread().num
                self.unknown = tr("thread {thread} came to no stop within {n} s", thread=number, n=_PATIENCE)
                return
            if not self._owed:
                raise KeyboardInterrupt
            self._owed -= 1


@contextlib.contextmanager
def _quiet():
    """gdb lets one thread go on alone and says nothing of it while this lasts."""
    with (
        settings.quiet(),
        settings.unread(),
        settings.changed(_ALONE),
        hidden.untold(),
    ):
        yield


class _Turn(stops.Point):
    """A place where a thread waits for its turn; gdb says nothing of it."""

    def __init__(self, address: int, place: str) -> None:
        super().__init__(address)
        self.silent, self.place = True, place


def _places():
    """(address, function) of where threads are stopped, of those that this program has."""
    world = program.world()
    for name in (_FIRST, *_TURNS, _SLEEP, _NAP, _YIELD, _NETWORK, _THROW, _END):
        address = world.address(f"runtime.{name}") if f"runtime.{name}" in world.elf.symbols else None
        if address is not None:
            yield address, name


def _asleep(address, wanted, limit):
    """May a thread go on that is at futexsleep(addr, val, ns)? The kernel lets it sleep while the word is val."""
    data = program.read(address, 4)
    if not isinstance(data, bytes) or int.from_bytes(data, "little") != wanted & 0xFFFFFFFF:
        return _READY
    return _ASLEEP if limit >> 63 else _TIMED


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
