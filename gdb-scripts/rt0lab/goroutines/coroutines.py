"""Coroutines (iter.Pull, from Go 1.23 on) and their partners: which goroutine runs while another waits in `next`, and
which waits until somebody calls that.

A coro names the goroutine that waits by it, and no goroutine its coro: whoever switches has its address on the inner
part of his stack, whoever began in runtime.corostart on the outermost.
"""

from __future__ import annotations

from typing import Any

from .. import program
from ..program import bulk
from ..words import tr
from . import blockers

_NEAR = 512  # bytes of a stack, from SP on, in which coroswitch keeps the coro
_OUTERMOST = 512  # and at its other end, in which corostart does
_START = "runtime.corostart"


class Coroutine:
    """What one in `coroutine` waits for: that `partner`, the goroutine that now runs the iterator, yields; or, if it
    runs that itself, that somebody asks for the next value. `maker` is the id of who called iter.Pull, where known."""

    kind = "coroutine"

    def __init__(self, addr: int, runs_it: bool, partner: int | None, maker: int | None) -> None:
        self.addr, self.runs_it, self.partner, self.maker = addr, runs_it, partner, maker

    def __str__(self) -> str:
        if self.runs_it:
            return tr("until next is called") + (tr(", made by {maker}", maker=self.maker) if self.maker else "")
        return f"until {self.partner} yields" if self.partner else f"coro {self.addr:#x}"

    def plain(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "address": self.addr,
            "runs_it": self.runs_it,
            "partner": self.partner,
            "maker": self.maker,
        }


def coroutines(rows: list[Any], everybody: list[Any]) -> dict[int, tuple[Any, ...]]:
    """{g: (Coroutine,)} of those of the rows, all in `coroutine`, of which it can be known; `everybody` may be their
    partners."""
    if program.world().type("coro") is None or not rows:
        return {}
    begun = [row for row in everybody if _begun_in_start(row)]
    outer = blockers.addresses_on([(row, max(row.hi - _OUTERMOST, _inner(row)), row.hi) for row in begun])
    ids, coro_of = {row.addr: row.goid for row in begun}, _coros(rows)
    runs: dict[int, int] = {}  # {a coro: the g that runs its function}
    wanted = set(coro_of.values())
    for g, words in outer.items():
        runs.update((word, g) for word in wanted.intersection(words))
    makers = _makers(begun)
    found: dict[int, tuple[Any, ...]] = {}
    for g, coro in coro_of.items():
        body = runs.get(coro)
        partner = None if body == g else ids.get(body) if body else None
        found[g] = (Coroutine(coro, body == g, partner, makers.get(body) if body else None),)
    return found


def _begun_in_start(row):
    """Did it begin as a coroutine?"""
    symbol = program.world().symbol_at(row.startpc) if row.startpc else None
    return symbol is not None and symbol[0] == _START


def _inner(row):
    """Where what is in use of its stack begins, as far as that is known: one that runs has no SP in its gobuf."""
    return row.sp if row.lo <= row.sp < row.hi else row.lo


def _coros(rows):
    """{g: the coro by which it waits}: of the words on the inner part of its stack the one that is a coro of this g; of
    one that never ran the one that it was made for."""
    words = blockers.addresses_on([(row, row.sp, min(row.sp + _NEAR, row.hi)) for row in rows])
    for made in bulk.Fields("g", coro="coroarg").readable([row.addr for row in rows]):
        words.setdefault(made.addr, []).append(made.coro or 0)
    every = {word for those in words.values() for word in those}
    known = bulk.Fields("coro", gp="gp").by_address(every) if every else {}
    found = {}
    for g, those in words.items():
        found.update({g: word for word in those if word in known and known[word].gp == g})
    return found


def _makers(rows):
    """{g: the id of who made it}, of those whose g says so."""
    if "parentGoid" not in program.world().layout("g").at:
        return {}
    return {row.addr: row.maker for row in bulk.Fields("g", maker="parentGoid").readable([row.addr for row in rows])}
