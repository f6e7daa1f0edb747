"""What the threads that a debugger has stopped hold for their goroutines: registers, and the words on their Ms' own
stacks."""

from __future__ import annotations

from typing import Any

import gdb

from .. import program
from ..program import bulk
from ..words import tr
from . import extents, joins, view

_MOST = 16 << 20  # bytes of an M's own stack that are looked through
_GENERAL = "rax rbx rcx rdx rsi rdi rbp r8 r9 r10 r11 r12 r13 r14 r15".split()


class Machine:
    """A stopped thread: the goroutine it is for, and what it holds of it."""

    __slots__ = ("owner", "start", "words", "problem")

    def __init__(self, owner: int) -> None:
        self.owner = owner
        self.start: tuple[int, int, bool] | None = None  # (pc, SP, at a call?) on its own stack, if it is there
        self.words: list[tuple[int | str, int]] = []
        self.problem: str | None = None

    def _registers(self, known):
        self.words += [(name, known[name]) for name in _GENERAL if known.get(name)]

    def _stack(self, row, sp):
        """All that is in use of one of its M's own stacks."""
        for lo, hi in extents.in_use(row, None, sp & ~7):
            words = bulk.words(lo, min(hi - lo, _MOST) // 8)
            if len(words) < (hi - lo) // 8:
                self.problem = tr("the stack of its thread cannot be read")
            self.words += [(lo + 8 * i, word) for i, word in enumerate(words) if word]


class _Place:
    """A g as extents wants it; one that does not say where its stack is has none."""

    def __init__(self, g: program.Struct) -> None:
        self.addr, self.lo, self.hi = g.addr, g.get("stack.lo") or 0, g.get("stack.hi") or 0


def _place(address):
    found = program.read_struct("g", address) if address else None
    return _Place(found) if found else None


def _of_thread(rows):
    """The Machine of the selected thread; None if it is on no g."""
    current = program.current_g(program.tls_g(program.fresh_register)[1])
    g = program.read_struct("g", current) if current else None
    m = program.read_struct("m", g.get("m")) if g and g.get("m") else None
    if not g:
        return None
    own = {m.get("g0"), m.get("gsignal")} if m else set()
    owner = m.get("curg") if current in own and m.get("curg") in rows else current
    # without a P an M has nothing of the heap; who was not asked about counts neither
    if owner not in rows and (owner not in own or not program.p_of(m)[1]):
        return None
    machine, known = Machine(owner), {name: program.fresh_register(name) for name in [*_GENERAL, "rip", "rsp"]}
    machine._registers(known)
    row, g0, sp = rows.get(owner), _place(m.get("g0")) if m else None, known["rsp"] or 0
    if not _on(row, sp) and not _on(g0, sp):  # in a signal's handler, perhaps where the g is still that of before
        gsignal = _place(m.get("gsignal")) if m else None
        if _on(gsignal, sp):
            machine._stack(gsignal, sp)
        handler = joins.handler()
        known = joins.interrupted(handler) if handler is not None else known
        machine._registers(known)
    _stands(machine, m, row, g0, known)
    return machine


def _on(place, sp):
    return place is not None and place.lo <= sp < place.hi


def _stands(machine, m, row, g0, known):
    """Notes on which stack it stands, and what of that is in use."""
    pc, sp = known.get("rip") or 0, known.get("rsp") or 0
    if _on(row, sp):
        machine.start = pc, sp, False
    elif _on(g0, sp):
        machine._stack(g0, sp)
        if m.get("vdsoSP") and _on(row, m.get("vdsoSP")):
            machine.start = m.get("vdsoPC"), m.get("vdsoSP"), True
    elif row is not None or g0 is not None:
        machine.problem = tr("its thread is on a stack that is none of Go's")


def by_owner(threads: dict[int, Any], rows: dict[int, Any]) -> dict[int, Machine]:
    """{g: Machine} of the stopped threads: a goroutine that runs there, or is its M's while that does something else;
    else the M's g0."""
    found, seen = {}, set()
    with view.keeping_place():
        for thread in threads.values():
            if not isinstance(thread, gdb.InferiorThread) or thread.num in seen or not program.is_stopped(thread):
                continue
            seen.add(thread.num)
            thread.switch()
            machine = _of_thread(rows)
            if machine is not None:
                found[machine.owner] = machine
    return found
