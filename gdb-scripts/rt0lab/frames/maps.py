"""What is live in a frame of Go's, by the compiler's own maps: which of its words are pointers where it called
somebody, and which are parts of variables that count only when something leads to them.

Of a frame that was stopped anywhere, or has no map, each word may be a pointer. What is found out about a pc is kept.
"""

from __future__ import annotations

import bisect
import struct
from collections.abc import Callable, Iterable
from typing import Any

from .. import program
from ..program import dynamic, names, pclntab
from . import joins

_BOTTOM = "runtime.goexit"
_FRAME, _BITS, _OBJECTS = 1 << 30, 1 << 18, 1 << 12  # more bytes, bits of a map, variables has no sane frame
_PLANS, _LONGEST = 1 << 12, 1 << 8  # stacks that are known, and frames of one of them
_AT_CALL, _ANYWHERE, _ALL = range(3)  # what is known of a pc: was called from; was not; was, and maps do not serve


class Numbers:
    """Under which numbers the compiler notes what; None for what the program does not say."""

    def __init__(self) -> None:
        of = dynamic.constant
        self.index = of("internal/abi.PCDATA_StackMapIndex", "runtime._PCDATA_StackMapIndex")
        self.locals = of("internal/abi.FUNCDATA_LocalsPointerMaps", "runtime._FUNCDATA_LocalsPointerMaps")
        self.arguments = of("internal/abi.FUNCDATA_ArgsPointerMaps", "runtime._FUNCDATA_ArgsPointerMaps")
        self.objects = of("internal/abi.FUNCDATA_StackObjects", "runtime._FUNCDATA_StackObjects")
        world = program.world()
        self.record = world.layout("stackObjectRecord") if world.type("stackObjectRecord") else None
        # Before there were such records all variables were in the maps.
        self.known = None not in (self.index, self.locals, self.arguments) and (self.record is None) == (
            self.objects is None
        )


class Site:
    """A frame at a pc: all distances are from SP."""

    __slots__ = ("size", "words", "objects", "exact", "ends", "caller", "reach", "all")

    def __init__(self, size: int | None) -> None:
        self.size = size  # where the return address is; None if that is not known
        self.words: Iterable[int] = ()
        self.objects: list[tuple[int, int, tuple[int, ...]]] = []  # (begin, end, where in it pointers are)
        self.exact, self.ends = True, False  # by maps; is there nothing below it?
        self.caller = _AT_CALL
        self.all: tuple[range, ...] = ()  # more words, that are not listed one by one before a stack has them
        self.reach = 0  # where those end

    def whole(self, arguments: int) -> Site:
        """Each word may be a pointer."""
        size = self.size or 0
        self.all = range(0, size, 8), range(size + 8, size + 8 + arguments, 8)
        self.reach = size + 8 + arguments if arguments else size
        self.exact = False
        return self


class Plan:
    """What to take from a stack with these Sites."""

    __slots__ = ("words", "take", "end", "objects", "begins", "exact", "rest")

    def __init__(self, sites: tuple[Site, ...], rest: int | None) -> None:
        at, found, self.objects = 0, set(), []
        for site in sites:
            for words in (site.words, *site.all):
                found.update([at + word for word in words])
            self.objects += [(at + begin, at + end, words) for begin, end, words in site.objects]
            at += (site.size or 0) + 8
        self.words = sorted(found)
        self.objects.sort()
        self.begins = [begin for begin, _, _ in self.objects]
        self.exact, self.rest = rest is None and all(site.exact for site in sites), rest
        self.take = _taking(self.words)
        self.end = self.words[-1] + 8 if self.words else 0


def _taking(words: Iterable[int]) -> Callable[..., tuple[int, ...]]:
    form, at = "<", 0
    for word in words:
        form, at = form + (f"{word - at}xQ" if word != at else "Q"), word + 8
    return struct.Struct(form).unpack_from


class Maps:
    """All that is known about one program's pcs."""

    def __init__(self) -> None:
        self._numbers = Numbers()
        self._sites: tuple[dict[int, Site], ...] = ({}, {}, {})
        self._plans: dict[Any, Plan] = {}

    def plan(self, data: bytes | memoryview, pc: int, called: bool) -> Plan:
        """What to take from a stack: `data` is all that is in use of it, from SP up, and it stands at the pc."""
        at, end, found, how, known = 0, len(data) - 8, [], _AT_CALL if called else _ANYWHERE, self._sites
        rest: int | None = None
        word = struct.Struct("<Q").unpack_from
        while True:
            site = known[how].get(pc)
            if site is None:
                site = known[how][pc] = self._site(pc, how)
            if site.size is None or not site.ends and at + site.size > end or at + site.reach > end + 8:
                rest = at
                break
            found.append(site)
            if site.ends:
                break
            at += site.size
            (pc,) = word(data, at)
            at, how = at + 8, site.caller
        key = (*found, rest)
        plan = self._plans.get(key) or Plan(tuple(found), rest)
        if len(found) < _LONGEST:
            if len(self._plans) > _PLANS:
                self._plans.clear()
            self._plans[key] = plan
        return plan

    def _site(self, pc, how):
        function, entered = pclntab.function_at(pc), False
        if function is not None and function.entry == pc:
            entered = True
        elif how != _ANYWHERE:
            function = pclntab.function_at(pc - 1)
        target = pc if entered or how == _ANYWHERE else pc - 1
        size = function.frame_size(target) if function is not None else None
        if size is None or size > _FRAME:
            return Site(None)
        site, symbol = Site(size), program.world().symbol_at(function.entry)
        name = names.function(symbol[0]) if symbol else ""
        site.ends = name == _BOTTOM
        arguments = function.arguments
        if arguments is None or not 0 <= arguments <= _FRAME:  # what it was called with is in its caller's frame
            site.caller = _ALL
            return site.whole(0)
        if name in joins.EXACT:
            site.caller = _ANYWHERE
        if how != _AT_CALL or not self._by_map(site, function, -1 if entered else self._index(function, target)):
            return site.whole(arguments)
        return site

    def _index(self, function, pc):
        return function.mark(self._numbers.index, pc) if self._numbers.known else None

    def _by_map(self, site, function, index):
        """Notes what the maps say; False where they do not."""
        numbers = self._numbers
        if not numbers.known or index is None:
            return False
        top = site.size - 8 if site.size else 0  # below the return address is the caller's frame pointer
        words: list[int] = []
        for count, number, upward in ((top, numbers.locals, False), (function.arguments, numbers.arguments, True)):
            bits = _bits(function.data(number), max(index, 0)) if count else []
            if bits is None:
                return False
            base = site.size + 8 if upward else top - 8 * len(bits)
            words += [base + 8 * i for i, bit in enumerate(bits) if bit]
        objects = self._objects(function, site.size)
        if objects is None or words and min(words) < 0:
            return False
        site.words, site.objects = words, objects
        return True

    def _objects(self, function, size):
        """The frame's variables that something may lead to; None where their list makes no sense."""
        record = self._numbers.record
        at = function.data(self._numbers.objects) if record is not None else None
        count = program.read_word(at) if at else 0
        if not isinstance(count, int) or count > _OBJECTS:
            return None
        data, found, room = program.read(at + 8, count * record.size) if count else b"", [], _BITS
        if isinstance(data, program.Unreadable):
            return None
        for i in range(count):
            each = program.Struct(record, at + 8 + i * record.size, data[i * record.size : (i + 1) * record.size])
            base = each.get("off") + (size + 8 if each.get("off") >= 0 else size - 8 if size else 0)
            shape = _shape(function, each, room)
            if shape is None or not -_FRAME < base < _FRAME:
                return None
            room -= len(shape[1])
            found.append((base, base + shape[0], shape[1]))
        return found


def _shape(function, record, room):
    """(bytes of a variable, where in it pointers are); each word may be one where that is not known by bits. None where
    it has more than so many words."""
    length, pointers, mask = record.get("size"), record.get("ptrBytes", "_ptrdata"), None
    if length is None:
        kind = program.read_struct("_type", record.get("typ") or 0)
        if not kind:
            return None
        length, pointers = kind.get("size"), kind.get("ptrdata")
    elif pointers > 0:
        mask = function.in_rodata(record.get("gcdataoff"))
    words = min(abs(pointers), length) // 8  # below zero: a program tells of them, not bits
    if length > _FRAME or words > room:
        return None
    bits = _read_bits(mask, words) if mask else None
    return length, tuple(8 * i for i in range(words) if bits is None or bits[i])


def _bits(at, index):
    """The bits of one row of a map: how many rows it has, how many bits each, the rows. None where there is none."""
    head = program.read(at, 8) if at else None
    rows, count = struct.unpack("<ii", head) if head else (0, 0)
    if not 0 <= index < rows <= _BITS or not 0 <= count <= _BITS:
        return None if rows <= 0 or count else []
    return _read_bits(at + 8 + index * (count + 7 >> 3), count)


def _read_bits(at, count):
    data = program.read(at, count + 7 >> 3)
    return None if isinstance(data, program.Unreadable) else [data[i >> 3] >> (i & 7) & 1 for i in range(count)]


def led_to(plan: Plan, data: bytes | memoryview, sp: int, words: Iterable[int]) -> list[tuple[int, int]]:
    """[(where it stands, word)] of the variables on a stack that these words lead to, or others of them do."""
    found, seen = [], set()
    todo = [word for word in words if sp <= word < sp + len(data)]
    while todo:
        inside = todo.pop() - sp
        at = bisect.bisect(plan.begins, inside) - 1
        if at < 0 or at in seen or inside >= plan.objects[at][1]:
            continue
        seen.add(at)
        begin, _, offsets = plan.objects[at]
        for offset in offsets:
            if 0 <= begin + offset <= len(data) - 8:
                (word,) = struct.unpack_from("<Q", data, begin + offset)
                if word:
                    found.append((sp + begin + offset, word))
                    if sp <= word < sp + len(data):
                        todo.append(word)
    return found


def of_program() -> Maps:
    """What is known about the pcs of the program gdb is looking at."""
    return program.world().cached("maps", Maps)
