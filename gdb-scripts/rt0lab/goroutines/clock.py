"""What time it is for the program."""

from __future__ import annotations

import time

from .. import program
from ..program import bulk, past


def duration(ns: int) -> str:
    """`350ms`, `12s`, `3m`, `5h`: two digits say enough."""
    for unit, size in (
        ("h", 3600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1000),
    ):
        if ns >= 2 * size or unit == "us":
            return f"{round(ns / size)}{unit}"
    return "0s"


def now() -> int | None:
    """The program's nanotime: this machine's clock if it runs here, else the latest time its scheduler noted; None if
    none."""
    if program.connected() == "native" and past.moment() is None:
        return time.monotonic_ns()
    noted = [program.scalar("runtimeInitTime") or 0]
    sched = program.variable("sched")
    if isinstance(sched, program.Struct):
        noted.append(sched.get("lastpoll") or 0)
    for p in bulk.structs("p", [a for a in program.all_p_addresses() if a]):
        if p:
            noted += [p.get("sysmontick.schedwhen") or 0, p.get("sysmontick.syscallwhen") or 0]
    return max((value for value in noted if value < 1 << 62), default=0) or None
