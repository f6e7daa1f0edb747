"""What was: at every stop the bytes of all g, m, p and sched are kept raw, and decoded only when somebody asks.

Keeping a moment is a few merged reads of memory and a few registers a thread; bytes that did not change since the
moment before are shared with it. While `past.reading(moment)` lasts, all that reads the program reads the moment.
"""

from __future__ import annotations

import bisect
import collections
import functools

import gdb

from .. import program
from ..boot import stops
from ..boot.stages import Stage
from ..frames import view
from ..program import bulk, past
from . import snapshot
from .snapshot import Snapshot

DEFAULT = 200
MAX_BYTES = 64 << 20  # of all moments together; the oldest go first
_PIECE = 4096  # what is shared with the moment before, or not
_MAX_THREADS = 64
_MAX_GS = 100_000  # 2 µs each
_REGISTERS = ("rip", "rsp", "fs_base")
_TABLES = ("runtime.waitReasonStrings",)  # a constant, but in writable memory
_LISTS = ("g0", "m0", "sched", "allgs", "allm", "allp")


class Memory:
    """Some of a program's memory at one moment: bytes by address."""

    def __init__(self, ranges: list[tuple[int, int]], before: Memory | None) -> None:
        self._pieces, self.size = {}, 0
        known = before._pieces if before is not None else {}
        for lo, hi, parts in _merged(sorted(ranges)):
            if not self._keep(lo, hi, known) and len(parts) > 1:  # a hole between two: each by itself
                for at, size in parts:
                    self._keep(at, at + size, known)
        self._starts = sorted(self._pieces)

    def _keep(self, lo, hi, known):
        data = program.read(lo, hi - lo)
        if isinstance(data, program.Unreadable):
            return False
        at = lo
        while at < hi:
            end = min(hi, (at // _PIECE + 1) * _PIECE)
            piece = data[at - lo : end - lo]
            if known.get(at) == piece:
                piece = known[at]
            else:
                self.size += len(piece)
            self._pieces[at] = piece
            at = end
        return True

    def read(self, addr: int, size: int) -> bytes | None:
        """These bytes, or None if not all of them were kept."""
        found = b""
        while len(found) < size:
            at = addr + len(found)
            i = bisect.bisect_right(self._starts, at) - 1
            piece = self._pieces[self._starts[i]] if i >= 0 else b""
            part = piece[at - self._starts[i] :][: size - len(found)]
            if not part:
                return None
            found += part
        return found


def _merged(ranges):
    """Of sorted (address, size): (lo, hi, those between) with neighbours and overlaps taken together."""
    first = 0
    lo = hi = 0
    for i, (at, size) in enumerate(ranges):
        if i and at - hi <= bulk.GAP and at + size - lo <= bulk.CHUNK:
            hi = max(hi, at + size)
            continue
        if i:
            yield lo, hi, ranges[first:i]
        first, lo, hi = i, at, at + size
    if ranges:
        yield lo, hi, ranges[first:]


class Moment:
    """One stop: its number, registers and memory. past.reading reads it."""

    def __init__(self, number: int, before: Moment | None = None) -> None:
        world = self.world = program.world()
        self.number, self.slide, self.pid, self.thread = number, world.slide, program.pid(), program.thread()
        self.threads, ranges = {}, []
        self._look_at_threads(world, ranges)
        ranges += _variables(world)
        ranges += _structures(world)
        self._memory: Memory = Memory(ranges, before._memory if before is not None else None)
        self.size = self._memory.size + 4096

    def _look_at_threads(self, world, ranges):
        """Registers and g of all threads, the selected one's last; the word of each that holds its g is kept too. The
        selected thread and frame stay selected."""
        self.registers, self.current = {}, None
        selected = program.selected_thread()
        others = [t for t in gdb.selected_inferior().threads() if t.num != selected.num][: _MAX_THREADS - 1]
        with view.keeping_place():
            for thread in [*others, selected]:
                if not program.is_stopped(thread):
                    continue
                thread.switch()
                self.registers = {name: program.register(name) for name in _REGISTERS}
                base, word = program.tls_g()
                if word is not None and base:
                    ranges.append((base + world.g_slot, 8))
                self.current = program.current_g(word)
                self.threads[thread.ptid[1] or thread.ptid[0]] = thread.num, self.registers["rip"], self.current

    def read(self, addr: int, size: int) -> bytes | program.Unreadable:
        """program.read: what was kept; code and constants never change and are read where they are."""
        found = self._memory.read(addr, size)
        if found is None and 0 <= addr < 1 << 63:
            section = self.world.section_at(addr)
            if section is not None and not section.writable:
                with past.reading(None):
                    return program.read(addr, size)
        return program.Unreadable(addr) if found is None else found

    @property
    def pc(self) -> int | None:
        """Where the thread stood that stopped."""
        return self.registers.get("rip")

    @property
    def snapshot(self) -> Snapshot:
        """All of it decoded."""
        return _ring(self.world).decoded(self)

    @property
    def stage(self) -> Stage | None:
        """The boot's stage at this place, or None."""
        with self.seen():
            return stops.at(self.pc)

    def seen(self) -> past.reading:
        """A context in which the program is as it was then."""
        if program.world() is not self.world:
            raise program.Problem(
                "that stop was of another program, or of one built anew since: its bytes cannot be read with this one."
            )
        return past.reading(self)


def _decoded(moment):
    with moment.seen():
        return snapshot.Snapshot()


# ---- what to keep --------------------------------------------------------------------------------------------------


def _variables(world):
    """The ranges of the runtime's variables that a Snapshot shows; found out once a program."""

    def find():
        found = [world.variable(name) for name in (*_LISTS, *snapshot.GLOBALS)]
        ranges = [(at, layout.size) for at, layout in filter(None, found)]
        return ranges + [
            (world.address(name), world.elf.symbols[name][1]) for name in _TABLES if name in world.elf.symbols
        ]

    return world.cached("kept variables", find)


def _structures(world):
    """The ranges of the lists' arrays and of every g, m and p."""
    ranges = []
    for kind, name, words in (("g", "allgs", bulk.allgs()[0][:_MAX_GS]), ("p", "allp", program.all_p_addresses())):
        listed = program.variable(name)
        if listed and listed.get("array"):
            ranges.append((listed.get("array"), 8 * len(words)))
        size = world.layout(kind).size
        ranges += [(at, size) for at in words if at]
    g_size, m_size = world.layout("g").size, world.layout("m").size
    for m in [*program.all_ms(), *filter(None, [program.variable("m0")])]:
        ranges.append((m.addr, m_size))
        ranges += [(m.get(field), g_size) for field in ("g0", "gsignal") if m.get(field)]
    return ranges


# ---- the ring ------------------------------------------------------------------------------------------------------


class _Ring:
    """The moments of a program's last process, and the Snapshots of a few of them."""

    def __init__(self):
        self.moments, self.pid, self.number = collections.deque(), None, 0
        self.decoded = functools.lru_cache(maxsize=16)(_decoded)


def _ring(world):
    return world.own("moments", _Ring)


class Keeper:
    """The last moments of the program gdb is looking at, those of one process, oldest first; two at least, which `rt0
    diff` and the cards need. Each program has its own."""

    limit = DEFAULT

    @property
    def moments(self) -> collections.deque[Moment]:
        """The moments that are kept; none where there is no program."""
        try:
            return _ring(program.world()).moments
        except program.Problem:
            return collections.deque()

    def keep(self) -> Moment:
        """Adds the present moment and returns it; a new process begins anew."""
        ring, pid = _ring(program.world()), program.pid()
        if pid != ring.pid:
            ring.moments.clear()
            ring.decoded.cache_clear()
            ring.pid, ring.number = pid, 0
        moment = Moment(ring.number + 1, ring.moments[-1] if ring.moments else None)
        ring.number = moment.number
        ring.moments.append(moment)
        self.trim()
        return moment

    def trim(self) -> None:
        """Drops what is too old."""
        moments = self.moments
        size = sum(moment.size for moment in moments)
        while len(moments) > 2 and (len(moments) > self.limit or size > MAX_BYTES):
            size -= moments.popleft().size

    def last(self, back: int = 0) -> Moment | None:
        """The moment so many stops ago, or None."""
        moments = self.moments
        return moments[-1 - back] if back < len(moments) else None


kept = Keeper()
