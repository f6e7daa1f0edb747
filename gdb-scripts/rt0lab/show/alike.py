"""Many lines that end in one of a few ways, as those of a hundred thousand goroutines do: each end is kept once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload


class Alike(Sequence[str]):
    """Lines that begin with a number, right-aligned in `wide` columns, and have a tail that many have in common: `of`
    has the tail's number. A few begin otherwise: `heads` has {line: what it begins with}, in ASCII, too."""

    def __init__(self, numbers: list[int], wide: int, tails: list[str], of: list[int], heads: dict[int, str]) -> None:
        self.tails, self.wide = tails, max([wide, *map(len, heads.values())])
        self._numbers, self._of, self._heads = numbers, of, heads
        self._form = f"%{wide}d"

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, at: int) -> str:
        ...

    @overload
    def __getitem__(self, at: slice) -> list[str]:
        ...

    def __getitem__(self, at):
        if isinstance(at, slice):
            return [self[i] for i in range(len(self))[at]]
        head = self._heads.get(at)
        return (self._form % self._numbers[at] if head is None else head) + self.tails[self._of[at]]

    def pages(self, size: int) -> Iterator[str]:
        """The text of so many of them after the other, each with its end. A page is formatted at once: a text made for
        each line costs more than all else about it."""
        ends = [tail.replace("%", "%%") + "\n" for tail in self.tails]
        forms = [self._form + end for end in ends]
        for at in range(0, len(self), size):
            lines = list(map(forms.__getitem__, self._of[at : at + size]))
            for i in self._heads.keys() & range(at, at + size):  # its number is taken and not shown
                lines[i - at] = "%.0s" + self._heads[i] + ends[self._of[i]]
            yield "".join(lines) % tuple(self._numbers[at : at + size])
