"""Where goroutines stood at a stop: the inner part of each one's stack, raw, to be walked when somebody asks.

Reading is one look at each g and one read for stacks that lie near each other; bytes that did not change since the
moment before are shared with it. What lies further out than WINDOW was not kept: there a backtrace ends.
"""

from __future__ import annotations

import bisect
import functools
from collections.abc import Collection

from .. import program
from ..frames.stacks import WINDOW
from ..program import bulk

ALL = 64  # goroutines, whose stacks are all read at each stop; of more, those whose g has changed
MOST = 16_384  # goroutines whose stacks are kept at one stop
_LARGEST = 1 << 30  # bytes; Go allows no stack to grow further
_NOTED = 150  # bytes that Python takes for each beside what was read

Part = tuple[int, bytes]  # where it begins, what stood there


def _fields():
    fields = bulk.Fields("g", sp="sched.sp", lo="stack.lo", hi="stack.hi")
    fields.lacking(0, "sp", "lo", "hi")
    return fields


class Stacks:
    """The inner part of each parked goroutine's stack at one moment.

    `as_of` is the number of the stop at which all were read, `size` what they need beside the moment before."""

    def __init__(self, addresses: Collection[int], before: Stacks | None = None) -> None:
        self._parts: dict[int, Part] = {}
        self.as_of, self.size = 0, 0
        self._look(list(addresses)[:MOST], before)

    def _look(self, addresses, before):
        """Reads the stacks of these goroutines; a g that names none has none."""
        known = before._parts if before is not None else {}
        rows = [
            row
            for row in program.world().cached("where stacks begin", _fields).readable(addresses)
            if row.lo <= row.sp < row.hi <= row.lo + _LARGEST and not (row.sp | row.hi) & 7
        ]
        ranges = [(row.sp, min(row.sp + WINDOW, row.hi)) for row in rows]
        with bulk.no_collecting():
            for number, data in bulk.spans(ranges):
                if data is None:
                    continue
                g, sp = rows[number].addr, rows[number].sp
                old = known.get(g)
                if old is not None and old[0] == sp and old[1] == data:
                    self._parts[g] = old
                else:
                    self._parts[g] = sp, bytes(data)
                    self.size += len(data) + _NOTED

    def renewed(self, addresses: Collection[int]) -> Stacks:
        """The same, but those of these goroutines are read again."""
        again, parts = Stacks(addresses, self), self._parts
        again.as_of = self.as_of
        if any(parts.get(g) is not again._parts.get(g) for g in addresses):
            parts = parts | again._parts
            for g in set(addresses).difference(again._parts):
                parts.pop(g, None)
        again._parts = parts
        return again

    @functools.cached_property
    def _ordered(self):
        return sorted(self._parts.values())

    def read(self, address: int, size: int) -> bytes | None:
        """These bytes, or None if they are not in what was kept of one stack."""
        i = bisect.bisect_right(self._ordered, (address, b"\xff" * (WINDOW + 1))) - 1
        if i < 0:
            return None
        start, data = self._ordered[i]
        found = data[address - start : address - start + size]
        return found if len(found) == size else None
