"""Reads what an x86-64 ELF file says about itself: symbols, sections, entry point, build id.

No gdb in it. gdb's Python cannot list symbols; the file can, in one pass. What the file says need not be so: a section
or a symbol that leads out of it is left out, whatever else it says is used.
"""

from __future__ import annotations

import bisect
import struct

from . import untrusted

_SHT_SYMTAB, _SHT_NOTE = 2, 7
_SHF_WRITE, _SHF_ALLOC, _SHF_EXECINSTR, _SHF_TLS = 1, 2, 4, 0x400
_STT_SECTION, _STT_FILE, _STT_TLS = 3, 4, 6
_NT_GNU_BUILD_ID, _NT_GO_BUILD_ID = 3, 4
HEADER = 64  # bytes; the program headers follow
_LONGEST = 4096  # characters of a name that are kept; mangled ones are long
_HEAD, _SECTION, _SYMBOL = struct.Struct("<HHIQQQIHHHHHH"), struct.Struct("<IIQQQQIIQQ"), struct.Struct("<IBBHQQ")


class NotElf(Exception):
    """The file is no ELF file for x86-64."""


class Section:
    """One section that is in memory at run time."""

    __slots__ = ("name", "lo", "hi", "writable", "code")

    def __init__(self, name: str, lo: int, size: int, flags: int) -> None:
        self.name, self.lo, self.hi = name, lo, lo + size
        self.writable = bool(flags & _SHF_WRITE) and not name.startswith(".data.rel.ro")  # written once, while loading
        self.code = bool(flags & _SHF_EXECINSTR)


class Elf:
    """The symbols and sections of one file; all addresses as in the file."""

    def __init__(self, path: str) -> None:
        data = untrusted.contents(path)
        if data[:6] != b"\x7fELF\x02\x01" or len(data) < 64:
            raise NotElf(path)
        kind, machine, _, self.entry, _, shoff, _, _, _, _, shentsize, shnum, shstrndx = _HEAD.unpack_from(data, 16)
        if machine != 62:
            raise NotElf(path)
        self.relocatable = kind == 3  # ET_DYN: where it lands is decided when it starts
        places = (
            range(shoff, min(shoff + shnum * shentsize, len(data) - _SECTION.size + 1), shentsize) if shentsize else ()
        )
        heads = [_SECTION.unpack_from(data, at) for at in places]
        names = heads[shstrndx][4] if shstrndx < len(heads) else len(data)

        self.sections = []
        self.build_id, self.build_ids = "", {}  # the first one there is; each by who wrote it
        self.symbols = {}  # name -> (address, size)
        self.g_slot = -8  # where a thread's current g is, counted from FS: C's thread-local variables may lie between
        found = {}  # address -> (name, size), the better of two; several functions may have one name
        tls = [(addr, addr + size, align) for _, _, flags, addr, _, size, _, _, align, _ in heads if flags & _SHF_TLS]
        for name, sh_type, flags, addr, off, size, link, _, _, _ in heads:
            text = _cstr(data, names + name)
            if flags & _SHF_ALLOC and size and not flags & _SHF_TLS:
                self.sections.append(Section(untrusted.shown(text), addr, size, flags))
            if sh_type == _SHT_NOTE and text in (".note.gnu.build-id", ".note.go.buildid"):
                self.build_ids.update(build_ids(data[off : off + size]))
                self.build_id = self.build_id or next(iter(self.build_ids.values()), "")
            if sh_type == _SHT_SYMTAB and link < len(heads):
                self._read_symbols(data, data[off : off + size], heads[link][4], found, _block(tls))
        self.sections.sort(key=lambda s: s.lo)
        self._addresses = sorted(found)
        self._names = [found[a] for a in self._addresses]

    def _read_symbols(self, data, table, strings, found, tls_block):
        for name, info, _, shndx, value, size in _SYMBOL.iter_unpack(
            table[: len(table) // _SYMBOL.size * _SYMBOL.size]
        ):
            kind = info & 15
            if kind == _STT_TLS and _cstr(data, strings + name) == "runtime.tlsg":
                self.g_slot = value - tls_block
            if not name or not shndx or not value or shndx >= 0xFF00 or kind in (_STT_SECTION, _STT_FILE, _STT_TLS):
                continue
            text = _cstr(data, strings + name)
            if not text or text.startswith("$"):
                continue
            if text not in self.symbols or info >> 4:
                self.symbols[text] = (value, size)
            # A label has neither type nor size: it can be looked up, but the function around it names the address.
            if size or kind:
                known = found.get(value)
                if known is None or _rank(text, size) > _rank(*known):
                    found[value] = text, size

    def symbol_at(self, address: int) -> tuple[str, int] | None:
        """(name, offset) of the function or variable that holds the address, or None."""
        i = bisect.bisect_right(self._addresses, address) - 1
        if i < 0:
            return None
        (name, size), start = self._names[i], self._addresses[i]
        if size and address >= start + size or not size and address != start:
            return None
        return name, address - start

    def section_at(self, address: int) -> Section | None:
        """The section that holds the address, or None."""
        for section in self.sections:
            if section.lo <= address < section.hi:
                return section
        return None


def _rank(name, size):
    """Of two names of one address, which is the better? Go's linker gives functions that plugins may use a second
    one."""
    return size, not name.startswith("local."), "." in name


def _block(tls):
    """How far below FS a program's thread-local variables begin: their size, rounded up to what they must be aligned
    to."""
    if not tls:
        return 8
    align = max(1, *(align for _, _, align in tls))
    size = max(hi for _, hi, _ in tls) - min(lo for lo, _, _ in tls)
    return -(-size // align) * align


def _cstr(data, at):
    """The text at a place of the file, cut where it is too long; nothing if there is none."""
    end = data.find(b"\0", at, at + _LONGEST)
    if end < 0 and at + _LONGEST >= len(data):
        return ""
    text = data[at : end if end >= 0 else at + _LONGEST].decode("utf-8", "surrogateescape")
    return text if end >= 0 else text + "..."


def build_ids(data: bytes) -> dict[str, str]:
    """{who wrote it: build id} of some notes: hex for GNU's, as it is for Go's."""
    found, at = {}, 0
    while at + 12 <= len(data):
        namesz, descsz, kind = struct.unpack_from("<III", data, at)
        name, at = data[at + 12 : at + 12 + namesz], at + 12 + (namesz + 3 & ~3)
        desc, at = data[at : at + descsz], at + (descsz + 3 & ~3)
        if (name, kind) == (b"GNU\0", _NT_GNU_BUILD_ID):
            found["GNU"] = desc.hex()
        elif (name, kind) == (b"Go\0\0", _NT_GO_BUILD_ID):
            found["Go"] = untrusted.shown(desc.decode("utf-8", "surrogateescape"))
    return found
