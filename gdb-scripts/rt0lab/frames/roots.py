"""Backtraces of the selected thread, from the innermost frame down to the true root."""

from __future__ import annotations

import os

import gdb

from .. import program
from . import switching


def frames(limit: int = 64) -> list[tuple[str, str, int, bool]]:
    """The innermost frame first: [(function, file or None, line, inlined?)], down to the true root."""
    found, frame = [], gdb.newest_frame()
    while frame is not None and len(found) < limit:
        inlined = frame.type() == gdb.INLINE_FRAME
        symbol = program.symbol_of(frame)
        name = program.name_of(frame) if inlined or symbol is None else symbol[0]
        if name is None:
            break
        name = name.removesuffix(".abi0")
        sal = frame.find_sal()
        found.append((name, program.told(getattr, sal.symtab, "filename") if sal.symtab else None, sal.line, inlined))
        if not inlined and switching.is_root(name, frame):
            break
        try:
            frame = frame.older()
        except gdb.error:
            break
    return found


def backtrace() -> list[str]:
    """The frames as a trace writes them: `runtime.schedinit (proc.go:658)`."""
    return [
        f"{name} ({os.path.basename(file) if file else '?'}:{line})" + (" [inlined]" if inlined else "")
        for name, file, line, inlined in frames()
    ]
