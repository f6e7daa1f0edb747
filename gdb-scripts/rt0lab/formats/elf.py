"""Reads what an x86-64 ELF file says about itself: symbols, sections, entry point, build id.

No gdb in it. gdb's Python cannot list symbols; the file can. What the file says need not be so: a section or a symbol
that leads out of it is left out, whatever else it says is used. Of a large file only that much is read, and its symbols
are looked for in the bytes of their table: to make objects of a hundred thousand takes longer than gdb needs to start.
"""

from __future__ import annotations

import array
import bisect
import functools
import os
import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from . import untrusted

_SHT_SYMTAB, _SHT_RELA, _SHT_NOTE = 2, 4, 7
_SHF_WRITE, _SHF_ALLOC, _SHF_EXECINSTR, _SHF_TLS = 1, 2, 4, 0x400
_STT_SECTION, _STT_FILE, _STT_TLS = 3, 4, 6
_NO_ADDRESS = (_STT_SECTION, _STT_FILE, _STT_TLS)
_R_X86_64_TPOFF64 = 18
_NT_GNU_BUILD_ID, _NT_GO_BUILD_ID = 3, 4
HEADER = 64  # bytes; the program headers follow
_FEW = 4  # names that are looked for one by one
_LONGEST = 4096  # characters of a name that are kept; mangled ones are long
_HEAD, _SECTION, _SYMBOL = struct.Struct("<HHIQQQIHHHHHH"), struct.Struct("<IIQQQQIIQQ"), struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")


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
        with untrusted.regular(path) as file:
            self._read(path, file)

    def _read(self, path, file):
        head = _part(file, 0, HEADER)
        if head[:6] != b"\x7fELF\x02\x01" or len(head) < HEADER:
            raise NotElf(path)
        kind, machine, _, self.entry, _, shoff, _, _, _, _, shentsize, shnum, shstrndx = _HEAD.unpack_from(head, 16)
        if machine != 62:
            raise NotElf(path)
        self.relocatable = kind == 3  # ET_DYN: where it lands is decided when it starts
        table = _part(file, shoff, shnum * shentsize)
        places = range(0, len(table) - _SECTION.size + 1, shentsize) if shentsize else ()
        heads = [_SECTION.unpack_from(table, at) for at in places]
        names = _part(file, *heads[shstrndx][4:6]) if shstrndx < len(heads) else b""

        self.sections = []
        self.build_id, self.build_ids = "", {}  # the first one there is; each by who wrote it
        self._tls = [
            (addr, addr + size, align) for _, _, flags, addr, _, size, _, _, align, _ in heads if flags & _SHF_TLS
        ]
        tables, self._path = [], path
        self._relocations = [(off, size) for _, sh_type, _, _, off, size, *_ in heads if sh_type == _SHT_RELA]
        for name, sh_type, flags, addr, off, size, link, _, _, _ in heads:
            text = _cstr(names, name)
            if flags & _SHF_ALLOC and size and not flags & _SHF_TLS:
                self.sections.append(Section(untrusted.shown(text), addr, size, flags))
            if sh_type == _SHT_NOTE and text in (".note.gnu.build-id", ".note.go.buildid"):
                self.build_ids.update(build_ids(_part(file, off, size)))
                self.build_id = self.build_id or next(iter(self.build_ids.values()), "")
            if sh_type == _SHT_SYMTAB and link < len(heads):
                tables.append(_Table(_part(file, off, size), _part(file, *heads[link][4:6])))
        self.sections.sort(key=lambda s: s.lo)
        self.symbols = Symbols(tables)

    @property
    def is_go(self) -> bool:
        """Has Go's linker made it? That alone leaves a table of lines for the program's own use."""
        return any(section.name.endswith(".gopclntab") for section in self.sections)

    @property
    def has_loader(self) -> bool:
        """Does it name a program, ld.so, that the kernel starts in its place?"""
        return any(section.name == ".interp" for section in self.sections)

    @functools.cached_property
    def g_slot(self) -> int:
        """Where a thread's current g is, counted from FS: C's thread-local variables may lie between."""
        at = self.symbols.thread_local("runtime.tlsg")
        return -8 if at is None else at - _block(self._tls)

    def g_slot_at(self) -> int | None:
        """Of a library: at which address its loader notes where a thread's current g is, counted from FS. None if it
        does not."""
        variable = self.symbols.thread_local("runtime.tlsg")
        with untrusted.regular(self._path) as file:
            for off, size in self._relocations:
                table = _part(file, off, size)
                for at, info, addend in _RELOCATION.iter_unpack(table[: len(table) - len(table) % _RELOCATION.size]):
                    if info == _R_X86_64_TPOFF64 and addend == variable:  # of no symbol
                        return at
        return None

    def symbol_at(self, address: int) -> tuple[str, int] | None:
        """(name, offset) of the function or variable that holds the address, or None."""
        found = self.symbols.last_up_to(address)
        if found is None or address - found.address >= (found.size or 1):
            return None
        return found.name, address - found.address

    def section_at(self, address: int) -> Section | None:
        """The section that holds the address, or None."""
        for section in self.sections:
            if section.lo <= address < section.hi:
                return section
        return None


class _Symbol(NamedTuple):
    """One entry of a symbol table."""

    name: str
    address: int
    size: int
    is_global: bool


class _Table:
    """A symbol table as it stands in the file."""

    def __init__(self, entries: bytes, names: bytes) -> None:
        self._entries, self._names = entries[: len(entries) // _SYMBOL.size * _SYMBOL.size], names
        self._asked = 0

    def _column(self, number):
        """One of the three words of every entry: where its name stands, its kind and its section; address; size."""
        return array.array("Q", self._entries)[number::3]

    @functools.cached_property
    def numbers(self) -> list[int]:
        """Those of the entries that have a name and an address."""
        names, last = self._names, self._names.rfind(b"\0")
        return [
            number
            for number, (head, address) in enumerate(zip(self._column(0), self._column(1)))
            if address
            and 0 < head >> 48 < 0xFF00
            and head >> 32 & 15 not in _NO_ADDRESS
            and 0 < head & 0xFFFFFFFF < last
            and names[head & 0xFFFFFFFF] not in b"\0$"
        ]

    def _number(self, at):
        """The number of the entry whose name stands there, or None. Who asks for a few names need not wait for all."""
        self._asked += 1
        if self._asked > _FEW:
            return self._by_name.get(at)
        where, last, found = array.array("I", self._entries)[:: _SYMBOL.size // 4], None, 0
        for _ in range(where.count(at)):
            found = where.index(at, found) + 1
            _, info, _, section, address, _ = _SYMBOL.unpack_from(self._entries, (found - 1) * _SYMBOL.size)
            if address and 0 < section < 0xFF00 and info & 15 not in _NO_ADDRESS and (last is None or info >> 4):
                last = found - 1
        return last

    @functools.cached_property
    def _by_name(self):
        """{where a name stands: number of its entry}; of several the last global one, or else the first."""
        heads, bound = self._column(0), ([], [])
        for number in self.numbers:
            bound[heads[number] >> 36 & 15 > 0].append(number)
        return {heads[number] & 0xFFFFFFFF: number for number in (*reversed(bound[0]), *bound[1])}

    @functools.cached_property
    def _by_address(self):
        """(addresses in rising order, the number of the entry at each). A label has neither type nor size: it can be
        looked up, but the function around it names the address."""
        heads, addresses, sizes = map(self._column, range(3))
        numbers = [number for number in self.numbers if sizes[number] or heads[number] >> 32 & 15]
        numbers.sort(key=addresses.__getitem__)
        return array.array("Q", map(addresses.__getitem__, numbers)), array.array("I", numbers)

    def entry(self, number: int) -> _Symbol:
        """The entry of that number."""
        name, info, _, _, address, size = _SYMBOL.unpack_from(self._entries, number * _SYMBOL.size)
        return _Symbol(_cstr(self._names, name), address, size, info >> 4 > 0)

    def beginning(self, text: bytes) -> Iterator[_Symbol]:
        """Those whose name begins so, each name once. A linker may let a name be the end of another one."""
        at = self._names.find(text)
        while at >= 0:
            number = self._number(at)
            if number is not None:
                yield self.entry(number)
            at = self._names.find(text, at + 1)

    def thread_local(self, name: bytes) -> int | None:
        """How far into their block a thread-local variable lies, or None."""
        at = self._names.find(b"\0" + name + b"\0") + 1
        for head, value in zip(self._column(0), self._column(1)) if at else ():
            if head & 0xFFFFFFFF == at and head >> 32 & 15 == _STT_TLS:
                return value
        return None

    def last_up_to(self, address: int) -> list[_Symbol]:
        """The symbols at the last address up to this one that has any."""
        addresses, numbers = self._by_address
        end = bisect.bisect_right(addresses, address)
        first = bisect.bisect_left(addresses, addresses[end - 1]) if end else 0
        return list(map(self.entry, numbers[first:end]))


class Symbols(Mapping[str, tuple[int, int]]):
    """{name: (address, size)} of a file's symbols; each is looked for when somebody asks for it."""

    def __init__(self, tables: list[_Table]) -> None:
        self._tables, self._known = tables, {}
        self.last_up_to = functools.lru_cache(maxsize=1 << 16)(self._last_up_to)

    @functools.cached_property
    def _all(self):
        found = {}
        for table in self._tables:
            for symbol in map(table.entry, table.numbers):
                if symbol.is_global or symbol.name not in found:
                    found[symbol.name] = symbol.address, symbol.size
        return found

    def __getitem__(self, name: str) -> tuple[int, int]:
        if name not in self._known:
            self._known[name] = self._find(name)
        found = self._known[name]
        if found is None:
            raise KeyError(name)
        return found

    def _find(self, name):
        if not name or name.startswith("$"):  # also for who has none to ask for
            return None
        if "_all" in vars(self) or len(name) >= _LONGEST:
            return self._all.get(name)
        try:
            data = name.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            return None
        found = [symbol for table in self._tables for symbol in table.beginning(data + b"\0") if symbol.name == name]
        best = next((symbol for symbol in reversed(found) if symbol.is_global), found[0] if found else None)
        return best and (best.address, best.size)

    def beginning(self, text: str) -> list[str]:
        """The names that begin so."""
        return [symbol.name for table in self._tables for symbol in table.beginning(text.encode())]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __bool__(self) -> bool:
        return any(table.numbers for table in self._tables)

    def thread_local(self, name: str) -> int | None:
        """How far into their block a thread-local variable lies, or None."""
        found = (table.thread_local(name.encode()) for table in self._tables)
        return next((at for at in found if at is not None), None)

    def _last_up_to(self, address):
        """The one that names an address if it reaches so far: of those at the last address up to it, the best."""
        found = [symbol for table in self._tables for symbol in table.last_up_to(address)]
        last = max((symbol.address for symbol in found), default=0)
        return max((symbol for symbol in found if symbol.address == last), key=_rank, default=None)


def _part(file, at, size):
    """Some of a file's bytes, as many of them as there are."""
    there = os.fstat(file.fileno()).st_size - at
    return os.pread(file.fileno(), min(size, there), at) if there > 0 else b""


def _rank(symbol):
    """Of two names of one address, which is the better? Go's linker gives functions that plugins may use a second
    one."""
    return symbol.size, not symbol.name.startswith("local."), "." in symbol.name


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
