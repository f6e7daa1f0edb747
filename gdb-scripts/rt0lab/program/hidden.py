"""Breakpoints of ours, which neither the user nor his editor is to see."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable
from typing import Any

import gdb


def untold() -> contextlib.AbstractContextManager[Any]:
    """gdb tells an editor (DAP) of every breakpoint, of internal ones, too: of none that comes, is met or goes while
    this lasts."""
    return getattr(sys.modules.get("gdb.dap.breakpoint"), "suppress_new_breakpoint_event", contextlib.nullcontext)()


def hits() -> dict[int, int]:
    """{number: how often each breakpoint was hit}; the number of a hidden one is negative."""
    return {point.number: point.hit_count for point in gdb.breakpoints()}


def remove(points: Iterable[gdb.Breakpoint]) -> None:
    """Deletes those that are still there: some go with what they watch."""
    for point in points:
        if point.is_valid():
            point.delete()


class Hidden(gdb.Breakpoint):
    """An internal breakpoint or watchpoint."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        with untold():
            super().__init__(*arguments, internal=True, **options)

    def delete(self) -> None:
        with untold():
            super().delete()
