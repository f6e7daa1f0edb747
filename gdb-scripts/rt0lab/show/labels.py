"""The labels that a program has given its goroutines for profiles (pprof.Do, pprof.SetGoroutineLabels), read from
g.labels: a map in older versions of Go, a list in newer ones."""

from __future__ import annotations

from typing import Any

import gdb

from .. import program
from ..program import dynamic, past
from . import go_values

_MOST = 64  # of one goroutine
_TYPES = ("runtime/pprof.labelMap", "runtime/pprof.LabelSet")


def labels(row: Any) -> dict[str, str]:
    """{key: value} of a row of the census; empty too where they cannot be read."""
    if not row.labels or past.moment() is not None:
        return {}
    return program.world().still(("labels", row.labels), lambda: _read(row.labels))


def texts(row: Any) -> list[str]:
    """What a search looks through: `user` and `user=bob`."""
    return [text for key, value in labels(row).items() for text in (key, f"{key}={value}")]


def line(row: Any) -> str:
    """`user=bob path=/api`"""
    return " ".join(f"{key}={value}" for key, value in labels(row).items())


def _read(address):
    kind = next(filter(None, map(dynamic.type_named, _TYPES)), None)
    if kind is None:
        return {}
    try:
        return dict(_pairs(gdb.Value(address).cast(kind.pointer()).dereference()))
    except (gdb.error, ValueError, program.Problem):
        return {}


def _pairs(value):
    """(key, value) of each label: of a map, or of a slice of structures, however deep in structures of one field."""
    plain = value.type.strip_typedefs()
    while plain.code == gdb.TYPE_CODE_STRUCT and len(program.fields_of(plain)) == 1:
        value = value[program.fields_of(plain)[0]]
        plain = value.type.strip_typedefs()
    if plain.code == gdb.TYPE_CODE_PTR:
        found = go_values.Map(value)
        for i in range(0, min(found.num_children(), 2 * _MOST), 2):
            yield _text(found.child(i)[1]), _text(found.child(i + 1)[1])
    elif plain.code == gdb.TYPE_CODE_STRUCT:
        for i in range(min(max(int(value["len"]), 0), _MOST)):
            label = value["array"][i]
            key, text = program.fields_of(label.type.strip_typedefs())  # whose names change
            yield _text(label[key]), _text(label[text])


def _text(value):
    return program.read_text(int(value["str"]), int(value["len"])) if isinstance(value, gdb.Value) else str(value)
