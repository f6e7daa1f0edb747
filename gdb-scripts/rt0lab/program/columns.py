"""Structures of one kind by the column: of each field all that memory has, decoded only when somebody asks.

A list of a hundred thousand goroutines needs some ten fields of each, and in most of them all have the same. A column
is taken out of memory as it was read, while it is near; then it costs a fraction of what decoding each structure does,
and one in which all is the same hardly anything.
"""

from __future__ import annotations

import itertools
import operator
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

_NEAR = 1 << 18  # bytes that the processor still has at hand when the last of them has been read


class Table:
    """The structures of which bulk.pieces gave the memory: those that can be read, in rising order of their addresses.

    `places` says where fields are: {name: (offset, struct's letter)}, within `size` bytes. `addresses` are those that
    were asked for, in rising order.
    """

    def __init__(
        self,
        row: Any,
        places: dict[str, tuple[int, str]],
        size: int,
        parts: Iterable[tuple[Any, int, list[int]]],
        addresses: list[int],
    ) -> None:
        self.row, self._letters = row, {name: letter for name, (_, letter) in places.items()}
        self._places, self._stride = places, _stride(addresses, size)
        self._raw: dict[str, bytes] = {}
        self.addresses: list[int] = []
        self._gather(parts)
        self._known: dict[str, list[Any]] = {"addr": self.addresses}
        self._same = {"addr": False}

    def _gather(self, parts):
        """Takes the columns out of what is read."""
        columns: dict[str, list[bytes]] = {name: [] for name in self._places}
        near, stride = [], self._stride
        size = 0
        for data, base, members in itertools.chain(parts, [(b"", 0, [])]):
            if members and data is not None:
                self.addresses += members
                view = memoryview(data)
                apart = map(stride.__ne__, map(operator.sub, members[1:], members))
                ends = [*itertools.compress(itertools.count(1), apart), len(members)]
                for first, end in zip([0, *ends], ends):  # those that lie the stride apart are taken together
                    at = members[first] - base
                    near.append(view[at : at + stride * (end - first)])
                    size += stride * (end - first)
                if short := stride * (end - first) - len(near[-1]):  # the last ones of what was read
                    near.append(bytes(short))
            if near and (size >= _NEAR or not members):
                whole, near, size = b"".join(near), [], 0
                for name, (offset, letter) in self._places.items():
                    width = struct.calcsize(letter)
                    end = offset + (len(whole) - offset) // width * width
                    columns[name].append(memoryview(whole)[offset:end].cast(letter)[:: stride // width].tobytes())
        self._raw = {name: b"".join(found) for name, found in columns.items()}

    def column(self, name: str) -> list[Any]:
        """A field of all of them."""
        found = self._known.get(name)
        if found is None:
            view = memoryview(self._raw[name]).cast(self._letters[name])
            found = self._known[name] = view[:1].tolist() * len(view) if self.same(name) else view.tolist()
        return found

    def same(self, name: str) -> bool:
        """Has this field the same value everywhere?"""
        found = self._same.get(name)
        if found is None:
            raw, size = self._raw[name], struct.calcsize(self._letters[name])
            found = self._same[name] = raw[size:] == raw[:-size]
        return found

    def __getitem__(self, number: int) -> Any:
        raw = self._raw
        found = [
            struct.unpack_from(letter, raw[name], number * struct.calcsize(letter))[0]
            for name, letter in self._letters.items()
        ]
        return tuple.__new__(self.row, (*found, self.addresses[number]))


def _stride(addresses, size):
    """How far apart most of the structures are, if that is not much more than their size. Whatever a field's size, a
    stride is so many of it."""
    whole = -(-size // 8) * 8
    gaps = sorted(map(operator.sub, addresses[1:1001], addresses))
    usual = gaps[len(gaps) // 2] if gaps else whole
    return usual if whole <= usual <= 2 * whole and not usual % 8 else whole


class Rows(Sequence[Any]):
    """Some rows of a Table in some order: a list of rows that are made when they are asked for."""

    def __init__(self, table: Table, order: Sequence[int] | None = None) -> None:
        self._table, self._order = table, range(len(table.addresses)) if order is None else order
        self._all = order is None

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, at: int) -> Any:
        ...

    @overload
    def __getitem__(self, at: slice) -> Rows:
        ...

    def __getitem__(self, at):
        if isinstance(at, slice):
            return Rows(self._table, self._order[at])
        return self._table[self._order[at]]

    def __iter__(self) -> Iterator[Any]:
        columns = [self.column(name) for name in self._table.row._fields]
        return map(tuple.__new__, itertools.repeat(self._table.row), zip(*columns))

    def column(self, name: str) -> list[Any]:
        """A field of all of them."""
        if name not in self._table.row._fields:
            value = getattr(self._table.row, name)
            return [getattr(row, name) for row in self] if isinstance(value, property) else [value] * len(self)
        found = self._table.column(name)
        if self._table.same(name):
            return found[: len(self)]
        return found if self._all else _at(found, self._order)

    def lying(self) -> Rows:
        """All of them in the order in which they lie in memory: that is the fastest to go through."""
        return Rows(self._table, sorted(self._order))

    def pick(self, numbers: Sequence[int]) -> Rows:
        """Those of these numbers, in this order."""
        return Rows(self._table, _at(self._order, numbers))


def _at(values, numbers):
    """Those of these numbers."""
    return list(operator.itemgetter(*numbers)(values)) if len(numbers) > 1 else [values[i] for i in numbers]
