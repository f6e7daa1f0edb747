"""A whole run as data: every stage's entry and return, with the state there and what changed.

The recording breakpoints never stop: gdb calls their stop(), which notes and answers False. A return is a breakpoint at
the return address that counts only when SP is back where the call found it. Such a breakpoint is made once per call
site and kept, because gdb's FinishBreakpoint piles up when its stop() answers False.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from typing import Any

import gdb

from .. import program
from ..boot import stages, stops
from ..program import hidden, names
from ..words import tr
from . import snapshot, trace
from .snapshot import Snapshot

MAX_STOPS = 5000
MAX_PER_STAGE = 40  # a trace is about the boot: a stage that goes on happening is not noted for ever


# ---- a whole run ---------------------------------------------------------------------------------------------------


class _Entry(stops.Point):
    def __init__(self, recorder, place):
        super().__init__(place.address)
        self.recorder, self.place = recorder, place

    def stop(self):
        """gdb asks whether to stop here: note it and go on, but for the last stage."""
        self.recorder.guarded(self.recorder.entered, self.place)
        return self.place.stage is stages.load()[-1]


class _Return(stops.Point):
    def __init__(self, recorder, address):
        super().__init__(address)
        self.recorder, self.address = recorder, address

    def stop(self):
        """gdb asks whether to stop here: note it if a call we saw returns, and go on."""
        self.recorder.guarded(self.recorder.returned, self.address)
        return False


class Recorder:
    """Runs the program from its first instruction to its end and keeps every stage's entry and return."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.pcs: list[int | None] = []  # of each of them
        self.before: Snapshot | None = None
        self.error: Exception | None = None
        self.pid: int | None = None
        self.counts = {}  # stage name -> how often it was entered
        self.pending = {}  # return address -> calls that have not come back: [place, sp, g, distance to stack.hi]
        self.returns = {}
        self.points = []

    def guarded(self, method: Callable[..., Any], argument: Any) -> None:
        """Nothing may escape from a breakpoint's stop(): keep the first error for the end, if the process was there."""
        if self.error is None and len(self.rows) < MAX_STOPS:
            try:
                method(argument)
            except (gdb.error, program.Problem, ValueError, KeyError, TypeError, AttributeError) as error:
                if not stops.gone():
                    self.error = error

    def note(self, place: stops.Place, kind: str, snap: Snapshot, extra: dict[str, Any]) -> None:
        """Adds one stop, unless the process went while it was looked at."""
        row = {"seq": len(self.rows), "stage": place.stage.name, "kind": kind, "symbol": place.symbol}
        row.update(trace.describe(snap, self.before))
        row.update(extra)
        if not self.rows:
            row["sp_mod16"] = snap.sp % 16
        if stops.gone():
            return
        self.rows.append(row)
        self.pcs.append(snap.pc)
        self.before = snap

    def entered(self, place: stops.Place) -> None:
        """A stage's address was reached."""
        count = self.counts[place.stage.name] = self.counts.get(place.stage.name, 0) + 1
        if count > MAX_PER_STAGE:
            return
        snap = snapshot.Snapshot()
        if not snap.g0:  # the process is ending, its memory is gone already
            return
        if not self.rows:
            names.remember_entry(snap.pid, snap.sp)
            snap.names.entry = snap.sp
            self.pid = snap.pid
        kind = place.stage.kind
        extra = {}
        self._forget_abandoned(snap)
        if kind == "entry":
            target = program.read_word(snap.sp)
            if isinstance(target, int):
                extra["ret"] = snap.names.word(target)
                if stops.is_call_return(target):
                    call = [place, snap.sp, snap.tls_g, self._depth(snap)]
                    if self._again(target, call, snap):
                        return
                    self.pending.setdefault(target, []).append(call)
                    if target not in self.returns:
                        self.returns[target] = _Return(self, target)
        self.note(place, kind, snap, extra)

    def _forget_abandoned(self, snap):
        """Calls below SP on this stack cannot return any more: a switch left them (gogo never comes back to
        schedule)."""
        g = snap.g_at(snap.tls_g)
        if g is None or not g.has("stack.lo"):
            return
        for target, calls in self.pending.items():
            self.pending[target] = [
                c
                for c in calls
                if c[2] != snap.tls_g or not g.get("stack.lo") <= c[1] <= snap.sp or self._same(c, snap)
            ]

    def _same(self, call, snap):
        """A goroutine's call once more at the same place: see _again."""
        return call[1] == snap.sp and any(g.addr == snap.tls_g for g in snap.gs)

    @staticmethod
    def _depth(snap):
        g = snap.g_at(snap.tls_g)
        return g.get("stack.hi") - snap.sp if g and g.has("stack.hi") else None

    def _again(self, target, call, snap):
        """Is this the same call once more? Go repeats a goroutine's prologue after it grew its stack or preempted
        it."""
        if not any(g.addr == snap.tls_g for g in snap.gs):
            return False
        return any(c[0] is call[0] and c[2] == call[2] and c[3] == call[3] for c in self.pending.get(target, ()))

    def returned(self, address: int) -> None:
        """A return address was reached: whose, the stack pointer tells."""
        calls = self.pending.get(address)
        if not calls:
            return
        sp = program.register("rsp")
        _, current = program.tls_g()
        snap = None
        for call in reversed(calls):
            place, was, g, depth = call
            if was + 8 != sp:
                if g != current or depth is None:
                    continue
                snap = snap or snapshot.Snapshot()
                if depth - 8 != self._depth(snap):  # the stack may have moved meanwhile
                    continue
            calls.remove(call)
            snap = snap or snapshot.Snapshot()
            if snap.g0:
                self.note(place, "return", snap, {})
            return

    def run(self) -> dict[str, Any]:
        """Records; returns the trace."""
        world = program.world()
        if program.alive():
            raise program.Problem(tr("the program is running: `kill` it, then record it from its start."))
        outcome = stops.start()
        if outcome.what != "exited":
            self._watch()
            outcome = self._to_the_end()
        return self._trace(world, outcome)

    def _watch(self):
        pc = program.register("rip")
        for place in stops.places().values():
            if place.address is None:
                continue
            self.points.append(_Entry(self, place))
            if place.address == pc:
                self.guarded(self.entered, place)

    def _to_the_end(self):
        try:
            for _ in range(MAX_STOPS):  # a user's own breakpoints may stop it on the way
                outcome = stops.go("continue")
                if outcome.what in ("exited", "signal") or not program.alive():
                    break
                if stops.at_the_end():
                    self._unwatch()
            return outcome
        finally:
            self._unwatch()

    def _unwatch(self):
        hidden.remove([*self.points, *self.returns.values()])

    def _trace(self, world, outcome):
        if self.error is not None:
            raise self.error
        last = self.rows[-1] if self.rows else {}
        seen = last.get("globals", {})
        version = trace.world_version()
        run = {
            "format": trace.FORMAT,
            "program": os.path.basename(world.path),
            "build_id": world.elf.build_id,
            "runtime": version if world.is_go else "rt0lab",
            "go_version": version,
            "args": shlex.split(gdb.parameter("args") or ""),
            "pid": self.pid,
            "ncpu": next((seen[name] for name in ("runtime.ncpu", "runtime.numCPUStartup") if name in seen), None),
            "stages": self.rows,
            "exit": outcome.code,
        }
        if outcome.what == "signal":
            run["signal"] = outcome.text
        if len(self.rows) >= MAX_STOPS:
            run["truncated"] = True
        return run
