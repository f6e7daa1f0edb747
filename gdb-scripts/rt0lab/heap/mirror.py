"""The blocks of the mirror's heap: which pieces of its spans are of which class, and which blocks nobody has.

Its table of spans stands below the arena, the first span's entry last. What was given back is on lists that begin in
mheap_ and in the Ps' caches; what was never given out lies between mheap_.fresh and mheap_.freshend.
"""

from __future__ import annotations

import bisect
import itertools

from .. import program
from ..program import bulk
from ..words import tr, trn

_MOST = 1 << 15  # spans: of 32 KB, in 1 GB
_MOST_FREE = 1 << 17  # blocks on the free lists
_MOST_FRESH = 1 << 20  # bytes of a class that were never given out: less than a span
Row = tuple[int, int, int, int]  # where blocks of one size begin and end, the size, and which of them somebody has


def rows(problems: list[str]) -> list[Row]:
    """All blocks, by address; what of them makes no sense is told of in sentences."""
    heap = program.variable("mheap_")
    if not heap:
        raise program.Lacking(tr("this program has no runtime.mheap_: its heap is not known."))
    constants = {
        name: _needed(name) for name in ("spanSize", "_PageSize", "pieceSize", "persistentClass", "_MSpanInUse")
    }
    sizes = program.world().constants("class_to_size") or _needed("class_to_size")
    found = sorted(_blocks(heap, constants, sizes, problems))
    free = _free(heap, sizes, problems)
    return [(start, end, size, _live(start, end, size, free)) for start, end, size in found]


def _needed(name):
    value = program.world().constant(name)
    if value is None:
        raise program.Lacking(tr("this program has no {name}: its heap is not known.", name=name))
    return value


def _blocks(heap, constants, sizes, problems):
    """(start, end, size of a block) of what is cut into blocks."""
    arena, used = heap.need("arena_start"), heap.need("arena_used")
    step, layout = constants["spanSize"], program.world().layout("mspan")
    every = max(used - arena, 0) // step
    count = min(every, _MOST)
    if every > count:
        problems.append(
            trn("{n} span of the heap is not known.", "{n} spans of the heap are not known.", every - count)
        )
    lost, cut = 0, {}
    table = [arena - (i + 1) * layout.size for i in range(count)]
    for data, base, members in bulk.pieces(table, layout.size):
        for address in members:
            if data is None:
                lost += 1
                continue
            entry = program.Struct(layout, address, bytes(data[address - base : address - base + layout.size]))
            if entry.get("state") != constants["_MSpanInUse"]:
                continue
            start = arena + ((arena - address) // layout.size - 1) * step
            end = start + entry.get("npages") * constants["_PageSize"]
            if classes := entry.get("spanclass"):
                lost += classes in cut
                cut[classes] = start
            elif start < end <= used:
                yield start, end, end - start
            else:
                lost += 1
    for data, base, members in bulk.pieces(cut, step // constants["pieceSize"]):
        for address in members:
            if data is None:
                lost += 1
                continue
            kinds = bytes(data[address - base : address - base + step // constants["pieceSize"]])
            for first, end, size in _runs(cut[address], kinds, constants, sizes):
                lost += (end - first) % size > 0
                if end - first >= size:
                    yield first, end - (end - first) % size, size
    if lost:
        problems.append(trn("{n} span of the heap makes no sense.", "{n} spans of the heap make no sense.", lost))


def _runs(start, kinds, constants, sizes):
    """The same for a span that is cut into small ones, which has a class for each of its pieces."""
    for kind, members in itertools.groupby(kinds):
        end = start + len(list(members)) * constants["pieceSize"]
        if 0 < kind < len(sizes) and sizes[kind]:
            yield start, end, sizes[kind]
        start = end


def _free(heap, sizes, problems):
    """The addresses of all blocks that nobody has, in order."""
    found: set[int] = set()
    fresh, ends = heap.array("fresh"), heap.array("freshend")
    for kind, size in enumerate(sizes):
        if fresh and ends and size:
            blocks = range(fresh[1](kind), ends[1](kind), size)
            if blocks.stop - blocks.start > _MOST_FRESH:
                problems.append(tr("which blocks are free is not known of all: no other is taken to be."))
                return []
            found.update(blocks)
    lists = [heap.array("central")]
    caches = {
        owner.get("mcache") for owner in [*bulk.structs("p", program.all_p_addresses()), *program.all_ms()] if owner
    }
    lists += [cache.array("alloc") for cache in bulk.structs("mcache", caches - {0, None}) if cache]
    for heads in filter(None, lists):
        for head in map(heads[1], range(heads[0])):
            while head and head not in found:
                if len(found) > _MOST_FREE:
                    problems.append(tr("which blocks are free is not known of all: no other is taken to be."))
                    return sorted(found)
                following = program.read_word(head)
                if not isinstance(following, int):
                    break
                found.add(head)
                head = following
    return sorted(found)


def _live(start, end, size, free):
    """A bit for each block from start to end, 0 if it is free."""
    live = (1 << (end - start) // size) - 1
    for address in free[bisect.bisect_left(free, start) : bisect.bisect_left(free, end)]:
        live &= ~(1 << (address - start) // size)
    return live
