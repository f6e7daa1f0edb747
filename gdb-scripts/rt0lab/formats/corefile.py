"""Writes and reads a core file: threads with their registers, and pieces of memory. No gdb in it.

The kernel writes such a file when a process crashes; here the threads may be anything that has registers. Layouts are
those of <linux/elfcore.h> on x86-64.
"""

from __future__ import annotations

import bisect
import os
import struct
from collections.abc import Callable, Iterable
from typing import BinaryIO

from ..words import tr
from . import untrusted

# user_regs_struct, in its order.
REGISTERS = """
    r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs
    gs
""".split()

PAGE = 4096
MAX_SEGMENTS = 60000  # e_phnum has 16 bits, and its highest value means something else
_CHUNK = 1 << 20
_ET_CORE, _EM_X86_64, _PT_LOAD, _PT_NOTE = 4, 62, 1, 4
_NT_PRSTATUS, _NT_PRPSINFO, _NT_AUXV = 1, 3, 6
_HEAD = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_PRSTATUS = struct.Struct(f"<32xi76x{len(REGISTERS)}Q8x")  # the thread's id, its registers; no signal, no times
_PRPSINFO = struct.Struct("<24xi12x16s80s")  # the process's id, its file's name, its command line
_NOTHING = bytes(PAGE)
_MAX_NOTES = 64 << 20  # bytes of notes that are read
_ELF = b"\x7fELF\x02\x01"


def merged(ranges: Iterable[tuple[int, int]], gap: int = 0) -> list[tuple[int, int]]:
    """The ranges [lo, hi) in order, whole pages, none overlapping; neighbours up to `gap` bytes apart become one."""
    found = []
    for lo, hi in sorted((lo & -PAGE, -(-hi // PAGE) * PAGE) for lo, hi in ranges if lo < hi):
        if found and lo <= found[-1][1] + gap:
            found[-1][1] = max(found[-1][1], hi)
        else:
            found.append([lo, hi])
    return [(lo, hi) for lo, hi in found]


def write(
    file: BinaryIO,
    pid: int,
    program: str,
    auxv: bytes,
    threads: list[tuple[int, dict[str, int]]],
    memory: list[tuple[int, int]],
    read: Callable[[int, int], bytes | None],
) -> None:
    """Writes the core of process `pid` to a seekable binary file.

    `threads` are (id, {register: value}), the first is the one a debugger selects; `memory` are ranges [lo, hi) of
    whole pages; `read(address, size)` gives bytes or something false. Pages that cannot be read are left out, pages of
    zeros are holes in the file.
    """
    notes = b"".join(_note(_NT_PRSTATUS, _prstatus(number, registers)) for number, registers in threads[:1])
    notes += _note(_NT_PRPSINFO, _PRPSINFO.pack(pid, os.fsencode(program)[:15], os.fsencode(program)[:79]))
    if auxv:
        notes += _note(_NT_AUXV, auxv)
    notes += b"".join(_note(_NT_PRSTATUS, _prstatus(number, registers)) for number, registers in threads[1:])

    heads = [_SEGMENT.pack(_PT_NOTE, 4, _HEAD.size, 0, 0, len(notes), 0, 4)]
    file.seek(_HEAD.size)
    file.write(notes)
    at = -(-(_HEAD.size + len(notes)) // PAGE) * PAGE
    segments = []  # [address, offset in the file, size]
    for address, data in _readable(memory, read):
        if segments and segments[-1][0] + segments[-1][2] == address:
            segments[-1][2] += len(data)
        elif len(segments) < MAX_SEGMENTS:
            segments.append([address, at, len(data)])
        else:
            break
        _put(file, at, data)
        at += len(data)
    heads += [_SEGMENT.pack(_PT_LOAD, 6, offset, address, 0, size, size, PAGE) for address, offset, size in segments]
    file.seek(at)  # the table stands last, because only now it is known how long it is
    file.write(b"".join(heads))
    file.seek(0)
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    file.write(_HEAD.pack(ident, _ET_CORE, _EM_X86_64, 1, 0, at, 0, 0, _HEAD.size, _SEGMENT.size, len(heads), 0, 0, 0))
    file.flush()


def _note(kind, content):
    return struct.pack("<III8s", 5, len(content), kind, b"CORE") + content + bytes(-len(content) % 4)


def _prstatus(number, registers):
    return _PRSTATUS.pack(number, *(registers.get(name, 0) & (1 << 64) - 1 for name in REGISTERS))


def _readable(memory, read):
    """(address, bytes) of what can be read, in pieces: nearly always all of it, else page by page, as long as that is
    few."""
    pages_left = 1 << 16
    for lo, hi in memory:
        for start in range(lo, hi, _CHUNK):
            data = read(start, min(_CHUNK, hi - start))
            if data:
                yield start, data
                continue
            for page in range(start, min(start + _CHUNK, hi, start + pages_left * PAGE), PAGE):
                pages_left -= 1
                data = read(page, PAGE)
                if data:
                    yield page, data


def _put(file, at, data):
    """Writes the pages that are not all zero."""
    if data.count(0) == len(data):
        return
    for offset in range(0, len(data), PAGE):
        page = data[offset : offset + PAGE]
        if page != _NOTHING:
            file.seek(at + offset)
            file.write(page)


# ---- reading ---------------------------------------------------------------------------------------------------------


class NotCore(Exception):
    """The file is no core file of an x86-64 process; its text says why, in words."""


class Core:
    """A core file's threads and memory. What it says need not be so: what leads out of the file is not there."""

    def __init__(self, path: str) -> None:
        self._file = untrusted.regular(path, None)
        self.threads: list[tuple[int, dict[str, int]]] = []  # as in the file: the one that crashed is the first
        self.auxv = b""
        try:
            self._read_heads()
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        self._file.close()

    def _read_heads(self):
        head = self._at(0, _HEAD.size)
        if len(head) < _HEAD.size or head[:6] != _ELF:
            raise NotCore(tr("it is no ELF file"))
        _, kind, machine, _, _, phoff, _, _, _, phentsize, count, _, _, _ = _HEAD.unpack(head)
        if (kind, machine, phentsize) != (_ET_CORE, _EM_X86_64, _SEGMENT.size):
            raise NotCore(tr("it is no core of an x86-64 process"))
        data = self._at(phoff, count * _SEGMENT.size)
        loads = []
        for kind, _, offset, address, _, size, _, _ in _SEGMENT.iter_unpack(
            data[: len(data) // _SEGMENT.size * _SEGMENT.size]
        ):
            if kind == _PT_LOAD and size:
                loads.append((address, offset, size))
            elif kind == _PT_NOTE:
                self._read_notes(self._at(offset, min(size, _MAX_NOTES)))
        self._loads = sorted(loads)
        self._starts = [address for address, _, _ in self._loads]

    def _read_notes(self, data):
        at = 0
        while at + 12 <= len(data):
            name_size, size, kind = struct.unpack_from("<III", data, at)
            at += 12 + (name_size + 3 & ~3)
            content, at = data[at : at + size], at + (size + 3 & ~3)
            if kind == _NT_PRSTATUS and len(content) >= _PRSTATUS.size:
                number, *registers = _PRSTATUS.unpack_from(content)
                self.threads.append((number, dict(zip(REGISTERS, registers))))
            elif kind == _NT_AUXV:
                self.auxv = content

    def _at(self, offset, size):
        try:
            self._file.seek(offset)
            return self._file.read(size) or b""
        except (OSError, OverflowError, ValueError):
            return b""

    def read(self, address: int, size: int) -> bytes | None:
        """So much memory, or None if not all of it is in the file."""
        found = b""
        while len(found) < size:
            i = bisect.bisect_right(self._starts, address + len(found)) - 1
            start, offset, length = self._loads[i] if i >= 0 else (0, 0, 0)
            inside = address + len(found) - start
            part = self._at(offset + inside, min(length - inside, size - len(found))) if 0 <= inside < length else b""
            if not part:
                return None
            found += part
        return found
