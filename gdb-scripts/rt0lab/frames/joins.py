"""Where a real Go program's stack goes on somewhere else, so that no unwind information says what called: at a signal's
frame, at a call that the runtime put in, at the vdso, and where Go calls C or C calls Go.

The unwinder asks for the Caller of a frame. Whatever is read here may be damaged: what does not fit is None, and the
frame is unwound as gdb would.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
import gdb

from .. import program
from ..formats import ehframe, sigframe
from ..program import names, pclntab
from . import switching, view

_WORDS = 12  # words above asmcgocall's SP among which it has put g and how deep its stack was; it makes room for 2 to 8
_CALLBACKS = 256  # calls from C to Go inside one another that are followed
_DEPTH = 512  # frames of C that are looked at
_HANDLER = 64  # frames among which those of a signal's handler are
_CALL = 5  # bytes of the instruction `call rel32`


class Caller:
    """What called a frame: its registers, as far as they are known, among them rip and rsp; `base` is the address that
    stands for the frame itself."""

    __slots__ = ("registers", "base")

    def __init__(self, registers: dict[str, int], base: int) -> None:
        self.registers, self.base = registers, base


class Place:
    """The frame that is asked about: its pc, SP, thread's FS base (None if unknown); was it called from there? `kept`
    are those of the registers that C's functions preserve that are known."""

    __slots__ = ("pc", "sp", "fs_base", "called", "kept", "start", "end")

    def __init__(self, pc: int, sp: int, fs_base: int | None, called: bool, kept: dict[str, int]) -> None:
        self.pc, self.sp, self.fs_base, self.called, self.kept = pc, sp, fs_base, called, kept
        self.start, self.end, _ = finder(pc) or (0, 0, None)  # of its function, if that is one of these

    def size(self) -> int | None:
        """Bytes between its SP and its return address, by Go's own table."""
        return pclntab.frame_size(self.pc - self.called)


def _word(address):
    found = program.read_word(address)
    return found if isinstance(found, int) else None


def _above(sp, size, exact=False):
    """The Caller of a Go frame of so many bytes; the last one, if it has any, is the caller's rbp."""
    pair = program.read(sp + size - 8, 16) if size is not None else None
    if not pair:
        return None
    bp, pc = struct.unpack("<QQ", pair)
    return Caller({"rip": pc + exact, "rsp": sp + size + 8, **({"rbp": bp} if size else {})}, sp + size + 8)


def ordinary(place: Place) -> Caller | None:
    """The Caller of any Go function's frame."""
    return _above(place.sp, place.size())


def any_s(place: Place) -> Caller | None:
    """The Caller of any function's frame."""
    return ordinary(place) or of_c(place)


# gdb takes a caller's pc for a return address and looks at the instruction before it. What a signal interrupted, or the
# runtime made call something, stands right at its pc: it is told one byte further on, as view.saved_registers does.


def injected(place: Place) -> Caller | None:
    """asyncPreempt, sigpanic: a signal's handler made it look as if the interrupted instruction had called them."""
    return _above(place.sp, place.size(), exact=True)


def signal(place: Place) -> Caller | None:
    """The instructions that a handler returns to. gdb knows them by their name from Go 1.20 on."""
    if place.sp % 8:
        return None
    data = program.read(place.sp, sigframe.SIZE)
    if not data:
        return None
    found = sigframe.registers(data)
    found["rip"] += 1
    return Caller(found, place.sp)


def vdso(place: Place) -> Caller | None:
    """A function that calls the kernel's code on g0's stack: its M says where it was called from."""
    g = _word(place.fs_base + program.world().elf.g_slot) if place.fs_base else None
    found = program.read_struct("g", g) if g else None
    m = program.read_struct("m", found.get("m")) if found and found.get("m") else None
    pc, sp = (m.get("vdsoPC") or 0, m.get("vdsoSP") or 0) if m else (0, 0)
    code = program.read(pc - _CALL, _CALL) if pc and sp else None
    if not code or not any(place.start <= to < place.end for _, to in program.calls(pc - _CALL, code)):
        return None
    return Caller({"rip": pc, "rsp": sp}, place.sp)


# ---- C ---------------------------------------------------------------------------------------------------------------


def _owners():
    """{g: (its g row, its M)} of the goroutines that Ms run, or are kept for."""
    found = {}
    for m in program.all_ms():
        for address in (m.get("curg"), m.get("lockedg")):
            g = program.read_struct("g", address) if address and address not in found else None
            if g:
                found[address] = g, m
    return found


def owners() -> dict[int, tuple[program.Struct, program.Struct]]:
    """The same, found out once while the program stands still."""
    return program.world().still("owners", _owners)


def _put_away(low, words):
    """What asmcgocall put on g0's stack among these words: where its goroutine's SP was; None if that is not there."""
    known = owners()
    for depth, word in zip(words, words[1:]):
        if word in known:
            g = known[word][0]
            if 0 < depth <= g.get("stack.hi") - g.get("stack.lo"):
                return g.get("stack.hi") - depth
        if not word and low < depth <= low + 8 * _WORDS:  # it was on g0 already
            return depth
    return None


def _words(low, count):
    data = program.read(low, 8 * count)
    return struct.unpack(f"<{count}Q", data) if data else ()


def to_c(place: Place) -> Caller | None:
    """asmcgocall: on g0's stack, in a call of C's; it notes how deep the goroutine's stack was."""
    sp = _put_away(place.sp, _words(place.sp, _WORDS))
    found = _above(sp, place.size()) if sp else None
    return Caller(found.registers, place.sp) if found else None


def from_c(place: Place) -> Caller | None:
    """cgocallback: on the goroutine's stack; it was called by C on g0's, where its frame is as large."""
    size = place.size()
    if size is None:
        return None
    at = _on_g0(place.sp, place.sp + size + 8)
    found = _above(at, size) if at else None
    return Caller(found.registers, place.sp + size + 8) if found else None


def _on_g0(sp, end):
    """Where on g0's stack the frame of a cgocallback lies that is here on the goroutine's."""
    g, m = next((row for row in owners().values() if switching.Stacks.holds(row[0], sp)), (None, None))
    g0 = program.read_struct("g", m.get("g0")) if m and m.get("g0") else None
    at = g0.get("sched.sp") if g0 else None
    for _ in range(_CALLBACKS):
        before = _word(at) if at else None  # where g0 stood in the call of C's that led here
        if before is None:
            return None
        low = before - 8 * _WORDS
        if _put_away(low, _words(low, _WORDS) if before > at else ()) in (None, end):
            return at
        at = before
    return None


def _on_goroutine(place):
    """cgocallback again: what its frame on the goroutine's own stack says, where runtime.Stack goes on. Its return
    address is one that was put there, and may be a function's first instruction."""
    found = _above(place.sp, place.size())
    if found is not None and (program.world().symbol_at(found.registers["rip"]) or (None, 1))[1] == 0:
        found.registers["rip"] += 1
    return found


def again_from_c(place: Place) -> Caller | None:
    """cgocallback, where gdb cannot unwind C's frames for us: beyond them, if we cannot either."""
    caller = found = from_c(place)
    for _ in range(_DEPTH):
        if caller is None:
            break
        registers = caller.registers
        kept = {name: value for name, value in registers.items() if name in PRESERVED}
        here = Place(registers["rip"], registers["rsp"], place.fs_base, True, kept)
        kind = (finder(here.pc) or (0, 0, of_c))[2]
        if kind is to_c:
            return found
        caller = kind(here) if kind in (of_c, into_go) else None
    return _on_goroutine(place)


def of_c(place: Place) -> Caller | None:
    """The Caller of a frame of C's, by what C's compiler says of it."""
    world = program.world()
    table = next((section.lo for section in world.elf.sections if section.name == ".eh_frame_hdr"), None)
    row = ehframe.row_at(program.read, table + world.slide, place.pc - place.called) if table is not None else None
    base = {**place.kept, "rsp": place.sp}.get(row.base) if row else None
    if row is None or base is None:
        return None
    at = base + row.cfa
    read = {name: _word(at + distance) for name, distance in row.saved.items()}
    if read.get("rip") is None or not place.sp < at:
        return None
    registers = {**place.kept, **{name: value for name, value in read.items() if value is not None}, "rsp": at}
    return Caller(registers, at)


_NUMBERS = {3: "rbx", 5: "rbp", 12: "r12", 13: "r13", 14: "r14", 15: "r15"}
PRESERVED = tuple(_NUMBERS.values())  # by C's functions


def _put_by(code):
    """{register: where, counted from SP at the first instruction} of a function that begins with saving what C's
    preserve: push, `sub $n,%rsp` and `mov %reg,n(%rsp)`."""
    found, at, sp = {}, 0, 0
    while at < len(code):
        if code[at] == 0x55:
            sp -= 8
            found.setdefault("rbp", sp)
            at += 1
        elif code[at : at + 3] == b"\x48\x83\xec":
            sp -= code[at + 3]
            at += 4
        elif code[at] in (0x48, 0x4C) and code[at + 1 : at + 2] == b"\x89" and code[at + 3 : at + 4] == b"\x24":
            register, near = code[at + 2] >> 3 & 7 | (code[at] & 4) << 1, code[at + 2] >> 6 == 0
            if register in _NUMBERS:
                found.setdefault(_NUMBERS[register], sp + (0 if near else code[at + 4]))
            at += 4 if near else 5
        elif code[at : at + 3] in (b"\x48\x89\xe5", b"\x48\x8d\x6c"):  # it makes itself a frame pointer
            at += 3 if code[at + 1] == 0x89 else 5
        else:
            break
    return found


def into_go(place: Place) -> Caller | None:
    """crosscall2: C called it, and will want its registers back."""
    found = ordinary(place)
    code = program.read(place.start, place.end - place.start)
    if found is None or not code or not place.called:
        return None
    top = found.registers["rsp"] - 8
    found.registers.pop("rbp", None)
    for name, at in _put_by(code).items():
        value = _word(top + at)
        if value is not None:
            found.registers[name] = value
    return found


# ---- which functions these are ---------------------------------------------------------------------------------------

_KINDS: dict[Callable[[Place], Caller | None], tuple[str, ...]] = {
    signal: ("runtime.sigreturn",),
    injected: ("runtime.asyncPreempt", "runtime.sigpanic", "runtime.sigpanic0", "runtime.debugCallV2"),
    vdso: ("runtime.nanotime1", "runtime.walltime1", "runtime.walltime", "runtime.nanotime", "time.now"),
    to_c: ("runtime.asmcgocall",),
    from_c: ("runtime.cgocallback",),
    into_go: ("crosscall2",),
}
# What called these stands at its pc, and is told one byte further on.
EXACT = _KINDS[signal] + _KINDS[injected]
# Beyond these a stack goes on at no distance that is the same for all.
SWITCHING = _KINDS[signal] + _KINDS[vdso] + _KINDS[to_c] + _KINDS[from_c]


def _functions(world):
    """[(start, end, what finds the caller)]; a function that assembly wrote has a wrapper beside it, with its name."""
    found = []
    for find, kind in _KINDS.items():
        for name in kind:
            symbol = next((s for s in (name + ".abi0", name) if s in world.elf.symbols), None)
            start, size = world.elf.symbols.get(symbol, (0, 0))
            if size:
                found.append((start + world.slide, start + world.slide + size, find))
    return found


def finder(pc: int) -> tuple[int, int, Callable[[Place], Caller | None]] | None:
    """(start, end, what finds the Caller of a frame there) of the function around an address that is one of these."""
    world = program.world()
    if not world.is_go:
        return None
    functions = world.cached("joins", functools.partial(_functions, world))
    return next((row for row in functions if row[0] <= pc < row[1]), None)


HANDLER_S = "<signal handler called>"  # as gdb calls the frame between a handler and what the signal interrupted


def is_handler_s(symbol: str) -> bool:
    """Is it the function that a signal's handler returns to?"""
    return names.function(symbol) in _KINDS[signal]


def is_exact(symbol: str, frame: gdb.Frame) -> bool:
    """Did the caller of a frame of this function not call it, and is it told one byte further on therefore?"""
    return names.function(symbol) in EXACT and frame.type() == gdb.NORMAL_FRAME


def in_a_library(frame: gdb.Frame) -> str | None:
    """What a frame is called that has no name though it is one: where a library keeps its own names to itself, as libc
    does. None where no library is, so that nothing leads on from there."""
    if frame.type() == gdb.SIGTRAMP_FRAME:
        return HANDLER_S
    return "??" if gdb.solib_name(frame.pc()) else None


def symbol_of(frame: gdb.Frame) -> tuple[str, int] | None:
    """program.symbol_of; nobody called what a handler returns to: the instruction before it is another function's."""
    found = finder(frame.pc())
    return program.world().symbol_at(found[0]) if found and found[2] is signal else program.symbol_of(frame)


def handler() -> gdb.Frame | None:
    """The selected thread's frame that the outermost of its signal handlers returns to; None if it is in none."""
    frame, found = gdb.newest_frame(), None
    for _ in range(_HANDLER):
        if frame is None:
            break
        kind = finder(frame.pc())
        if frame.type() == gdb.SIGTRAMP_FRAME or kind and kind[2] is signal:
            found = frame
        frame = program.older(frame)
    return found


def interrupted(frame: gdb.Frame) -> dict[str, int]:
    """The registers of what a signal interrupted, where its handler returns to that frame; none if they are gone."""
    data = program.read(program.register("rsp", frame) or 0, sigframe.SIZE)
    return sigframe.registers(data) if data else {}


def is_in_c(thread: gdb.InferiorThread) -> bool:
    """Did Go call C on a thread, which is there still?"""
    with view.keeping_place():
        thread.switch()
        frame = gdb.newest_frame()
        for _ in range(_DEPTH):
            if frame is None:
                break
            found = finder(frame.pc())
            if found and found[2] is to_c:
                return True
            frame = program.older(frame)
    return False
