"""What every goroutine does and waits for: read in bulk, returned as data.

A Census reads allgs once. What a goroutine waits on (channels, semaphores, timers), where it stands and who made it is
read only when somebody asks, and then for all of those asked about together.
"""

from __future__ import annotations

import bisect
import collections
import functools
import itertools
import operator
from collections.abc import Sequence
from typing import Any

import gdb

from .. import program
from ..frames import joins, stacks, view
from ..frames.stacks import Frame, Site, Stack
from ..program import bulk, past
from . import blockers, clock, coroutines, descriptors

_SCAN = 0x1000
_FIELDS: dict[str, Any] = {
    "goid": "goid",
    "status": "atomicstatus",
    "pc": "sched.pc",
    "sp": "sched.sp",
    "bp": "sched.bp",
    "lo": "stack.lo",
    "hi": "stack.hi",
    "m": "m",
    "reason": ("waitreason", "waitreason.str"),
    "reason_len": "waitreason.len",
    "since": "waitsince",
    "waiting": "waiting",
    "timer": "timer",
    "gopc": "gopc",
    "startpc": "startpc",
    "syscallpc": "syscallpc",
    "syscallsp": "syscallsp",
    "panic": "_panic",
    "defers": "_defer",
    "labels": "labels",
}
_RARELY = ("bp", "lo", "gopc", "startpc", "syscallpc", "syscallsp", "defers")
_PARKED = ("waiting", "runnable", "preempted", "copystack", "leaked")  # a gobuf says where they stand
_ENDED = ("idle", "dead", "deadextra")
_IN_LINE = ("sync.Cond.Wait", "semacquire")  # why those wait who wait for a sync.Cond

Was = collections.namedtuple("Was", "num pc sp")  # a thread at an earlier stop


# ---- texts that belong to numbers ------------------------------------------------------------------------------------


def status_names(world: program.World) -> dict[int, str]:
    """{number: `waiting`}: Go's statuses as its tracebacks write them, with and without the scan bit."""
    names = {value: name[2:].removesuffix("_unused") for value, name in world.names(*world.G_STATUS).items()}
    scan = next((value for value, name in names.items() if name == "scan"), _SCAN)
    names.pop(scan, None)
    return {**names, **{value | scan: name + " (scan)" for value, name in names.items()}}


# ---- the census ------------------------------------------------------------------------------------------------------


class Census:
    """All goroutines at this moment, in the order of their ids; `bad` are the addresses that cannot be read.

    A brief one has at hand what a list of one line each needs.
    """

    def __init__(self, system: bool = False, brief: bool = False) -> None:
        self.world = program.world()
        self.addresses, self.problem = bulk.allgs()
        fields = bulk.Fields("g", later=_RARELY if brief else (), **_FIELDS)
        fields.need("goid", "status")
        fields.lacking(0, "sp", "pc", "lo", "hi", "waiting", "startpc", "gopc", "panic", "defers", "labels")
        own = self._own() if system else {}
        strangers = set(own).difference(self.addresses)
        every = [*self.addresses, *strangers]
        found = fields.undecoded(every) if brief else fields.readable(every)
        addresses, ids = bulk.column(found, "addr"), list(bulk.column(found, "goid"))
        self.bad = [] if len(found) == len(every) else sorted(set(self.addresses).difference(addresses))
        # {address: `m0.g0`}. A damaged M points at one of the program's goroutines.
        self.system = {address: name for address, name in own.items() if address in strangers or address in self.bad}
        apart = [bisect.bisect_left(addresses, address) for address in sorted(strangers.intersection(addresses))]
        for number in apart:  # these come first, as they lie
            ids[number] = number - (1 << 64)
        self.rows: Sequence[Any] = bulk.picked(found, sorted(range(len(ids)), key=ids.__getitem__))
        self.system_rows = self.rows[: len(apart)]
        self.status = status_names(self.world)
        self._reasons, self._stacks = {}, {}

    @functools.cached_property
    def ended(self) -> set[int]:
        """The numbers of the statuses of goroutines that are no more, or not yet."""
        return {status for status, name in self.status.items() if name.partition(" ")[0] in _ENDED}

    @functools.cached_property
    def ms(self) -> list[program.Struct]:
        """The Ms, oldest first."""
        found = list(reversed(program.all_ms()))
        m0 = program.variable("m0")
        return found or ([m0] if m0 else [])

    def _own(self):
        """{address: `m0.g0`} of what the Ms say are their own."""
        found = {}
        for m in self.ms:
            for field in ("g0", "gsignal"):
                if m.get(field):
                    found[m.get(field)] = f"m{m.get('id')}.{field}"
        if self.g0:
            found.setdefault(self.g0, "m0.g0")
        return found

    @functools.cached_property
    def m_by_address(self) -> dict[int, program.Struct]:
        """{address: M}"""
        return {m.addr: m for m in self.ms}

    @functools.cached_property
    def p_ids(self) -> dict[int, int]:
        """{address: id} of the Ps."""
        return {p.addr: p.get("id") for p in bulk.structs("p", [a for a in program.all_p_addresses() if a]) if p}

    @functools.cached_property
    def threads(self) -> dict[int, Any]:
        """{g: gdb thread, or Was} of the gs that stopped threads are on; also of the goroutine that a signal's handler
        interrupted there."""
        if past.moment() is not None:
            threads = past.moment().threads.values()
            return {current: Was(number, pc, sp) for number, pc, current, sp in threads if current}
        return self.world.still("threads", self._on_threads)

    def _on_threads(self):
        found = {}
        with view.keeping_place():
            for thread in program.stopped_threads():
                thread.switch()
                current = program.current_g(program.tls_g()[1])
                if current:
                    found[current] = thread
        for m in self.ms:
            if m.get("gsignal") in found and m.get("curg"):
                found.setdefault(m.get("curg"), found[m.get("gsignal")])
        return found

    @functools.cached_property
    def g0(self) -> int | None:
        """The address of the first thread's g0."""
        g0 = self.world.variable("g0")
        return g0[0] if g0 else None

    @functools.cached_property
    def here(self) -> int | None:
        """The g that the selected thread is on; see program.current_g."""
        return program.current_g(program.tls_g()[1])

    def is_current(self, row: Any) -> bool:
        """Does the selected thread run it?"""
        return row.addr == self.here

    def thread_of(self, row: Any) -> gdb.InferiorThread | None:
        """The gdb thread a goroutine is on: the one that runs it, or its M's while that is on g0 or in a system
        call."""
        if row.addr in self.threads:
            return self.threads[row.addr]
        m = self.m_by_address.get(row.m) if past.moment() is None else None
        procid = m.get("procid") if m is not None else None
        if not procid:
            return None
        return next((t for t in gdb.selected_inferior().threads() if t.is_valid() and procid in t.ptid[1:]), None)

    def is_handling(self, row: Any) -> bool:
        """Is its M in a signal's handler?"""
        m = self.m_by_address.get(row.m)
        return m is not None and m.get("curg") == row.addr and m.get("gsignal") in self.threads

    def calls_c(self, row: Any) -> gdb.InferiorThread | None:
        """The stopped thread on which a goroutine is in C, which its M calls on g0's stack; None if it is not there."""
        m = self.m_by_address.get(row.m) if past.moment() is None else None
        if m is None or not self.status.get(row.status, "").startswith("syscall"):
            return None
        thread = self.threads.get(m.get("g0"))
        return thread if thread is not None and joins.is_in_c(thread) else None

    def reason(self, row: Any) -> str:
        """Why it waits."""
        key = row.reason, row.reason_len
        text = self._reasons.get(key)
        if text is None:
            text = self._reasons[key] = self._reason(*key)
        return text

    def _reason(self, value, length):
        if not value:
            return ""
        if length is not None:
            return program.read_text(value, length)
        return program.wait_reason_text(value)

    def state(self, row: Any) -> str:
        """`running`, `runnable`, `chan receive`: the reason where it waits, else the status."""
        if row.addr in self.system:
            return "scheduler" if self.system[row.addr].endswith("g0") else "signals"
        status = self.status.get(row.status) or f"status {row.status}?"
        return (self.reason(row) or status) if status == "waiting" else status

    def name(self, row: Any) -> str:
        """`18` for a goroutine, `m0.g0` for one of an M's own."""
        return self.system.get(row.addr) or str(row.goid)

    # -- where they stand

    def _is_on_g0(self, row):
        """Does it run something on its M's g0? Its gobuf says from where."""
        m = self.m_by_address.get(row.m) if row.m and self.status.get(row.status, "").startswith("running") else None
        return m is not None and m.get("curg") == row.addr and m.get("g0") in self.threads

    @functools.cached_property
    def _parked(self):
        return {status for status, name in self.status.items() if name.partition(" ")[0] in _PARKED}

    def is_parked(self, row: Any) -> bool:
        """Does its gobuf say where it stands, because it runs nowhere?"""
        return bool(row.sp) and row.status in self._parked

    def stacks(self, rows: Sequence[Any], depth: int = stacks.DEPTH) -> dict[int, Stack]:
        """{addr: frames.Stack} of those of the rows whose gobuf says where they stand, and of all asked about before;
        each is walked once."""
        known, parked = self._stacks, list(map(self._parked.__contains__, bulk.column(rows, "status")))
        keep = list(map(operator.and_, parked, map(bool, bulk.column(rows, "sp"))))
        for number in itertools.compress(itertools.count(), map(operator.not_, parked)):
            keep[number] = bool(rows[number].sp) and self._is_on_g0(rows[number])
        rows = bulk.chosen(rows, keep)
        if not known:
            self._stacks = stacks.stacks(rows, depth)
            return self._stacks
        # what was walked before is asked for again only where more of it is wanted
        rows = [row for row in rows if row.addr not in known or depth > stacks.DEPTH and known[row.addr].cut]
        known.update(stacks.stacks(rows, depth))
        return known

    def alone(self, rows: Sequence[Any], found: dict[int, Stack]) -> dict[int, Frame | None]:
        """{addr: stacks.Frame or None}: where those stand that have no Stack."""
        known = list(map(found.__contains__, bulk.column(rows, "addr")))
        apart = itertools.compress(itertools.count(), map(operator.not_, known)) if not all(known) else ()
        return {row.addr: self._standing_alone(row) for row in map(rows.__getitem__, apart)}

    def standing(self, rows: Sequence[Any]) -> dict[int, Frame | None]:
        """{addr: stacks.Frame or None}: where each of them stands in its own code."""
        found = self.stacks(rows)
        return {
            **{row.addr: found[row.addr].standing for row in rows if row.addr in found},
            **self.alone(rows, found),
        }

    def _stopped_thread(self, row):
        """The stopped thread (or Was) whose frames are this goroutine's: it runs it, or is its M's in a system call."""
        thread = self.threads.get(row.addr)
        if thread is None and self.status.get(row.status, "").startswith("syscall"):
            thread = self.thread_of(row)
            if thread is not None and thread.is_running():
                return None
        return thread

    def on_thread(self, row: Any) -> list[Frame]:
        """The frames of a goroutine that is on a stopped thread; none of another."""
        thread = self._stopped_thread(row)
        return [] if thread is None or isinstance(thread, Was) else stacks.of_thread(thread)

    def on_thread_then(self, row: Any) -> list[Site]:
        """The Sites of a goroutine that was on a thread at the earlier stop that is read; none of another."""
        thread = self._stopped_thread(row)
        return stacks.sites().of_thread_then(thread.pc, thread.sp) if isinstance(thread, Was) and thread.pc else []

    def _standing_alone(self, row):
        status = self.status.get(row.status, "")
        thread = self._stopped_thread(row)
        if isinstance(thread, Was):
            was = self.on_thread_then(row)
            own = next((site.user for site in was if site.user is not None), None)
            return own or (was[0].shown[0] if was else None)
        if thread is not None:
            stack = stacks.of_thread(thread, 64)
            own = next((frame for frame in stack if frame.user), None)
            inner = row.addr in self.system or len(stack) < 2
            return own or (stack[0 if inner else -2] if stack else None)
        pc = row.syscallpc if status.startswith("syscall") and row.syscallpc else row.pc
        if not pc or not row.sp or row.status in self.ended and row.addr not in self.system:
            return None
        site = stacks.sites().site_of(pc)
        return site.shown[0] if site else None

    # -- what they wait on

    def waits(self, rows: Sequence[Any]) -> dict[int, tuple[Any, ...]]:
        """{addr: (Channel, Lock or Timer, ...)} of those of the rows that wait for something one can point at."""
        waits = {status for status, name in self.status.items() if name.startswith(("waiting", "leaked"))}
        rows = bulk.chosen(rows, list(map(waits.__contains__, bulk.column(rows, "status"))))
        found: dict[int, tuple[Any, ...]] = blockers.channels(bulk.chosen(rows, bulk.column(rows, "waiting")))
        # From Go 1.26 on g.waiting leads to what waits for a semaphore or a Cond, too.
        left = map(operator.not_, map(found.__contains__, bulk.column(rows, "addr")))
        others, timers = list(bulk.chosen(rows, list(left))), {}
        for row in others:
            reason = self.reason(row)
            if "nil chan" in reason:
                found[row.addr] = (blockers.Channel(0, None),)
            elif reason == "sleep" and row.timer:
                timers[row.timer] = row.addr
        for timer in bulk.Fields("timer", when="when").by_address(timers).values() if timers else ():
            found[timers[timer.addr]] = (blockers.Timer(timer.addr, timer.when, self.now),)
        if self._semaphores:
            on_semas = [row for row in others if row.addr in self._semaphores and row.addr not in found]
            seen = self.stacks(on_semas)
            for row in on_semas:
                found[row.addr] = (self._lock(self._semaphores[row.addr], seen.get(row.addr)),)
        in_line = [row for row in others if row.addr not in found and self.reason(row) in _IN_LINE]
        shared = {}
        for g, line in (blockers.conds(in_line) if in_line else {}).items():
            if line not in shared:
                inside = blockers.offset("Cond", "wait")
                shared[line] = (blockers.Cond(line, None if inside is None else line - inside),)
            found[g] = shared[line]
        return found

    def seen_on_stacks(self, rows: Sequence[Any]) -> dict[int, tuple[Any, ...]]:
        """{addr: (Descriptor or Coroutine,)} of those of the rows that wait for the network, a file or a coroutine, as
        far as it can be known: the runtime does not note it, but it stands on their stacks."""
        numbers = bulk.column(rows, "reason")
        reasons = {number: self.reason(rows[i]) for number, i in dict(zip(numbers, itertools.count())).items()}
        seen: dict[str, list[Any]] = {text: [] for text in ("IO wait", "coroutine") if text in reasons.values()}
        wanted = {number for number, text in reasons.items() if text in seen}
        for row in bulk.chosen(rows, list(map(wanted.__contains__, numbers))) if seen else ():
            if self.state(row) == reasons[row.reason]:
                seen[reasons[row.reason]].append(row)
        waiting, switched = seen.get("IO wait", []), seen.get("coroutine", [])
        return {
            **(descriptors.descriptors(waiting, self.stacks(waiting), self.now) if waiting else {}),
            **(coroutines.coroutines(switched, self._alive()) if switched else {}),
        }

    def _alive(self):
        return [row for row in self.rows if row.status not in self.ended]

    def _lock(self, sema, stack):
        """What of package sync a semaphore belongs to: the method that waits on it says, and the type where the field
        lies."""
        locking = stack.locking if stack else None
        if locking is None:
            return blockers.Lock(sema)
        what, method = locking
        fields = (
            ("sema", "state2", "2")
            if what != "RWMutex"
            else (("readerSem",) if method.startswith("R") else ("writerSem",))
        )
        inside = blockers.offset(what, *fields)
        return blockers.Lock(sema) if inside is None else blockers.Lock(sema, what, sema - inside)

    @functools.cached_property
    def now(self) -> int | None:
        """The program's time."""
        return clock.now()

    @functools.cached_property
    def _semaphores(self):
        """{g: address it waits on} for all that wait in semacquire: the lists that hang on runtime.semtable."""
        return dict(blockers.semaphores())
