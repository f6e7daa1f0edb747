"""Where the learner's process stands in the boot that was run again."""

from __future__ import annotations

import dataclasses
import gdb

from .. import program
from ..state import history
from ..words import tr
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
    if not gdb.selected_inferior().pid:
        moment = history.kept.last()
        if moment is None:
            return Place(None, tr("the program has ended, and no stop of it was kept."))
        with moment.seen():
            return of_moment(writes, len(moment.threads))
    return of_moment(writes, len(gdb.selected_inferior().threads()))


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
