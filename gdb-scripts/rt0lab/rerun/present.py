"""Where the learner's process stands in the boot that was run again."""

from __future__ import annotations

import dataclasses

import gdb

from .. import program
from ..program import past
from ..state import history
from ..words import tr
from . import stepper
from .writes import Writes


@dataclasses.dataclass(frozen=True)
class Place:
    """`step`: so many instructions of the boot were made; None if that is not known, and `problem` says why. `after`:
    the boot is over, other threads run."""

    step: int | None
    problem: str | None = None
    after: bool = False


def of(writes: Writes) -> Place:
    """That of the present moment; of a process that has ended, that of its last stop."""
    if not gdb.selected_inferior().pid and history.kept.last() is None:
        return Place(None, tr("the program has ended, and no stop of it was kept."))
    with _reading():
        moment = past.moment()
        return of_moment(writes, len(moment.threads if moment is not None else gdb.selected_inferior().threads()))


def agrees(writes: Writes, path: str, step: int) -> bool:
    """Has a field at the present moment what it had before a step of the boot that was run again?"""
    with _reading():
        return writes.agrees(path, step, _word)


def had(writes: Writes, path: str, step: int, kept: history.Moment) -> bool:
    """Had it that at a stop that is kept?"""
    with kept.seen():
        return writes.agrees(path, step, _word)


def is_like(writes: Writes, path: str, kept: history.Moment) -> bool:
    """Was a kept stop of one thread a moment of the boot that was run again, also in this field?"""
    with kept.seen():
        step = of_moment(writes, 1).step
        return step is not None and writes.agrees(path, step, _word)


def by_hand(writes: Writes, path: str) -> bool:
    """Is a field not what it was at the last stop? Then a user of gdb has written to it, or a thread that runs."""
    kept = history.kept.last()
    if not gdb.selected_inferior().pid or kept is None or past.moment() is not None:
        return False
    with kept.seen():
        then = writes.raw(path, _word)
    now = writes.raw(path, _word)
    return None not in (now, then) and now != then


def _word(at):
    found = program.register("fs_base") if at == stepper.FS else program.read_word(at)
    return found if isinstance(found, int) else None


def _reading():
    """A context in which the present is read, or the last stop of a process that has ended."""
    return past.reading(None if gdb.selected_inferior().pid else history.kept.last())


def of_moment(writes: Writes, threads: int, after: int = 0) -> Place:
    """That of the moment that is read."""
    again = writes.replay
    if threads > 1:
        return Place(writes.steps, after=True)
    if again.world.slide != again.slide:
        return Place(
            None,
            tr("this process lies where chance has put it: `set disable-randomization on`, and `rt0 run` once more."),
        )
    pc, sp = program.register("rip"), program.register("rsp")
    step = None if pc is None or sp is None else again.find(pc, sp, program.read, after)
    if step is not None:
        return Place(step)
    if again.is_before(program.read):
        return Place(0)
    return Place(
        None,
        tr(
            "the program, run once more, was never where this one stands, with the same in memory: it has gone another"
            " way, or somebody has written to it."
        ),
    )
