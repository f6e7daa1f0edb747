"""Which words of a goroutine are live pointers: on its stack, in its registers, and in what the runtime keeps for it
alone.

Where it called somebody, Go's own maps tell (maps); of a frame that was stopped anywhere, of C's and of ours, each word
may be a pointer. Who uses this may find too much on a stack, and never too little: what cannot be read is a problem.
"""

from __future__ import annotations

from typing import Any

from .. import program
from ..program import bulk, far
from ..words import tr
from . import extents, machines, maps, registers

_MOST, _IN_ALL, _REMOTE = 64 << 20, 256 << 20, 16 << 20  # bytes of one stack, of all, and of all through a line
_EACH = 8 << 20  # bytes of a stack of which each word is taken
_ENDED = ("idle", "dead", "deadextra")
_DEFERS, _ARGUMENTS = 1 << 12, 1 << 16  # calls that one has deferred, bytes of a call's arguments


class Live:
    """What a goroutine holds."""

    __slots__ = ("words", "exact", "problem")

    def __init__(self) -> None:
        self.words: list[tuple[int | str, int]] = []  # (where it stands: an address, or a register's name; the word)
        self.exact = True  # did Go's maps tell of all its frames?
        self.problem: str | None = None  # what could not be read, in words: there may be more

    def add(self, at: int, data: bytes | memoryview) -> None:
        """Each word of such memory may be a pointer."""
        self.exact = False
        if len(data) > _EACH:
            self.lacks(tr("its stack is larger than what is looked through"))
        data = data[: min(len(data), _EACH) & ~7]
        self.words += [(at + 8 * i, word) for i, word in enumerate(memoryview(data).cast("Q")) if word]

    def lacks(self, problem: str) -> None:
        """Something could not be read."""
        self.problem, self.exact = self.problem or problem, False


class _Looking:
    """At many goroutines at once."""

    def __init__(self, rows: list[Any], threads: dict[int, Any], status: dict[int, str]) -> None:
        self.status, self.found = status, {row.addr: Live() for row in rows}
        self._rows = [row for row in rows if self._kind(row) not in _ENDED]
        addresses = [row.addr for row in self._rows]
        wanted: dict[str, Any] = {"ctxt": "sched.ctxt", "labels": "labels", "param": "param", "coroarg": "coroarg"}
        fields = bulk.Fields("g", defers="_defer", panic="_panic", stktop="stktop", vectors="xRegs.state", **wanted)
        fields.lacking(0, "defers", "panic", "stktop", "vectors", *wanted)
        self._own = {"defers": "_defer", "panic": "_panic", **wanted}
        self._more = fields.by_address(addresses)
        # Who left Go's code for a system call has put all that it needs on its stack before; not so in C++.
        left = program.world().is_go
        self._left = {row.addr for row in self._rows if left and row.syscallsp and self._kind(row) == "syscall"}
        self._machines = machines.by_owner(threads, {row.addr: row for row in self._rows})
        for owner, machine in self._machines.items():
            live = self.found.setdefault(owner, Live())
            if owner in self._left:
                continue
            live.words += machine.words
            live.exact = False
            if machine.problem:
                live.lacks(machine.problem)
        self._registers()
        self._deferred()
        self._stacks()

    def _kind(self, row):
        return self.status.get(row.status, "").partition(" ")[0]

    def _registers(self):
        """What our goroutines have put away, and what the runtime keeps of each."""
        for g, kept in registers.registers(self._more).items():
            self.found[g].words += [(name, word) for name, word in kept.items() if word]
        at = {path: leaf.offset for path, leaf in program.world().layout("g").at.items()}
        for row in self._more.values():
            places = [(at.get(path), getattr(row, name)) for name, path in self._own.items()]
            self.found[row.addr].words += [(row.addr + offset, word) for offset, word in places if offset and word]
            if row.vectors:
                self._vectors(row)

    def _vectors(self, row):
        """What vector registers held where it was preempted; it may have been copying."""
        kind = program.world().type("xRegState")
        size = program.world().layout("xRegState").size if kind else 0
        data = program.read(row.vectors, size)
        if data:
            self.found[row.addr].add(row.vectors, data)
        else:
            self.found[row.addr].lacks(tr("the registers that it has put away cannot be read"))

    def _deferred(self):
        """What the calls that each has deferred keep; their records lie on its stack or in the heap."""
        fields = bulk.Fields("_defer", fn="fn", link="link", siz="siz") if program.world().type("_defer") else None
        todo = {row.defers: self.found[row.addr] for row in self._more.values() if row.defers}
        if fields is None or not todo:
            return
        fields.lacking(0, "siz")
        layout = program.world().layout("_defer")
        seen: set[int] = set()
        for _ in range(_DEFERS):
            found, following = fields.by_address(todo), {}
            seen.update(todo)
            for at, live in todo.items():
                call = found.get(at)
                if call is None or call.link in seen or not 0 <= call.siz <= _ARGUMENTS:
                    live.lacks(tr("the calls that it has deferred cannot be read"))
                    continue
                words = [(at + layout.at[name].offset, getattr(call, name)) for name in ("fn", "link")]
                live.words += [(place, word) for place, word in words if word]
                if call.siz > 0:  # arguments that stand behind it
                    end = at + layout.size
                    live.words += [(end + 8 * i, word) for i, word in enumerate(bulk.words(end, call.siz // 8))]
                if call.link:
                    following[call.link] = live
            todo = following
            if not todo:
                return
        for live in todo.values():
            live.lacks(tr("it has deferred more calls than are looked at"))

    # -- where each begins

    def _start(self, row):
        """(pc, SP, does it stand at a call?) where its own stack is in use; None and a problem where that is not
        known."""
        kind, machine, live = self._kind(row), self._machines.get(row.addr), self.found[row.addr]
        if machine is not None and machine.start is not None and row.addr not in self._left:
            return machine.start
        if kind == "copystack":
            return live.lacks(tr("its stack is being copied"))
        if kind == "running" and machine is None:
            return live.lacks(tr("its thread runs: what its registers hold is not known"))
        pc, sp = (row.syscallpc, row.syscallsp) if kind == "syscall" and row.syscallsp else (row.pc, row.sp)
        if row.lo <= sp < row.hi and sp % 8 == 0:
            return pc, sp, True
        return live.lacks(tr("where its stack is in use is not known"))

    def _stacks(self):
        self._maps = maps.of_program() if program.world().is_go else None
        ranges, places, room = [], [], _REMOTE if far.is_far() else _IN_ALL
        for row in self._rows:
            start, live, more = self._start(row), self.found[row.addr], self._more.get(row.addr)
            sane = 0 < row.hi - row.lo <= extents.MAX_STACK
            parts = extents.in_use(row, more and more.stktop, start[1]) if start else [(row.lo, row.hi)] if sane else []
            if not parts:
                live.lacks(tr("its stack cannot be read"))
            for lo, hi in parts:
                most = min(_MOST, room)
                if hi - lo > most:
                    live.lacks(tr("its stack is larger than what is looked through"))
                room -= min(hi - lo, most)
                ranges.append((lo + 7 & ~7, min(hi, lo + most) & ~7))
                places.append((live, start))
        pieces: dict[int, list[Any]] = {}
        for number, data in bulk.spans(ranges):
            lo, hi = ranges[number]
            live, start = places[number]
            if hi - lo > bulk.CHUNK:  # it comes in pieces
                so_far = pieces.setdefault(number, [])
                so_far.append(data)
                if len(so_far) * bulk.CHUNK < hi - lo:
                    continue
                data = None if None in pieces[number] else b"".join(pieces.pop(number))
            if data is None:
                live.lacks(tr("its stack cannot be read"))
            else:
                self._stack(live, start, lo, data)

    def _stack(self, live, start, sp, data):
        """What is live of a piece of a stack."""
        if self._maps is None or start is None or start[1] != sp:
            return live.add(sp, data)
        plan = self._maps.plan(data, start[0], start[2])
        if plan.end > len(data):
            return live.add(sp, data)
        live.exact = live.exact and plan.exact
        live.words += [(sp + at, word) for at, word in zip(plan.words, plan.take(data, 0)) if word]
        if plan.rest is not None:
            live.add(sp + plan.rest, data[plan.rest :])
        if plan.objects:
            live.words += maps.led_to(plan, data, sp, [word for _, word in live.words])
        return None


def live(rows: list[Any], threads: dict[int, Any], status: dict[int, str]) -> dict[int, Live]:
    """{g: Live} of these rows, and of each M's g0 whose stack belongs to none of them. `threads` and `status` are a
    census's."""
    with bulk.no_collecting():
        return _Looking(rows, threads, status).found
