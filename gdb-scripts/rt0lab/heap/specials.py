"""What the runtime notes of some objects beside them, and what that keeps: finalizers, cleanups, pins, weak handles.

What a finalizer can reach stays: its function, and all that the object leads to; the object itself does not, or it
would never run. The same is true of what waits in a queue to be called.
"""

from __future__ import annotations

import struct

from .. import program
from ..program import bulk
from ..words import tr, trn
from . import spans as heap

_KINDS = ("_KindSpecialFinalizer", "_KindSpecialCleanup", "_KindSpecialWeakHandle")
_MOST_NOTES = 1 << 16  # beside the objects of one span
_MOST = 1 << 22
_MOST_BLOCKS = 1 << 16
_LINK = "alllink"
_LONGEST = 1 << 24  # bytes of an object with a finalizer that are looked at


class _Noted:
    """What is noted beside the objects as the program stands."""

    def __init__(self) -> None:
        self.roots: list[tuple[str, int]] = []
        self.weak: list[tuple[int, int]] = []
        self.problems: list[str] = []
        known = heap.of_program()
        if known.rows and program.world().is_go:
            self._read(known)
        self.roots = [(what, word) for what, word in self.roots if known.lo <= word < known.hi]

    def _read(self, known):
        kinds = self._by_kind(known)
        finalizers = kinds["_KindSpecialFinalizer"]
        self.roots += [("finalizer", row.fn) for row in self._rows("specialfinalizer", finalizers, fn="fn")]
        self.roots += self._led_to(known, finalizers.values())
        cleanups = kinds["_KindSpecialCleanup"]
        for row in self._rows("specialCleanup", cleanups, fn=("cleanup.fn", "fn"), arg="cleanup.arg"):
            self.roots += [("cleanup", word or 0) for word in (row.fn, row.arg)]
        handles = kinds["_KindSpecialWeakHandle"]
        self.weak = [
            (row.handle, handles[row.addr]) for row in self._rows("specialWeakHandle", handles, handle="handle")
        ]
        self.roots += [("pinned", base) for row in known.rows if row.pins for base in self._pinned(row)]
        self.roots += [("finalizer", word) for word in self._finalizers_due()]
        self.roots += [("cleanup", word) for word in self._cleanups_due()]

    def _by_kind(self, known):
        """{the name of a kind: {the note's address: the address that it is about}}"""
        names = program.world().names(*_KINDS)
        fields = bulk.Fields("special", next="next", offset="offset", kind="kind")
        fields.need("next", "offset", "kind")
        found: dict[str, dict[int, int]] = {name: {} for name in _KINDS}
        now, seen, lost = {row.specials: row.start for row in known.rows if row.specials}, set(), 0
        for _ in range(_MOST_NOTES):
            if not now or len(seen) > _MOST:
                break
            seen |= now.keys()
            rows = fields.readable(now)
            lost += len(now) - len(rows)
            for row in rows:
                if row.kind in names:
                    found[names[row.kind]][row.addr] = now[row.addr] + row.offset
            now = {row.next: now[row.addr] for row in rows if row.next and row.next not in seen}
        if lost or now:
            self.problems.append(
                trn(
                    "what is noted of objects of {n} span of the heap (finalizers, cleanups) cannot be read.",
                    "what is noted of objects of {n} spans of the heap (finalizers, cleanups) cannot be read.",
                    lost + len(now),
                )
            )
        return found

    def _rows(self, kind, addresses, **wanted):
        return bulk.Fields(kind, **wanted).readable(addresses) if addresses else []

    def _led_to(self, known, addresses):
        """What the objects at these addresses lead to."""
        objects = {found for found in map(known.object_at, addresses) if found and found.scan and found.size < _LONGEST}
        ranges = [(found.base, found.base + found.size) for found in objects]
        lost = 0
        for _, data in bulk.spans(ranges):
            if data is None:
                lost += 1
                continue
            words = struct.unpack(f"<{len(data) // 8}Q", data)
            yield from (("finalizer", word) for word in words)
        if lost:
            self.problems.append(
                trn(
                    "{n} object with a finalizer cannot be read.",
                    "{n} objects with finalizers cannot be read.",
                    lost,
                )
            )

    def _pinned(self, row):
        """The objects of a span that are pinned: of two bits for each the first says so."""
        data = program.read(row.pins, (2 * row.room + 7) // 8)
        if isinstance(data, program.Unreadable):
            self.problems.append(tr("which objects are pinned cannot be read at {address:#x}.", address=row.pins))
            return
        bits = int.from_bytes(data, "little")
        for index in range(row.room):
            if bits >> 2 * index & 1:
                yield row.start + index * row.size

    # -- what is due

    def _finalizers_due(self):
        """The words in the queue of finalizers that are to be called."""
        head = program.world().variable("allfin")
        kind = head and head[1].leaves and head[1].leaves[0].target
        if not kind or program.world().type(kind) is None:
            return
        blocks = program.chain(kind, program.scalar("allfin") or 0, _LINK, _MOST_BLOCKS)
        self._ended(blocks)
        for block in blocks:
            yield from self._entries(block, "cnt", block.layout.at["cnt"].offset + 7 & ~7, "finalizer")

    def _cleanups_due(self):
        """The words in the queue of cleanups that are to be called."""
        queue = program.variable("gcCleanups")
        if not queue or program.world().type("cleanupBlock") is None:
            return
        blocks = program.chain("cleanupBlock", queue.get("all") or 0, "cleanupBlockHeader.alllink", _MOST_BLOCKS)
        self._ended(blocks)
        for block in blocks:
            yield from self._entries(
                block, "cleanupBlockHeader.n", program.world().layout("cleanupBlockHeader").size, "cleanupFn"
            )

    def _ended(self, blocks):
        if blocks.end:
            self.problems.append(tr("the queue of what is to be called {how}.", how=blocks.end))

    def _entries(self, block, count, begin, kind):
        """The words of as many entries as a block says that it holds."""
        size = program.world().layout(kind).size if program.world().type(kind) is not None else 8
        end = min(begin + (block.get(count) or 0) * size, block.layout.size)
        return struct.unpack(f"<{max(end - begin, 0) // 8}Q", block.data[begin : begin + max(end - begin, 0) // 8 * 8])


def _noted():
    return program.world().still("specials", _Noted)


def roots() -> list[tuple[str, int]]:
    """[(what keeps it: `finalizer`, `cleanup`, `pinned`; the word)] of what is kept so."""
    return _noted().roots


def weak() -> list[tuple[int, int]]:
    """[(a weak handle, the object that it gives to who has it, as long as somebody else keeps that)]."""
    return _noted().weak


def problems() -> list[str]:
    """What of all this cannot be read, in sentences."""
    return _noted().problems
