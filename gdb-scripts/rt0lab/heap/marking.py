"""Marks what is reached: from words that somebody has, through the objects of the heap and the words in them.

As a garbage collector would, from outside: a word that points to or into an object reaches it, whatever type it has.
"""

from __future__ import annotations

import collections
import itertools
import time
from array import array as packed
from collections.abc import Collection, Iterable

from .. import program
from ..program import Unreadable
from ..words import tr, trn
from .spans import Spans

_NOT, _FREE = 0, 1  # of an object that was not reached, of what is no object; else the address of the word that led
_ROOT = 1 << 63  # there, or the number of the root with this
PAGE = 4096  # what the kernel maps, or a core lacks, is so much at least
_WHOLE = 1 << 20  # a span up to this size is read as one
_KEPT = 1 << 26  # bytes of spans that are kept, to be looked into again
_FEW = 6  # objects that are looked into one by one


class Marker:
    """What is reached in a heap, in pure Python.

    `opaque` are addresses of objects that are reached and not looked into. After so many `seconds` it ends; until then
    roots may be added, and `run` be called, again and again.
    """

    def __init__(self, spans: Spans, opaque: Collection[int], seconds: float) -> None:
        self._spans, self._until = spans, time.monotonic() + seconds
        self._paths: list[packed[int] | None] = [None] * len(spans.rows)  # for each object how it was reached
        self._opaque = {found.base for found in map(spans.object_at, opaque) if found}
        # {span: the objects in it that are to be looked into, by their number}: in this round, in the next
        self._now: dict[int, list[int]] = {}
        self._later: dict[int, list[int]] = {}
        self._long: list[tuple[int, int]] = []  # what is left of objects that are not read as one
        # {span: its words, the hints for them, the numbers of its pages that cannot be read}
        self._read: collections.OrderedDict[int, tuple[memoryview, bytes, set[int]]] = collections.OrderedDict()
        self._room = _KEPT
        self._holes: set[int] = set()  # the numbers of pages of reached objects that cannot be read
        self._span_of: dict[int, int] = {}  # by the number of a page
        for number, row in enumerate(spans.rows):
            if row.end - row.start <= _WHOLE:
                pages = range(row.start // PAGE, (row.end - 1) // PAGE + 1)
                self._span_of.update(dict.fromkeys(pages, number))
        self._told_by, self._table = telling(spans.lo, spans.hi)
        self.objects = self.bytes = 0  # that are reached

    def add(self, root: int, words: Iterable[int]) -> None:
        """What these words point to is reached from a root, whatever its number means to who adds it."""
        self._meet((_ROOT | root, word) for word in words)

    def run(self) -> bool:
        """Looks into all that is reached and was not looked into; False if the time has not sufficed for that."""
        while self._now or self._later or self._long:
            if not self._in_order() or not self._long_ones():
                return False
        return True

    @property
    def left_out(self) -> list[str]:
        """What was not searched, in sentences."""
        sizes = [end - at for at, end in self._long]
        for left in (self._now, self._later):
            for number, indices in left.items():
                sizes += [self._spans.elems[number]] * len(indices)
        return left_out(self._spans, len(sizes), sum(sizes), len(self._holes))

    def reached(self, address: int) -> bool:
        """Is the object at or around an address reached?"""
        place = self._place(address)
        return place is not None and self._path(place) not in (_NOT, _FREE)

    def path(self, address: int) -> tuple[int, list[tuple[int, int]]] | None:
        """(root, [(object, offset of the word in it that leads on), ...]): how an address was first reached. The last
        is the object that it is in, and its own offset there. None if it was not reached."""
        if not self.reached(address):
            return None
        steps, at = [], address
        while not at & _ROOT:
            number, index = place = self._place(at) or (0, 0)
            base = self._spans.starts[number] + index * self._spans.elems[number]
            steps.append((base, at - base))
            at = self._path(place)
        return at ^ _ROOT, steps[::-1]

    def _place(self, address):
        """(span, number in it) of the object that an address is in; None outside of all spans."""
        number = self._spans.number_at(address)
        return None if number < 0 else (number, (address - self._spans.starts[number]) // self._spans.elems[number])

    def _path(self, place):
        paths = self._paths[place[0]]
        return paths[place[1]] if paths else _NOT

    # -- words

    def _meet(self, found: Iterable[tuple[int, int]]) -> None:
        """(where a word stands, the word): what these lead to is reached, if nothing led there before."""
        spans, known, later, opaque = self._spans, self._paths, self._later, self._opaque
        span_of, starts, ends, elems, scans = self._span_of, spans.starts, spans.ends, spans.elems, spans.scans
        objects = size_of_all = 0
        for at, word in found:
            number = span_of.get(word // PAGE, -1)
            if number < 0 or not starts[number] <= word < ends[number]:
                number = spans.number_at(word)
                if number < 0:
                    continue
            size = elems[number]
            index = (word - starts[number]) // size
            paths = known[number] or self._begun(number)
            if paths[index]:
                continue
            paths[index] = at
            objects += 1
            size_of_all += size
            if scans[number] and not (opaque and starts[number] + index * size in opaque):
                if number in later:
                    later[number].append(index)
                else:
                    later[number] = [index]
        self.objects += objects
        self.bytes += size_of_all

    def _begun(self, number):
        """How the objects of a span were reached: not at all."""
        row = self._spans.rows[number]
        paths = self._paths[number] = packed("Q", bytes(8 * row.room))
        free = ~row.live & (1 << row.room) - 1
        while free:
            index = free.bit_length() - 1
            paths[index] = _FREE
            free ^= 1 << index
        return paths

    # -- objects

    def _in_order(self):
        """Looks into the objects of this round as they lie in memory, and those beside them that they lead to: what
        lies together is read once. False if the time is over."""
        for number in list(self._later):
            self._now.setdefault(number, []).extend(self._later.pop(number))
        for number in sorted(self._now):
            if time.monotonic() > self._until:
                return False
            indices = self._now.pop(number) + self._later.pop(number, [])
            row = self._spans.rows[number]
            if row.end - row.start > _WHOLE:
                self._long += [(row.start + i * row.size, row.start + (i + 1) * row.size) for i in indices]
            elif len(indices) > 1 or number in self._read or not self._look_at(row, indices[0]):
                self._look(number, row, indices)
            if number in self._later:
                self._look(number, row, self._later.pop(number))
        return True

    def _look_at(self, row, index):
        """Meets the words of one object, if that can be read by itself."""
        base = row.start + index * row.size
        data = program.read(base, row.size)
        if isinstance(data, Unreadable):
            return False
        slots, words = range(base, base + row.size, 8), memoryview(data).cast("Q")
        self._meet(itertools.compress(zip(slots, words), self._filtered(data)))
        return True

    def _look(self, number, row, indices):
        """Meets the words in these objects of a span, and in those of the same span that they lead to."""
        words, hints = self._words(number, row)
        more = self._later[number] = []
        if len(indices) > _FEW:
            self._meet(_each_once(range(row.start, row.end, 8), words, _within(hints, row, indices)))
        else:
            more += indices
        self._meet(_in_objects(row, words, hints, more))
        del self._later[number]
        holes = self._read[number][2]
        for index in {*indices, *more} if holes else ():
            self._holes |= holes & _pages(row.start + index * row.size, row.start + (index + 1) * row.size)

    def _words(self, number, row):
        """The words of a span, and for each of them whether it may point into the heap. What was read is kept for a
        while."""
        if number not in self._read:
            while self._read and self._room <= 0:
                _, (oldest, *_) = self._read.popitem(last=False)
                self._room += oldest.nbytes
            data, holes = read(row.start, row.end - row.start)
            self._read[number] = memoryview(data).cast("Q"), self._filtered(data), holes
            self._room -= len(data)
        return self._read[number][:2]

    def _long_ones(self):
        """Meets the words of objects that are not read as one. False if the time is over."""
        while self._long:
            at, end = self._long.pop()
            while at < end:
                if time.monotonic() > self._until:
                    self._long.append((at, end))
                    return False
                data, holes = read(at, min(_WHOLE, end - at))
                self._holes |= holes
                slots, words = range(at, at + len(data), 8), memoryview(data).cast("Q")
                self._meet(_each_once(slots, words, self._filtered(data)))
                at += len(data)
        return True

    def _filtered(self, data):
        """For each word in these bytes 1 if it may point into the heap, by one of its bytes, else 0."""
        return data[self._told_by :: 8].translate(self._table)


def telling(lo: int, hi: int) -> tuple[int, bytes]:
    """(which byte of a word tells best that it is none of these addresses, 1 for each of its values that one of them
    has)."""
    choices = []
    for at in range(8):
        first, last = lo >> 8 * at, max(lo, hi - 1) >> 8 * at
        values = {value & 255 for value in range(first, min(last, first + 255) + 1)}
        choices.append((0 in values, len(values), at, values))  # most words are small numbers
    *_, at, values = min(choices)
    return at, bytes(value in values for value in range(256))


def _within(hints, row, indices):
    """The hints, 0 for words that are not in one of these objects of a span."""
    if len(indices) == row.room:
        return hints
    step = row.size // 8
    wanted, ones = bytearray(len(hints)), b"\1" * step
    for index in indices:
        wanted[index * step : (index + 1) * step] = ones
    both = int.from_bytes(hints, "little") & int.from_bytes(wanted, "little")
    return both.to_bytes(len(hints), "little")


def _each_once(slots, words, hints):
    """(where it stands, the word) of those that may point into the heap, of equal ones the last."""
    found = dict(zip(itertools.compress(words, hints), itertools.compress(slots, hints)))
    return zip(found.values(), found)


def _in_objects(row, words, hints, indices):
    """The same of the words in some objects of a span; more may be added to these meanwhile."""
    step = row.size // 8
    for index in indices:
        first, end = index * step, (index + 1) * step
        some = hints[first:end]
        if 1 in some:
            slots = range(row.start + first * 8, row.start + end * 8, 8)
            yield from itertools.compress(zip(slots, words[first:end]), some)


def _pages(lo, hi):
    """The numbers of the pages that these addresses are in."""
    return set(range(lo // PAGE, (hi - 1) // PAGE + 1))


def left_out(spans: Spans, count: int, size: int, holes: int) -> list[str]:
    """What was not searched, in sentences: so many objects of so many bytes, and pages that cannot be read."""
    said = list(spans.problems)
    if count:
        said.append(
            trn(
                "{n} object of the heap ({size} KB) and what it leads to: the time was over.",
                "{n} objects of the heap ({size} KB) and what they lead to: the time was over.",
                count,
                size=size + 1023 >> 10,
            )
        )
    if holes:
        said.append(tr("{size} KB of the heap that cannot be read.", size=holes * PAGE >> 10))
    return said


def read(base: int, size: int) -> tuple[bytes, set[int]]:
    """(memory, the numbers of those of its pages that cannot be read: zeros stand for them)."""
    data = program.read(base, size)
    if not isinstance(data, Unreadable):
        return data, set()
    parts: list[bytes] = []
    holes: set[int] = set()
    at, end = base, base + size
    while at < end:
        after = min((at // PAGE + 1) * PAGE, end)
        part = program.read(at, after - at)
        if isinstance(part, Unreadable):
            holes.add(at // PAGE)
            part = bytes(after - at)
        parts.append(part)
        at = after
    return b"".join(parts), holes
