"""Who wrote what a recorded run says has changed: its stops are found again in the boot that was run once more.

A writer is told only where what it wrote is what the stop shows; of the rest nothing is said.
"""

from __future__ import annotations

import bisect
import os
import re
from typing import Any

from .. import program
from ..state import told
from . import writes
from .writes import Write, Writes


def add(stages: list[dict[str, Any]], pcs: list[int | None]) -> int:
    """Gives the stops of a trace their `writers`, {path: who}; `pcs` are where the stops were. Returns how many changes
    have one; Problem where the boot cannot be run once more."""
    found = writes.of_program()
    steps: dict[int, list[int]] = {}
    for step, pc in enumerate(found.replay.pcs):
        steps.setdefault(pc - found.replay.slide + program.world().slide, []).append(step)
    before = at = count = 0
    for stop, pc in zip(stages, pcs):
        met = steps.get(pc or 0, [])
        i = bisect.bisect_left(met, at)
        if i == len(met):  # there is a second thread now
            break
        at = met[i]
        stop["writers"] = _writers(found, stop["changed"], before, at)
        count += len(stop["writers"])
        before, at = at, at + 1
    return count


def _writers(found: Writes, changed: dict[str, Any], first: int, end: int) -> dict[str, Any]:
    """{path: who} of changes that were made from one step on and before another."""
    writers = {}
    for path, (_, now) in changed.items():
        try:
            write = found.last(path, end)
        except program.Problem:
            continue
        if write is not None and write.step >= first and told.plain(write.after) == told.plain(now):
            writers[path] = _plain(found, write)
    return writers


def _plain(found: Writes, write: Write) -> dict[str, Any]:
    symbol = program.world().symbol_at(write.pc - found.replay.slide + program.world().slide)
    name, offset = symbol if symbol else (write.function, 0)
    return {
        "function": write.function,
        "file": os.path.basename(write.file) if write.file else None,
        "line": write.line,
        "stage": write.stage,
        "pc": f"{name}+{offset}" if offset else name,
        "instruction": _anywhere(write.instruction),
    }


_BY_PC = re.compile(r"-?0x[0-9a-f]+\(%rip\) +# (0x[0-9a-f]+)(?: <[^>]*>)?")
_ADDRESS = re.compile(r"0x[0-9a-f]{5,}(?: <([^>]*)>)?")


def _anywhere(instruction):
    """An instruction with names for the addresses in it: two builds of a program have others."""
    return _ADDRESS.sub(_named, _BY_PC.sub(r"\1(%rip)", instruction or "")) or None


def _named(match):
    if match[1]:
        return match[1]
    symbol = program.world().symbol_at(int(match[0], 16))
    return match[0] if symbol is None else f"{symbol[0]}+{symbol[1]}" if symbol[1] else symbol[0]
