"""Threads by their names in the runtime, in every list of gdb's and of an editor's: m0 (g1), sysmon, m2.

Set when the program stops for the user, read from allm at once: no thread is switched to. While it runs, the goroutine
is left out of the name, for gdb says whom a breakpoint stopped before it tells anybody else. A name that the user gave
stays.
"""

from __future__ import annotations

from typing import Any

import gdb

from .. import program
from ..program import bulk, settings

MOST = 1 << 10  # Ms whose threads are named


def of_ms() -> dict[int, tuple[str, int | None]]:
    """{thread id of the system: (name, its goroutine's id or None)} of the Ms."""
    world, found = program.world(), {}
    ms, gs = world.cached(
        "named ms",
        lambda: (
            bulk.Fields("m", id="id", procid="procid", curg="curg", g0="g0", fn="mstartfn", next="alllink"),
            bulk.Fields("g", goid="goid"),
        ),
    )
    address: int = program.scalar("allm") or 0
    rows: dict[int, Any] = {}
    while address and address not in rows and len(rows) < MOST:
        rows[address] = next(iter(ms.readable([address])), None)
        address = rows[address].next if rows[address] else 0
    found_ms = list(filter(None, rows.values())) or ms.readable(
        [world.address("runtime.m0")]
    )  # before it is on the list
    goids = gs.by_address({row.curg for row in found_ms if row.curg})
    for row in found_ms:
        if row.g0:  # else it is all zero still
            goid = goids[row.curg].goid if row.curg in goids else None
            found[row.procid] = ("sysmon" if program.is_sysmon(row.fn) else f"m{row.id}", goid)
    if 0 in found:  # m0, before minit
        found.setdefault(program.pid(), found.pop(0))
    return found


class Names:
    """What we have called threads."""

    def __init__(self) -> None:
        self._given = {}  # gdb's number of a thread: (our name of it, what it is while the program runs)
        self._shown = False  # are goroutines in the names?

    def stopped(self, _event: gdb.Event | None = None) -> None:
        """gdb.events.stop"""
        if not program.alive() or program.on_core() or program.on_view():
            return
        try:
            with settings.looking(small=True), program.holding():
                names = of_ms()
        except (program.Problem, gdb.error):
            return
        for thread in program.stopped_threads():
            name, goid = names.get(thread.ptid[1] or thread.ptid[2], (None, None))
            self._give(thread, name, name if goid is None else f"{name} (g{goid})")
        self._shown = True

    def moves(self, _event: gdb.Event | None = None) -> None:
        """gdb.events.cont: also within steps, and then once a thread."""
        if not self._shown:
            return
        self._shown = False
        for thread in gdb.selected_inferior().threads():
            if thread.is_valid() and thread.global_num in self._given:
                self._give(thread, *[self._given[thread.global_num][1]] * 2)

    def ended(self, _event: gdb.Event | None = None) -> None:
        """gdb.events.exited"""
        numbers = {thread.global_num for inferior in gdb.inferiors() for thread in inferior.threads()}
        self._given = {number: names for number, names in self._given.items() if number in numbers}

    def _give(self, thread, plain, name):
        """Names a thread, unless the user has; None is the name that the system has for it."""
        number, now = thread.global_num, thread.name
        ours = self._given.pop(number, (None, None))[0]
        if ours is None or ours != now:
            thread.name = None
            if thread.name != now:
                thread.name = now
                return
        if name != now:
            thread.name = name
        if name is not None:
            self._given[number] = name, plain


names = Names()
