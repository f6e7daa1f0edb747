"""Locks as one names them: by an expression, by a pointer, or by the address that `rt0 waits` shows."""

from __future__ import annotations

import collections
import re
from typing import Any

import gdb

from .. import program
from ..program import settings
from ..words import tr
from . import blockers
from .census import Census


_OF_PACKAGE = re.compile(r"[&*(\s]*([A-Za-z_]\w*)\.([A-Za-z_]\w*)")


def _asked(text):
    """What gdb is asked for: where there is no variable `main.x` for that alone, as a name, for gdb crashes of it where
    Go's own script is loaded."""
    found = _OF_PACKAGE.match(text) if program.world().is_go else None
    if found is None:
        return text
    name, local = f"{found[1]}.{found[2]}", _in_frame(found[1])
    if local is not None and (local.is_variable or local.is_argument):
        return text
    known = gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name) or _in_frame(name)
    return text if known else f"'{name}'"


def _in_frame(name):
    try:
        return gdb.lookup_symbol(name)[0]
    except gdb.error:
        return None


def value_of(text: str) -> gdb.Value:
    """An expression's value; a name without package that gdb does not know is the runtime's, as `sched` is in either
    world."""
    try:
        return gdb.parse_and_eval(_asked(text))
    except gdb.error as error:
        name = re.match(r"\w+", text)
        if name is None or not program.world().prefix:
            raise
        try:
            return gdb.parse_and_eval(f"'{program.world().prefix}{name[0]}'{text[name.end() :]}")
        except gdb.error:
            raise error from None


# A lock as `rt0 waits` shows it: `Mutex 0xc0000180b8`, or its address alone.
_SHOWN = re.compile(r"(?:(?:sync\.)?(Mutex|RWMutex) +)?(0x[0-9a-fA-F]{1,16})")


def _lock_shown(kind, address):
    """(kind, address, the gdb.Value) of the lock at an address. Memory does not say what lies there: those who wait
    do."""
    if kind is None:
        census = Census()
        items = {item for found in census.waits(census.rows).values() for item in found}
        item = next((each for each in items if address in (each.addr, getattr(each, "sema", None))), None)
        kind = getattr(item, "what", None)
        if item is not None and item.kind == "chan":
            raise program.Problem(
                tr("{item} is a channel, which nobody holds: `rt0 waits` says whose stack has its address.", item=item)
            )
        if kind not in ("Mutex", "RWMutex"):
            raise program.Problem(
                tr(
                    "what is at {address:#x} is not known, no waiting goroutine says: `rt0 holders Mutex"
                    " {address:#x}`, or RWMutex, if you know.",
                    address=address,
                )
            )
        address = item.addr
    name = f"sync{'.' if program.world().is_go else '::'}{kind}"
    try:
        value = gdb.Value(address).cast(gdb.lookup_type(name).pointer()).dereference()
    except gdb.error:
        raise program.Problem(tr("this program has no {name}.", name=name)) from None
    return f"sync.{kind}", address, value


def lock_at(text: str) -> tuple[str, int, gdb.Value]:
    """(kind, address, the gdb.Value) of a lock named by an expression: a runtime.mutex, a sync.Mutex or RWMutex, or a
    pointer to one; or by its address, as `rt0 waits` shows it."""
    shown = _SHOWN.fullmatch(text)
    if shown:
        return _lock_shown(shown[1], int(shown[2], 16))
    try:
        with settings.off("may-call-functions"):
            value = value_of(text)
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
            value = value.dereference()
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_REF:
            value = value.referenced_value()
    except gdb.error as error:
        raise program.Problem(tr("gdb knows no `{text}`: {error}", text=text, error=error))
    kind = program.type_name(value.type).removeprefix("struct ").replace("::", ".")
    known = {
        "mutex": "runtime.mutex",
        "runtime.mutex": "runtime.mutex",
        "sync.Mutex": "sync.Mutex",
        "sync.RWMutex": "sync.RWMutex",
    }
    if kind not in known or value.address is None:
        raise program.Problem(
            tr(
                "`{text}` is a {kind}: name a runtime.mutex, a sync.Mutex or a sync.RWMutex, or a pointer to one.",
                text=text,
                kind=kind,
            )
        )
    return known[kind], int(value.address), value


def waiters_by_address(census: Census) -> dict[int, list[Any]]:
    """{address of the semaphore: [rows]}"""
    found, rows = collections.defaultdict(list), {row.addr: row for row in census.rows}
    for g, address in blockers.semaphores():
        if g in rows:
            found[address].append(rows[g])
    return found
