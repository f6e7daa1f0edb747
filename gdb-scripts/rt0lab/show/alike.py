"""Many lines that end in one of a few ways, as those of a hundred thousand goroutines do: each end is kept once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload


class Alike(Sequence[str]):
    """Lines that have a head each, in ASCII, and a tail that many have in common: `of` has the tail's number."""

    def __init__(self, heads: list[str], tails: list[str], of: list[int]) -> None:
        self.heads, self.tails, self._of = heads, tails, of

    def __len__(self) -> int:
        return len(self.heads)

    @overload
    def __getitem__(self, at: int) -> str:
        ...

    @overload
    def __getitem__(self, at: slice) -> Alike:
        ...

    def __getitem__(self, at):
        if isinstance(at, slice):
            return Alike(self.heads[at], self.tails, self._of[at])
        return self.heads[at] + self.tails[self._of[at]]

    def pages(self, size: int) -> Iterator[str]:
        """The text of so many of them after the other, each with its end."""
        parts = [""] * (2 * len(self.heads))
        parts[::2], parts[1::2] = self.heads, map([tail + "\n" for tail in self.tails].__getitem__, self._of)
        return ("".join(parts[at : at + 2 * size]) for at in range(0, len(parts), 2 * size))
