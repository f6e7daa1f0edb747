"""One boot run again: every word it wrote, and the state before any of its instructions, to be read as a moment is."""

from __future__ import annotations

import bisect
import struct
from collections.abc import Callable
from typing import Any

from .. import program
from ..boot import stops
from ..program import past
from ..state import snapshot
from ..words import tr
from . import stepper
from .helper import Helper
from .launches import Launch

MOST_STEPS = 5_000_000
MOST_BYTES = 96 << 10  # of memory that is compared after each step: of Ps beyond that, only their status
MOST_PS = 512  # whose status is
MOST_OTHERWISE = 32  # words in which a moment may differ from one of the boot run again, and be the same one
_LISTS = ("g0", "m0", "sched", "allgs", "allglen", "allp", "allm")
_TABLES = ("runtime.waitReasonStrings",)  # constants in writable memory

_Read = Callable[[int, int], Any]


class Standing:
    """A moment of the boot that was run again: past.reading reads it."""

    thread, current, whole = None, None, True

    def __init__(self, replay: Replay, registers: dict[str, int], read: _Read) -> None:
        self.world, self.slide, self.pid, self.registers = replay.world, replay.slide, replay.launch.pid, registers
        self.threads: dict[int, Any] = {}
        self._read = read

    def read(self, addr: int, size: int) -> bytes | program.Unreadable:
        """program.read; code and constants are those of the program's file."""
        found = self._read(addr, size)
        if found is not None:
            return found
        section = self.world.section_at(addr) if 0 <= addr < 1 << 63 else None
        if section is None or section.writable:
            return program.Unreadable(addr)
        with past.reading(None):
            return program.read(addr - self.slide + self.world.slide, size)

    def seen(self) -> past.reading:
        """A context in which the program is as it was then."""
        return past.reading(self)


class Replay:
    """A boot that was run again. A step is one instruction: `pcs` and `sps` are what stood in PC and SP before each,
    `changes` are (step, address, before, after) of each word that was written, `snapshot` is what it led to."""

    def __init__(self, launch: Launch) -> None:
        self.world, self.launch, self.slide = program.world(), launch, 0
        with Helper() as helper:
            self._begin(helper)
            self.ranges, _ = self._look(helper, helper.go())
            self.pieces = stepper.merged(self.ranges)
            twin = [helper.read(*piece) for piece in self.pieces]
            self._begin(helper)
            door = next((at for at, stage in self.stages().items() if stage != "_start"), None)
            if door is not None:
                helper.go(door)
            said, data = helper.step(self.pieces, MOST_STEPS)
            self._take(said, data)
            ranges, self.snapshot = self._look(helper, said)
            if ranges != self.ranges:
                raise program.Problem(tr("this program boots otherwise each time: its second run went another way."))
            self._tables = [(at, helper.read(at, size)) for at, size in self._constants()]
        self.volatile = self._differences(twin)

    def _begin(self, helper):
        entry = helper.start(self.launch)
        self.slide = entry - self.world.elf.entry if self.world.elf.relocatable else 0

    def stages(self) -> dict[int, str]:
        """{where it is in this run: its name} of each stage, in their order."""
        with past.reading(None):  # gdb knows labels where the program lies now
            moved = self.slide - self.world.slide
            return {p.address + moved: p.stage.name for p in stops.places().values() if p.address is not None}

    def _look(self, helper, said):
        """(what is to be watched, the Snapshot) of the boot's end; Problem where that is not the second thread."""
        if said["ended"] == "long":
            raise program.Problem(
                tr("this boot takes more than {most} instructions: that is too long.", most=MOST_STEPS)
            )
        if said["ended"] != "thread":
            raise program.Problem(
                tr("run once more, the program made no second thread: its boot has no end that could be found.")
            )
        registers = {name: said[name] for name in ("rip", "rsp", "fs_base")}
        with Standing(self, registers, helper.read).seen():
            found = snapshot.Snapshot()
            return (_ranges(found), found) if found.names else ((), found)  # the names are read, too

    def _take(self, said, data):
        size = sum(size for _, size in self.pieces)
        self._first, columns, at = data[:size], [], size
        for count in said["columns"]:
            columns.append(memoryview(data[at : at + 8 * count]).cast("Q"))
            at += 8 * count
        self.pcs, self.sps, flat = columns
        self.changes = list(zip(*(flat[i::4] for i in range(4))))
        self.steps = len(self.pcs)
        moves = [change for change in self.changes if change[1] == stepper.FS]
        self.fs_at_first = moves[0][2] if moves else said["fs_base"]
        self._lows, self._offsets, at = [], [], 0
        for low, size in self.pieces:
            self._lows.append(low)
            self._offsets.append(at)
            at += size

    def _constants(self):
        symbols = self.world.elf.symbols
        return [(symbols[name][0] + self.slide, symbols[name][1]) for name in _TABLES if name in symbols]

    def _differences(self, twin):
        """The words that were not the same in two runs, times, numbers of processes, and what the other run had."""
        last, found, at = self.image(self.steps), {}, 0
        for (low, size), other in zip(self.pieces, twin):
            one = last[at : at + size]
            at += size
            if other and one != other:
                words = zip(struct.iter_unpack("<Q", one), struct.iter_unpack("<Q", other))
                found |= {low + 8 * i: b for i, ((a,), (b,)) in enumerate(words) if a != b}
        return found

    # -- the state before a step

    def image(self, step: int) -> bytearray:
        """The memory of all pieces before a step."""
        found = bytearray(self._first)
        for number, at, _, after in self.changes:
            if number >= step:
                break
            if at != stepper.FS:
                struct.pack_into("<Q", found, self._place(at, 8), after)
        return found

    def _place(self, address, size):
        """Where some memory is in an image; None if all of it is not there."""
        i = bisect.bisect_right(self._lows, address) - 1
        if i < 0 or address + size > sum(self.pieces[i]):
            return None
        return self._offsets[i] + address - self._lows[i]

    def within(self, image: bytes | bytearray, address: int, size: int) -> bytes | None:
        """Some memory as an image has it; None if it was not watched."""
        at = self._place(address, size)
        return None if at is None else bytes(image[at : at + size])

    def watched(self, address: int) -> bool:
        """Was this word looked at after each step?"""
        return address == stepper.FS or self._place(address, 8) is not None

    def before(self, step: int) -> Standing:
        """The moment before a step."""
        image = self.image(step)

        def read(address, size):
            found = self.within(image, address, size)
            if found is None:
                held = (data[address - at :][:size] for at, data in self._tables if at <= address < at + len(data))
                found = next(held, None)
            return found

        i = min(step, self.steps - 1)
        return Standing(self, {"rip": self.pcs[i], "rsp": self.sps[i], "fs_base": 0}, read)

    # -- where is a moment in it?

    def find(self, pc: int, sp: int, read: _Read | None = None, after: int = 0) -> int | None:
        """The step before which PC and SP were these; where there are several, the one with the most of what `read`
        gives in memory, the first of those that are alike. None if there is none that is not before step `after`, if
        memory is another one, or if it does not tell which of several it is."""
        there = None if read is None else [(at, size, read(at, size)) for at, size in self.ranges]
        image, behind = bytearray(self._first), iter(self.changes)
        upto, best, found = next(behind, None), MOST_OTHERWISE + 1, []
        for step in range(after, self.steps):
            if self.pcs[step] != pc or self.sps[step] != sp:
                continue
            if there is None:
                return step
            while upto is not None and upto[0] < step:
                if upto[1] != stepper.FS:
                    struct.pack_into("<Q", image, self._place(upto[1], 8), upto[3])
                upto = next(behind, None)
            count = len(self._others(image, there))
            if count < best:
                best, found = count, []
            if count == best <= MOST_OTHERWISE:
                found.append(step)
        alike = not found or not any(
            found[0] <= step < found[-1] and at not in self.volatile for step, at, _, _ in self.changes
        )
        return found[0] if found and alike else None

    def _others(self, image, there):
        """The words that an image and memory do not have in common, but for those that no two runs have."""
        found = []
        for at, size, data in there:
            own = self.within(image, at, size)
            if data != own and own is not None:
                data = data or bytes(size)  # not mapped yet
                words = {at + i & ~7 for i in range(size) if data[i] != own[i]}
                found += words - self.volatile.keys()
        return found

    def is_before(self, read: _Read) -> bool:
        """Is the memory that is watched as it is before the first step?"""
        return not self._others(self._first, [(at, size, read(at, size)) for at, size in self.ranges])


def _ranges(snap):
    """(address, size) of all that is to be watched, which is what a Snapshot shows."""
    world = snap.world
    found = [world.variable(name) for name in (*_LISTS, *snapshot.GLOBALS)]
    ranges = [(at, layout.size) for at, layout in filter(None, found)]
    for name in ("allgs", "allp"):
        slice_ = program.variable(name)
        if slice_ and slice_.has("array") and slice_.get("array"):
            ranges.append((slice_.get("array"), 8 * slice_.get("len")))
    ranges += [(item.addr, item.layout.size) for items in (snap.ms, snap.gs, snap.system.values()) for item in items]
    if snap.fs_base and world.g_slot is not None:
        ranges.append((snap.fs_base + world.g_slot, 8))
    size = sum(size for _, size in ranges)
    for p in snap.ps:
        size += p.layout.size
        if p is snap.p0 or size <= MOST_BYTES:
            ranges.append((p.addr, p.layout.size))
        elif len(ranges) < MOST_PS:
            ranges.append((p.addr + p.layout.at["status"].offset, 8))
    return sorted(set(ranges))
