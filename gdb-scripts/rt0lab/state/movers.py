"""Who is in the middle of changing what: the only evidence on which a link that is half made is no broken one.

A function that changes a link is evidence only while it stands on a stopped thread's stack, has not called the
scheduler since, and has to do with the very g, m or p: the thread's M is it or holds it, or its address is in the
thread's registers or in those frames. A goroutine may have been preempted there, too. A lock is evidence only while its
word says that it is held and some M holds locks in the runtime.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator
from typing import Any

import gdb

from .. import program
from ..formats import corefile
from ..frames import view
from ..program import names
from ..words import tr, trn
from .snapshot import Snapshot

_DEPTH = 32
_FRAMES = 1 << 12  # bytes of stack above SP in which an address is looked for
_READY = 1 << 17  # goroutines that are ready, whose stacks are looked at
# What calls one of these has done its work: they begin anew and never return to it, or sleep until there is other work.
_ANEW = {"schedule", "mstart", "mstart0", "mstart1"}
# Innermost, these stand between two stacks.
_SWITCHERS = set(
    """
    rt0_go settls clone gogo gogo.call mcall systemstack systemstack_switch morestack __morestack jump_fcontext
    make_fcontext sigtramp sigtrampgo sigreturn sigreturn__sigaction asmcgocall cgocallback cgocallback_gofunc mstart
""".split()
)
_ALIGNS = {"nanotime1", "walltime1", "walltime", "nanotime"}
_OF_AN_M = ("p", "oldp", "nextp", "curg", "g0", "gsignal", "lockedg")


def base(name: str) -> str:
    """`wirep` of `runtime.wirep.abi0`, of `runtime.wirep.func1` and of `wirep(p*)`."""
    name = (
        name.removeprefix("runtime.").partition("(")[0] if not name.startswith("runtime.(") else name.rpartition(".")[2]
    )
    return names.function(name).partition(".func")[0].partition("<")[0]


def functions(frame: gdb.Frame, depth: int = _DEPTH) -> Iterator[str]:
    """The functions of a frame and its callers, innermost first, inlined ones too; a name and an alias are two."""
    while frame is not None and depth:
        symbol, name = program.symbol_of(frame), None
        # Newer gdbs call our main.ready as C++ does, ready, which is a function of the runtime's, too.
        ours = (
            symbol is None
            or symbol[0].startswith("runtime.")
            or "." not in symbol[0]
            or frame.type() == gdb.INLINE_FRAME
        )
        try:
            name = frame.name() if ours else None
        except (gdb.error, UnicodeDecodeError):
            pass
        yield from dict.fromkeys(base(each) for each in (name, symbol and symbol[0]) if each)
        frame, depth = program.older(frame), depth - 1


def _behind(pc, sp):
    """The functions that asked the kernel's code for the time, through which gdb does not see its callers: the M notes
    the place."""
    try:
        with view.parked(pc, sp, 0) as frame:
            return list(functions(frame))
    except (program.Problem, gdb.error):
        return []


class Thread:
    """A stopped thread: its M's address (or None), the functions on its stack, the words in its registers and innermost
    frames."""

    def __init__(self, thread: gdb.InferiorThread, snap: Snapshot) -> None:
        self.num, self._thread, self.id = thread.num, thread, thread.ptid[1] or thread.ptid[2]
        thread.switch()
        self.pc, self.sp = program.register("rip"), program.register("rsp")
        self.g = program.current_g(program.tls_g()[1])
        g = snap.g_at(self.g) if self.g else None
        m = g.get("m") if g else None
        by_id = next((m.addr for m in snap.hosts() if m.get("procid") and m.get("procid") == self.id), None)
        self.m = m or by_id
        self.names = list(functions(gdb.newest_frame()))
        owner = next((each for each in snap.hosts() if each.addr == self.m), None)
        if owner is not None and owner.get("vdsoSP"):
            self.names += _behind(owner.get("vdsoPC"), owner.get("vdsoSP"))
        elif self.names and self.names[-1] in _ALIGNS:
            self.names += self._returns(snap.world)

    def _returns(self, world):
        """The functions that words on its stack lie in: who asks for the time aligns SP, and gdb loses its callers."""
        data = program.read(self.sp & ~7, 512) if self.sp else b""
        words = memoryview(data).cast("Q").tolist() if isinstance(data, bytes) else []
        return [
            base(symbol[0])
            for word in words
            if (section := world.section_at(word)) and section.code and (symbol := world.symbol_at(word))
        ]

    @functools.cached_property
    def words(self) -> set[int | None]:
        """What its registers and the innermost part of its stack hold."""
        self._thread.switch()
        data: Any = program.read(self.sp & ~7, _FRAMES) if self.sp else b""
        for size in (_FRAMES // 4, 256):
            data = program.read(self.sp & ~7, size) if self.sp and isinstance(data, program.Unreadable) else data
        found: set[int | None] = set(memoryview(data).cast("Q")) if isinstance(data, bytes) else set()
        return found | {program.register(name) for name in corefile.REGISTERS}

    def within(self, names: Collection[str]) -> str | None:
        """The innermost of these functions that it is in; what called the scheduler is over."""
        for name in self.names:
            if name in names:
                return name
            if name in _ANEW:
                return None
        return None

    def between_stacks(self) -> str | None:
        """The function that switches stacks, if it is in one."""
        return self.names[0] if self.names and self.names[0] in _SWITCHERS else None


class Threads:
    """All stopped threads, looked at once somebody needs evidence."""

    def __init__(self, snap: Snapshot) -> None:
        self.snap = snap

    @functools.cached_property
    def stopped(self) -> list[Thread]:
        """[Thread]"""
        with view.keeping_place():
            return [Thread(thread, self.snap) for thread in program.stopped_threads()]

    @functools.cached_property
    def running(self) -> int:
        """How many threads are not stopped: what they change changes while it is read."""
        return sum(t.is_valid() and t.is_running() for t in gdb.selected_inferior().threads())

    @functools.cached_property
    def here(self) -> Thread | None:
        """The selected one, or None."""
        return next((t for t in self.stopped if t.num == self.snap.thread), None)

    def of_m(self, m: int) -> Thread | None:
        """The stopped thread that an M is, or None."""
        return next((t for t in self.stopped if t.m == m), None)

    def _concerns(self, thread, addresses):
        m = next((m for m in self.snap.hosts() if m.addr == thread.m), None)
        near = {thread.m, thread.g, *((m.get(field) for field in _OF_AN_M) if m is not None else ())}
        if near & addresses:
            return True
        with view.keeping_place():
            return bool(thread.words & addresses)

    def mover(self, names: Collection[str], *addresses: int | None) -> str | None:
        """`thread 3 is in wirep` if some thread is in one of these functions, which has to do with these addresses;
        else None."""
        if self.running:
            return trn("{n} thread runs on", "{n} threads run on", self.running)
        wanted = {address for address in addresses if address}
        for thread in self.stopped:
            name = thread.within(names)
            if name and self._concerns(thread, wanted):
                return tr("thread {num} is in {name}", num=thread.num, name=name)
        return None

    def maker(self, names: Collection[str], made: int) -> str | None:
        """`thread 3 is in allocm` if some thread is in one of these functions and has the address of what it makes, not
        its own M's."""
        with view.keeping_place():
            found = next((t for t in self.stopped if t.m != made and t.within(names) and made in t.words), None)
        return tr("thread {num} is in {names}", num=found.num, names=found.within(names)) if found else None

    def preempted(self, names: Collection[str], *addresses: int | None) -> str | None:
        """`g7, which was preempted in send, is` if that is so of a goroutine that is ready to go on, and that has to do
        with these addresses; else None."""
        ready = [g for g in self.snap.gs if "_Grunnable" in self.snap.world.g_status(g.get("atomicstatus"))]
        wanted = {address for address in addresses if address}
        for g in ready[:_READY]:
            sp, hi = g.get("sched.sp"), g.get("stack.hi")
            size = min(hi - sp, _FRAMES) & ~7 if g.get("stack.lo") <= sp < hi else 0
            data = program.read(sp & ~7, size) if size else b""
            words = memoryview(data).cast("Q").tolist() if isinstance(data, bytes) else []
            if not wanted.isdisjoint(words):
                symbols = filter(None, map(self.snap.world.symbol_at, [g.get("sched.pc"), *words]))
                name = next((base(symbol[0]) for symbol in symbols if base(symbol[0]) in names), None)
                if name:
                    return tr("{g} was preempted in {name}", g=self.snap.g_name(g), name=name)
        return (
            tr(
                "{ready} are ready and only {most} of them were looked at for one that was preempted there",
                ready=len(ready),
                most=_READY,
            )
            if len(ready) > _READY
            else None
        )

    def holder(self, what: str, key: int | None, near: tuple[int, ...] = ()) -> str | None:
        """`sched.lock is held and m3, in schedule, holds a lock` if the lock's word and some M's count say so; else
        None.

        `near` are addresses of which a holder has one at hand; none are needed of a lock that is a variable."""
        if not isinstance(key, int) or not program.locked(key):
            return None
        if self.running:
            return tr("{what} is held and {running} threads run on", what=what, running=self.running)
        for thread in self.stopped:
            m = next((m for m in self.snap.hosts() if m.addr == thread.m), None)
            if m is None or (m.get("locks") or 0) <= 0 or {"lock2", "lock", "futexsleep"} & set(thread.names[:6]):
                continue
            if not near or self._concerns(thread, set(near)):
                return tr(
                    "{what} is held and m{id}, in {names}, holds a lock",
                    what=what,
                    id=m.get("id"),
                    names=thread.names[0] if thread.names else "?",
                )
        return None
