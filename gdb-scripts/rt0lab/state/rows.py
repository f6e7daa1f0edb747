"""G, M, P and sched at one moment as data: of the live program, of a stop that was kept, of a recorded trace.

Cards, panels, lists, replay and JSON only put these into words; printers do with one structure at a time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from .. import program
from ..program import names
from .snapshot import Snapshot

NO_MORE = ("_Gdead", "_Gdeadextra")  # statuses of gs that wait to be used again


class Ref(NamedTuple):
    """What a pointer leads to: what people call it (`g1`), and its number, None if that is not known."""

    name: str
    id: Any = None


Refs = Callable[[str, Any], Any]  # the Ref of an address, of a g, an m or a p; None for nil


NIL = Ref("nil")  # in a queue, where none should be


@dataclass(frozen=True, slots=True)
class G:
    """A goroutine, or a g of the runtime's own."""

    name: str
    id: Any
    here: bool  # the selected thread is on it
    status: str
    reason: str | None  # why it waits, or waited last
    m: Ref | None
    stack: tuple[Any, Any]  # (lo, hi)
    start: str | None  # the function that it began with
    at: str | None  # where it stands, if it is on a thread
    zero: bool = False  # nothing has been written there yet


@dataclass(frozen=True, slots=True)
class M:
    """A thread of the system's."""

    name: str
    id: Any
    address: int | None
    here: bool  # it is the selected thread
    thread: Any  # the system's number of it
    g0: Ref | None
    curg: Ref | None
    p: Ref | None
    had: Ref | None  # the P that it left behind when it went into a system call
    sysmon: bool  # it never schedules
    spinning: bool
    blocked: bool
    locks: Any
    lockedg: Ref | None


@dataclass(frozen=True, slots=True)
class P:
    """A right to run Go code."""

    name: str
    id: Any
    address: int | None
    here: bool  # the selected thread's M has it
    status: str
    m: Ref | None
    runnext: Ref | None
    runq: tuple[Ref, ...] | None  # the oldest first; None if head and tail make no sense
    head: Any
    tail: Any
    timers: Any  # how many it keeps; None where timers are not the Ps'
    schedtick: Any
    syscalltick: Any


@dataclass(frozen=True, slots=True)
class Sched:
    """The scheduler's counts and its global queue. None is what cannot be read."""

    runq: tuple[Ref, ...] | None
    npidle: Any
    nmidle: Any
    nmspinning: Any


@dataclass(frozen=True, slots=True)
class Rows:
    """All of one moment."""

    gs: list[G]
    ms: list[M]
    ps: list[P]
    sched: Sched
    problem: str | None = None  # what of allgs could not be read


# ---- one structure. `refs(kind, address)` gives a Ref, None for nil ------------------------------------------------


def g(
    item: Any,
    name: str,
    refs: Refs,
    code: Callable[[Any], Any],
    reason: Callable[[Any], str | None],
    here: bool = False,
    at: str | None = None,
) -> G:
    """A G of a g (program.Struct or the like); `code` names a function."""
    status, lo, hi, start = item.get("atomicstatus"), item.get("stack.lo"), item.get("stack.hi"), item.get("startpc")
    return G(
        name=name,
        id=item.get("goid"),
        here=here,
        status=program.world().g_status(status),
        reason=reason(item),
        m=refs("m", item.get("m")),
        stack=(lo, hi),
        start=code(start) if start else None,
        at=at,
        zero=not (hi or status or item.get("goid")),
    )


def m(item: Any, name: str, refs: Refs, here: bool = False) -> M:
    """An M of an m."""
    at, own = program.p_of(item)
    return M(
        name=name,
        id=item.get("id"),
        address=item.addr,
        here=here,
        thread=item.get("procid"),
        g0=refs("g", item.get("g0")),
        curg=refs("g", item.get("curg")),
        p=refs("p", at) if own else None,
        had=refs("p", at) if at and not own else None,
        sysmon=program.is_sysmon(item.get("mstartfn")),
        spinning=bool(item.get("spinning")),
        blocked=bool(item.get("blocked")),
        locks=item.get("locks"),
        lockedg=refs("g", item.get("lockedg")),
    )


def p(item: Any, refs: Refs, here: bool = False) -> P:
    """A P of a p."""
    queue = program.run_queue(item)
    return P(
        name=f"p{item.get('id')}",
        id=item.get("id"),
        address=item.addr,
        here=here,
        status=program.world().p_status(item.get("status")),
        m=refs("m", item.get("m")),
        runnext=refs("g", item.get("runnext")),
        runq=None if queue is None else tuple(refs("g", address) or NIL for address in queue),
        head=item.get("runqhead"),
        tail=item.get("runqtail"),
        timers=item.get("numTimers", "timers.len", "timers.heap.len"),
        schedtick=item.get("schedtick"),
        syscalltick=item.get("syscalltick"),
    )


def referring(short: Callable[[int], str], number: Callable[[str, int], Any] = lambda kind, address: None) -> Refs:
    """`refs(kind, address)` by a function that names addresses, and one that numbers what is there."""

    def refs(kind, address):
        if not address and not isinstance(address, program.Unreadable):
            return None
        return Ref(short(address), number(kind, address))

    return refs


# ---- a snapshot ----------------------------------------------------------------------------------------------------


def refs_of(snap: Snapshot) -> Refs:
    """`refs(kind, address)` at the moment of a Snapshot."""
    ids = {"m": {m.addr: m.get("id") for m in snap.hosts()}, "p": {p.addr: p.get("id") for p in snap.ps}}

    def number(kind, address):
        if kind != "g":
            return ids[kind].get(address)
        found = snap.g_at(address)
        return found.get("goid") if found else None

    return referring(functools.partial(names.short_of, snap.names), number)


def ms(snap: Snapshot) -> list[M]:
    """The Ms, oldest first."""
    refs, here = refs_of(snap), snap.m_of_thread()
    return [
        m(item, names.short_of(snap.names, item.addr), refs, here is not None and item.addr == here.addr)
        for item in snap.hosts()
    ]


def ps(snap: Snapshot) -> list[P]:
    """The Ps, in allp's order."""
    refs, here = refs_of(snap), snap.m_of_thread()
    with_it = here.get("p") if here else None
    return [p(item, refs, item.addr == with_it) for item in snap.ps]


def gs(snap: Snapshot, standing: Mapping[int, str] | tuple[()] = ()) -> list[G]:
    """The goroutines, in allgs's order. `standing`: {address of a g on a thread: where it stands}."""
    reasons = {}  # by Go's number, where it is one: there are few, and goroutines are many

    def reason(item):
        number = item.get("waitreason")
        if number is None:
            return snap.waitreason(item) or None
        if number not in reasons:
            reasons[number] = snap.waitreason(item) or None
        return reasons[number]

    refs, code, standing = refs_of(snap), snap.names.code, dict(standing)
    return [
        g(item, snap.g_name(item), refs, code, reason, item.addr == snap.current, standing.get(item.addr))
        for item in snap.gs
    ]


def queue(snap: Snapshot) -> tuple[Ref, ...]:
    """The Refs on the global run queue."""
    refs = refs_of(snap)
    return tuple(refs("g", address) for address in snap.queue)


def sched(snap: Snapshot) -> Sched:
    """The Sched."""
    counts = [snap.sched.get(name) if snap.sched else None for name in ("npidle", "nmidle", "nmspinning")]
    return Sched(queue(snap) if snap.sched else None, *counts)


def of(snap: Snapshot, standing: Mapping[int, str] | tuple[()] = ()) -> Rows:
    """The Rows of a Snapshot."""
    return Rows(gs(snap, standing), ms(snap), ps(snap), sched(snap), snap.gs_problem or None)
