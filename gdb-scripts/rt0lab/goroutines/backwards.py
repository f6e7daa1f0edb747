"""From which roots an object of the heap can be reached: backwards from it to who points into it, breadth first, so
that shortest paths come first.

Each step looks through all of the heap once. Whoever leads from anyone to everyone, as a g does, is no step.
"""

from __future__ import annotations

import collections
import time
from typing import Any

from .. import heap
from ..heap import referrers, specials, variables
from . import reach, wakers

MOST, _DEEPEST, _FRONT = 10, 256, 1 << 16  # paths that are told of; steps of one; objects that one step looks for
_ALIKE = 16  # places on one stack from which a path may begin


class Backwards:
    """The paths to the object at or around an address: `paths` are lists of such reach.Paths as differ only in where on
    one stack they begin. `complete` says whether there are no others."""

    def __init__(self, graph: wakers.Graph, address: int, seconds: float) -> None:
        self._spans = heap.of_program()
        self.object = self._spans.object_at(address)
        self.paths: list[list[reach.Path]] = []
        self.complete = self.cut = False  # cut: there are more than MOST
        self._end = time.monotonic() + seconds
        self._known: dict[int, tuple[int, int]] = {}  # {an object: (where in it the word is, the object it leads to)}
        if self.object is not None:
            self._roots = self._by_object(graph)
            self._opaque = self._not_steps(graph.census)
            self._search(address)

    def _by_object(self, graph):
        """{an object: the roots that lead into it}"""
        rows = {row.addr: row for row in graph.census.rows}
        roots: list[Any] = [
            (reach.GOROUTINE, rows[g], None, slot, word)
            for g, lives in graph.reach.live.items()
            if g in rows
            for slot, word in lives.words
        ]
        roots += [(reach.VARIABLE, None, None, slot, word) for slot, word in variables.pointers()[0]]
        roots += [(reach.TIMER, None, name, 0, word) for name, words in graph.timers.leads() for word in words]
        roots += [(reach.SPECIAL, None, name, 0, word) for name, word in specials.roots()]
        found = collections.defaultdict(list)
        for root in roots:
            held = self._spans.object_at(root[4]) if self._spans.lo <= root[4] < self._spans.hi else None
            if held is not None:
                found[held.base].append(root)
        return found

    def _not_steps(self, census):
        waiting = [row.waiting for row in census.rows if row.waiting]  # what somebody waits with wakes nobody
        opaque = {*waiting, *reach.opaque(census)}
        return {held.base for held in map(self._spans.object_at, opaque) if held is not None}

    def _search(self, address):
        front, sizes = [self.object.base], {self.object.base: self.object.size}
        self._known[self.object.base] = address - self.object.base, 0
        for _ in range(_DEEPEST):
            for base in front:
                for roots in self._apart(base):
                    if len(self.paths) >= MOST:
                        self.cut = True
                        return
                    self.paths.append([self._path(root, base, address) for root in roots[:_ALIKE]])
            if not front or len(front) > _FRONT:
                self.complete = not front
                return
            left = self._end - time.monotonic()
            found, whole = referrers.referrers(self._spans, {base: sizes[base] for base in front}, max(left, 0))
            following = []
            for base, holders in found.items():
                for holder, offset in holders:
                    if holder not in self._known and holder not in self._opaque:
                        self._known[holder] = offset, base
                        held = self._spans.object_at(holder)
                        sizes[holder] = held.size if held is not None else 8
                        following.append(holder)
            front = following
            if not whole:
                return

    def _apart(self, base):
        """The roots that lead into an object, those of one goroutine together."""
        found = collections.defaultdict(list)
        for root in self._roots.get(base, ()):
            kind, row, name, slot, _ = root
            found[kind, row.addr if row is not None else name or slot].append(root)
        return list(found.values())

    def _path(self, root, base, address):
        kind, row, name, slot, _ = root
        steps = []
        while base:
            offset, after = self._known[base]
            steps.append((base, offset))
            base = after
        return reach.Path(kind, row, reach.named(slot) if kind == reach.VARIABLE else name, slot, steps, address)
