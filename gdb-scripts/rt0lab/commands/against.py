"""`info goroutines -against CORE`: the goroutines here beside those in another core of the same program, by groups:
what appeared, disappeared, grew and shrank since."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from ..goroutines.census import Census
from ..program import cores, past
from ..show import table
from ..words import tr, trn
from . import chosen

_ORDER = ("appeared", "grew", "shrank", "disappeared", "same")


class Change:
    """A group in both: how many are in it here and there, and an example of it."""

    def __init__(self, example: table.Group, here: int, there: int) -> None:
        self.example, self.here, self.there = example, here, there
        if here == there:
            self.how = "same"
        elif not there or not here:
            self.how = "appeared" if here else "disappeared"
        else:
            self.how = "grew" if here > there else "shrank"

    def plain(self) -> dict[str, Any]:
        """As data; `goroutines` are those here."""
        found = self.example.plain()
        del found["count"]
        return found | {
            "change": self.how,
            "here": self.here,
            "there": self.there,
            "goroutines": found["goroutines"] if self.here else [],
        }


class Comparison:
    """Two times the same question: of the program at hand, and of a core file. `choose` gives a census's rows."""

    def __init__(self, here: Census, path: str, by: str, choose: Callable[[Census], list[Any]]) -> None:
        ours = self._groups(here, by, choose)  # first: what gdb finds out about places in the code is used for both
        with contextlib.closing(cores.Moment(path)) as other, past.reading(other):
            there = Census(system=True)
            self.problem = there.problem
            theirs = self._groups(there, by, choose)
        self.counts = tuple(sum(len(group.rows) for group in groups.values()) for groups in (ours, theirs))
        found = []
        for key in {**ours, **theirs}:
            here_, there_ = ours.get(key), theirs.get(key)
            found.append(
                Change(here_ or theirs[key], len(here_.rows) if here_ else 0, len(there_.rows) if there_ else 0)
            )
        self.changes = sorted(found, key=lambda c: (_ORDER.index(c.how), -abs(c.here - c.there), c.example.label))

    @staticmethod
    def _groups(census, by, choose):
        groups = chosen.grouped(census, choose(census), by, of_threads=False)
        return {group.key: group for group in groups}

    def plain(self) -> dict[str, Any]:
        return {
            "here": self.counts[0],
            "there": self.counts[1],
            "groups": [change.plain() for change in self.changes if change.how != "same"],
            "same": sum(change.how == "same" for change in self.changes),
            "problem": self.problem,
        }

    def lines(self, limit: int | None) -> Iterator[str]:
        """A line for each group that is not the same, with its frames if it has some."""
        yield trn(
            "{n} goroutine here, {there} in the other core",
            "{n} goroutines here, {there} in the other core",
            self.counts[0],
            there=self.counts[1],
        )
        if self.problem:
            yield tr("in the other core {problem}", problem=self.problem)
        changed = [change for change in self.changes if change.how != "same"]
        for change in changed[:limit]:
            yield (
                f"{change.here - change.there:+7} {change.how:11} {change.there} -> {change.here}"
                f"  {change.example.label or '-'}"
            )
            yield from table.frame_lines(change.example.frames or [])
        if len(changed[:limit]) < len(changed):
            yield tr(
                "and {changed} more: `-limit` is {limit}.", changed=len(changed) - len(changed[:limit]), limit=limit
            )
        yield trn("{n} group is the same.", "{n} groups are the same.", len(self.changes) - len(changed))
