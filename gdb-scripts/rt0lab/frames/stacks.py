"""Backtraces of parked goroutines by the thousand: what gdb finds out about a place in the code once is used for every
stack.

The first goroutine that stands somewhere is unwound by gdb, in a view. What is learned of each pc there is kept: which
functions it shows (inlined ones too), and where its frame keeps the return address, counted from the frame pointer or,
where a function has none, from the stack pointer. All other goroutines are then walked by these rules alone.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import operator
import os
import re
import struct
from collections.abc import Sequence
from typing import Any

import gdb

from .. import program
from ..program import bulk, far, names, past, pclntab
from . import joins, places, roots, switching, view

DEPTH = 512  # frames that are enough to say where a goroutine stands
DEEPEST = 1 << 16  # no backtrace is longer
_LONG = 1 << 13  # frames of which each is looked into
PATIENCE = 400  # how many stacks gdb unwinds for us in one command; damaged memory could ask for it without end
WINDOW = 1024  # bytes of each stack that are read together with everybody's

_SYNC = re.compile(r"sync(?:\.|::)\(?\*?(Mutex|RWMutex|WaitGroup)\)?(?:\.|::)(\w+)")
_GLUE = ("_cgo_gotypes.go", "_cgo_export.c", "cgo-gcc-prolog")  # what the cgo tool writes around calls of C
_WORD = struct.Struct("<Q").unpack_from
_UNSEEN = (lambda data, at: ()), {}  # of a shape that no stack had before


class Frame:
    """One frame as it is shown."""

    __slots__ = ("function", "file", "line", "arguments", "pc", "inlined", "user")

    def __init__(
        self, function: str, file: str | None, line: int, arguments: bool, pc: int, inlined: bool, user: bool
    ) -> None:
        self.function, self.file, self.line, self.pc, self.inlined = function, file, line, pc, inlined
        self.arguments = arguments  # has it any?
        self.user = user  # the program's own code, neither the runtime's nor of a package that waits for it

    @property
    def where(self) -> str:
        """main.leaf (parked.go:21)"""
        return places.where(self.function, self.file, self.line)


class Site:
    """A pc on a stack: the frames to show for it, innermost first, and where its caller is."""

    __slots__ = ("shown", "user", "from_bp", "from_sp", "root", "steady", "exact", "switching")

    def __init__(self, shown: list[Frame], name: str) -> None:
        self.shown, self.root = shown, name in switching.ROOTS
        self.exact, self.switching = name in joins.EXACT, name in joins.SWITCHING
        self.user = next((frame for frame in shown if frame.user), None)
        self.from_bp = self.from_sp = None  # where the return address is
        self.steady = False  # is one of them known?


class Stack:
    """A goroutine's Sites, innermost first; many goroutines share one."""

    __slots__ = ("sites", "standing")

    def __init__(self, sites: list[Site]) -> None:
        self.sites = sites  # DEPTH of them are not all, if the last is no root
        # Where the program stands: its first own frame; else the outermost, for the runtime's own goroutines.
        self.standing = next((site.user for site in sites if site.user is not None), None) or next(
            (site.shown[-1] for site in reversed(sites) if not site.root), sites[0].shown[0] if sites else None
        )

    @property
    def shown(self) -> list[Frame]:
        """All frames."""
        return [frame for site in self.sites for frame in site.shown]

    @property
    def cut(self) -> bool:
        """Is it only the inner part that was asked for?"""
        return len(self.sites) >= DEPTH and not self.sites[-1].root

    @property
    def locking(self) -> tuple[str | Any, ...] | None:
        """(`Mutex`, `Lock`...) of the innermost method of package sync it is in, or None."""
        found = (_SYNC.match(frame.function) for frame in self.shown)
        return next((match.groups() for match in found if match), None)


class Sites:
    """All that is known about one program's pcs."""

    def __init__(self, world: program.World) -> None:
        self._world, self._known, self.patience, self.depth = world, {}, PATIENCE, DEPTH
        self._then: dict[tuple[int, bool], Site] = {}  # what gdb said of single pcs
        self.traces, self._forms, self._unpackers = collections.defaultdict(dict), {}, {}
        self._same: dict[tuple[Site, ...], Stack] = {}
        main = world.address("runtime.main")
        file = world.line_at(main)[0] if main else None
        self._home = os.path.dirname(file) if file else None  # where the runtime's source is

    def is_user(self, function: str, file: str | None) -> bool:
        """Is it the program's own code?"""
        if self._home and not file:  # of libc's, say: nobody's own code
            return False
        if not file or not self._home:
            return not function.startswith(("runtime.", "sync.", "time.", "internal/"))
        folder, base = os.path.split(file)
        if folder == self._home or base in _GLUE:
            return False
        if not self._world.is_go:
            return True
        library = os.path.dirname(self._home)
        parts = folder[len(library) :].strip("/") if folder.startswith(library) else None
        return parts is None or parts.partition("/")[0] not in (
            "runtime",
            "internal",
            "sync",
            "time",
            "syscall",
            "iter",
        )

    # -- walking

    def walk(self, pc: int, sp: int, bp: int, lo: int, hi: int) -> tuple[list[Site], list[int]]:
        """(the Sites of a parked goroutine's stack, innermost first; where each one's return address is), as long as
        rules go."""
        asked = set()
        while True:
            found, places, stuck = self._by_rules(pc, sp, bp, lo, hi)
            if stuck is None:
                return found, places
            # gdb unwinds no more than DEPTH frames for us; then rules go on, and gdb is asked again where they end.
            near = len(found) < DEPTH
            learned = self._learn(pc, sp, bp) if near else self._learn(stuck[0], stuck[1], stuck[2], called=True)
            if len(learned) < DEPTH or self.depth <= DEPTH or stuck[0] in asked:
                return learned if near else found + learned, []
            asked.add(stuck[0])

    def _by_rules(self, pc, sp, bp, lo, hi):
        """(Sites, places, the (pc, sp, bp) at which no rule goes on, or None)."""
        known, found, places = self._known, [], []
        stack, base = b"", sp
        while len(found) < self.depth:
            here, site = (pc, sp, bp), known.get(pc)
            # in a circle
            if site is None or not (site.steady or site.root) or len(found) == DEPTH and len(set(places)) < DEPTH:
                return found, places, here
            found.append(site)
            if site.root:
                break
            to = at = sp + site.from_sp if site.from_bp is None else bp + site.from_bp
            if site.from_bp is not None:
                to = bp
            # in a segment, only outwards
            if not (lo <= to and sp <= at <= hi - 8 or self._on_segments(to) and not lo <= at < hi):
                return found[:-1], places, here
            if to < base or at + 8 > base + len(stack):
                base, stack = to, self._read(to, hi)
                if at + 8 > base + len(stack):
                    return found[:-1], places, here
            if site.from_bp is not None:
                (bp,) = _WORD(stack, to - base)
            (pc,) = _WORD(stack, at - base)
            pc += site.exact
            sp = at + 8
            places.append(at)
        return found, places, None

    def trace(self, row: Any, data: bytes, at: int) -> Stack:
        """The Stack of a goroutine whose shape was last seen with other return addresses; `data` has WINDOW bytes from
        its SP on, at `at`.

        Kept for `stacks`: a stack whose return addresses are those of one seen before, at the same distances from SP,
        has the same frames. `_forms` has for each shape what takes out the words at such distances, and the Stacks that
        they have been found to mean; `traces` only the last of them, which is tried first.
        """
        traces, depth = self.traces[row.pc], row.hi - row.sp
        forms = self._forms.setdefault((row.pc, depth), {})
        for unpack, known in forms.items():
            found = known.get(unpack(data, at))
            if found is not None:
                traces[depth] = unpack, known
                return found
        sites_, places = self.walk(row.pc, row.sp, row.bp or 0, row.lo, row.hi)
        # Also where a stack is too long to be known by its words, those with the same frames share one.
        found = self._same.setdefault(tuple(sites_), Stack(sites_))
        gaps = [place - end for end, place in zip([row.sp, *(place + 8 for place in places)], places)]
        if places and min(gaps) >= 0 and places[-1] - row.sp <= min(WINDOW, depth) - 8:  # segments lie in any order
            form = "<" + "".join(f"{gap}xQ" for gap in gaps)
            unpack = self._unpackers.setdefault(form, struct.Struct(form).unpack_from)
            known = forms.setdefault(unpack, {})
            known[unpack(data, at)] = found
            traces[depth] = unpack, known
        return found

    def alone(self, row: Any) -> Stack:
        """The Stack of a goroutine of whose stack less than WINDOW bytes are there."""
        data = program.read(row.sp, min(max(row.hi - row.sp, 0), WINDOW))
        if not data:
            return Stack(self.walk(row.pc, row.sp, row.bp or 0, row.lo, row.hi)[0])
        data = data.ljust(WINDOW, b"\0")  # no return address of one that ends at `hi` lies there
        unpack, seen = self.traces[row.pc].get(row.hi - row.sp, _UNSEEN)
        return seen.get(unpack(data, 0)) or self.trace(row, data, 0)

    def _on_segments(self, at):
        """Our goroutines' stacks have several segments; a g tells where the newest is, the frame pointer leads to the
        others."""
        return not self._world.is_go and at % 8 == 0

    @staticmethod
    def _read(at, hi):
        for size in (max(min(hi - at, 4096), 32), 32):
            data = program.read(at, size)
            if data:
                return data
        return b""

    # -- learning

    def _learn(self, pc, sp, bp, called=False):
        """gdb unwinds the stack in a view; what it finds is kept for all that stand at the same places. Was the pc
        called from?"""
        self.patience -= 1
        if self.patience < 0 or past.moment() is not None or view.stopped_thread() is None:
            return self._guess(pc, sp, bp)
        try:
            with view.parked(pc, sp, bp) as frame:
                return self._from_gdb(frame, pc, bp, called)
        except (program.Problem, gdb.error):
            return self._guess(pc, sp, bp)

    def _from_gdb(self, frame, pc, bp, called, most=DEPTH):
        found, inlined, before = [], [], None
        while frame is not None and len(found) < most:
            physical = frame.type() != gdb.INLINE_FRAME
            at = frame.pc() if found else pc
            stands = at - bool(found and found[-1].exact)  # joins: it is told one byte further on
            if not physical:
                inlined.append(self._shown(frame, stands, program.name_of(frame) or "?"))
                frame = frame.older()
                continue
            name = self._name(at, called or bool(found), frame)
            if name is None:
                break
            sp = int(frame.read_register("rsp"))
            if before is not None:
                bp = self._rule(*before, at, sp - 8, bp)
            site = self._known.get(at)
            if site is None:
                for shown in inlined:  # gdb says no more of a lambda's name
                    shown.function = shown.function.replace("operator()", name)
                site = self._known[at] = Site([*inlined, self._shown(frame, stands, name)], name)
            inlined = []
            found.append(site)
            if site.root or len(found) == most:
                break
            before = site, sp if len(found) > 1 else int(frame.read_register("rsp"))
            frame = program.older(frame)
        return found

    def _rule(self, site, sp, pc, at, bp):
        """Notes where `site` keeps the return address, which is at `at`; returns the caller's frame pointer, None if
        that is not known."""
        if site.switching:
            return None
        distance = at - bp if bp is not None else -1
        old = program.read_word(bp) if 8 <= distance <= 32 else None
        # 16: __morestack, seen from the new segment
        if distance == 8 or distance in (16, 24) and not self._world.is_go:
            rule, older = (distance, None), old
        else:
            rule, older = (None, at - sp), bp
        if not site.steady:
            (site.from_bp, site.from_sp), site.steady = rule, True
        return older if isinstance(older, int) else None

    def _name(self, pc, called, frame):
        symbol = self._world.symbol_at(pc - 1 if called else pc)
        return names.function(symbol[0]) if symbol else program.name_of(frame)

    def _shown(self, frame, pc, name):
        sal = frame.find_sal()
        file = self._world.file_of(sal.symtab)
        try:
            arguments = frame.function() is not None and any(symbol.is_argument for symbol in frame.block())
        except RuntimeError:  # no debug information there
            arguments = False
        user = self.is_user(name, file) and self._is_ours(pc)
        return Frame(name, file, sal.line, arguments, pc, frame.type() == gdb.INLINE_FRAME, user)

    def _is_ours(self, pc):
        """Is it code of the program or of its plugins? Libraries' is not."""
        return self._world.section_at(pc) is not None or pclntab.function_at(pc) is not None

    def _guess(self, pc, sp, bp):
        """Symbols, and Go's own table of frames or the frame pointers, for when gdb cannot unwind (all threads run, an
        earlier stop) or the stack is damaged."""
        found = []
        for _ in range(DEPTH):
            site = self._known.get(pc) or self._alone_at(pc, not found)
            if site is None:
                break
            found.append(site)
            size = None if site.root else pclntab.frame_size(pc - bool(found[1:]))
            at = sp + size - 8 if size else bp  # of where its caller's frame pointer is, if it has been saved
            pair = program.read(at, 16) if at and at >= sp else None
            if size == 0:
                word = program.read_word(sp)
                pair = struct.pack("<QQ", bp, word) if isinstance(word, int) else None
                at = sp - 8
            if site.root or not isinstance(pair, bytes):
                break
            sp, (bp, pc) = at + 16, struct.unpack("<QQ", pair)
            pc += site.exact
        return found

    def of_thread_then(self, pc: int, sp: int | None) -> list[Site]:
        """The Sites of a thread at an earlier stop, wherever in a function it was: as far as Go's own table tells how
        large frames are."""
        found: list[Site] = []
        while len(found) < DEPTH:
            site = self._alone_at(pc, not found)
            if site is None:
                break
            found.append(site)
            size = None if site.root else pclntab.frame_size(pc - bool(found[1:]))
            if sp is None or size is None:
                break
            word, sp = program.read_word(sp + size), sp + size + 8
            if not isinstance(word, int):
                break
            pc = word + site.exact
        return found

    def _alone_at(self, pc, innermost):
        """The Site of a pc of which gdb cannot see the stack."""
        site = self._then.get((pc, innermost)) or self.site_of(pc, exact=innermost)
        if site is None or past.moment() is None or (pc, innermost) in self._then:
            return site
        with past.reading(None):
            self.patience -= 1
            if self.patience < 0 or view.stopped_thread() is None:
                return site
            with contextlib.suppress(program.Problem, gdb.error):  # gdb knows what is inlined there, on whatever stack
                with view.parked(pc, program.register("rsp") or 0, 0) as frame:
                    site = next(iter(self._from_gdb(frame, pc, None, not innermost, 1)), site)
        self._then[pc, innermost] = site
        return site

    def site_of(self, pc: int, exact: bool = False) -> Site | None:
        """A Site of an address alone, from symbols and line tables; not kept. None if there is no code."""
        symbol = self._world.symbol_at(pc if exact else pc - 1)
        section = self._world.section_at(pc)
        if symbol is None or section is not None and not section.code:
            return None
        name = names.function(symbol[0])
        file, line = self._world.line_at(pc if exact and not symbol[1] else pc - 1)
        return Site([Frame(name, file, line, False, pc, False, self.is_user(name, file))], name)


def sites() -> Sites:
    """What is known about the pcs of the program gdb is looking at."""
    world = program.world()
    return world.cached("sites", lambda: Sites(world))


def of_thread(thread: gdb.InferiorThread, limit: int = DEPTH) -> list[Frame]:
    """The frames of a running goroutine: a stopped thread's own."""
    key = "frames", thread.global_num, limit
    return list(program.world().still(key, lambda: _of_thread(thread, limit)))


def _of_thread(thread, limit):
    known, found = sites(), []
    with view.keeping_place():
        thread.switch()
        with contextlib.suppress(gdb.error):
            for frame, name, _ in roots.walk(limit):
                found.append(known._shown(frame, frame.pc(), name))
    return found


def stacks(rows: Sequence[Any], depth: int = DEPTH) -> dict[int, Stack]:
    """{row.addr: Stack} for rows of parked goroutines (with pc, sp, bp, lo, hi), their stacks read together, so many
    frames of each.

    A goroutine's shape is where it was parked and how deep its stack is. It costs one look at the words where another
    one of that shape has its return addresses; only if they are not the same is the stack walked.
    """
    known, found = sites(), []
    known.patience, known.depth = PATIENCE, depth
    traces, trace = known.traces, known.trace
    rows = bulk.ordered(rows, "sp")
    sps, pcs, his = bulk.column(rows, "sp"), bulk.column(rows, "pc"), bulk.column(rows, "hi")
    depths = list(map(operator.sub, his, sps))
    # Through a line each byte counts, and no more is looked at than each one's own stack.
    window = max(min(WINDOW, max(depths, default=0)), 8) if far.is_far() else WINDOW
    with bulk.no_collecting():
        for data, base, members in bulk.pieces(sps, window):
            first = len(found)
            end = first + len(members)
            if data is None:
                found += map(known.alone, rows[first:end])
                continue
            shapes = set(zip(pcs[first:end], depths[first:end]))
            if len(shapes) == 1:  # looked at together
                ((pc, depth),) = shapes
                unpack, seen = traces[pc].get(depth, _UNSEEN)
                places = map(operator.sub, members, itertools.repeat(base))
                stacks_ = list(map(seen.get, map(unpack, itertools.repeat(data), places)))
            else:
                stacks_ = []
                for sp, pc, depth in zip(members, pcs[first:end], depths[first:end]):
                    unpack, seen = traces[pc].get(depth, _UNSEEN)
                    stacks_.append(seen.get(unpack(data, sp - base)))
            if None in stacks_:
                for at in [at for at, stack in enumerate(stacks_) if stack is None]:
                    stacks_[at] = trace(rows[first + at], data, members[at] - base)
            found += stacks_
    return dict(zip(bulk.column(rows, "addr"), found))


def physical(row: Any) -> list[tuple[int, int]]:
    """[(pc, SP)] of a parked goroutine's frames, innermost first, without those of inlined functions: as far as rules
    go."""
    known = sites()
    known.patience, known.depth = PATIENCE, _LONG
    walk = row.pc, row.sp, row.bp or 0, row.lo, row.hi
    found, returns = known.walk(*walk)
    if found and not returns:  # learned just now
        found, returns = known.walk(*walk)
    return list(zip([site.shown[-1].pc for site in found], [row.sp, *(at + 8 for at in returns)]))


def physical_of_thread(thread: gdb.InferiorThread) -> list[tuple[int, int]]:
    """The same of a stopped thread, whose frames gdb finds."""
    with view.keeping_place():
        thread.switch()
        try:
            frames = list(view.physical(gdb.newest_frame()))
            return [(frame.pc(), sp) for frame, _, sp in frames if frame.type() != gdb.INLINE_FRAME]
        except gdb.error:
            return []
