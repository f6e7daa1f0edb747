"""The panics of a goroutine, the last one first: what was panicked with, and what has become of each.

Where there is a panic its goroutine's stack has it, and g._panic leads there. Nothing is kept of one that is over.
"""

from __future__ import annotations

from typing import Any

import gdb

from .. import program
from ..formats import untrusted
from ..program import dynamic, past
from ..words import tr
from . import interfaces

_MOST = 64  # of one goroutine


class Panic:
    """One of them: its address, the text of its value, what has become of it."""

    __slots__ = ("address", "goexit", "recovered", "repanicked", "aborted", "text")

    def __init__(self, found: program.Struct) -> None:
        self.address = found.addr
        self.goexit, self.recovered, self.repanicked, self.aborted = (
            bool(found.get(name)) for name in ("goexit", "recovered", "repanicked", "aborted")
        )
        self.text = "runtime.Goexit" if self.goexit else _value(found)

    def state(self, dying: bool) -> str:
        """What has become of it: in words."""
        if self.repanicked:
            return tr("recovered, and its value panicked with again")
        if self.recovered:
            return tr("recovered: a deferred call is still running, then its function returns")
        if self.aborted:
            return tr("given up: one of its deferred calls has panicked or gone to runtime.Goexit")
        if self.goexit:
            return tr("the goroutine ends when its deferred calls are made")
        return (
            tr("not recovered: the program ends")
            if dying
            else tr("not recovered so far: deferred calls are being made")
        )

    def plain(self) -> dict[str, Any]:
        """As data."""
        return {name: getattr(self, name) for name in self.__slots__}


def panics(row: Any) -> list[Panic]:
    """Those of a row of the census."""
    return [Panic(found) for found in program.chain("_panic", row.panic, "link", _MOST)] if row.panic else []


def is_panicking(row: Any) -> bool:
    """Has it panicked, and nobody recovered?"""
    chain = program.chain("_panic", row.panic, "link", _MOST) if row.panic else []
    return any(not found.get("recovered") and not found.get("goexit") for found in chain)


def texts(row: Any) -> list[str]:
    """What it panics with, to be searched."""
    return [panic.text for panic in panics(row)]


def _value(found):
    """What panic() was called with: in Go two words, in the mirror a kind and what that makes of the rest."""
    if found.has("arg._type"):
        word, data = found.get("arg._type"), found.get("arg.data")
        return interfaces.said(dynamic.of(word), word, data)
    if past.moment() is not None:
        return "<values are not kept>"
    try:
        return _eface(gdb.Value(found.addr).cast(found.layout.type.pointer()).dereference()["arg"])
    except (gdb.error, program.Problem) as error:
        return f"<{untrusted.shown(str(error))}>"


def _eface(arg):
    """The mirror's: a kind, which says what the rest is."""
    kinds = {field.enumval: field.name for field in program.fields_of(arg["kind"].type.strip_typedefs())}
    kind = (kinds.get(int(arg["kind"])) or "?").rpartition(":")[2]
    if kind in ("STRING", "ERROR"):
        text = program.read_text(int(arg["s"]["str"]), int(arg["s"]["len"]), quoted=True)
        return f"{kind.lower()} {text}"
    if kind in ("INT", "UINT", "BOOL"):
        return f"{kind.lower()} {bool(arg['n']) if kind == 'BOOL' else int(arg['n'])}"
    return kind.lower()
