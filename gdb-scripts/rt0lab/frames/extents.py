"""How much of a goroutine's stack is in use, and where that lies."""

from __future__ import annotations

from typing import Any

from .. import program

MAX_STACK = 1 << 30  # bytes; Go allows no stack to grow further


def in_use(row: Any, stktop: int | None, sp: int) -> list[tuple[int, int]]:
    """[(lo, hi)] of what is in use of a goroutine's stack: from SP up, and the segments below where a stack is made of
    segments."""
    found = [(sp, row.hi)] if sp and row.lo <= sp < row.hi else []
    for top in program.chain("stktop", stktop, "prev") if stktop else ():
        found.append((top.get("stack.lo"), top.get("stack.hi")))
    return [(lo, hi) for lo, hi in found if 0 < hi - lo <= MAX_STACK]
