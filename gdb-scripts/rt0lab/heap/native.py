"""Marks what is reached in a large heap: what Marker does, by a library of ours that is built with the mirror.

Where it has not been built, or cannot be loaded, there is only Marker. The library knows nothing of a program's memory:
it says which it wants.
"""

from __future__ import annotations

import functools
import os
import pathlib
import stat
import time
import weakref
from array import array as packed
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from . import marking
from .spans import Spans

NAME = pathlib.Path("gdb-scripts", "marking", "librt0lab-marking.so")
ROOT = pathlib.Path(__file__).resolve().parents[3]
_VERSION = 1
_RANGES = 256  # that it may want at once
_BUDGET = 1 << 21  # words that it looks at before we look at the clock
_CACHE = 1 << 30  # bytes of the heap that it keeps, at most: an eighth of the machine's memory, or this
_STEPS = 1 << 8  # of a path, at first


@functools.lru_cache(None)
def library() -> Any:
    """What ctypes has of the library, of the build that is newest; None where there is none."""
    built = [ROOT / "build" / folder / NAME for folder in ("release", "debug")]
    for path in sorted(filter(_is_ours, built), key=os.path.getmtime, reverse=True):
        if (found := _loaded(path)) is not None:
            return found
    return None


def _is_ours(path):
    """Is this a file of whom this file is of, or of root, that nobody may write who may not write this one?"""
    try:
        here, own = os.stat(path), os.stat(__file__)
    except OSError:
        return False
    return stat.S_ISREG(here.st_mode) and here.st_uid in (0, own.st_uid) and not here.st_mode & ~own.st_mode & 0o022


def _loaded(path):
    try:
        import ctypes as c  # a gdb can have a Python without it

        found = c.CDLL(str(path))
        if found.marking_version() != _VERSION:
            return None
        word, size, at, words = c.c_uint64, c.c_size_t, c.c_void_p, c.POINTER(c.c_uint64)
        for name, result, *takes in (
            ("new", at, words, words, words, c.c_char_p, size, word),
            ("delete", None, at),
            ("close", None, at, words, size),
            ("drop", None, at, word, c.c_char_p, word),
            ("add", c.c_int, at, word, words, size),
            ("want", c.c_long, at, words, words, size, word),
            ("feed", None, at, word, c.c_char_p, word),
            ("reached", c.c_int, at, word),
            ("path", size, at, word, words, words, words, size),
            ("left", word, at, words),
            ("touched", c.c_int, at, word, word),
            ("objects", word, at),
            ("bytes", word, at),
            ("find", word, word, c.c_char_p, word, word, words, words, size, words, words, words, size),
        ):
            function = getattr(found, "marking_" + name)
            function.restype, function.argtypes = result, takes
        return found
    except (ImportError, OSError, AttributeError):
        return None


def words(values: Iterable[int] = ()) -> Any:
    """Words as the library takes them."""
    import ctypes

    given = values if isinstance(values, packed) else packed("Q", values)
    return (ctypes.c_uint64 * len(given)).from_buffer(given) if given else (ctypes.c_uint64 * 0)()


def room(count: int) -> Any:
    """So many words for it to write to."""
    return words(packed("Q", bytes(8 * count)))


def marker(spans: Spans, opaque: Collection[int], seconds: float) -> Marker | None:
    """A Marker that is fast; None where there is no library, or this heap is too large for it."""
    found = library()
    if found is None or not spans.rows:
        return None
    tables = [words(packed("Q", column)) for column in (spans.starts, spans.ends, spans.elems)]
    handle = found.marking_new(*tables, bytes(spans.scans), len(spans.rows), _cache())
    return Marker(found, handle, spans, opaque, seconds) if handle else None


def finder(los: list[int], his: list[int]) -> Callable[[int, bytes], Iterator[tuple[int, int]]] | None:
    """What looks through memory at an address: (where a word stands, the number of the range that it points into) for
    each that points into one of these ranges, which rise and do not overlap. None where there is no library."""
    library_ = library()
    if library_ is None:
        return None
    lows, highs, slots, which, count = words(los), words(his), room(_RANGES), room(_RANGES), room(1)

    def look(base: int, data: bytes) -> Iterator[tuple[int, int]]:
        at, size = 0, len(data) // 8
        while at < size:
            at = library_.marking_find(base, data, size, at, lows, highs, len(los), slots, which, count, _RANGES)
            yield from zip(slots[: count[0]], which)

    return look


def _cache():
    return min(_CACHE, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 8)


class Marker:
    """What is reached in a heap; see marking.Marker, which says and does the same."""

    def __init__(self, found: Any, handle: int, spans: Spans, opaque: Collection[int], seconds: float) -> None:
        self._library, self._handle, self._spans = found, handle, spans
        self._until = time.monotonic() + seconds
        self._holes: set[int] = set()  # pages that cannot be read
        self._short = False
        self._los, self._his = room(_RANGES), room(_RANGES)
        weakref.finalize(self, found.marking_delete, handle)
        closed = self._inside(opaque)
        found.marking_close(handle, closed, len(closed))
        for row in spans.rows:
            if row.live != (1 << row.room) - 1:
                size = row.room + 7 >> 3
                found.marking_drop(handle, row.start, row.live.to_bytes(size, "little"), size)

    def _inside(self, values):
        lo, hi = self._spans.lo, self._spans.hi
        return words(packed("Q", [word for word in values if lo <= word < hi]))

    def add(self, root: int, values: Iterable[int]) -> None:
        """What these words point to is reached from a root, whatever its number means to who adds it."""
        inside = self._inside(values)
        if not self._library.marking_add(self._handle, root, inside, len(inside)):
            self._short = True

    def run(self) -> bool:
        """Looks into all that is reached and was not looked into; False if the time has not sufficed for that."""
        while time.monotonic() <= self._until and not self._short:
            count = self._library.marking_want(self._handle, self._los, self._his, _RANGES, _BUDGET)
            if not count:
                return True
            self._short = count < -1
            for lo, hi in zip(self._los[: max(count, 0)], self._his):
                data, holes = marking.read(lo, hi - lo)
                self._holes |= holes
                self._library.marking_feed(self._handle, lo, data, len(data))
        return False

    @property
    def objects(self) -> int:
        """How many are reached."""
        return self._library.marking_objects(self._handle)

    @property
    def bytes(self) -> int:
        """How many bytes they have."""
        return self._library.marking_bytes(self._handle)

    @property
    def left_out(self) -> list[str]:
        """What was not searched, in sentences."""
        size = room(1)
        left = self._library.marking_left(self._handle, size)
        touched, page = self._library.marking_touched, marking.PAGE
        holes = sum(touched(self._handle, hole * page, (hole + 1) * page) for hole in self._holes)
        return marking.left_out(self._spans, left, size[0], holes)

    def reached(self, address: int) -> bool:
        """Is the object at or around an address reached?"""
        return self._spans.lo <= address < self._spans.hi and self._library.marking_reached(self._handle, address) != 0

    def path(self, address: int) -> tuple[int, list[tuple[int, int]]] | None:
        """(root, [(object, offset of the word in it that leads on), ...]) of how an address was first reached; the last
        is the object that it is in. None if it was not."""
        count = self._library.marking_reached(self._handle, address) and _STEPS
        while count:
            root, bases, offsets = room(1), room(count), room(count)
            steps = self._library.marking_path(self._handle, address, root, bases, offsets, count)
            if steps <= count:
                return root[0], list(zip(bases[:steps], offsets[:steps]))[::-1]
            count = steps
        return None
