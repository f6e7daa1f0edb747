"""The pointers in a program's global variables: which words of them are such the linker has noted for the garbage
collector; where it has not, every word counts as one."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator

from .. import program
from ..program import Unreadable, bulk, dynamic
from ..words import tr

_MOST = 1 << 22  # pointers that are listed
_SECTIONS = (  # of a Go module, and which of their words are pointers
    ("data", "edata", "gcdatamask.n", "gcdatamask.bytedata"),
    ("bss", "ebss", "gcbssmask.n", "gcbssmask.bytedata"),
)
_WITHOUT = (("noptrdata", "enoptrdata"), ("noptrbss", "enoptrbss"))
_BITS = [bytes(byte >> bit & 1 for bit in range(8)) for byte in range(256)]


def pointers() -> tuple[list[tuple[int, int]], list[str]]:
    """([(where a word stands, the word)] of those that are not nil, what could not be read, in sentences)."""
    found: list[tuple[int, int]] = []
    problems: list[str] = []
    world = program.world()
    own = dynamic.modules() if world.is_go else []
    ranges = [(lo, hi, mask) for module in own for lo, hi, mask in _masked(module)]
    taken = [(module.get(lo), module.get(hi)) for module in own for lo, hi, *_ in (*_SECTIONS, *_WITHOUT)]
    if not own or world.address("x_cgo_init") is not None:  # C's variables have no mask
        ranges += [(lo, hi, None) for lo, hi in _besides(taken)]
    for lo, hi, mask in ranges:
        for at, word in _words(lo, hi, mask, problems):
            found.append((at, word))
            if len(found) >= _MOST:
                problems.append(tr("global variables beyond the first {limit} pointers.", limit=_MOST))
                return found, problems
    return found, problems


def _masked(module):
    """(from, to, a byte for each word that is 1 for a pointer, or None) of a module's variables."""
    for *names, masked, mask in _SECTIONS:
        lo, hi, count, at = map(module.get, (*names, masked, mask))
        if lo is None or hi is None or not lo < hi:
            continue
        size = (hi - lo) // 8
        bits = program.read(at, (size + 7) // 8) if at and count == size else None
        yield lo, hi, b"".join(map(_BITS.__getitem__, bits))[:size] if isinstance(bits, bytes) else None


def _besides(taken: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What of the program's writable sections is in none of these ranges."""
    slide = program.world().slide
    taken = sorted((lo, hi) for lo, hi in taken if lo and hi)
    for section in program.world().elf.sections:
        if not section.writable:
            continue
        at, end = section.lo + slide, section.hi + slide
        for lo, hi in taken:
            if at < lo < end:
                yield at, lo
            if lo < end and hi > at:
                at = hi
        if at < end:
            yield at, end


def _words(lo, hi, mask, problems):
    """(where it stands, the word) of those in a range, and in its mask, that are not nil."""
    lo, hi = lo + 7 & ~7, hi & ~7
    for at in range(lo, hi, bulk.CHUNK):
        size = min(bulk.CHUNK, hi - at)
        data = program.read(at, size)
        if isinstance(data, Unreadable):
            problems.append(tr("{size} KB of global variables that cannot be read.", size=hi - at + 1023 >> 10))
            return
        pairs = zip(itertools.count(at, 8), struct.unpack(f"<{size // 8}Q", data))
        some = itertools.compress(pairs, mask[(at - lo) // 8 :]) if mask else pairs
        yield from (pair for pair in some if pair[1])
