"""Goroutines as threads: an id, a name and registers for each, and the memory that looking at them needs.

The one place that makes threads of the model's gs: the core file (inferior) and the remote protocol (remote) show what
stands here. A goroutine that is on a thread has that thread's registers; one that is not has those it will go on with,
and no others. One under a signal's handler has those with which it goes on once that returns.
"""

from __future__ import annotations

import re
import struct

import gdb

from .. import program
from ..formats import corefile, untrusted
from ..frames import extents, joins, registers, view
from ..program import builds, bulk, far
from .census import Census

MAX_MEMORY, MAX_REMOTE = 256 << 20, 16 << 20  # of a program's writable memory, here and through a line
# gdb looks through all pieces of a core file for each word it reads: what lies between two goes with them, until they
# are few.
FEW_PIECES, MAX_GAP = 128, 1 << 18
_PARAMETERS = re.compile(r"\([^()]*\)( const)?$")  # behind a function's name in C++
_AT_SYSINFO_EHDR = 33  # <elf.h>: where the kernel put its own code


class Thread:
    """A goroutine as a debugger's thread."""

    __slots__ = ("id", "name", "registers", "running", "stacks")

    def __init__(
        self, number: int, name: str, registers: dict[str, int], running: bool, stacks: list[tuple[int, int]]
    ) -> None:
        self.id = number  # the goroutine's id, where that can be a thread's
        self.name = name
        self.registers = registers  # those that are known
        self.running = running  # it is on a thread of the system, and the registers are that thread's
        self.stacks = stacks  # ranges [lo, hi) of its stack that are in use


def threads() -> list[Thread]:
    """The goroutines that are neither dead nor unmade, by id; the id is nobody else's, whatever the memory says."""
    census = Census()
    rows = sorted((row for row in census.rows if row.status not in census.ended), key=lambda row: row.goid)
    more = _more().by_address([row.addr for row in rows])
    rows = [row for row in rows if row.addr in more]
    with view.keeping_place(), bulk.no_collecting():
        live, standing, kept = _on_threads(census), census.standing(rows), registers.registers(more)
    offset, slot = census.world.layout("g").at["sched.g"].offset, census.world.g_slot
    taken, result = set(), []
    free = (number for number in range((1 << 31) - 1, 0, -1) if number not in taken)
    for row in rows:
        number = goid = row.goid
        if not 0 < goid < 1 << 31 or goid in taken:
            number = next(free)
        taken.add(number)
        also = more[row.addr]
        known = live.get(row.addr)
        if known is None:
            known = kept.get(row.addr, {}) | _saved(census, row, also)
            # The word at -8(FS) is the current g. sched.g is a word that holds it, so FS may just as well point behind
            # that one.
            if also.sched_g == row.addr and slot is not None:
                known["fs_base"] = row.addr + offset - slot
        stacks = [(lo, hi) for lo, hi in extents.in_use(row, also.stktop, known.get("rsp")) if hi - lo <= MAX_MEMORY]
        result.append(Thread(number, _name(census, row, standing[row.addr]), known, row.addr in live, stacks))
    return sorted(result, key=lambda thread: thread.id)


def _more():
    """What a census does not read."""
    return bulk.Fields("g", ctxt="sched.ctxt", sched_g="sched.g", syscallbp="syscallbp", stktop="stktop")


def _name(census, row, at):
    """`g12 chan receive main.worker`: its id, its status or what it waits for, and the function of its own that it
    stands in."""
    function = _PARAMETERS.sub("", at.function) if at else ""
    return untrusted.shown(f"g{row.goid} {census.state(row)} {function}".strip())


# ---- registers -------------------------------------------------------------------------------------------------------


def _on_threads(census):
    """{g: the registers of the thread that runs it}. A thread in the scheduler runs no goroutine; one that handles a
    signal runs the one that the signal hit."""
    found = {}
    for current, thread in census.threads.items():
        g = program.read_struct("g", current)
        m = program.read_struct("m", g.get("m")) if g and g.get("m") else None
        if m and current == m.get("gsignal"):
            current = m.get("curg")
        if m and current != m.get("g0"):
            thread.switch()
            found[current] = {name: program.register(name) or 0 for name in corefile.REGISTERS}
            handler = joins.handler()
            if handler is not None:
                found[current] |= joins.interrupted(handler)
    return found


def _saved(census, row, also):
    """The registers with which a goroutine that is on no thread goes on, as far as the runtime notes them in its g."""
    if census.status.get(row.status, "").startswith("syscall") and row.syscallsp:
        found = {"rip": row.syscallpc, "rsp": row.syscallsp, "rbp": also.syscallbp or row.bp}
    else:
        found = {"rip": row.pc, "rsp": row.sp, "rbp": row.bp}
    if also.ctxt:  # it has not begun: gogo hands it its closure, in our C++ as the first argument, too
        found["rdx"] = also.ctxt
        if not census.world.is_go:
            found["rdi"] = also.ctxt
    return {name: value for name, value in found.items() if value is not None}


# ---- memory ----------------------------------------------------------------------------------------------------------


def memory(found: list[Thread]) -> tuple[list[tuple[int, int]], int]:
    """(ranges of memory to show beside these threads, bytes of the program's memory that are left out).

    What backtraces and variables need is always there; of the rest, the small pieces before the large ones.
    """
    world = program.world()
    chosen = [stack for thread in found for stack in thread.stacks]
    chosen += [(s.lo + world.slide, s.hi + world.slide) for s in world.elf.sections if s.writable]
    chosen += builds.loaders()  # a library's world need not be the program's that it is in
    room = MAX_REMOTE if far.is_far() else MAX_MEMORY
    left_out = 0
    for size, lo, hi in sorted((hi - lo, lo, hi) for lo, hi in corefile.merged(_mappings())):
        if size <= room:
            chosen.append((lo, hi))
            room -= size
        else:
            left_out += size
    pieces, gap = corefile.merged(chosen), corefile.PAGE
    while len(pieces) > FEW_PIECES and gap <= MAX_GAP:
        pieces, gap = corefile.merged(pieces, gap), 2 * gap
    return pieces, left_out


def _mappings():
    """The memory that a program can write, and the kernel's code in it (the vdso); none where gdb cannot know it."""
    if program.on_core():
        row = r"(0x\w+)->(0x\w+) at 0x\w+: load\d+\w* (.*)$"
        rows = [
            (lo, hi, "READONLY" not in flags)
            for lo, hi, flags in re.findall(row, _said("maintenance info sections"), re.M)
        ]
    else:
        row = r"^ *(0x\w+) +(0x\w+) +0x\w+ +0x\w+ +([r-][w-])"
        rows = [(lo, hi, may == "rw") for lo, hi, may in re.findall(row, _said("info proc mappings"), re.M)]
    kernels = dict(struct.iter_unpack("<QQ", program.auxv())).get(_AT_SYSINFO_EHDR)
    return [(int(lo, 16), int(hi, 16)) for lo, hi, writable in rows if writable or int(lo, 16) == kernels]


def _said(command):
    """What gdb prints for what Python cannot ask it; nothing where the target does not know."""
    try:
        return program.done(command)
    except gdb.error:
        return ""
