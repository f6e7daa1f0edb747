"""Memory of a program at the other end of a line (gdbserver): read in few packets, known as long as it stands still.

A packet costs what thousands of bytes cost, because two processes must wake for it. So a small read brings what lies
around it, and what was read once serves all who ask until the program runs or somebody writes to it: a list reads the
same M a dozen times. gdb does the same for a live program's code and stacks, but not for what scripts read.
"""

from __future__ import annotations

import bisect
import re

import gdb

from . import answers, worlds

BLOCK = 1024  # aligned: on one page, so that all of it can be read where one byte can
SMALL = BLOCK // 2  # what is no larger is read with the blocks around it
MOST = 64 << 20  # bytes that are kept
_PACKET = 4096  # bytes that one may hold, where gdb does not say


def is_far() -> bool:
    """Does each read go through the remote protocol?"""
    connection = getattr(gdb.selected_inferior(), "connection", None)  # gdb 10 has none
    return connection is not None and connection.type in ("remote", "extended-remote")


class Known:
    """What was read while the program stands still: pieces of memory, by where they begin."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._pieces: dict[int, bytes] = {}
        self._held = 0

    def find(self, addr: int, size: int) -> bytes | None:
        """These bytes if one piece has them all. A piece may lie behind one that begins later and is shorter: then it
        is not found, and read again."""
        at = bisect.bisect(self._starts, addr) - 1
        if at < 0:
            return None
        start = self._starts[at]
        piece = self._pieces[start]
        return piece[addr - start : addr - start + size] if addr - start + size <= len(piece) else None

    def add(self, addr: int, data: bytes) -> None:
        """One more piece, which nothing that is known has as a whole."""
        before = self._pieces.get(addr)
        if before is None:
            bisect.insort(self._starts, addr)
        self._pieces[addr] = data
        self._held += len(data) - len(before or b"")
        if self._held > MOST:
            self.__init__()  # type: ignore[misc]


_now: tuple[object, Known | None] | None = None


def _known():
    """What is known now; None where other threads may run while one looks."""
    global _now
    inferior = gdb.selected_inferior()
    at = inferior.connection.num, inferior.num, inferior.pid, worlds.moves(), worlds.writes()
    if _now is None or _now[0] != at:
        _now = at, None if gdb.parameter("non-stop") else Known()
    return _now[1]


def read(addr: int, size: int) -> bytes:
    """Bytes of memory; raises what gdb raises where they cannot be read."""
    inferior, known = gdb.selected_inferior(), _known()
    if known is None:
        return bytes(inferior.read_memory(addr, size))
    data = known.find(addr, size)
    if data is not None:
        return data
    if size <= SMALL:
        first = addr & -BLOCK
        try:
            around = bytes(inferior.read_memory(first, (addr + size - first + BLOCK - 1) & -BLOCK))
        except (gdb.MemoryError, OverflowError, gdb.error):  # a target without pages
            pass
        else:
            known.add(first, around)
            return around[addr - first : addr - first + size]
    data = bytes(inferior.read_memory(addr, size))
    known.add(addr, data)
    return data


_packets: dict[int, int] = {}  # by the connection's number


def packet() -> int:
    """How many bytes of memory come in one packet: as hexadecimal digits, or with others escaped, at worst each."""
    number = gdb.selected_inferior().connection.num
    if number not in _packets:
        try:
            said = re.findall(r"\d+", answers.done("show remote memory-read-packet-size"))
        except gdb.error:
            said = []
        _packets[number] = int(said[-1]) // 2 if said else _PACKET
    return max(_packets[number], BLOCK)
