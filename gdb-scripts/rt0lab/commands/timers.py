"""`info timers`: the timers that are set, when each is due and what it does."""

from __future__ import annotations

import collections
from typing import Any

import gdb

from .. import program
from ..formats import untrusted
from ..goroutines import clock, timers
from ..goroutines.census import Census
from ..program import bulk
from ..words import tr
from . import console
from .options import Options, complete

_NAMED = 5  # of those that wait on a timer's channel so many are named


class Timers(console.Command):
    """List the timers that are set, the next one first.
    That is when it is due, how often, what it does, whom that wakes.
    Usage: info timers [-limit N] [-json]
    From Go 1.23 on a channel's timer is in no list while nobody waits for it. On a core file, `in` counts from the
    latest time that the scheduler noted.

    (gdb) info timers
    in 30m            sends on chan 0xc000088540, wakes 34"""

    name, kind = "info timers", gdb.COMMAND_STATUS
    options = Options("info timers", "[-limit N] [-json]")
    options.add_argument("-limit", type=int, metavar="N")

    def run(self, argument: str) -> None:
        asked = self.options.of(argument)
        if asked.limit is not None and asked.limit < 0:
            self.options.error(tr("-limit wants a number of timers"))
        console.need_process()
        with bulk.no_collecting():
            self._list(asked)

    def _list(self, asked):
        known = timers.Timers()
        every = list(known.all())
        shown = _Shown(every[: asked.limit])
        problem = None if known.whole else tr("not all timers can be read: there may be more.")
        if asked.json:
            console.dump([shown.plain(one) for one in shown.timers] + ([{"problem": problem}] if problem else []))
            return
        if problem:
            console.say(problem)
        if not every:
            console.say(tr("no timer is set."))
        elif shown.timers:
            console.table([shown.cells(one) for one in shown.timers])
        if len(every) > len(shown.timers):
            console.say(
                tr("and {every} more: `-limit` is {limit}.", every=len(every) - len(shown.timers), limit=asked.limit)
            )

    def complete(self, text: str, word: str | None) -> list[str]:
        """Options."""
        return complete(text, word, self.options.flags)


class _Shown:
    """Timers beside the goroutines that wait for them."""

    def __init__(self, some: list[timers.Pending]) -> None:
        census = Census(brief=True)
        self.timers, self.now = some, census.now
        self._ids = {row.addr: row.goid for row in census.rows}
        self._waiting = collections.defaultdict(list)  # {a channel: ids of those that wait there}
        if any(one.does == "sends" for one in some):
            for g, items in census.waits(census.rows).items():
                for item in items:
                    self._waiting[item.addr].append(self._ids[g])

    def plain(self, one: timers.Pending) -> dict[str, Any]:
        return {
            "address": one.addr,
            "when": one.when,
            "in_ns": one.when - self.now if self.now else None,
            "period_ns": one.period or None,
            "p": one.p,
            "does": one.does,
            "function": one.function,
            "target": one.target,
            "wakes": self._wakes(one),
        }

    def _wakes(self, one):
        """The ids of those that it wakes, as far as that is known."""
        if one.does == "wakes":
            return [self._ids[one.target]] if one.target in self._ids else []
        return self._waiting.get(one.target, []) if one.does == "sends" else []

    def cells(self, one: timers.Pending) -> tuple[str, ...]:
        """`in 30m`, `every 10m`, `sends on chan 0xc000088540, wakes 34`"""
        left = one.when - self.now if self.now else None
        if left is None:
            due = tr("at {when}", when=one.when)
        else:
            due = tr("in {left}", left=clock.duration(left)) if left > 0 else tr("due")
        return due, tr("every {period}", period=clock.duration(one.period)) if one.period else "", self._does(one)

    def _does(self, one):
        wakes = self._wakes(one)
        whom = " ".join(map(str, wakes[:_NAMED])) + (
            tr(" and {wakes} more", wakes=len(wakes) - _NAMED) if len(wakes) > _NAMED else ""
        )
        if one.does == "wakes":
            return tr("wakes {whom}", whom=whom) if wakes else tr("wakes the g at {target:#x}", target=one.target)
        if one.does == "sends":
            return tr("sends on chan {target:#x}, ", target=one.target) + (
                tr("wakes {whom}", whom=whom) if wakes else tr("where nobody waits")
            )
        if one.does == "deadline":
            desc = program.read_struct("pollDesc", one.target)
            return tr("ends the patience with fd ") + (f"{desc.get('fd')}" if desc else "?")
        return tr("calls {function}", function=untrusted.shown(one.function))
