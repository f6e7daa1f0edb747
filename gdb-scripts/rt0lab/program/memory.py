"""Reads the program's memory, variables and registers, now or at a moment that was kept: bytes, words, structures.

It works before the program runs, while it is stopped, and on a core file.
"""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Callable, Iterator
from typing import Any

import gdb

from ..formats import packets, untrusted
from . import answers, far, past, recording, worlds
from .layout import Struct
from .problem import Unreadable

_IN_QUOTES = str.maketrans({"\\": r"\\", '"': r"\"", "\a": r"\a", "\b": r"\b", "\f": r"\f", "\v": r"\v"})  # Go's %q
# What no debug information states: where Go puts its heap on amd64 if nothing speaks against it (1.26 draws lots), and
# how far below zero addresses begin, which are 48 bits with a sign.
_HEAP = range(0xC0_0000_0000, 0xE0_0000_0000)
_LOWEST = 1 << 47
_MOST_ARENAS = 1 << 16

_DECODER = codecs.getincrementaldecoder("utf-8")


def pid() -> int:
    """The process's id, 0 if there is none."""
    return past.moment().pid if past.moment() is not None else gdb.selected_inferior().pid


def thread() -> int | None:
    """gdb's number of the selected thread, or None."""
    if past.moment() is not None:
        return past.moment().thread
    selected = selected_thread()
    return selected.num if selected is not None else None


def selected_thread() -> gdb.InferiorThread | None:
    """The selected thread, or None: gdb 13 fails at one that ended while it was the only one to run."""
    try:
        return gdb.selected_thread()
    except SystemError:
        return None


def is_stopped(thread: gdb.InferiorThread) -> bool:
    """Can its registers be read now?"""
    return thread.is_valid() and not thread.is_running()


def stopped_threads() -> list[gdb.InferiorThread]:
    """The program's threads whose registers can be read now."""
    return [thread for thread in gdb.selected_inferior().threads() if is_stopped(thread)]


def alive() -> bool:
    """Is there a process or a core to look at?"""
    if past.moment() is not None:
        return True
    return bool(gdb.selected_inferior().pid) and selected_thread() is not None


def connection() -> gdb.TargetConnection | None:
    """What gdb looks at the program through; None if there is none, or in a gdb that does not say."""
    return getattr(gdb.selected_inferior(), "connection", None)


def connected() -> str:
    """How: `native`, `core`, `remote`, `extended-remote`; "" if that is not known."""
    found = connection()
    return found.type if found is not None else ""


def on_core() -> bool:
    """Is it a core file?"""
    return connected() == "core"


_connections = {}  # its number: is it a view?


def on_view() -> bool:
    """Are these goroutines that `lab serve` shows, which nothing can make run?"""
    through = connection()
    if through is None or not hasattr(through, "send_packet"):
        return False
    if through.num not in _connections:
        try:
            _connections[through.num] = through.send_packet(packets.IS_VIEW) == packets.YES
        except gdb.error:  # it runs, or is lost
            return False
    return _connections[through.num]


def read(addr: int, size: int) -> bytes | Unreadable:
    """Bytes of memory, or Unreadable."""
    found = glance(addr, size)
    return found if isinstance(found, Unreadable) else bytes(found)


def glance(addr: int, size: int) -> bytes | memoryview | Unreadable:
    """The same where gdb has put it: for much of which little is kept."""
    if past.moment() is not None:
        return past.moment().read(addr, size)
    if size == 0:
        return b""  # newer gdbs refuse to read nothing
    try:
        return _now(addr, size)
    except (gdb.MemoryError, OverflowError, gdb.error):
        return Unreadable(addr)


def _now(addr, size):
    """What the program has there now; raises what gdb raises."""
    return far.read(addr, size) if far.is_far() else gdb.selected_inferior().read_memory(addr, size)


def reread(addr: int, size: int, known: bytearray | None) -> bytearray | Unreadable:
    """The memory that the program has now; `known`, what somebody has from there, itself if that is what it was. That
    takes no longer than to compare them."""
    try:
        now = _now(addr, size)
    except (gdb.MemoryError, OverflowError, gdb.error):
        return Unreadable(addr)
    return known if known is not None and known == now else bytearray(now)


def auxv() -> bytes:
    """What the kernel told the program at its start, as it stands in memory; empty where gdb cannot know it."""
    try:
        said = answers.done("info auxv")
    except gdb.error:
        return b""
    row = r"^(\d+)\s+\S.*?\s(0x[0-9a-f]+|\d+)(?: \".*\")?$"
    return b"".join(
        struct.pack("<QQ", int(key), int(value, 0) & (1 << 64) - 1) for key, value in re.findall(row, said, re.M)
    )


def read_struct(kind: str, addr: int) -> Struct | Unreadable:
    """A structure of the named runtime type at an address: Struct or Unreadable."""
    layout = worlds.world().layout(kind)
    data = read(addr, layout.size)
    return data if isinstance(data, Unreadable) else Struct(layout, addr, data)


def calls(start: int, code: bytes) -> Iterator[tuple[int, int]]:
    """(where it returns to, where it goes) of what looks like a near call in the bytes from `start` on."""
    for at in range(len(code) - 4):
        if code[at] == 0xE8:
            back = start + at + 5
            yield back, back + struct.unpack_from("<i", code, at + 1)[0] & (1 << 64) - 1


def read_word(addr: int) -> int | Unreadable:
    """One 8-byte word: a number or Unreadable."""
    data = read(addr, 8)
    return data if isinstance(data, Unreadable) else int.from_bytes(data, "little")


def read_text(addr: int, length: int, quoted: bool = False, most: int = 200) -> str:
    """A Go string's text, so many bytes of it, as `shown` has it; `quoted` as a literal has it, with dots behind it
    where it is cut."""
    if not length:
        return '""' if quoted else ""
    if not 0 < length < 1 << 32:
        return f"<a string of {length} bytes?>"
    data = read(addr, min(length, most))
    if isinstance(data, Unreadable):
        return str(data)
    text = _DECODER("surrogateescape").decode(data, length <= most)  # without half a character at the end
    text = text.translate(_IN_QUOTES) if quoted else text
    text = untrusted.shown(text, max(len(text), 1))
    return (f'"{text}"' if quoted else text) + ("..." if length > most else "")


def variable(name: str) -> Struct | Unreadable | None:
    """A runtime variable (`sched`, `allp`) as a Struct, Unreadable, or None if the program has none."""
    found = worlds.world().variable(name)
    if found is None:
        return None
    addr, layout = found
    data = read(addr, layout.size)
    return data if isinstance(data, Unreadable) else Struct(layout, addr, data)


def elements(name: str) -> list[Struct]:
    """The elements of a runtime variable that is an array, as Structs; none if there is no such variable or it cannot
    be read."""
    found = worlds.world().array(name)
    if found is None:
        return []
    addr, count, layout = found
    data = read(addr, count * layout.size)
    if isinstance(data, Unreadable):
        return []
    return [Struct(layout, addr + at, data[at : at + layout.size]) for at in range(0, len(data), layout.size)]


def scalar(name: str) -> Any:
    """The value of a scalar runtime variable; None if there is none or it cannot be read."""
    found = variable(name)
    return found.get("") if isinstance(found, Struct) else None


def text(name: str) -> str | None:
    """The value of a string variable."""
    found = variable(name)
    if not isinstance(found, Struct) or not found.has("len"):
        return None
    return read_text(found.get("str"), found.get("len"))


def in_heap() -> Callable[[int], bool]:
    """Tells of an address whether it lies in Go's heap: in one of its arenas, where the program says which it has."""
    found = worlds.world()
    size = found.own("heapArenaBytes", lambda: found.constant("heapArenaBytes"))
    arenas = found.own(("arenas", pid()), set)  # of a process they only become more: they are true of its past, too
    if size and past.has_all():
        arenas.update(_arenas(found))
    if not size or not arenas:
        return _HEAP.__contains__
    return lambda value: (value + _LOWEST) // size in arenas


def _arenas(found):
    """The numbers of the heap's arenas: they count from the lowest address there can be."""
    heap = found.variable("mheap_")
    for path in ("heapArenas", "allArenas") if heap else ():
        leaf = heap[1].at.get(path + ".array")
        words = read(heap[0] + leaf.offset, 16) if leaf is not None else b""
        array, count = struct.unpack("<QQ", words) if isinstance(words, bytes) and words else (0, 0)
        data = read(array, 8 * min(count, _MOST_ARENAS)) if array else b""
        if isinstance(data, bytes) and data:
            return struct.unpack(f"<{len(data) // 8}Q", data)
    return ()


def register(name: str, frame: gdb.Frame | None = None) -> int | None:
    """A register of the selected thread's innermost frame, or None."""
    if past.moment() is not None:
        return past.moment().registers.get(name)
    if not alive():
        return None
    try:
        return int((frame or gdb.newest_frame()).read_register(name)) & (1 << 64) - 1
    except (gdb.error, ValueError):
        return None


def fresh_register(name: str) -> int | None:
    """A register of the thread that was selected just now, so that its innermost frame is. gdb looks for no caller, as
    it does for a frame that Python is to have."""
    try:
        return int(gdb.parse_and_eval("$" + name)) & (1 << 64) - 1
    except (gdb.error, ValueError):
        return None


def tls_g(ask: Callable[[str], int | None] = register) -> tuple[int | None, int | None]:
    """(FS base, the thread's current g: the word at -8(FS), or where C's thread-local variables left room for it); None
    where it cannot be known. `ask` gives a register.

    In a recorded past it is the g on whose stack the thread is: gdb takes back neither FS nor what was written by it.
    """
    if past.moment() is None and recording.rewound():
        return None, _g_by_stack(ask("rsp"))
    base = ask("fs_base")
    if not base:
        return base, 0 if base == 0 else None
    slot = worlds.world().g_slot
    word = read_word(base + slot) if slot is not None else None
    return base, None if isinstance(word, Unreadable) else word


def _g_by_stack(sp):
    """Which of the first thread's gs has this SP on its stack, or None."""
    m0 = variable("m0")
    for field in ("curg", "g0", "gsignal") if m0 and sp else ():
        g = read_struct("g", m0.get(field) or 0)
        if g and None not in (lo := g.get("stack.lo"), hi := g.get("stack.hi")) and lo < sp <= hi:
            return g.addr
    return None


def current_g(word: int | None) -> int | None:
    """The g that the selected thread is on, whose -8(FS) holds `word`: g0 until rt0_go has set one. 0: none yet, None:
    that cannot be known.

    A thread that clone has just made is on none. Its FS is its creator's until it sets its own, and so is the g there.
    """
    if past.moment() is not None:
        return past.moment().current
    g = read_struct("g", word) if word else None
    m = read_struct("m", g.get("m")) if g and g.get("m") else None
    if not m:
        g0 = variable("g0") if word is not None else None
        return g0.addr if g0 and not g0.get("m") else word
    number, selected = m.get("procid"), selected_thread()
    return 0 if number and selected and number not in selected.ptid[1:] and procids_are_gdbs() else word


def procids_are_gdbs() -> bool:
    """Does the program number its threads as gdb does? Seen from outside a container they have other numbers."""
    m0 = variable("m0")
    return bool(m0 and m0.get("procid") == pid())


def older(frame: gdb.Frame) -> gdb.Frame | None:
    """What called a frame; None if nothing did, or as far as gdb can unwind."""
    try:
        return frame.older()
    except gdb.error:
        return None


def symbol_of(frame: gdb.Frame) -> tuple[str, int] | None:
    """(name, offset) of the ELF symbol that a frame is in, or None. A call that never returns may be a function's last
    instruction: where the frame called somebody, the call says which function it is."""
    inner = frame.newer()
    while inner is not None and inner.type() == gdb.INLINE_FRAME:
        inner = inner.newer()
    called = inner is not None and inner.type() == gdb.NORMAL_FRAME
    return worlds.world().symbol_at(frame.pc() - called)
