"""Where addresses stand: on whose stack, in whose registers, in which of the program's variables. The heap is not
searched.

In linear time: each word that is read is looked up once, however many addresses are wanted. What was not searched is
said.
"""

from __future__ import annotations

import collections
import re
from typing import Any

from .. import program
from ..formats import corefile, untrusted
from ..frames import extents, view
from ..program import bulk, settings
from ..words import tr, trn
from .census import Census, Was

MAX_STACKS, MAX_VARIABLES, MAX_REMOTE = 128 << 20, 512 << 20, 16 << 20  # bytes that are searched, and through a line
NAMES = 3  # of an address's variables so many are named
_WORD = 8
_PLUGINS, _SECTIONS = 256, ("noptrdata", "data", "bss", "noptrbss")  # of a moduledata, each from NAME to eNAME
_FEW = 8  # so many addresses in a piece of memory are looked for one by one
_PLACES = 64  # of an address in a piece are named, at most


class Search:
    """The places of the addresses in `wanted`; `rows` are the goroutines whose stacks are searched."""

    def __init__(self, census: Census, rows: list[Any], wanted: set[int]) -> None:
        self.on_stack = collections.defaultdict(set)  # {a row's address: those that stand on its stack}
        self.in_registers = collections.defaultdict(set)  # the same for its thread's registers
        self.in_variables = collections.defaultdict(list)  # {address: variables that hold it, NAMES of them at most}
        self.stacks = self.variables = 0  # bytes that were searched
        self.left_out = [tr("the heap")] + [tr("C's memory")] * bool(program.scalar("iscgo"))
        self._census, self._wanted = census, frozenset(wanted)
        if wanted:
            self._stacks(rows)
            self._variables()

    # -- stacks

    def _stacks(self, rows):
        owners, ranges, strange = [], [], []
        for row, found in self._in_use(rows):
            sane = [(lo & -_WORD, hi & -_WORD) for lo, hi in found if 0 < hi - lo <= extents.MAX_STACK]
            if not sane:
                strange.append(row)
            ranges += sane
            owners += [row.addr] * len(sane)
        room = MAX_REMOTE if bulk.remote() else MAX_STACKS
        whole, sizes = sum(hi - lo for lo, hi in ranges), sorted(hi - lo for lo, hi in ranges)
        if whole > room:  # the large ones are cut, at the length with which all have room
            most = _level(sizes, room)
            ranges = [(lo, min(hi, lo + most)) for lo, hi in ranges]
            self.left_out.append(tr("of each stack what is more than {most} up", most=amount(most)))
        wanted, on_stack, lost = self._wanted, self.on_stack, 0
        for number, data in bulk.spans(ranges):
            if data is None:
                lost += 1
                continue
            self.stacks += len(data)
            found = wanted.intersection(data.cast("Q"))
            if found:
                on_stack[owners[number]] |= found
        if lost or strange:
            self.left_out.append(
                trn("{n} stack that cannot be read", "{n} stacks that cannot be read", lost + len(strange))
            )

    def _in_use(self, rows):
        """(row, [(lo, hi)]) for each of them: what is in use of its stack, all of it where that cannot be known."""
        census, tops = self._census, {}
        if "stktop" in program.world().layout("g").at:
            tops = {
                row.addr: row.stktop for row in bulk.Fields("g", stktop="stktop").readable([row.addr for row in rows])
            }
        pointers, more = self._on_threads(rows)
        for row in rows:
            sp = pointers.get(row.addr, row.sp)
            if row.addr not in pointers and census.status.get(row.status, "").startswith("syscall"):
                sp = row.syscallsp or sp
            found = extents.in_use(row, tops.get(row.addr), sp)
            if not row.lo <= sp < row.hi:
                found.append((row.lo, row.hi))
            yield row, found + more.get(row.addr, [])

    def _on_threads(self, rows):
        """({row: SP}, {row: [(lo, hi)]}) of those on threads: what they have on their M's own stacks counts as theirs.
        Notes registers."""
        census, known, pointers, more = self._census, {row.addr for row in rows}, {}, collections.defaultdict(list)
        own = {row.addr: row for row in census.system_rows}
        running = False
        with view.keeping_place():
            for current, thread in census.threads.items():
                if isinstance(thread, Was):
                    continue
                thread.switch()
                registers = {name: program.register(name) or 0 for name in corefile.REGISTERS}
                sp, owner = registers["rsp"], current
                if current in own:
                    m = census.m_by_address.get(own[current].m)
                    owner = m.get("curg") if m is not None else None
                    if owner in known:
                        more[owner] += extents.in_use(own[current], None, sp)
                elif current in known:
                    pointers[current] = sp
                found = self._wanted.intersection(registers.values())
                if owner in known and found:
                    self.in_registers[owner] |= found
            running = any(
                row.addr not in pointers and census.status.get(row.status) == "running" and row.addr not in more
                for row in rows
            )
        if running:
            self.left_out.append(tr("registers of threads that run"))
        return pointers, more

    # -- variables

    def _variables(self):
        world, room = program.world(), MAX_REMOTE if bulk.remote() else MAX_VARIABLES
        ranges, sections = [], [s for s in world.elf.sections if s.writable and s.name not in (".tbss", ".tdata")]
        places = [(s.lo + world.slide, s.hi + world.slide) for s in sections] + _of_plugins()
        whole = sum(end - begin for begin, end in places)
        for begin, end in places:
            lo = begin + _WORD - 1 & -_WORD
            hi = min(end, lo + room) & -_WORD
            room -= max(hi - lo, 0)
            ranges += [(at, min(at + bulk.CHUNK, hi)) for at in range(lo, hi, bulk.CHUNK)]
        nothing, wanted, lost = bytes(bulk.CHUNK), self._wanted, 0
        for lo, hi in ranges:
            data = program.read(lo, hi - lo)
            if isinstance(data, program.Unreadable):
                lost += hi - lo
                continue
            self.variables += len(data)
            if data != nothing[: len(data)]:  # most of a large table is
                words = memoryview(data).cast("Q")
                found = wanted.intersection(words)
                if found:
                    self._name(lo, data, words, found)
        if whole > (MAX_REMOTE if bulk.remote() else MAX_VARIABLES) or lost:
            self.left_out.append(
                tr("{left} of the variables' {whole}", left=amount(whole - self.variables), whole=amount(whole))
            )

    def _name(self, lo, data, words, found):
        """Notes the variables in which those that stand in a piece of memory stand."""
        found = {word for word in found if len(self.in_variables[word]) < NAMES}
        places = (
            ((8 * i, word) for i, word in enumerate(words) if word in found)
            if len(found) > _FEW
            else ((at, word) for word in found for at in _places(data, word))
        )
        looked_at = collections.Counter()
        for at, word in places:
            names = self.in_variables[word]
            looked_at[word] += 1
            if len(names) < NAMES and looked_at[word] <= _PLACES:
                name = variable_at(lo + at)
                if name is not None and name not in names:
                    names.append(name)


def _places(data, word):
    """Where a word stands in memory that begins with one; the first few places."""
    pattern, at, found = word.to_bytes(_WORD, "little"), -1, 0
    while found < _PLACES and (at := data.find(pattern, at + 1)) >= 0:
        if at % _WORD == 0:
            found += 1
            yield at


def _of_plugins():
    """[(lo, hi)] of the variables of the program's plugins: the runtime notes each in a list that begins with the
    program itself."""
    first = program.variable("firstmoduledata")
    if not first or not first.get("next"):
        return []
    modules = program.chain("moduledata", first.get("next"), "next", _PLUGINS)
    places = [(module.get(name), module.get("e" + name)) for module in modules for name in _SECTIONS]
    return [(lo, hi) for lo, hi in places if lo and hi and 0 < hi - lo <= MAX_VARIABLES]


def variable_at(address: int) -> str | None:
    """The variable at an address, or where in memory it is if that has no name; None for the runtime's own, which wake
    nobody."""
    world = program.world()
    symbol, section = world.symbol_at(address), world.section_at(address)
    if symbol is None and section is not None:
        return f"{section.name}+{address - world.slide - section.lo:#x}"
    name = symbol[0] if symbol is not None else _in_a_plugin(address)
    return None if not name or name.startswith("runtime.") else untrusted.shown(name, 60)


def _in_a_plugin(address):
    """What gdb calls a variable that is not the program's own; nothing if it knows none."""
    with settings.changed({"print demangle": "off"}):  # else gdb writes plug[gate]
        name, found, _ = program.done(f"info symbol {address:#x}").rpartition(" in section ")
    return re.sub(r" \+ \d+$", "", name).rpartition("/")[2] if found else ""  # a plugin's path can be long


def _level(sizes, room):
    """The length to which ranges of such sizes, in rising order, must be cut that all have room."""
    left = room
    for i, size in enumerate(sizes):
        if size * (len(sizes) - i) > left:
            return left // (len(sizes) - i) & -_WORD
        left -= size
    return sizes[-1] if sizes else 0


def amount(size: int) -> str:
    """`12 KiB`, `3 MiB`"""
    return f"{size >> 20} MiB" if size >= 10 << 20 else f"{-(-size // 1024)} KiB"
