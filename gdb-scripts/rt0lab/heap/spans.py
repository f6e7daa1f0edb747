"""Which objects the heap has: their addresses and sizes, and whether there can be pointers in them.

In Go they lie in spans, each of objects of one size; mheap_.allspans lists them. What is free is no object.
"""

from __future__ import annotations

import bisect
from typing import Any, NamedTuple

from .. import program
from ..program import bulk
from ..words import tr, trn
from . import mirror

_MOST = 1 << 23  # spans: of 8 KB, in 64 GB
_MOST_OBJECTS = 1 << 16  # in one
_MSPAN: dict[str, Any] = {
    **{name: name for name in ("startAddr", "npages", "nelems", "elemsize", "freeindex", "allocBits", "spanclass")},
    **{name: name for name in ("specials", "pinnerBits")},
    "state": ("state", "state.s"),
}


class Object(NamedTuple):
    """An object of the heap: its address, its size, and whether there can be pointers in it."""

    base: int
    size: int
    scan: bool


class Span(NamedTuple):
    """Objects of one size beside each other. Bit i of `live` says whether the i-th is one; `specials` and `pins` are
    where the runtime notes what else it knows of them, 0 if nothing."""

    start: int
    end: int
    size: int
    scan: bool
    live: int
    specials: int = 0
    pins: int = 0

    @property
    def room(self) -> int:
        """How many objects there is room for."""
        return (self.end - self.start) // self.size


class Spans:
    """The spans of a heap, in the order of their addresses, and what of it makes no sense, in sentences."""

    def __init__(self, rows: list[Span], problems: list[str]) -> None:
        self.rows, self.problems = _apart(sorted(rows), problems), problems
        self.starts = [row.start for row in self.rows]
        self.ends = [row.end for row in self.rows]
        self.elems = [row.size for row in self.rows]
        self.scans = [row.scan for row in self.rows]
        self.lo, self.hi = (self.starts[0], self.ends[-1]) if self.rows else (0, 0)

    def number_at(self, word: int) -> int:
        """The number of the span around an address, -1 if there is none."""
        number = bisect.bisect_right(self.starts, word) - 1
        return number if number >= 0 and word < self.ends[number] else -1

    def object_at(self, word: int) -> Object | None:
        """The object at an address or around it; None if none is there."""
        number = self.number_at(word)
        if number < 0:
            return None
        row = self.rows[number]
        index = (word - row.start) // row.size
        return Object(row.start + index * row.size, row.size, row.scan) if row.live >> index & 1 else None


def _apart(rows, problems):
    """Of these, in order, those that lie in no other; of two that lie in each other the smaller is believed."""
    found, lost = [], 0
    for row in rows:
        while found and found[-1].end > row.start and found[-1].end - found[-1].start > row.end - row.start:
            found.pop()
            lost += 1
        if found and found[-1].end > row.start:
            lost += 1
        else:
            found.append(row)
    if lost:
        problems.append(trn("{n} span of the heap lies in another.", "{n} spans of the heap lie in others.", lost))
    return found


def of_program() -> Spans:
    """The program's heap as it stands."""
    world = program.world()
    return world.still("heap", _go if world.is_go else _mirror)


def _mirror():
    problems: list[str] = []
    try:
        return Spans([Span(start, end, size, True, live) for start, end, size, live in mirror.rows(problems)], problems)
    except program.Problem as problem:
        return Spans([], [str(problem)])


def _go():
    problems: list[str] = []
    try:
        return Spans(_rows(_listed(problems), problems), problems)
    except program.Problem as problem:
        return Spans([], [str(problem)])


def _listed(problems):
    """The addresses in mheap_.allspans, as many as make sense."""
    heap = program.world().variable("mheap_")
    at = heap[1].at if heap else {}
    if "allspans.array" not in at:
        raise program.Lacking(tr("this program has no runtime.mheap_.allspans: its heap is not known."))
    array, said, room = (program.read_word(heap[0] + at["allspans." + part].offset) for part in ("array", "len", "cap"))
    if not all(isinstance(word, int) for word in (array, said, room)):
        raise program.Problem(tr("mheap_.allspans cannot be read: the heap is not known."))
    if not 0 <= said <= room <= _MOST:
        problems.append(tr("mheap_.allspans makes no sense (len {said}, cap {room}).", said=said, room=room))
        said = min(said, room, _MOST)
    found = bulk.words(array, said) if array and said else []
    if len(found) < said:
        problems.append(
            trn("{n} span of the heap is not known.", "{n} spans of the heap are not known.", said - len(found))
        )
    return set(found) - {0}


def _rows(addresses, problems):
    """What the spans at these addresses say of themselves, those that hold objects."""
    fields = bulk.Fields("mspan", **_MSPAN)
    fields.need("startAddr", "npages", "nelems", "elemsize", "freeindex", "allocBits", "spanclass", "state")
    fields.lacking(0, "pinnerBits", "specials")
    constant = program.world().constant
    in_use = constant("mSpanInUse") or constant("_MSpanInUse")
    page = constant("pageSize")
    if in_use is None or page is None:
        raise program.Lacking(tr("this program does not say what a span in use is: its heap is not known."))
    known = fields.readable(addresses)
    used = [row for row in known if row.state == in_use]
    sane = [row for row in used if _is_sane(row, page)]
    lost = len(addresses) - len(known)
    if lost:
        problems.append(trn("{n} span of the heap cannot be read.", "{n} spans of the heap cannot be read.", lost))
    if len(sane) < len(used):
        lost = len(used) - len(sane)
        problems.append(trn("{n} span of the heap makes no sense.", "{n} spans of the heap make no sense.", lost))
    return _with_bits(sane, problems)


def _is_sane(row, page):
    """Can a span lie so?"""
    return (
        row.startAddr
        and not row.startAddr % page
        and row.elemsize
        and not row.elemsize % 8
        and 0 < row.nelems <= _MOST_OBJECTS
        and row.nelems * row.elemsize <= row.npages * page
        and row.startAddr + row.npages * page < 1 << 63
    )


def _with_bits(rows, problems):
    """These spans, and which of their objects are such: those before freeindex, and of the others those that were not
    free when the span was swept last."""
    bits = {row.allocBits: None for row in rows if row.freeindex < row.nelems}
    by_size: dict[int, set[int]] = {}
    for row in rows:
        if row.allocBits in bits:
            by_size.setdefault((row.nelems + 63) // 64 * 8, set()).add(row.allocBits)
    for size, addresses in by_size.items():
        for data, base, members in bulk.pieces(addresses, size):
            for address in members if data is not None else ():
                bits[address] = int.from_bytes(data[address - base : address - base + size], "little")
    lost = sum(value is None for value in bits.values())
    if lost:
        problems.append(
            trn(
                "of {n} span of the heap it is not known which objects are free: none is taken to be.",
                "of {n} spans of the heap it is not known which objects are free: none is taken to be.",
                lost,
            )
        )
    found = []
    for row in rows:
        every = (1 << row.nelems) - 1
        known = bits.get(row.allocBits) if row.freeindex < row.nelems else None
        live = every if known is None else (known | (1 << row.freeindex) - 1) & every
        end = row.startAddr + row.nelems * row.elemsize
        found.append(Span(row.startAddr, end, row.elemsize, not row.spanclass & 1, live, row.specials, row.pinnerBits))
    return found
