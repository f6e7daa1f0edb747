"""Backtraces of the selected thread, from the innermost frame down to the true root."""

from __future__ import annotations

import os
from collections.abc import Iterator

import gdb

from .. import program
from ..program import names
from . import joins, switching


def walk(limit: int) -> Iterator[tuple[gdb.Frame, str, bool]]:
    """Yields (frame, its function, is it inlined?), the innermost first, down to the true root, so many at most; no
    further than gdb can unwind."""
    frame = gdb.newest_frame()
    while frame is not None and limit:
        inlined = frame.type() == gdb.INLINE_FRAME
        symbol = joins.symbol_of(frame)
        name = program.name_of(frame) if inlined or symbol is None else names.function(symbol[0])
        name = name or joins.in_a_library(frame)
        if name is None:
            return
        yield frame, name, inlined
        if not inlined and switching.is_root(name, frame):
            return
        frame, limit = program.older(frame), limit - 1


def frames(limit: int = 64) -> list[tuple[str, str | None, int, bool]]:
    """The same as [(function, file or None, line, inlined?)]."""
    found = []
    for frame, name, inlined in walk(limit):
        sal = frame.find_sal()
        found.append((name, program.told(getattr, sal.symtab, "filename") if sal.symtab else None, sal.line, inlined))
    return found


def backtrace() -> list[str]:
    """The frames as a trace writes them: `runtime.schedinit (proc.go:658)`."""
    return [
        f"{name} ({os.path.basename(file) if file else '?'}:{line})" + (" [inlined]" if inlined else "")
        for name, file, line, inlined in frames()
    ]
