"""Where functions of C have put their caller's registers, as `.eh_frame` says: what C++ is unwound by. No gdb in it.

joins asks for the frames that gdb cannot be asked for. Nothing of what is read need be so: what does not fit is None.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

Read = Callable[[int, int], Any]  # of an address so many bytes, or something false
_HEAD = b"\x01\x1b\x03\x3b"  # of the table: its version; pointers from here, a count, pairs from the table's beginning
_LONGEST = 4096  # bytes of one entry
_SP, _RA = 7, 16
_NAMES = {3: "rbx", 6: "rbp", _SP: "rsp", 12: "r12", 13: "r13", 14: "r14", 15: "r15", _RA: "rip"}
_POINTERS = {0x3: 4, 0xB: 4, 0x4: 8, 0xC: 8, 0x0: 8}  # bytes of one, by the low half of its encoding


class Row:
    """At one instruction: the caller's SP is register `base` + `cfa`; registers are at such distances from there."""

    __slots__ = ("base", "cfa", "saved")

    def __init__(self, base: str, cfa: int, saved: dict[str, int]) -> None:
        self.base, self.cfa, self.saved = base, cfa, saved


class _Unknown(Exception):
    """Something stands there that is not followed."""


class _Bytes:
    """What is read one after the other."""

    def __init__(self, data: bytes, address: int) -> None:
        self.data, self.address, self.at = data, address, 0

    def number(self, form: str) -> int:
        (found,) = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize(form)
        return found

    def leb(self, signed: bool = False) -> int:
        """A number of as many bytes as it needs."""
        found = shift = 0
        while True:
            byte = self.number("B")
            found, shift = found | (byte & 0x7F) << shift, shift + 7
            if not byte & 0x80:
                return found - (1 << shift) if signed and byte & 0x40 else found

    def relative(self) -> int:
        """An address, told as its distance from here."""
        here = self.address + self.at
        return here + self.number("i")


def row_at(read: Read, table: int, pc: int) -> Row | None:
    """The Row of the instruction there; `table` is where `.eh_frame_hdr` is."""
    try:
        return _row(_entry(read, _found(read, table, pc)), read, pc)
    except (_Unknown, struct.error, KeyError, IndexError):
        return None


def _found(read, table, pc):
    """Where the entry is that begins last before an address."""
    head = read(table, 12)
    if not head or head[:4] != _HEAD:
        raise _Unknown
    low, high, found = 0, struct.unpack_from("<I", head, 8)[0], None
    while low < high:
        middle = (low + high) // 2
        start, entry = struct.unpack("<ii", read(table + 12 + 8 * middle, 8) or b"")
        if table + start <= pc:
            low, found = middle + 1, table + entry
        else:
            high = middle
    return found


def _entry(read, address):
    """The bytes of an entry."""
    size = struct.unpack("<I", read(address, 4) or b"")[0] if address else 0
    if not 4 <= size <= _LONGEST:
        raise _Unknown
    return _Bytes(read(address + 4, size) or b"", address + 4)


def _row(entry, read, pc):
    common = _entry(read, entry.address - entry.number("I"))
    if common.number("I") or common.number("B") != 1:
        raise _Unknown
    end = common.data.index(0, common.at) if 0 in common.data[common.at :] else 0
    letters, common.at = common.data[common.at : end], end + 1
    scales = common.leb(), common.leb(signed=True)
    if common.leb() != _RA or letters[:1] != b"z":
        raise _Unknown
    _skip(common, letters[1:])
    start = entry.relative()
    if not start <= pc < start + entry.number("I"):
        raise _Unknown
    entry.at += entry.leb()
    rules = _Rules(*scales)
    rules.follow(common, None)
    rules.first = dict(rules.saved)
    rules.follow(entry, pc - start)
    return Row(_NAMES[rules.base], rules.cfa, {_NAMES[n]: at for n, at in rules.saved.items() if n in _NAMES})


def _skip(common, letters):
    """What a common part says besides; addresses are told as distances, and none is of a signal's frame."""
    common.leb()
    for letter in letters.decode("latin-1"):
        if letter == "P":
            common.at += _POINTERS[common.number("B") & 0xF]
        elif letter == "L":
            common.at += 1
        elif letter != "R" or common.number("B") != 0x1B:
            raise _Unknown


class _Rules:
    """What holds where one has come in the instructions of an entry."""

    def __init__(self, code: int, data: int) -> None:
        self._code, self._data = code, data
        self.base, self.cfa, self.saved, self.first = None, 0, {}, {}
        self._kept = []

    def follow(self, source, until):
        """Goes on to the instruction that is so far from the function's first."""
        at = 0
        while source.at < len(source.data):
            byte = source.number("B")
            high, low = byte & 0xC0, byte & 0x3F
            if high == 0x40 or byte in (2, 3, 4):
                at += (low if high else source.number("BHI"[byte - 2])) * self._code
                if until is not None and at > until:
                    return
            elif high == 0x80 or byte == 5:
                register = low if high else source.leb()
                self.saved[register] = source.leb() * self._data
            elif high == 0xC0 or byte in (6, 7, 8):
                register = low if high else source.leb()
                self.saved.pop(register, None)
                if byte not in (7, 8) and register in self.first:
                    self.saved[register] = self.first[register]
            else:
                self._other(byte, source)

    def _other(self, byte, source):
        if byte == 0x0A:
            self._kept.append((self.base, self.cfa, dict(self.saved)))
        elif byte == 0x0B:
            self.base, self.cfa, self.saved = self._kept.pop()
        elif byte in (0x0C, 0x0D, 0x0E):
            self.base = source.leb() if byte != 0x0E else self.base
            self.cfa = source.leb() if byte != 0x0D else self.cfa
        elif byte == 0x2E:  # how large its arguments are
            source.leb()
        elif byte:
            raise _Unknown
