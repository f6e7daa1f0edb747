"""In the middle of a switch: which of its M's stacks a frame is on, and so what called it.

gogo, mcall, systemstack and morestack begin on one stack and end on another. What unwind information says of them holds
on one of the two; on the other the frame is a stack's first, or was called from where the goroutine's gobuf says.
"""

from __future__ import annotations

import gdb

from .. import program

# Beyond these frames there is nothing: a goroutine's bottom, the kernel's first call, a thread's beginning.
_ALWAYS = ("_rt0_amd64_linux", "_rt0_amd64", "runtime.rt0_go", "runtime.goexit", "runtime.clone")
# And beyond these, on the stack that they go to: g0's.
_ON_G0 = ("runtime.systemstack", "runtime.mcall", "runtime.morestack")
ROOTS = _ALWAYS + _ON_G0
# Bytes below the place where g0 begins when it is switched to: who is called from a function that was called there
# stands deeper.
_BEGINNING = 32


class Stacks:
    """The stacks of an M in the middle of a switch: g0's, and the current g's, which comes or goes."""

    def __init__(self, g0: program.Struct, g: program.Struct) -> None:
        self.g0, self.g = g0, g

    def begins_at(self, sp: int) -> bool:
        """Is this the place on g0 that switches go to?"""
        begin = self.g0.get("sched.sp")
        return bool(begin) and 0 <= begin - sp < _BEGINNING

    @staticmethod
    def holds(g: program.Struct, sp: int) -> bool:
        """Is it on this g's stack?"""
        return g.get("stack.lo") <= sp < g.get("stack.hi")


def stacks(base: int | None) -> Stacks | None:
    """The Stacks of the thread whose FS base this is; None where that cannot be known."""
    slot = program.world().g_slot
    word = program.read_word(base + slot) if base and slot is not None else None
    g = program.read_struct("g", word) if word else None
    m = program.read_struct("m", g.get("m")) if g and g.get("m") else None
    g0 = program.read_struct("g", m.get("g0")) if m and m.get("g0") else None
    return Stacks(g0, g) if g0 and g else None


def is_root(name: str, frame: gdb.Frame) -> bool:
    """Is there nothing below this frame of a function of this name?"""
    if name not in _ON_G0:
        return name in _ALWAYS
    found, sp = stacks(program.register("fs_base", frame)), program.register("rsp", frame)
    # of a goroutine that is on no thread gdb does not know them
    return found is None or sp is None or found.begins_at(sp)
