"""One element of a Go value by its index or key, which gdb's own expressions do not reach: for `$at`."""

from __future__ import annotations

from typing import Any

import gdb

from .. import program
from ..formats import untrusted
from ..program import dynamic
from ..words import tr
from . import go_values

_SEARCHED = 1 << 20  # elements of a map


def held(value: gdb.Value) -> gdb.Value:
    """What an interface holds, and a pointer that it holds leads to; any other value itself."""
    found = dynamic.in_interface(value)
    if found is None:
        return value
    kind, word, data = found
    inner = kind.value(data) if kind is not None else None
    if inner is None:
        what = untrusted.shown(kind.name) if kind is not None else ""
        raise program.Problem(
            tr("gdb knows no type {what}: what the interface holds is at {data:#x}.", what=what, data=data)
            if word
            else tr("the interface is nil.")
        )
    return inner


def at(value: gdb.Value, index: gdb.Value) -> gdb.Value:
    """The element of a slice, an array, a string, a map, a channel's buffer, or of what leads to one."""
    value = held(value)
    plain = value.type.strip_typedefs()
    if plain.code == gdb.TYPE_CODE_PTR and _to_map_or_chan(plain):
        return _in_buffer(value, index) if _name(plain).startswith("hchan<") else _in_map(value, index)
    if plain.code == gdb.TYPE_CODE_PTR:
        return at(value.dereference(), index)
    if plain.code == gdb.TYPE_CODE_ARRAY:
        lo, hi = plain.range()
        return value[lo + _checked(index, hi - lo + 1)]
    names = tuple(field.name for field in program.fields_of(plain)) if plain.code == gdb.TYPE_CODE_STRUCT else ()
    if names in (program.SLICE, program.STRING):
        return value[names[0]][_checked(index, int(value["len"]))]
    raise program.Problem(tr("a value of type {type} has no elements.", type=program.type_name(value.type)))


def _name(pointer):
    return program.told(lambda: pointer.target().name) or ""


def _to_map_or_chan(pointer):
    return _name(pointer).startswith(("hash<", "map<", "hchan<"))


def _checked(index, count):
    """An index as a number, if there are so many elements."""
    number = int(index)
    if not 0 <= number < count:
        raise program.Problem(
            tr("there is no element {number}: there are {count}.", number=number, count=max(count, 0))
        )
    return number


def _in_buffer(value, index):
    found = go_values.Chan(value)
    return found.child(_checked(index, found.num_children()))[1]


def _in_map(value, index):
    """Whose key is this: numbers and texts are compared."""
    wanted, found = _comparable(index), go_values.Map(value)
    for i in range(0, min(found.num_children(), 2 * _SEARCHED), 2):
        key, element = found.child(i)[1], found.child(i + 1)[1]
        if isinstance(key, str):  # which tells what was not found
            break
        if _comparable(key) == wanted:
            return element
    raise program.Problem(tr("the map has no such key, among those that were found."))


def _comparable(value: gdb.Value) -> Any:
    """The bytes of a text, the number of what is one."""
    value = held(value)
    plain = value.type.strip_typedefs()
    if plain.code == gdb.TYPE_CODE_STRUCT:
        if tuple(field.name for field in program.fields_of(plain)) != program.STRING:
            raise program.Problem(tr("only numbers and texts can be looked for among a map's keys."))
        data = program.read(int(value["str"]), int(value["len"]))
        return data if isinstance(data, bytes) else None
    if plain.code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_STRING):
        return value.string("utf-8", "surrogateescape").encode("utf-8", "surrogateescape")
    return float(value) if plain.code == gdb.TYPE_CODE_FLT else int(value)
