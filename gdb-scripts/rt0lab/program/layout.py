"""How a type of the program's lies in memory, by its debug information, and structures that are decoded by that."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import gdb

from ..formats import untrusted
from ..words import tr
from . import answers
from .problem import Problem, no_field

STRING, SLICE = ("str", "len"), ("array", "len", "cap")  # the fields of these, in Go and here
_FLATTEN = 16  # arrays up to this length are fields of their structure, longer ones are read on demand


class Leaves(dict):
    """{path: Leaf} of a type."""

    def __init__(self, kind: str, leaves: Iterable[Leaf]) -> None:
        super().__init__((leaf.path, leaf) for leaf in leaves)
        self._kind = kind

    def __missing__(self, path: str) -> NoReturn:
        raise no_field(self._kind, path)


# ---- layouts: DWARF types turned into something that decodes bytes --------------------------------------------------

_INTS = {
    (1, False): "B",
    (2, False): "H",
    (4, False): "I",
    (8, False): "Q",
    (1, True): "b",
    (2, True): "h",
    (4, True): "i",
    (8, True): "q",
}


class Leaf:
    """One scalar of a structure: where it is, how to decode it, what it points to."""

    __slots__ = ("path", "offset", "size", "code", "kind", "target")

    def __init__(self, path: str, offset: int, size: int, code: str, kind: str, target: str | None) -> None:
        self.path, self.offset, self.size = path, offset, size
        self.code = code  # struct format letter
        self.kind = kind  # int, bool, ptr (typed or not), word (a uintptr: maybe an address), str
        self.target = target  # for pointers: what is there (`g`, `m`, `void`...)


class Array:
    """A long array inside a structure: read on demand."""

    __slots__ = ("offset", "count", "leaf")

    def __init__(self, offset: int, count: int, leaf: Leaf) -> None:
        self.offset, self.count, self.leaf = offset, count, leaf


_GO_FUNC = "func("  # such a type is a pointer; gdb can take its name for that of an empty struct


class Layout:
    """How a type lies in memory: leaves by path, long arrays, size."""

    def __init__(self, world: Any, gdb_type: gdb.Type) -> None:
        self.type = gdb_type
        self.size = gdb_type.sizeof
        self.leaves, self.arrays, self.strings = [], {}, []
        self._world = world
        self._add("", 0, gdb_type)
        at, form, flat = 0, "<", []
        for leaf in sorted(self.leaves, key=lambda leaf: leaf.offset):
            # members of a union: the first stands for all; none lies outside
            if at <= leaf.offset <= self.size - leaf.size:
                form += f"{leaf.offset - at}x{leaf.code}"
                at = leaf.offset + leaf.size
                flat.append(leaf)
        self.leaves = flat
        # {a field that is half of a string: the string}
        self.halves = {f"{path}.{half}" if path else half: path for path, _ in self.strings for half in STRING}
        self.form = struct.Struct(form)
        self.at = Leaves(world.base_name(gdb_type), self.leaves)

    def _add(self, path, offset, gdb_type):
        name = type_name(gdb_type)
        plain = gdb_type.strip_typedefs()
        code = plain.code
        if name.startswith(_GO_FUNC):
            self.leaves.append(Leaf(path, offset, 8, "Q", "ptr", "func"))
        elif code == gdb.TYPE_CODE_STRUCT:
            fields = [f for f in fields_of(plain) if not f.is_base_class and hasattr(f, "bitpos")]
            fields = [f for f in fields if f.type.sizeof or type_name(f.type).startswith(_GO_FUNC)]
            names = tuple(bare(f.name) for f in fields)
            if names == STRING:
                self.strings.append((path, offset))
            elif "atomic." in name and len(fields) == 1:  # atomic.Uint32 and the like: the word inside is the field
                return self._add(path, offset, fields[0].type)
            for field, inner in zip(fields, names):
                if inner and inner != "_":
                    self._add(f"{path}.{inner}" if path else inner, offset + field.bitpos // 8, field.type)
        elif code == gdb.TYPE_CODE_ARRAY:
            lo, hi = plain.range()
            count, element = hi - lo + 1, plain.target()
            if count <= _FLATTEN:
                for i in range(count):
                    self._add(f"{path}.{i}", offset + i * element.sizeof, element)
            else:
                leaf = self._leaf(path, 0, element)
                if leaf and offset + count * leaf.size <= self.size:
                    self.arrays[path] = Array(offset, count, leaf)
        else:
            leaf = self._leaf(path, offset, gdb_type)
            if leaf:
                self.leaves.append(leaf)

    def _leaf(self, path, offset, gdb_type):
        name = self._world.base_name(gdb_type)
        plain = gdb_type.strip_typedefs()
        size, code = plain.sizeof, plain.code
        if code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_FUNC):
            target = plain.target() if code == gdb.TYPE_CODE_PTR else plain
            if target.strip_typedefs().code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_METHOD):
                return Leaf(path, offset, 8, "Q", "ptr", "func")
            return Leaf(path, offset, 8, "Q", "ptr", self._world.base_name(target))
        if code == gdb.TYPE_CODE_BOOL:
            return Leaf(path, offset, 1, "?", "bool", None) if size == 1 else None
        if code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_CHAR):
            signed = bool(getattr(plain, "is_signed", False))
            letter = _INTS.get((size, signed))
            if not letter:
                return None
            if name in ("guintptr", "muintptr", "puintptr"):
                return Leaf(path, offset, size, letter, "ptr", name[0])
            return Leaf(path, offset, size, letter, "word" if name == "uintptr" else "int", name)
        return None

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """All leaves' values, in the order of `leaves`."""
        return self.form.unpack_from(data)


def type_name(gdb_type: gdb.Type) -> str:
    """A type's name as `shown` has it; for one without a name what gdb writes for it."""
    return untrusted.shown(answers.told(lambda: gdb_type.name or gdb_type.tag or str(gdb_type)))


def fields_of(gdb_type: gdb.Type) -> list[gdb.Field]:
    """The fields of a structure's type; where its debug information is damaged gdb tells of none, and that is a
    Problem."""
    try:
        return gdb_type.fields()
    except (UnicodeDecodeError, gdb.error) as error:
        raise Problem(
            tr(
                "the debug information of {gdb_type} is damaged ({error}): build the program anew.",
                gdb_type=type_name(gdb_type),
                error=untrusted.shown(str(error), 200),
            )
        ) from None


def bare(field_name: str) -> str:
    """Go writes the members of an anonymous struct with their package: `runtime.head` is `head`."""
    return field_name.rpartition(".")[2] if field_name else field_name


class Struct:
    """A structure read from memory: `get(path)` gives a number, a bool, text, None for what the type lacks."""

    __slots__ = ("layout", "addr", "data")

    def __init__(self, layout: Layout, addr: int, data: bytes) -> None:
        self.layout, self.addr, self.data = layout, addr, data

    def get(self, *paths: str) -> Any:
        """The value of the first of these fields that the type has, else None."""
        for path in paths:
            leaf = self.layout.at.get(path)
            if leaf is not None:
                return struct.unpack_from("<" + leaf.code, self.data, leaf.offset)[0]
        return None

    def need(self, *paths: str) -> Any:
        """The same, where it is needed; Lacking if the type has none."""
        found = self.get(*paths)
        return self.layout.at[paths[0]] if found is None else found

    def has(self, path: str) -> bool:
        """Does the type have this field?"""
        return path in self.layout.at

    def array(self, path: str) -> tuple[int, Callable[[int], Any]] | None:
        """(count, function from index to value) of an array field, long or short; None if there is none."""
        array = self.layout.arrays.get(path)
        if array is None:
            return None
        step = array.leaf.size

        def at(i):
            return struct.unpack_from("<" + array.leaf.code, self.data, array.offset + i * step)[0]

        return array.count, at
