"""Where a program of Go begins, whatever system and processor it is for: its file's kind and its entry symbol.

Nothing is run, and nothing of the file is believed: what does not lie in it is not there. ELF, PE (Windows), Mach-O
(Darwin) and WebAssembly are read; of any other file it is said that it is not.
"""

import io
import itertools
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rt0lab.formats import untrusted

MOST = 1 << 26  # bytes of a file that are read; a hello of Go has one or two million
UNKNOWN = "?"

_LC_SYMTAB, _LC_UNIXTHREAD, _LC_SEGMENT_64, _LC_MAIN = 2, 5, 0x19, 0x80000028


@dataclass
class Entry:
    """What a file says of its beginning; of what has no entry, the names of the functions that it exports."""

    kind: str
    symbol: str


def of(path: str) -> Entry:
    """The beginning of the program in this file; OSError if it cannot be read."""
    from elftools.common.exceptions import ELFError  # here: `lab setup` brings it, and must run without it

    with untrusted.regular(path) as file:
        data = file.read(MOST)
    for magic, read in _KINDS.items():
        if data.startswith(magic):
            try:
                return read(data)
            except (struct.error, IndexError, ELFError, KeyError, ValueError, OverflowError, AttributeError, TypeError):
                break
    return Entry(UNKNOWN, UNKNOWN)


def _elf(data: bytes) -> Entry:
    from elftools.elf.elffile import ELFFile

    file = ELFFile(io.BytesIO(data))
    table = file.get_section_by_name(".symtab")
    symbols = ((symbol["st_value"], symbol.name) for symbol in table.iter_symbols()) if table else iter(())
    return Entry("ELF", _named(file["e_entry"], symbols))


def _named(address: int, symbols: Iterator[tuple[int, str]]) -> str:
    """The name that has just this address; of several one that begins as Go's entries do."""
    names = sorted(name for value, name in symbols if value == address and name)
    return next((name for name in names if "_rt0_" in name), names[0] if names else UNKNOWN)


def _pe(data: bytes) -> Entry:
    head = struct.unpack_from("<I", data, 0x3C)[0] + 4
    sections, _, table, count, size = struct.unpack_from("<HIIIH", data, head + 2)
    entry = struct.unpack_from("<I", data, head + 20 + 16)[0]  # counted from where the file is loaded
    places = [struct.unpack_from("<I", data, head + 20 + size + 40 * n + 12)[0] for n in range(sections)]

    def symbols():
        for at in range(table, min(table + 18 * count, len(data) - 17), 18):
            inside, section = struct.unpack_from("<Ih", data, at + 8)
            if 0 < section <= len(places) and inside + places[section - 1] == entry:
                zeros, far = struct.unpack_from("<II", data, at)
                name = data[at : at + 8] if zeros else data[table + 18 * count + far :][:200]
                yield entry, name.split(b"\0")[0].decode("ascii", "replace")

    return Entry("PE", _named(entry, symbols()))


def _macho(data: bytes) -> Entry:
    commands = struct.unpack_from("<I", data, 16)[0]
    at, base, entry = 32, 0, 0
    table: tuple[int, ...] = (0, 0, 0)
    for _ in range(commands):
        command, size = struct.unpack_from("<II", data, at)
        if command == _LC_SEGMENT_64 and data[at + 8 :].startswith(b"__TEXT\0"):
            base = struct.unpack_from("<Q", data, at + 24)[0]
        elif command == _LC_MAIN:
            entry = base + struct.unpack_from("<Q", data, at + 8)[0]
        elif command == _LC_UNIXTHREAD:  # the registers to begin with; amd64's 16th is the program counter
            entry = struct.unpack_from("<Q", data, at + 16 + 8 * 16)[0]
        elif command == _LC_SYMTAB:
            table = struct.unpack_from("<III", data, at + 8)
        at += max(size, 8)

    def symbols():
        for place in itertools.islice(range(table[0], len(data) - 15, 16), table[1]):
            name, _, _, _, value = struct.unpack_from("<IBBHQ", data, place)
            if value == entry:
                yield value, data[table[2] + name :][:200].split(b"\0")[0].decode("ascii", "replace")

    return Entry("Mach-O", _named(entry, symbols()).removeprefix("_"))  # a `_` stands before every name there


def _wasm(data: bytes) -> Entry:
    """A module has no entry: whoever loads it calls what it exports."""
    at = 8
    while at < len(data):
        section, (size, body) = data[at], _number(data, at + 1)
        if section == 7:
            return Entry("wasm", ", ".join(_exports(data, body)))
        at = body + size
    return Entry("wasm", UNKNOWN)


def _exports(data: bytes, at: int) -> Iterator[str]:
    """The names of the functions that a module exports."""
    count, at = _number(data, at)
    for _ in range(min(count, 100)):
        length, at = _number(data, at)
        name, kind = data[at : at + length], data[at + length]
        _, at = _number(data, at + length + 1)
        if kind == 0:
            yield name.decode("ascii", "replace")


def _number(data: bytes, at: int) -> tuple[int, int]:
    """(a number of WebAssembly, seven bits a byte; where the next thing stands)."""
    value = 0
    for place in range(5):
        value |= (data[at + place] & 0x7F) << 7 * place
        if not data[at + place] & 0x80:
            break
    return value, at + place + 1


_KINDS: dict[bytes, Callable[[bytes], Entry]] = {
    b"\x7fELF": _elf,
    b"MZ": _pe,
    b"\xcf\xfa\xed\xfe": _macho,
    b"\0asm": _wasm,
}
