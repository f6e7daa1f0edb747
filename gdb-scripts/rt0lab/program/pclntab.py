"""What Go's own table (pclntab), by which the runtime walks stacks, says of a function: how large its frame is at a pc,
and what else the compiler noted of it.

Read through runtime.firstmoduledata, in all forms it has had; every step is bounded, for the table lies in memory that
may be damaged. Where it says nothing, None: nobody may guess a frame's size.
"""

from __future__ import annotations

from . import dynamic, memory, past, worlds
from .layout import Struct

_VALUES = 1 << 14  # bytes of one function's table of values
_NONE = (1 << 32) - 1  # an offset that is none


class Function:
    """One function of the table."""

    __slots__ = ("entry", "_module", "_row")

    def __init__(self, entry: int, module: Struct, row: Struct) -> None:
        self.entry, self._module, self._row = entry, module, row

    @property
    def arguments(self) -> int | None:
        """Bytes of arguments and results on the stack; below zero where the compiler did not know."""
        return self._row.get("args")

    def frame_size(self, pc: int) -> int | None:
        """Bytes between SP and the return address at an instruction."""
        with past.reading(None):
            offset = self._row.get("pcsp")
            size = self._value(offset, pc) if offset else None
        return size if size is not None and size >= 0 and size % 8 == 0 else None

    def mark(self, index: int, pc: int) -> int | None:
        """What the compiler noted of an instruction under this number; -1 where it noted nothing."""
        count = self._row.get("npcdata")
        if count is None or index >= count:
            return None if count is None else -1
        at = memory.read(self._end + 4 * index, 4)
        offset = int.from_bytes(at, "little") if at else None
        return -1 if offset == 0 else None if offset is None else self._value(offset, pc)

    def data(self, index: int) -> int | None:
        """The address of what the compiler noted of the function under this number, else None."""
        count, tables = self._row.get("nfuncdata"), self._row.get("npcdata")
        if count is None or tables is None or index >= count:
            return None
        at = self._end + 4 * tables
        if not self._module.has("gofunc"):  # then addresses stand there, each where a word may
            word = memory.read_word((at + 7 & ~7) + 8 * index)
            return word if isinstance(word, int) and word else None
        base, number = self._module.get("gofunc"), memory.read(at + 4 * index, 4)
        offset = int.from_bytes(number, "little") if number else _NONE
        return base + offset if base and offset != _NONE else None

    def in_rodata(self, offset: int) -> int | None:
        """The address of what lies so far inside the constants of the function's module."""
        base = self._module.get("rodata")
        return base + offset if base else None

    @property
    def _end(self):
        """Where its row ends, and numbers of tables follow; what a type is filled up with does not count."""
        last = self._row.layout.at["nfuncdata"]
        return self._row.addr + last.offset + last.size

    def _value(self, offset, target):
        """What one of its tables says of a pc: pairs of differences, of the value and of the pc."""
        start = self._module.get("pctab.array", "pclntable.array")  # once it was all one table
        if not start:
            return None
        data = _as_far(start + offset, _VALUES)
        at, pc, value = 0, self.entry, -1
        while True:
            step, at = _varint(data, at)
            more, at = _varint(data, at) if step is not None else (None, at)
            if more is None or step == 0 and pc != self.entry:
                return None
            value += -(step + 1 >> 1) if step & 1 else step >> 1
            pc += more
            if target < pc:
                return value


def _as_far(address, size):
    """Up to so many bytes, as far as memory goes."""
    while size >= 32:
        data = memory.read(address, size)
        if data:
            return data
        size //= 4
    return b""


def _varint(data, at):
    """(number, where it ends) of one that is written in pieces of seven bits; None where the data ends."""
    number = 0
    for shift in range(0, 35, 7):
        if at >= len(data):
            return None, at
        number |= (data[at] & 127) << shift
        at += 1
        if data[at - 1] < 128:
            return number, at
    return None, at


def numbers(address: int, most: int) -> list[int]:
    """Up to so many numbers that stand one after the other as the table writes them."""
    data, at, found = _as_far(address, 512), 0, []
    while len(found) < most:
        number, at = _varint(data, at)
        if number is None:
            break
        found.append(number)
    return found


def _search(module, pc):
    """The Function of a module that holds a pc."""
    world = worlds.world()
    layout, start, count = world.layout("functab"), module.get("ftab.array"), module.get("ftab.len")
    base = module.get("text") if "entryoff" in layout.at else 0
    key = next((path for path in ("entryoff", "entry") if path in layout.at), None)
    table = module.get("pclntable.array")
    if key is None or not start or not table or base is None or not 1 < count < 1 << 32:
        return None
    low, high = 0, count - 1  # the last one only says where the one before ends
    while high - low > 1:
        middle = (low + high) // 2
        row = memory.read_struct("functab", start + middle * layout.size)
        if not row:
            return None
        low, high = (middle, high) if row.get(key) + base <= pc else (low, middle)
    row = memory.read_struct("functab", start + low * layout.size)
    function = memory.read_struct("_func", table + row.get("funcoff")) if row else None
    return Function(row.get(key) + base, module, function) if function else None


def _function_at(pc):
    world = worlds.world()
    if not world.is_go or None in (world.type("functab"), world.type("_func")):
        return None
    for module in world.cached("modules", dynamic.modules):
        if (module.get("minpc") or 0) <= pc < (module.get("maxpc") or 0):
            return _search(module, pc)
    return None


def function_at(pc: int) -> Function | None:
    """The function around an address; None if it is none of Go's, or the table cannot be read."""
    with past.reading(None):  # it is what it was at every stop
        return worlds.world().cached(("pclntab", pc), lambda: _function_at(pc))


def frame_size(pc: int) -> int | None:
    """Bytes between SP and the return address at an instruction that is about to be executed."""
    function = function_at(pc)
    return function.frame_size(pc) if function is not None else None
