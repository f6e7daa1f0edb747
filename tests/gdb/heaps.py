"""Heaps out of nothing for the tests: spans at any addresses, memory that is made up as it is read."""

import random
import struct
import types

from rt0lab import program
from rt0lab.heap.spans import Span, Spans


class Heap:
    """Some spans and their memory, by a number; with holes if it says so."""

    def __init__(self, seed: int, holes: bool = False) -> None:
        self.random, self.seed = random.Random(seed), seed
        self.rows = list(self._rows(0xC000000000 + self.random.choice([0, 128, 8192])))
        self.spans = Spans(self.rows, [])
        self.memory = {row.start: self._fill(row) for row in self.rows}
        pages = [page for row in self.rows for page in range(row.start >> 12, (row.end - 1 >> 12) + 1)]
        self.holes = set(self.random.sample(pages, len(pages) // 8)) if holes else set()

    def _rows(self, at):
        choose = self.random
        for _ in range(choose.randrange(1, 40)):
            at += choose.choice([0, 0, 0, 128, 8192, 1 << 16, 5 << 20])
            size = 8 * choose.choice([1, 2, 3, 6, 10, 40, 128, choose.randrange(1, 5000)])
            count = choose.randrange(1, max(2, 30000 // size))
            live = choose.choice([-1, choose.getrandbits(count)]) & (1 << count) - 1
            yield Span(at, at + size * count, size, choose.random() < 0.8, live)
            at += size * count

    def word(self):
        """Some word: few of them are pointers."""
        row = self.random.choice(self.rows)
        return self.random.choice([1, self.random.getrandbits(64), self.random.randrange(row.start, row.end + 8)])

    def _fill(self, row):
        count = (row.end - row.start) // 8
        words = [0] * count
        for _ in range(1 + count // 6):
            words[self.random.randrange(count)] = self.word()
        return struct.pack(f"<{count}Q", *words)

    def read(self, address, size):
        """What program.read would say."""
        if any(page in self.holes for page in range(address >> 12, (address + size - 1 >> 12) + 1)):
            return program.Unreadable(address)
        data = bytearray(size)
        for row in self.rows:
            lo, hi = max(row.start, address), min(row.end, address + size)
            if lo < hi:
                data[lo - address : hi - address] = self.memory[row.start][lo - row.start : hi - row.start]
        return bytes(data)

    def marked(self, kind, opaque, roots):
        """A marker of this kind that has marked from these roots, one after the other."""
        kept, program.read = program.read, self.read
        try:
            marker = kind(self.spans, opaque, 600)
            for number, words in enumerate(roots):
                marker.add(number, words)
                assert marker.run()
            return types.SimpleNamespace(
                bases=[
                    base for row in self.rows for base in range(row.start, row.end, row.size) if marker.reached(base)
                ],
                objects=marker.objects,
                bytes=marker.bytes,
                left_out=marker.left_out,
                path=marker.path,
            )
        finally:
            program.read = kept

    def follows(self, path, roots):
        """Is this (root, steps) one that the words there bear out? Returns the object at its end, None if not."""
        root, steps = path
        words = roots[root]
        for base, offset in steps:
            found = [self.spans.object_at(word) for word in words]
            if all(each is None or each.base != base for each in found):
                return None
            words = struct.unpack("<Q", self.read(base + offset, 8)) if base + offset & 7 == 0 else ()
        return base
