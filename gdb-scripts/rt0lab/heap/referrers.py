"""Who points into some objects: one pass over all of the heap in which there can be pointers."""

from __future__ import annotations

import bisect
import itertools
import time
from collections.abc import Iterator, Mapping

from . import marking, native
from .spans import Spans

_CHUNK = 4 << 20  # bytes that are looked through at once
_MOST = 1 << 18  # words that are told of
Found = dict[int, list[tuple[int, int]]]


def referrers(spans: Spans, targets: Mapping[int, int], seconds: float) -> tuple[Found, bool]:
    """({an object: [(object that points into it, offset of the word there), ...]}, whether all was looked through) for
    these objects, {address: size}. The time may be over before, some memory not be readable, or too many be found."""
    until = time.monotonic() + seconds
    los = sorted(targets)
    his = [lo + targets[lo] for lo in los]
    found: Found = {lo: [] for lo in los}
    look, whole, room = native.finder(los, his) or _finder(los, his), True, _MOST
    for lo, hi in _ranges(spans):
        if time.monotonic() > until:
            return found, False
        data, holes = marking.read(lo, hi - lo)
        whole = whole and not holes
        for slot, which in look(lo, data):
            holder = spans.object_at(slot)
            if holder is not None and holder.scan:
                if not room:
                    return found, False
                room -= 1
                found[los[which]].append((holder.base, slot - holder.base))
    return found, whole


def _ranges(spans):
    """(start, end) of memory in which there can be pointers, as it is read: what lies together at once."""
    first = end = 0
    for row in spans.rows:
        if not row.scan:
            continue
        if row.start - end or row.end - first > _CHUNK:
            yield from _cut(first, end)
            first = row.start
        end = row.end
    yield from _cut(first, end)


def _cut(first, end):
    return ((at, min(at + _CHUNK, end)) for at in range(first, end, _CHUNK))


def _finder(los, his):
    """The same as native.finder gives, in Python."""
    at, table = marking.telling(los[0], his[-1]) if los else (0, bytes(256))

    def look(base: int, data: bytes) -> Iterator[tuple[int, int]]:
        words = memoryview(data)[: len(data) & ~7].cast("Q")
        for i, word in itertools.compress(enumerate(words), data[at::8].translate(table)):
            which = bisect.bisect_right(los, word) - 1
            if which >= 0 and word < his[which]:
                yield base + 8 * i, which

    return look
