"""Backtraces that are right: through every instruction of a switch from one stack to another, and down to the true
root."""

from __future__ import annotations

import gdb
import gdb.FrameDecorator
import gdb.unwinder

from .. import program
from ..formats import fcontext
from . import joins, switching, view

# ---- Boost.Context's assembly ----------------------------------------------------------------------------------------

_ALL_ONES = (1 << 64) - 1
_CALLEE_SAVED = ("rbx", "rbp", "r12", "r13", "r14", "r15")


# ---- gogo ------------------------------------------------------------------------------------------------------------


def gogo(world: program.World, base: int, sp: int, bp: int) -> tuple[int, int, int] | None:
    """What called gogo, as (pc, sp, bp), or None if its unwind information says that rightly; pc is 0 where nothing
    did."""
    found = switching.stacks(base)
    if found is None:
        return None
    if found.begins_at(sp):  # mcall and morestack jump to our gogo once the scheduler's functions have returned
        return 0, sp, 0
    if found.holds(found.g0, sp):
        if world.is_go:
            return None
        sp += 0 if sp % 16 else 8  # it aligns what execute's call has left
        back = program.read_word(sp)
        return None if isinstance(back, program.Unreadable) else (back, sp + 8, bp)
    if not found.holds(found.g, sp):  # but on that of one which is left
        return None
    at, pc = found.g.get("sched.sp") or sp, found.g.get("sched.pc")
    bp = found.g.get("sched.bp") or bp
    symbol = world.symbol_at(pc)
    if symbol is None or symbol[1]:  # our gogo is in the frame that mcall or morestack made
        return (pc, at, bp) if world.is_go else None
    back = program.read_word(at)  # it has not begun: as if goexit had called
    return None if isinstance(back, program.Unreadable) else (back, at + 8, bp)


_BOTTOM = "runtime.goexit"  # where a goroutine's stack ends, whatever stands beyond


class Switch(gdb.unwinder.Unwinder):
    """Unwinds out of jump_fcontext, make_fcontext and gogo, whatever instruction they are at, and never out of
    goexit."""

    def __init__(self) -> None:
        super().__init__("rt0lab-switch")

    @staticmethod
    def _functions(world):
        """[(start, end, rows)]; None for the rows of gogo, _BOTTOM for goexit's"""
        bottom = next(filter(world.address, (_BOTTOM, _BOTTOM + ".abi0")), None)
        start = world.address(bottom) if bottom else 0
        found = [(start, start + world.elf.symbols[bottom][1], _BOTTOM)] if bottom else []
        for name in ("jump_fcontext", "make_fcontext", "runtime.gogo", "runtime.gogo.abi0", "gogo"):
            start, size = world.address(name), world.elf.symbols.get(name, (0, 0))[1] or 128
            code = program.read(start, size) if start and name.endswith("fcontext") else None
            table = fcontext.rows(code) if isinstance(code, bytes) else None
            if table or start and code is None:
                found.append((start, start + size, table))
        return found

    def __call__(self, pending: gdb.PendingFrame) -> gdb.UnwindInfo | None:
        """gdb asks for each frame; None declines."""
        try:
            world = program.world()
            pc = int(pending.read_register("rip")) & _ALL_ONES
            for start, end, table in world.cached("switches", lambda: self._functions(world)):
                if start <= pc < end:
                    if table is _BOTTOM:
                        return _itself(pending, start)
                    return (
                        self._unwind(pending, table.get(pc - start), start)
                        if table
                        else self._out_of_gogo(world, pending, start)
                    )
        except (program.Problem, gdb.error):
            pass
        return None

    @staticmethod
    def _out_of_gogo(world, pending, start):
        def register(name):
            return int(pending.read_register(name)) & _ALL_ONES

        caller = gogo(world, register("fs_base"), register("rsp"), register("rbp"))
        if caller is None:
            return None
        pc, sp, bp = caller
        return _info(pending, gdb.Value(sp), start, {"rip": gdb.Value(pc), "rbp": gdb.Value(bp)})

    @staticmethod
    def _unwind(pending, row, start):
        if row is None:
            return None
        sp = pending.read_register("rsp")
        word = gdb.lookup_type("unsigned long")
        pointer = word.pointer()

        def stored(offset):
            return (sp.cast(word) + offset).cast(pointer).dereference()

        if row.ra is None:  # a context that has not run: it goes to what it is to begin with
            back = pending.read_register("rbx")
        else:
            back = stored(row.ra) if isinstance(row.ra, int) else pending.read_register(row.ra)
        saved = {name: stored(offset) for name, offset in row.saved.items()}
        return _info(pending, sp.cast(word) + row.cfa, start, {**saved, "rip": back.cast(word)})


# ---- real Go ---------------------------------------------------------------------------------------------------------


class Joined(gdb.unwinder.Unwinder):
    """Unwinds from one of a real Go program's stacks to the next.

    gdb stops at a caller whose stack lies lower than its callee's. So from there on all frames are unwound here, and
    stand by LOWERED, which is no address: gdb can read no argument of theirs, instead of reading a wrong one.
    """

    def __init__(self) -> None:
        super().__init__("rt0lab-joined")

    def __call__(self, pending: gdb.PendingFrame) -> gdb.UnwindInfo | None:
        """gdb asks for each frame; None declines."""
        try:
            rip, rsp = (int(pending.read_register(name)) & _ALL_ONES for name in ("rip", "rsp"))
            found, low = joins.finder(rip), is_lowered(rip, rsp)
            if found is None and not low:
                return None
            known = {name: _number(pending, name) for name in joins.PRESERVED}
            kept = {name: value for name, value in known.items() if value is not None}
            place = joins.Place(rip, rsp, _number(pending, "fs_base"), pending.level() > 0, kept)
            find = found[2] if found else joins.any_s
            if low and find is joins.from_c:  # gdb's own frames of C could not stand above LOWERED
                find = joins.again_from_c
            caller = find(place) or (joins.any_s(place) if low else None)
            return None if caller is None else self._to(pending, place, caller, low)
        except (program.Problem, gdb.error):
            return None

    @staticmethod
    def _to(pending, place, caller, low):
        """What gdb is to know of a Caller; its stack may lie lower than this frame's, and than those before."""
        to = caller.registers["rip"], caller.registers["rsp"]
        _lowered()[to] = low or to[1] < caller.base
        own = pending.read_register("rsp")
        sp, pc = (LOWERED, place.sp) if low else (caller.base, place.start)
        info = pending.create_unwind_info(view.FrameId(gdb.Value(sp).cast(own.type), gdb.Value(pc)))
        for name in ("fs_base", "rbp"):
            if name not in caller.registers and _number(pending, name) is not None:
                info.add_saved_register(name, pending.read_register(name))
        for name, value in caller.registers.items():
            info.add_saved_register(name, gdb.Value(value).cast(pending.read_register(name).type))
        return info


LOWERED = 1 << 47  # no program on amd64 has memory there


def _lowered():
    return program.world().still("lowered", dict)


def is_lowered(pc: int, sp: int) -> bool:
    """Does a frame lie lower than what it called?"""
    return _lowered().get((pc, sp), False)


def _number(pending, name):
    """A register, or None where gdb does not know it."""
    try:
        return int(pending.read_register(name)) & _ALL_ONES
    except (gdb.error, ValueError):
        return None


def _itself(pending, start):
    """A frame whose caller is the frame itself: there gdb ends. A parked goroutine has no other registers."""
    sp = pending.read_register("rsp")
    info = pending.create_unwind_info(view.FrameId(sp, gdb.Value(start)))
    for name in ("rip", "rsp"):
        info.add_saved_register(name, pending.read_register(name))
    return info


def _info(pending, cfa, start, changed):
    """The caller's registers: those that a function preserves, the word that two contexts hand each other, and which
    thread it is; gdb takes what is not mentioned for lost."""
    info = pending.create_unwind_info(view.FrameId(cfa, gdb.Value(start)))
    for name in ("rip", "rsp", "rsi", "fs_base", *_CALLEE_SAVED):
        own = pending.read_register(name)
        info.add_saved_register(name, changed.get(name, cfa if name == "rsp" else own).cast(own.type))
    return info


def register(objfile: gdb.Objfile | None) -> None:
    """Adds the unwinders to a program."""
    gdb.unwinder.register_unwinder(objfile, Switch(), replace=True)
    gdb.unwinder.register_unwinder(objfile, Joined(), replace=True)
    gdb.unwinder.register_unwinder(objfile, view.unwinder, replace=True)
