"""What was: at every stop the bytes of all g, m, p and sched are kept raw, and decoded only when somebody asks.

Keeping a moment is a few merged reads of memory and a few registers a thread; bytes that did not change since the
moment before are shared with it. While `past.reading(moment)` lasts, all that reads the program reads the moment.

Each stop pays for this, so with ten thousand goroutines nothing is done for each of them: where they lie is worked out
when allgs has changed, and their bytes are only compared with those that were there before. Of more than WHOLE even
that takes too long: unless a P has scheduled since the stop before, only those are read again that run or are to run,
or were then. Of the others, Moment.as_of says at which stop they were read. Of more than standing.ALL a stack is read
again only where the g has changed: one that ran, and parked in another call of the same function, can be missed, and
stacks.as_of tells.
"""

from __future__ import annotations

import bisect
import collections
import functools
import struct
from collections.abc import Iterable, Sequence

import gdb

from .. import program
from ..boot import stops
from ..boot.stages import Stage
from ..frames import stacks, view
from ..program import bulk, past
from ..program.lists import MAX_MS
from ..words import tr
from . import snapshot, standing
from .snapshot import Snapshot

DEFAULT = 200
WHOLE = 512  # goroutines, of which all are read at each stop
MAX_BYTES = 64 << 20  # of all moments together; the oldest go first
_PIECE = 1 << 14  # bytes that are shared with the moment before as a whole, or not
_PAGE = 4096  # memory is there by pages
_MAX_THREADS = 64
_MAX_GS = 100_000
_MAX_AWAKE = 256  # goroutines that are read again by themselves
_REGISTERS = ("rip", "rsp", "fs_base")
_TABLES = ("runtime.waitReasonStrings",)  # a constant, but in writable memory
_LISTS = ("g0", "m0", "sched", "allgs", "allm", "allp")


class Memory:
    """Some of a program's memory at one moment: bytes by address."""

    def __init__(self, pieces: Iterable[tuple[int, int]], before: Memory | None) -> None:
        self._pieces, self.size = {}, 0
        known = before._pieces if before is not None else {}
        for at, size in pieces:
            old = known.get(at)
            data = program.reread(at, size, old)
            if data is old:
                self._pieces[at] = old
            elif not isinstance(data, program.Unreadable):
                self._pieces[at] = data
                self.size += size
            elif size > _PAGE or at // _PAGE < (at + size - 1) // _PAGE:  # a hole in it
                self._add(Memory(_by_pages(at, size), before))

    def renewed(self, addresses: Iterable[int]) -> Memory:
        """The same, but what holds these addresses is read again."""
        found = [bisect.bisect_right(self._starts, at) - 1 for at in addresses]
        starts = {self._starts[i] for i in found if i >= 0}
        again = Memory([(at, len(self._pieces[at])) for at in starts], self)
        again._pieces = self._pieces | again._pieces
        return again

    def changed(self, other: Memory, addresses: list[int], size: int) -> list[int]:
        """Those of the addresses, which rise, where so many bytes are not what they were in the other."""
        near: set[int] = set()
        for at, data in self._pieces.items():
            if other._pieces.get(at) is not data:
                first = bisect.bisect_left(addresses, at - size + 1)
                near.update(addresses[first : bisect.bisect_left(addresses, at + len(data))])
        return [at for at in near if self.read(at, size) != other.read(at, size)]

    def same(self, other: Memory) -> bool:
        """Is that the same memory, and nothing in it has changed?"""
        return self._pieces == other._pieces

    def _add(self, other):
        self._pieces |= other._pieces
        self.size += other.size

    @functools.cached_property
    def _starts(self):
        return sorted(self._pieces)

    def read(self, addr: int, size: int) -> bytes | None:
        """These bytes, or None if not all of them were kept."""
        found, at = [], addr
        while at < addr + size:
            i = bisect.bisect_right(self._starts, at) - 1
            first = at - self._starts[i] if i >= 0 else 0
            part = self._pieces[self._starts[i]][first : first + addr + size - at] if i >= 0 else b""
            if not part:
                return None
            found.append(part)
            at += len(part)
        return b"".join(found)


def _by_pages(at, size):
    """The parts of a range that lie in one page each."""
    end = at + size
    while at < end:
        following = min(end, (at // _PAGE + 1) * _PAGE)
        yield at, following - at
        at = following


def _pieces(ranges):
    """(address, size) of what to read for some ranges: those near each other together, no piece longer than _PIECE."""
    first = end = 0
    for at, size in sorted(ranges):
        if end and at - end <= bulk.GAP:
            end = max(end, at + size)
            continue
        yield from ((lo, min(_PIECE, end - lo)) for lo in range(first, end, _PIECE))
        first, end = at, at + size
    yield from ((lo, min(_PIECE, end - lo)) for lo in range(first, end, _PIECE))


class Moment:
    """One stop: its number, registers and memory. past.reading reads it."""

    whole = False

    def __init__(self, number: int, before: Moment | None = None) -> None:
        world = self.world = program.world()
        self.number, self.slide, self.pid, self.thread = number, world.slide, program.pid(), program.thread()
        lists = world.own("lists", _Lists)
        lists.look(world)
        self.threads, slots = {}, []
        self._look_at_threads(lists.owners, slots)
        last = before if before is not None and before.world is world else None
        self._memory: Memory = Memory(lists.pieces(world, slots), last._memory if last else None)
        self._look_at_goroutines(lists, last)
        self.size = self._memory.size + self._gs.size + self.stacks.size + 4096

    def _look_at_threads(self, owners, slots):
        """Registers and g of all threads; what each one's -8(FS) holds is kept too, and the inner part of its stack.
        The selected thread and frame stay selected: that one comes first, while gdb still has its frames."""
        selected, seen = program.selected_thread(), {}
        innermost = functools.partial(program.register, frame=_innermost())
        self.registers, self.current = self._look_at(selected, innermost, owners, slots)
        others = [t for t in gdb.selected_inferior().threads() if t.num != selected.num][: _MAX_THREADS - 1]
        if others:
            with view.keeping_place():
                for thread in filter(program.is_stopped, others):
                    thread.switch()
                    seen[thread] = self._look_at(thread, program.fresh_register, owners, slots)
        for thread, (registers, current) in (*seen.items(), (selected, (self.registers, self.current))):
            if registers:
                number = thread.ptid[1] or thread.ptid[0]
                self.threads[number] = thread.num, registers["rip"], current, registers["rsp"]
                slots.append((registers["rsp"] or 0, stacks.WINDOW))

    def _look_at(self, thread, ask, owners, slots):
        """(its registers, the g it is on) of the thread that gdb has selected. `owners` has the thread ids of those Ms
        that say a g is theirs."""
        if not program.is_stopped(thread):
            return {}, None
        registers = {name: ask(name) for name in _REGISTERS}
        base, word = program.tls_g(registers.get)
        registers["fs_base"] = base
        if word is not None and base:
            slots.append((base + self.world.g_slot, 8))
        at_home = word and owners.get(word) == thread.ptid[1]  # its M says so, too
        return registers, word if at_home else program.current_g(word)

    def _look_at_goroutines(self, lists, last):
        """The bytes of those in allgs; as_of is the number of the stop at which all of them were read."""
        goroutines = self.world.own("goroutines", _Goroutines)
        pieces = goroutines.pieces(self.world, lists.allgs)
        self.as_of, self.awake, self._same = self.number, None, None
        if goroutines.count > WHOLE:
            if last and last._same and self._memory.same(last._memory):  # queues and counts are in it
                self.awake, ticks = last.awake, last._same[1]
            else:
                self.awake, ticks = _awake(lists)
            self._same = pieces, ticks, _times_stopped(lists.ms), program.writes()
            if last and None not in (self.awake, last.awake) and last._same == self._same:
                size = self.world.layout("g").size - 1
                again = self.awake | last.awake
                self._gs, self.as_of = last._gs.renewed([*again, *(at + size for at in again)]), last.as_of
                self.stacks = last.stacks.renewed(again)
                return
        self._gs: Memory = Memory(pieces, last._gs if last else None)
        if goroutines.count > standing.ALL and last:
            size = self.world.layout("g").size
            self.stacks = last.stacks.renewed(self._gs.changed(last._gs, goroutines.addresses, size))
        else:
            self.stacks = standing.Stacks(goroutines.addresses, last.stacks if last else None)
            self.stacks.as_of = self.number

    def read(self, addr: int, size: int) -> bytes | program.Unreadable:
        """program.read: what was kept; code and constants never change and are read where they are."""
        # between goroutines lies what is none, and was not read again with them
        found = self._memory.read(addr, size) or self._gs.read(addr, size) or self.stacks.read(addr, size)
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
                tr(
                    "that stop was of another program, or of one built anew since: its bytes cannot be read with"
                    " this one."
                )
            )
        return past.reading(self)


def _innermost():
    try:
        return gdb.newest_frame()
    except gdb.error:
        return None


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


class _Lists:
    """The Ms, the Ps and allgs as they are; what follows from them is worked out anew when they have changed."""

    def __init__(self):
        self.ms, self.ps, self.allgs, self.owners = [], [], None, {}
        self._allp, self._ranges, self._slots, self._pieces = None, None, None, None

    def look(self, world):
        """Each stop begins with this. `owners` has the thread ids of those Ms that say a g is theirs, by the g's
        address."""
        ms, ps, allgs = self._all_ms(world), program.all_p_addresses(), bulk.listed()
        allp = program.variable("allp")
        array = allp.get("array") if allp else None
        if (ms, ps, allgs, array) != (self.ms, self.ps, self.allgs, self._allp) or self._ranges is None:
            self.ms, self.ps, self.allgs, self._allp, self._slots = ms, ps, allgs, array, None
            self.owners = {m.get(field): m.get("procid") for m in ms for field in ("g0", "curg", "gsignal")}
            self._ranges = [*self._arrays(), *_structures(world, ms, ps)]

    def _all_ms(self, world):
        """The Ms of allm, and m0, which is not on it at first; those that are as they were are the same Structs."""
        known, layout, found = {m.addr: m for m in self.ms}, world.layout("m"), {}
        for at in (program.scalar("allm"), world.address("runtime.m0")):
            while at and at not in found and len(found) < MAX_MS:
                old = known.get(at)
                data = program.reread(at, layout.size, old.data if old else None)
                if isinstance(data, program.Unreadable):
                    break
                found[at] = old if old and data is old.data else program.Struct(layout, at, data)
                at = found[at].get("alllink")
        return list(found.values())

    def _arrays(self):
        """The ranges of what allgs and allp list."""
        if self.allgs:
            yield self.allgs[0], 8 * self.allgs[1]
        if self._allp:
            yield self._allp, 8 * len(self.ps)

    def pieces(self, world, slots):
        """(address, size) of what to read of all that is no goroutine; `slots` is where threads have their g."""
        variables = _variables(world)
        if self._slots != (slots, variables):
            self._slots = slots, variables
            self._pieces = list(_pieces([*slots, *variables, *self._ranges]))
        return self._pieces


def _structures(world, ms, ps):
    """The ranges of every m and p, and of the gs that are in no list."""
    ranges = [(at, world.layout("p").size) for at in ps if at]
    g_size, m_size = world.layout("g").size, world.layout("m").size
    for m in ms:
        ranges.append((m.addr, m_size))
        ranges += [(m.get(field), g_size) for field in ("g0", "gsignal") if m.get(field)]
    return ranges


class _Goroutines:
    """Where the goroutines of allgs lie, worked out anew when something else stands there."""

    def __init__(self):
        self._words, self._pieces, self.count, self.addresses = None, [], 0, []

    def pieces(self, world, allgs):
        """(address, size) of what to read for all of them; `allgs` is what bulk.listed() says."""
        array, self.count = allgs or (0, 0)
        words = program.reread(array, 8 * min(self.count, _MAX_GS), self._words) if self.count else b""
        if words is self._words:
            return self._pieces
        if isinstance(words, program.Unreadable) or not words:
            self.addresses = sorted(bulk.allgs()[0][:_MAX_GS])
            return _pieces((at, world.layout("g").size) for at in self.addresses)
        self._words = words
        self.addresses = sorted(at for (at,) in struct.iter_unpack("<Q", words) if at)
        self._pieces = list(_pieces(bulk.ranges(self.addresses, world.layout("g").size)))
        return self._pieces


def _awake(lists):
    """(the gs that run or are to run, what changes when any other one does). The first is None if they are more than a
    few, or if queues make no sense.

    A P counts whom it takes from a queue. One that a goroutine wakes as it parks runs in its time and is not counted:
    see _times_stopped."""
    sched, found, ticks = program.variable("sched"), {m.get("curg") for m in lists.ms}, []
    for p in (program.read_struct("p", at) for at in lists.ps if at):
        queued = program.run_queue(p) if p else None
        if queued is None or not p.has("schedtick"):
            return None, None
        found |= {p.get("runnext"), *queued}
        ticks.append(p.get("schedtick"))
    queue = program.global_queue(sched, limit=_MAX_AWAKE) if sched else None
    if queue is None or queue.end is not None or len(found) + len(queue) > _MAX_AWAKE:
        return None, None
    return {*found, *queue} - {0, None}, (*ticks, sched.get("goidgen"))


def _times_stopped(ms):
    """Whom each M runs, and how often that one stopped to run, which Go from 1.17 on counts in the g."""
    running = [(m.addr, m.get("curg")) for m in ms]
    gs = [program.read_struct("g", g) if g else None for _, g in running]
    return running, [g.get("trackingSeq") if g else None for g in gs]


# ---- the ring ------------------------------------------------------------------------------------------------------


class _Ring:
    """The moments of a program's last process, and the Snapshots of a few of them."""

    def __init__(self):
        self.moments, self.pid, self.number, self.size = collections.deque(), None, 0, 0
        self.decoded = functools.lru_cache(maxsize=16)(_decoded)


def _ring(world):
    return world.own("moments", _Ring)


def _repeated(world):
    """The moments since the program went back in what gdb records of it: the last few."""
    return world.own("moments repeated", lambda: collections.deque(maxlen=2))


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
        """Adds the present moment and returns it; a new process begins anew. One that only repeats what was recorded is
        no stop of its own: it is forgotten when the program comes back to where it had been."""
        ring, pid = _ring(program.world()), program.pid()
        rewound, repeated = program.rewound(), _repeated(program.world())
        if not rewound and repeated:
            repeated.clear()
            if program.recorded() and pid == ring.pid:
                return ring.moments[-1]
            ring.pid = None  # who ends a recording in its past undoes what came after
        if pid != ring.pid:
            ring.moments.clear()
            ring.decoded.cache_clear()
            ring.pid, ring.number, ring.size = pid, 0, 0
        last = (repeated or ring.moments or [None])[-1]
        moment = Moment((last.number if last else 0) + 1, last)
        if rewound:
            repeated.append(moment)
            return moment
        ring.number = moment.number
        ring.moments.append(moment)
        ring.size += moment.size
        self.trim()
        return moment

    def trim(self) -> None:
        """Drops what is too old."""
        try:
            ring = _ring(program.world())
        except program.Problem:
            return
        while len(ring.moments) > 2 and (len(ring.moments) > self.limit or ring.size > MAX_BYTES):
            ring.size -= ring.moments.popleft().size

    def last(self, back: int = 0) -> Moment | None:
        """The moment so many stops ago, or None."""
        moments: Sequence[Moment] = self.moments
        if program.rewound():
            moments = [*moments, *_repeated(program.world())]
        return moments[-1 - back] if back < len(moments) else None


kept = Keeper()
