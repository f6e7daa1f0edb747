"""How a Go program's own values are shown, and the runtime's slices and strings: strings, slices, maps and channels,
element by element."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import gdb

from .. import program
from ..formats import untrusted
from . import opening

_MAX_ELEMENTS = 1 << 20  # gdb asks for as many as its `print elements` says; damaged lengths have no end
_MAX_BUCKETS = 1 << 15  # of a map, or groups, that are searched for its elements


def _characters():
    """How many characters of a string gdb would print."""
    options = opening.print_options()
    most = options.get("max_characters", options.get("max_elements", gdb.parameter("print elements")))
    return most if most and 0 < most < _MAX_ELEMENTS else _MAX_ELEMENTS


def _rows(count):
    """How many rows there are for so many elements: one of them says what is left out."""
    return count if count <= _MAX_ELEMENTS else _MAX_ELEMENTS + 1


def _rest(count):
    """What stands in an editor for the elements beyond those. Texts are no values there, and an older gdb shows none of
    them."""
    return "more are claimed, and not shown", gdb.Value(count - _MAX_ELEMENTS)


def _printed_rest(count):
    """The same where gdb prints."""
    return f"[{_MAX_ELEMENTS}]", f"<{count - _MAX_ELEMENTS} more are claimed, and not shown>"


def _elements_at(pointer):
    """A function from a number to the element so far behind a pointer, also where an element has no size."""
    return pointer.__getitem__ if pointer.type.target().sizeof else lambda _: pointer.dereference()


def _slot(array, i):
    """An array's element; gdb knows no element of an array without size."""
    return array[i] if array.type.sizeof else array.address.cast(array.type.target().pointer()).dereference()


class Text(opening.Printer):
    """A Go string."""

    def _text(self):
        item = opening.Item(self._value)
        at, length = item.get("str"), item.get("len")
        if not isinstance(at, int) or not isinstance(length, int):
            return "<optimized out>" if at is None or length is None else str(at)
        return program.read_text(at, length, quoted=True, most=_characters())


class Nothing(opening.Printer):
    """A structure without fields, as Go writes it; gdb says that it has none."""

    def _text(self):
        return "{}"


class Slice(opening.Opening):
    """A slice: length, capacity, elements. A Go program's own is introduced by its type, as Go's own printers do.

    `addressed` says how a pointer among the elements is printed."""

    _hint = "array"

    def __init__(self, value: gdb.Value, addressed: Callable[[Any], str]) -> None:
        super().__init__(value)
        item, name = opening.Item(value), program.told(getattr, value.type, "name") or ""
        self._addressed = addressed
        self._type = untrusted.shown(name) if not name.startswith("slice<") and "runtime." not in name else None
        self._count, self._room, array = (item.get(field) for field in ("len", "cap", "array"))
        self._element = _elements_at(value["array"]) if array else None
        self._sane = (
            isinstance(self._count, int) and isinstance(self._room, int) and 0 <= self._count <= self._room < 1 << 40
        )

    def _text(self):
        if self._count is None or self._room is None:
            return "<optimized out>"
        return f"slice of {self._count}, room for {self._room}" + ("" if self._sane else " <makes no sense>")

    def _printed(self):
        return self._type if self._type and self._sane else self._text()

    def num_children(self) -> int:
        return _rows(self._count) if self._sane and self._element else 0

    def _row(self, i):
        return (f"[{i}]", self._element(i)) if i < _MAX_ELEMENTS else _rest(self._count)

    def _printed_children(self):
        count = self.num_children()
        for i in range(min(count, _MAX_ELEMENTS)):
            name, element = self.child(i)
            is_pointer = isinstance(element, gdb.Value) and element.type.strip_typedefs().code == gdb.TYPE_CODE_PTR
            yield name, self._addressed(opening.number(element)) if is_pointer else element
            if isinstance(element, str):
                return
        if count > _MAX_ELEMENTS:
            yield _printed_rest(self._count)


class Elements(opening.Opening):
    """A slice that gdb knows as an array, whose length it has read."""

    _hint = "array"

    def __init__(self, value: gdb.Value) -> None:
        super().__init__(value)
        lo, hi = value.type.strip_typedefs().range()
        self._count = max(hi - lo + 1, 0)
        # gdb makes a whole array for each element that an array is asked for; a pointer it does not.
        self._element = _elements_at(value[lo].address) if self._count else None

    def _text(self):
        return f"slice of {self._count}"

    def num_children(self) -> int:
        return _rows(self._count)

    def _row(self, i):
        return (f"[{i}]", self._element(i)) if i < _MAX_ELEMENTS else _rest(self._count)


class _Held(opening.Opening):
    """What a variable of a Go program's leads to; nil holds nothing. In print it is introduced by the variable's
    type."""

    def _printed(self):
        return untrusted.shown(program.told(str, self._value.type))


class Chan(_Held):
    """A Go program's channel: what is in its buffer, oldest first."""

    _hint = "array"

    def __init__(self, value: gdb.Value) -> None:
        super().__init__(value)
        self._count = 0
        self._room: Any = 0
        if not opening.number(value):
            return
        chan = opening.Item(value.dereference())
        count, self._room, self._first = chan.get("qcount"), chan.get("dataqsiz"), chan.get("recvx")
        if all(isinstance(n, int) for n in (count, self._room, self._first)) and 0 <= count <= self._room:
            self._count = count

    def _text(self):
        return f"{self._count} of {self._room} in the buffer" if opening.number(self._value) else "nil"

    def num_children(self) -> int:
        return _rows(self._count)

    def _row(self, i):
        if i >= _MAX_ELEMENTS:
            return _rest(self._count)
        # buf is untyped; what the waiters hold is a pointer to an element.
        sudog = self._value["recvq"]["first"].type.target().strip_typedefs()
        element = next(field for field in sudog.fields() if field.name == "elem").type
        return f"[{i}]", _elements_at(self._value["buf"].cast(element))((self._first + i) % self._room)

    def _printed_children(self):
        for i in range(min(self._count, _MAX_ELEMENTS)):
            yield self._row(i)
        if self._count > _MAX_ELEMENTS:
            yield _printed_rest(self._count)


class _TooMany(Exception):
    """More is claimed than is searched; its text says what was."""


def _bytes(value):
    """The bytes of an array of bytes."""
    data = program.read(int(value.address), value.type.sizeof)
    if isinstance(data, program.Unreadable):
        raise gdb.MemoryError(str(data))
    return data


class Map(_Held):
    """A Go program's map: buckets of eight up to Go 1.23, groups of eight slots (Swiss tables) since.

    Damaged, it may claim any number of them: so many are searched and no more, and what follows them says so.
    """

    _hint = "map"

    def __init__(self, value: gdb.Value) -> None:
        super().__init__(value)
        self._found, self._elements = [], None

    def _count(self):
        return opening.Item(self._value.dereference()).get("count", "used")

    def _text(self):
        return f"map of {self._count()}" if opening.number(self._value) else "nil"

    def num_children(self) -> int:
        """gdb asks how many: keys and elements come in turn. A map that says it has none may be damaged."""
        if not opening.number(self._value):
            return 0
        count = self._count()
        return 2 * min(count, 8 * _MAX_BUCKETS) if isinstance(count, int) and count > 0 else min(self._search(2), 2)

    def _search(self, rows):
        """Searches the map from its beginning, and no further than somebody wants to see; how many rows were found so
        far."""
        if self._elements is None:
            self._elements = self._printed_children()
        self._found += itertools.islice(self._elements, max(rows - len(self._found), 0))
        return len(self._found)

    def _row(self, i):
        return self._found[i] if i < self._search(i + 1) else (f"[{i}]", "<no more was found>")

    def _printed_children(self):
        if not opening.number(self._value):
            return
        head = self._value.dereference()
        names = {field.name for field in program.fields_of(head.type.strip_typedefs())}
        pairs = self._buckets(head) if "buckets" in names else self._groups(head) if "dirPtr" in names else ()
        number, types = 0, program.told(lambda: head.type.strip_typedefs().name) or ""
        try:
            for key, element in pairs:
                yield f"[{2 * number}]", self._itself(key, lambda name: f"<{name}," in types)
                yield f"[{2 * number + 1}]", self._itself(element, lambda name: types.endswith(f",{name}>"))
                number += 1
        except gdb.MemoryError:
            return
        except _TooMany as why:
            yield f"[{2 * number}]", f"<{why}>"
            yield f"[{2 * number + 1}]", "..."

    @staticmethod
    def _itself(value, is_declared):
        """A key or an element; of a large one a map keeps only the address, and what it leads to is what the map's type
        names."""
        if value.type.code != gdb.TYPE_CODE_PTR or not int(value):
            return value
        name = program.told(lambda: value.type.target().name)
        return value.dereference() if name and is_declared(name) else value

    @staticmethod
    def _buckets(head):
        """While a map grows, an old bucket that has not been evacuated yet holds what two new ones will."""
        count, left = 1 << int(head["B"]), _MAX_BUCKETS
        old, buckets = head["oldbuckets"], head["buckets"]
        half = max(count // 2, 1) if not int(head["flags"]) & 8 else count  # 8: it grows to the same size
        for i in range(count):
            bucket = buckets + i
            if int(old):
                from_old = old + i % half
                if not 2 <= int(from_old["tophash"][0]) <= 4:  # evacuated; where to
                    bucket = from_old if i < half else None
            while bucket is None or int(bucket):
                left -= 1
                if left < 0:
                    raise _TooMany(
                        f"only {_MAX_BUCKETS} of {count} buckets, and of those that hang on them, were searched"
                    )
                if bucket is None:
                    break
                for slot, hash_ in enumerate(_bytes(bucket["tophash"])):
                    if hash_ >= 5:  # less means empty or evacuated
                        yield _slot(bucket["keys"], slot), _slot(bucket["values"], slot)
                bucket = bucket["overflow"].cast(buckets.type)

    @classmethod
    def _groups(cls, head):
        """A small map is one group; a larger one a directory of tables, where a table may stand more than once."""
        left = _MAX_BUCKETS
        for first, count in cls._tables(head):
            for i in range(max(count, 1)):
                left -= 1
                if left < 0:
                    raise _TooMany(f"only {_MAX_BUCKETS} of its groups and tables were searched")
                control = opening.number(first[i]["ctrl"]) if i < count else -1
                if not isinstance(control, int):
                    raise gdb.MemoryError(str(control))
                for slot in range(8):
                    if not control >> 8 * slot & 0x80:  # the top bit: empty or deleted
                        yield first[i]["slots"][slot]["key"], first[i]["slots"][slot]["elem"]

    @staticmethod
    def _tables(head):
        """(its first group, how many it has) of each of a map's tables; one that is nil, or came before, has none."""
        table = head["dirPtr"].type.target().target()
        data = next(f for f in table.strip_typedefs().fields() if f.name == "groups").type.strip_typedefs()
        group = next(f for f in data.fields() if f.name == "data").type
        if not int(head["dirLen"]):
            yield head["dirPtr"].cast(group), 1
        seen = {0}
        for i in range(int(head["dirLen"])):
            here = head["dirPtr"][i]
            if int(here) in seen:
                yield None, 0
                continue
            seen.add(int(here))
            yield here["groups"]["data"], int(here["groups"]["lengthMask"]) + 1
