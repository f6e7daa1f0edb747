"""Reads what an x86-64 ELF file says about itself: symbols, sections, entry point, build id.

No gdb in it. gdb's Python cannot list symbols; the file can, in one pass.
"""

import bisect
import struct

_SHT_SYMTAB, _SHT_NOTE, _SHT_NOBITS = 2, 7, 8
_SHF_WRITE, _SHF_ALLOC, _SHF_EXECINSTR = 1, 2, 4
_STT_SECTION, _STT_FILE, _STT_TLS = 3, 4, 6


class NotElf(Exception):
    """The file is no ELF file for x86-64."""


class Section:
    """One section that is in memory at run time."""

    __slots__ = ("name", "lo", "hi", "writable", "code", "nobits")

    def __init__(self, name, lo, size, flags, kind):
        self.name, self.lo, self.hi = name, lo, lo + size
        self.writable = bool(flags & _SHF_WRITE) and not name.startswith(".data.rel.ro")  # written once, while loading
        self.code = bool(flags & _SHF_EXECINSTR)
        self.nobits = kind == _SHT_NOBITS


class Elf:
    """The symbols and sections of one file; all addresses as in the file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        if data[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", data, 18)[0] != 62:
            raise NotElf(path)
        kind, _, _, self.entry, _, shoff = struct.unpack_from("<HHIQQQ", data, 16)
        shentsize, shnum, shstrndx = struct.unpack_from("<HHH", data, 58)
        self.relocatable = kind == 3  # ET_DYN: where it lands is decided when it starts
        heads = [struct.unpack_from("<IIQQQQIIQQ", data, shoff + i * shentsize) for i in range(shnum)]
        names = heads[shstrndx][4] if shstrndx < shnum else 0

        self.sections = []
        self.build_id = ""
        self.symbols = {}  # name -> (address, size)
        found = {}  # address -> name, the better of two
        for name, sh_type, flags, addr, off, size, link, _, _, _ in heads:
            text = _cstr(data, names + name)
            if flags & _SHF_ALLOC and size and not flags & 0x400:
                self.sections.append(Section(text, addr, size, flags, sh_type))
            if sh_type == _SHT_NOTE and text in (".note.gnu.build-id", ".note.go.buildid"):
                self.build_id = self.build_id or _note(data[off : off + size])
            if sh_type == _SHT_SYMTAB:
                self._read_symbols(data, data[off : off + size], heads[link][4], found)
        self.sections.sort(key=lambda s: s.lo)
        self._addresses = sorted(found)
        self._names = [found[a] for a in self._addresses]

    def _read_symbols(self, data, table, strings, found):
        for name, info, _, shndx, value, size in struct.iter_unpack("<IBBHQQ", table):
            kind = info & 15
            if not name or not shndx or not value or shndx >= 0xFF00 or kind in (_STT_SECTION, _STT_FILE, _STT_TLS):
                continue
            end = data.index(b"\0", strings + name)
            text = data[strings + name : end].decode("utf-8", "replace")
            if text.startswith("$"):
                continue
            if text not in self.symbols or info >> 4:
                self.symbols[text] = (value, size)
            # A label has neither type nor size: it can be looked up, but the function around it names the address.
            if size or kind:
                known = found.get(value)
                if known is None or (size, "." in text) > (self.symbols[known][1], "." in known):
                    found[value] = text

    def symbol_at(self, address):
        """(name, offset) of the function or variable that holds the address, or None."""
        i = bisect.bisect_right(self._addresses, address) - 1
        if i < 0:
            return None
        name, start = self._names[i], self._addresses[i]
        size = self.symbols[name][1]
        if size and address >= start + size or not size and address != start:
            return None
        return name, address - start

    def section_at(self, address):
        """The section that holds the address, or None."""
        for section in self.sections:
            if section.lo <= address < section.hi:
                return section
        return None


def _cstr(data, at):
    return data[at : data.index(b"\0", at)].decode("utf-8", "replace")


def _note(data):
    """The text of a build-id note: hex for GNU's, as it is for Go's."""
    namesz, descsz, _ = struct.unpack_from("<III", data)
    at = 12 + (namesz + 3 & ~3)
    desc = data[at : at + descsz]
    return desc.hex() if data[12:15] == b"GNU" else desc.decode("utf-8", "replace")
