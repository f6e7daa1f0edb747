"""The calls that a goroutine has deferred and not made yet, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gdb

from ..frames import places, view
from ..goroutines import deferred
from ..words import tr
from . import interfaces


def lines(row: Any, frame: gdb.Frame | None) -> Iterator[str]:
    """A line for each, the next one to be made first; `frame` is the goroutine's innermost, None where that cannot be
    seen."""
    chain = deferred.listed(row)
    found = [(call.get("sp"), _listed(call)) for call in chain]
    for level, (each, name, sp) in enumerate(view.physical(frame)):
        if each.type() == gdb.INLINE_FRAME:
            continue
        for closure in deferred.in_frame(each.pc() - (level > 0), sp):
            call = interfaces.function_at(closure) if closure else tr("a call whose function is not known")
            found.append((sp, tr("{call}, deferred in {name}, whose frame keeps it", call=call, name=name)))
    yield from (f"  {text}" for _, text in sorted(found, key=lambda one: one[0]))
    if chain.end:
        yield tr("  and their list {end}", end=chain.end)
    if frame is None:
        yield tr("  its frames cannot be seen: what they keep of deferred calls is not known")
    elif not found:
        yield tr("  none")


def _listed(call):
    begun = tr(", which has begun") if call.get("started") else ""
    function = interfaces.function_at(call.get("fn") or 0)
    if call.get("rangefunc"):
        function = tr("those of a loop over a function")
    pc = call.get("pc")
    return f"{function}{begun}" + (tr(", deferred in {pc}", pc=places.where(*places.code(pc - 1))) if pc else "")
