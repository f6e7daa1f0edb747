"""Evaluates a witness against the program's memory, by our own walk over types and addresses; gdb evaluates nothing.

Every walk is as long as the witness, so that a cycle of pointers costs nothing; an address that cannot be read, nil, an
index outside, a name that there is not end it with the place in the text.
"""

from __future__ import annotations

from collections.abc import Callable

import gdb
from rt0lab import program
from runner.exercises.witness import Node

_STARTS = ("g", "m", "p")
_NUMBERS = (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_BOOL)
_STRUCTS = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION)


class Unread(Exception):
    """It cannot be evaluated: the key of the sentence that says why, its place in the text, what stands there."""

    def __init__(self, key: str, at: int, what: str = "") -> None:
        super().__init__(key)
        self.key, self.at, self.what = key, at, what


class _Place:
    """Something of a type at an address."""

    def __init__(self, kind, address):
        self.kind, self.address = kind.strip_typedefs(), address


def true_of(tree: Node) -> bool:
    """Is this witness true of the program now? Unread if that cannot be said."""
    return bool(_value(tree))


def _value(node):
    """The number of a part: a comparison is 0 or 1."""
    return _RULES[node.kind](node) if node.kind in _RULES else _number(_place(node), node)


def _logic(node):
    left = bool(_value(node.parts[0]))
    decided = left if node.kind == "||" else not left
    return int(left if decided else bool(_value(node.parts[1])))


_PAIRS: dict[str, Callable[[int, int], int]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
}


def _pair(node):
    left, right = (_value(part) for part in node.parts)
    return int(_PAIRS[node.kind](left, right))


def _address(node):
    place = _place(node.parts[0])
    if isinstance(place, int):
        raise Unread("witness-address", node.at)
    return place.address


_RULES: dict[str, Callable[[Node], int]] = {
    "number": lambda node: node.value,
    "not": lambda node: int(not _value(node.parts[0])),
    "address": _address,
    "&&": _logic,
    "||": _logic,
    **dict.fromkeys(_PAIRS, _pair),
}


# ---- places ----------------------------------------------------------------------------------------------------------


def _place(node):
    """A _Place, or an int for a constant and for what the lab's screens call g1, m0, p0 when it is not looked into."""
    if node.kind == "field":
        return _field(node)
    if node.kind == "index":
        return _element(node)
    if node.kind != "name":
        raise Unread("witness-no-place", node.at)
    return _start(node)


def _start(node):
    world, name = program.world(), node.name
    found = world.variable(name)
    kind = world.type_of_variable(name)
    if found is not None and kind is not None:
        return _Place(kind, found[0])
    if (value := world.constant(name)) is not None:
        return value
    if name[0] in _STARTS and name[1:].isdecimal():
        return _numbered(node, name[0], int(name[1:]))
    raise Unread("witness-unknown-name", node.at, name)


def _numbered(node, letter, number):
    """The structure that the lab's screens call g1, m0, p0."""
    if letter == "p":
        known = {i: address for i, address in enumerate(program.all_p_addresses())}
    elif letter == "m":
        known = {m.get("id"): m.addr for m in program.all_ms()}
    else:
        known = _goroutines()
    if number not in known:
        raise Unread("witness-not-there", node.at, node.name)
    return _Place(_type(letter, node), known[number])


def _goroutines():
    """{id: address} of the goroutines in allgs, dead ones left out."""
    world, listed = program.world(), program.variable("allgs")
    count = min(listed.get("len") or 0, 1 << 12) if listed else 0
    data = program.read(listed.get("array"), 8 * count) if count else b""
    words = [int.from_bytes(data[at : at + 8], "little") for at in range(0, len(data), 8)] if data else []
    found = [g for g in (program.read_struct("g", address) for address in words) if g]
    dead = world.constant("_Gdead")
    return {g.get("goid"): g.addr for g in found if g.get("atomicstatus") != dead}


def _type(name, node):
    found = program.world().type(name)
    if found is None:
        raise Unread("witness-unknown-name", node.at, name)
    return found


def _field(node):
    place = _inside(_place(node.parts[0]), node.parts[0])
    if place.kind.code not in _STRUCTS:
        raise Unread("witness-no-fields", node.at, node.name)
    for field in program.fields_of(place.kind):
        if hasattr(field, "bitpos") and not field.is_base_class and program.bare(field.name) == node.name:
            return _Place(field.type, place.address + field.bitpos // 8)
    raise Unread("witness-no-field", node.at, node.name)


def _inside(place, node):
    """What a pointer points to; a structure itself. Go's `.` looks through a pointer, so does this."""
    if isinstance(place, int):
        raise Unread("witness-no-fields", node.at, node.name)
    if place.kind.code != gdb.TYPE_CODE_PTR:
        return place
    address = _number(place, node)
    if not address:
        raise Unread("witness-nil", node.at)
    return _Place(place.kind.target(), address)


def _element(node):
    whole, index = _place(node.parts[0]), _value(node.parts[1])
    if isinstance(whole, int):
        raise Unread("witness-no-elements", node.at)
    if whole.kind.code == gdb.TYPE_CODE_ARRAY:
        first, last = whole.kind.range()
        return _at(node, whole.kind.target(), whole.address, index, last - first + 1)
    names = {program.bare(f.name): f for f in program.fields_of(whole.kind)} if whole.kind.code in _STRUCTS else {}
    if set(program.SLICE) <= set(names):  # a slice: array, len, cap
        parts = [_Place(names[name].type, whole.address + names[name].bitpos // 8) for name in program.SLICE[:2]]
        first, count = (_number(part, node) for part in parts)
        return _at(node, parts[0].kind.target(), first, index, count)
    raise Unread("witness-no-elements", node.at)


def _at(node, kind, first, index, count):
    if not 0 <= index < count:
        raise Unread("witness-outside", node.at, str(index))
    return _Place(kind, first + index * kind.sizeof)


def _number(place, node):
    """The number that stands at a place."""
    if isinstance(place, int):
        return place
    code, size = place.kind.code, place.kind.sizeof
    if code in _STRUCTS and program.world().base_name(place.kind) in _STARTS:
        return place.address  # `allm == m0` means the one that is there
    if code != gdb.TYPE_CODE_PTR and code not in _NUMBERS:
        raise Unread("witness-whole", node.at, node.name)
    data = program.read(place.address, size)
    if not isinstance(data, bytes):
        raise Unread("witness-unreadable", node.at, node.name)
    signed = code != gdb.TYPE_CODE_PTR and bool(getattr(place.kind, "is_signed", False))
    return int.from_bytes(data, "little", signed=signed)
