"""`rt0 paths`: from which roots something can be reached, and over what."""

from __future__ import annotations

import re
import gdb

from .. import program
from ..goroutines import backwards, locks, reach, wakers
from ..program import bulk, settings
from ..show import paths
from ..words import in_a_row, tr
from . import console, goroutine
from .options import without_json

_STUCK = (wakers.CIRCLE, wakers.NEVER)


class Paths(console.Command):
    """Show from which roots something on the heap can be reached.
    The roots are variables, timers, finalizers and the stacks of goroutines,
    also of those that are stuck; shortest paths come first, ten at most.
    Usage: rt0 paths ADDRESS|EXPR [-json]; of a pointer, a channel or a slice that is where it points

    (gdb) rt0 paths 0xc0000801e0
    g23: main.serve (srv.go:25) s *server -> .jobs []*job -> [3] *job -> .done chan int"""

    name, kind = "rt0 paths", gdb.COMMAND_STATUS

    def run(self, argument: str) -> None:
        text, as_json = without_json(argument)
        if not text:
            raise program.Problem(tr("paths to what? Usage: rt0 paths ADDRESS|EXPR [-json]"))
        console.need_process()
        address = _address(text)
        with bulk.no_collecting():
            graph = wakers.Graph()
            found = backwards.Backwards(graph, address, reach.limit.seconds)
        names = paths.Paths(graph.census)
        best = [names.best(alike) for alike in found.paths]
        left_out = [*graph.reach.left_out, *_left_out(found)]
        if as_json:
            console.dump(
                {
                    "address": address,
                    "object": found.object and {"base": found.object.base, "size": found.object.size},
                    "paths": [_plain(graph, path, names) for path in best],
                    "complete": found.complete and not left_out,
                    "not_searched": left_out,
                }
            )
            return
        if found.object is None:
            console.wrapped(_elsewhere(graph, address), "")
            return
        for path in best:
            stuck = tr(" (which is stuck)") if _stuck(graph, path) else ""
            console.wrapped(names.text(path) + stuck, "", "  ")
        if not best:
            console.wrapped(tr("No root was found that leads to {address:#x}.", address=address), "")
        if found.cut:
            console.wrapped(tr("There are more: these are the first {n}.", n=backwards.MOST), "")
        if left_out:
            console.wrapped(tr("Not searched: {left_out}.", left_out=in_a_row(left_out)), "")


def _left_out(found):
    if found.object is None or found.complete or found.cut:
        return []
    return [tr("longer paths: time was up (`set rt0 reach-seconds`), or memory cannot be read")]


def _stuck(graph, path):
    verdict = graph.verdicts.get(path.row.addr) if path.row is not None else None
    return verdict is not None and verdict.verdict in _STUCK


def _plain(graph, path, names):
    return {
        "root": path.kind,
        "goroutine": path.row.goid if path.row is not None else None,
        "name": path.name,
        "slot": path.slot,
        "steps": path.steps,
        "stuck": _stuck(graph, path),
        "text": names.text(path),
    }


def _elsewhere(graph, address):
    """Where that lies which is no object of the heap."""
    owner = graph.reach.owner(address)
    row = next((row for row in graph.census.rows if row.addr == owner), None)
    if row is not None:
        return tr("{address:#x} lies on the stack of {goid}.", address=address, goid=row.goid)
    if reach.in_variables(address):
        return tr("{address:#x} lies in the variable {name}.", address=address, name=reach.named(address))
    return tr("{address:#x} is in no object of the heap.", address=address)


def _address(text):
    """Where that is which was named: where a pointer points, a slice has its elements, another value lies."""
    if re.fullmatch(r"0x[0-9a-fA-F]{1,16}|\d{1,20}", text):
        return int(text, 0) & (1 << 64) - 1
    word = goroutine.refused(f"print {text}")
    if word:
        raise program.Problem(tr("`{word}` would call or change something: name a value, like `main.x`.", word=word))
    try:
        with settings.off("may-call-functions"):
            value = locks.value_of(text)
        plain = value.type.strip_typedefs()
        names = tuple(f.name for f in program.fields_of(plain)) if plain.code == gdb.TYPE_CODE_STRUCT else ()
        if names in (program.SLICE, program.STRING):
            return int(value[names[0]])
        if plain.code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_INT):
            return int(value) & (1 << 64) - 1
        if value.address is None:
            raise program.Problem(tr("`{text}` is nowhere in memory: name a pointer or an address.", text=text))
        return int(value.address)
    except gdb.error as error:
        raise program.Problem(tr("gdb knows no `{text}`: {error}", text=text, error=error)) from None
