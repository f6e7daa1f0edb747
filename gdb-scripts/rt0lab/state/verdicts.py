"""What a check can say, and what it may ask of the present moment. The checks themselves are in checks and
checks_waiters."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from typing import Any

from .. import program
from ..program import names
from ..words import tr
from . import movers
from .snapshot import Snapshot

OK, BROKEN, NOT_YET, MOVING, UNKNOWN = "ok", "BROKEN", "not yet", "moving", "unknown"


class Result:
    """One check's verdict."""

    def __init__(self, name: str, verdict: str, detail: str) -> None:
        self.name, self.verdict, self.detail = name, verdict, detail

    def __str__(self) -> str:
        """What was looked at and what was seen, in the learner's language."""
        return tr("{name}: {detail}", name=tr(self.name), detail=self.detail)


class Broken(Exception):
    """Something does not hold. `excuses` are asked, one after the other, for the evidence that somebody is changing
    just that."""

    def __init__(self, text: str, *excuses: Callable[[], str | None]) -> None:
        super().__init__(text)
        self.excuses = excuses


class NotYet(Exception):
    """The boot has not come there."""


class Unknown(Exception):
    """It cannot be seen here."""


def run_all(checks: tuple[tuple[str, Callable[..., Any]], ...], now: Now) -> list[Result]:
    """The Results of the checks, in their order."""
    return [_run(name, function, now) for name, function in checks]


def _run(name, function, now):
    now.excused = []
    try:
        detail = function(now)
        return Result(name, MOVING, now.excused[0]) if now.excused else Result(name, OK, detail)
    except NotYet as why:
        return Result(name, NOT_YET, str(why))
    except (Unknown, program.Lacking) as why:
        return Result(name, UNKNOWN, str(why))
    except Broken as broken:
        excused = _excused(broken)
        return Result(name, MOVING, excused) if excused else Result(name, BROKEN, str(broken))


def _excused(broken):
    """What is broken and who excuses it, None if nobody does."""
    excuse = next(filter(None, (excuse() for excuse in broken.excuses)), None)
    return tr("{broken}, but {excuse}", broken=broken, excuse=excuse) if excuse else None


class Now:
    """The present moment, as the checks see it: a Snapshot, the threads, and who excuses what (see movers)."""

    def __init__(self, snap: Snapshot) -> None:
        self.snap, self.threads = snap, movers.Threads(snap)
        self._ms = {m.addr: m for m in snap.hosts()}
        self._shared = {}
        self.excused = []  # what the check that runs has found not to hold, and who excuses it
        self.slot = names.slot(snap.world.g_slot)

    def shared(self, kind: Callable[[Now], Any]) -> Any:
        """What several checks need and is read once."""
        if kind not in self._shared:
            self._shared[kind] = kind(self)
        return self._shared[kind]

    def name(self, address: int) -> str:
        """What an address is called."""
        return names.unmarked(self.snap.names.pointer(address)) if address else "nil"

    def m_at(self, address: int) -> program.Struct | None:
        """The M at an address, None if none is there."""
        return self._ms.get(address)

    def g_is(self, g: program.Struct, *names: str) -> bool:
        """Is a g's status one of these, with or without the scan bit?"""
        return self.snap.world.g_status(g.get("atomicstatus")).removeprefix("_Gscan|") in names

    def in_c(self) -> bool:
        """Does the selected thread run code that is not Go's?"""
        lo, hi = (self.snap.world.address("runtime." + name) for name in ("text", "etext"))
        return lo is not None and hi is not None and not lo <= self.snap.pc < hi

    def wrong(self, text: str, *excuses: Callable[[], str | None]) -> None:
        """Something does not hold. Raises Broken, unless it is excused: then the check goes on, for what else may be
        wrong."""
        broken = Broken(text, *excuses)
        excused = _excused(broken)
        if excused is None:
            raise broken
        self.excused.append(excused)

    # -- excuses: each is asked only when something does not hold

    def mover(self, names: Collection[str], *addresses: int | None) -> Callable[[], str | None]:
        """Some thread is in one of these functions, which has to do with one of these addresses."""
        return functools.partial(self.threads.mover, names, *addresses)

    def maker(self, names: Collection[str], made: int) -> Callable[[], str | None]:
        """Some thread is in one of these functions and has the address of what it makes at hand; that is not its own
        M."""
        return functools.partial(self.threads.maker, names, made)

    def preempted(self, names: Collection[str], *addresses: int | None) -> Callable[[], str | None]:
        """Some goroutine that is ready to go on was preempted in one of these functions, which has to do with one of
        these addresses."""
        return functools.partial(self.threads.preempted, names, *addresses)

    def holder(self, lock: str) -> Callable[[], str | None]:
        """A lock of the runtime (`sched.lock`) is held."""
        variable, _, field = lock.partition(".")
        found = program.variable(variable)
        key = found.get(f"{field}.key" if field else "key") if found else None
        return functools.partial(self.threads.holder, lock, key)

    def between_stacks(self) -> str | None:
        """The selected thread is switching stacks."""
        here = self.threads.here
        return (
            tr("{between_stacks} is switching stacks", between_stacks=here.between_stacks())
            if here and here.between_stacks()
            else None
        )

    def here_in(self, names: Collection[str]) -> str | None:
        """The selected thread is in one of these functions."""
        here = self.threads.here
        return tr("this thread is in {names}", names=here.within(names)) if here and here.within(names) else None
