"""One line for each of the runtime's structures, and the names of addresses in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import program
from ..program import begun, bulk, names, past
from ..state import rows, snapshot
from ..words import tr
from . import opening

# ---- names, looked up once a stop ----------------------------------------------------------------------------------


def current_names() -> names.Names:
    """The names of addresses at this moment."""
    if past.moment() is not None:
        return past.moment().snapshot.names
    return program.world().still("names", lambda: snapshot.Outline().names)


def called(kind: str, value: Any) -> str:
    """What a pointer is called, its name behind it. Of a goroutine only that one is read: there may be a hundred
    thousand of them."""
    world = program.world()
    if kind != "g" or not value or past.moment() is not None or world.still("names") is not None:
        return addressed(value)
    listed = world.still("listed", lambda: frozenset(bulk.allgs()[0]))
    g = program.read_struct("g", value) if value in listed else None
    return f"{value:#x} <g{g.get('goid')}>" if g and g.get("goid") else addressed(value)


def word(value: Any) -> str:
    """`0x7ffe... <g0.stack.hi-40>`, `nil`, or the number."""
    if isinstance(value, program.Unreadable) or value is None:
        return str(value)
    if not value:
        return "nil"
    known = current_names().word(value)
    return known if isinstance(known, str) else f"{value:#x}"


def addressed(value: Any, low: bool = False) -> str:
    """A word with its name behind it."""
    if isinstance(value, program.Unreadable) or not value:
        return word(value)
    known = current_names().word(value, low)
    return f"{value:#x} <{known}>" if isinstance(known, str) else f"{value:#x}"


def short(value: Any) -> str:
    """A g, m or p as people call it: `g1`, `m0`, `p0`, `nil`."""
    return names.short_of(current_names(), value)


# ---- G, M and P: one line for each row ------------------------------------------------------------------------------


def _span(lo, hi):
    if isinstance(lo, program.Unreadable) or lo is None or hi is None:
        return str(lo) if lo is not None else "unknown"
    size = f" {hi - lo} B" if hi > lo else ""
    return f"[{lo:#x},{hi:#x}){size}"


def g_line(g: rows.G) -> str:
    """g0{goid 0, _Gidle, m nil, stack [0x0,0x0)} (not yet initialised: rt0_go fills it)"""
    parts = [f"goid {g.id}", g.status, f"m {_or_nil(g.m)}", "stack " + _span(*g.stack)]
    if g.start:
        parts.append(tr("runs {what}", what=g.start))
    after = ""
    if g.status == "_Gwaiting":
        after = f" ({g.reason})"
    elif g.zero:
        after = _zero("tie", tr(": rt0_go fills it")) if g.name == "g0" else tr(" (not yet initialised)")
    return f"{g.name}{{{', '.join(parts)}}}{after}"


def m_line(m: rows.M) -> str:
    """m0{id 0, g0 g0, curg nil, p nil}"""
    parts = [
        f"id {m.id}",
        *([f"thread {m.thread}"] if m.thread else []),
        f"g0 {_or_nil(m.g0)}",
        f"curg {_or_nil(m.curg)}",
        f"p nil (had {m.had.name})" if m.had else f"p {_or_nil(m.p)}",
        *(["spinning"] if m.spinning else []),
        *(["blocked"] if m.blocked else []),
        *([f"locks {m.locks}"] if m.locks else []),
        *([f"locked to {m.lockedg.name}"] if m.lockedg else []),
    ]
    after = (
        "" if m.g0 else _zero("tie", tr(": rt0_go ties it to g0")) if m.name == "m0" else tr(" (not yet initialised)")
    )
    return f"{m.name}{{{', '.join(parts)}}}{after}"


def does(m: rows.M) -> str:
    """What an M does, in two words; nothing if it has no P and is not asleep either."""
    if m.curg:
        return tr("runs {what}", what=m.curg.name)
    if m.sysmon:
        return tr("runs {what}", what="sysmon")
    return tr("schedules") if m.p else tr("sleeps") if m.blocked else ""


def p_line(p: rows.P) -> str:
    """p0{_Prunning, m m0, runnext g1, runq []}"""
    ring = f"<head {p.head}, tail {p.tail} make no sense>" if p.runq is None else queue(p.runq, 8, counted=True)
    own = f"{p.status}, m {_or_nil(p.m)}, runnext {_or_nil(p.runnext)}, runq {ring}, schedtick {p.schedtick}"
    return f"{p.name}{{{own}}}"


def queue(refs: Sequence[rows.Ref], most: int, counted: bool = False) -> str:
    """`[g1 g2]`, `[g1 g2 ...]`: no more than so many; `[g1 g2 ... 9 in all]` if it is to say how many there are."""
    more = (tr(" ... {n} in all", n=len(refs)) if counted else " ...") if len(refs) > most else ""
    return "[" + " ".join(ref.name for ref in refs[:most]) + more + "]"


def _or_nil(ref):
    return ref.name if ref else "nil"


def _zero(step, who):
    """What to say of what is still zero: who will fill it, if it is only too early."""
    return tr(" (not yet initialised{who})", who=who) if begun.why_none(step)[0] else " (zero)"


# ---- the row of one structure, for a printer -----------------------------------------------------------------------

_REFS = rows.referring(short)


def g_row(item: Any) -> rows.G:
    """The rows.G of an Item or a program.Struct."""
    return rows.g(item, _name(item, "g"), _REFS, word, _wait_reason)


def m_row(item: Any) -> rows.M:
    """The rows.M of an Item or a program.Struct."""
    return rows.m(item, _name(item, "m"), _REFS)


def p_row(item: Any) -> rows.P:
    """The rows.P of an Item or a program.Struct."""
    return rows.p(item, _REFS)


def _name(item, kind):
    name = short(item.addr) if item.addr else kind
    return kind if name.startswith("0x") or name in ("heap", "nil") else name


def _wait_reason(item):
    if program.world().g_status(item.get("atomicstatus")) != "_Gwaiting":
        return None
    if isinstance(item, opening.Item) and item.addr:
        known = program.read_struct("g", item.addr)
        return program.wait_reason(known) if known else str(known)
    return program.wait_reason(item) if isinstance(item, program.Struct) else "?"


# ---- other structures ----------------------------------------------------------------------------------------------


def sched_line(s: Any) -> str:
    """sched{Ms made 1, idle 0; Ps idle 1 (p1); run queue [] ...}"""
    size = s.get("runqsize", "runq.size")
    head = s.get("runqhead", "runq.head")
    queue = program.chain("g", head or 0, "schedlink", 8)
    after = "" if s.get("maxmcount") else _zero("ms", tr(": schedinit fills it"))
    return tr(
        "sched{{goidgen {goidgen}, Ms made {mnext}, idle {nmidle}, Ps idle {npidle} (first {pidle}), run queue"
        " {size} [{queue}{how}], {lock_key}}}{after}",
        goidgen=s.get("goidgen"),
        mnext=s.get("mnext"),
        nmidle=s.get("nmidle"),
        npidle=s.get("npidle"),
        pidle=short(s.get("pidle")),
        size=size,
        queue=" ".join((short(g.addr) for g in queue)),
        how=" ..." if queue.end else "",
        lock_key=mutex_line_of(s.get("lock.key")),
        after=after,
    )


def gobuf_line(b: Any) -> str:
    """gobuf{sp g1.stack.hi-40, pc runtime.main, g g1}"""
    if not b.get("sp") and not b.get("pc"):
        return "gobuf{nothing saved}"
    parts = [
        f"{name} {short(b.get(name))}"
        for name in ("sp", "pc", "g", "ctxt", "bp")
        if b.get(name) or name in ("sp", "pc")
    ]
    return f"gobuf{{{', '.join(parts)}}}" + (
        "" if b.get("sp") else tr(" (in use: sp is only kept while it does not run)")
    )


def stack_line(s: Any) -> str:
    """[0xc42002c000,0xc42002c800) 2048 B"""
    return _span(s.get("lo"), s.get("hi"))


def sudog_line(s: Any) -> str:
    """sudog{g1 on a channel at 0x...}"""
    select = ", in a select" if s.get("isSelect") else ""
    elem, c = s.get("elem", "elem.vu"), s.get("c", "c.maybeTraceablePtr.vu", "c.vu")  # wrapped from Go 1.26 on
    return f"sudog{{{short(s.get('g'))}, elem {word(elem)}, c {addressed(c)}{select}}}"


def _waiters(first):
    queue = program.chain("sudog", first or 0, "next", 16)
    return "[" + " ".join(short(s.get("g")) for s in queue) + (" ..." if queue.end else "") + "]"


def hchan_line(c: Any) -> str:
    """chan{1 of 2 in the buffer, 8 bytes each, recvq [g1], sendq []}"""
    closed = ", closed" if c.get("closed") else ""
    return tr(
        "chan{{{qcount} of {dataqsiz} in the buffer, {elemsize} bytes each, recvq {recvq_first}, sendq"
        " {sendq_first}{closed}}}",
        qcount=c.get("qcount"),
        dataqsiz=c.get("dataqsiz"),
        elemsize=c.get("elemsize"),
        recvq_first=_waiters(c.get("recvq.first")),
        sendq_first=_waiters(c.get("sendq.first")),
        closed=closed,
    )


def waitq_line(q: Any) -> str:
    """waitq[g1 g2]"""
    return "waitq" + _waiters(q.get("first"))


def note_line(n: Any) -> str:
    """note{not yet}"""
    key = n.get("key")
    return "note{not yet}" if key == 0 else "note{happened}" if key == 1 else f"note{{key {word(key)}}}"


def mutex_line_of(key: Any) -> str:
    """`unlocked`, `locked`..."""
    if isinstance(key, program.Unreadable):
        return str(key)
    if not key or not program.locked(key):
        return "lock unknown" if key is None else "unlocked" + (f" (key {key:#x})" if key else "")
    return {1: "locked", 2: "locked, others asleep"}.get(key) or f"locked (key {key:#x})"


def mutex_line(m: Any) -> str:
    """mutex{unlocked}"""
    return f"mutex{{{mutex_line_of(m.get('key'))}}}"


LINES = {
    "g": lambda item: g_line(g_row(item)),
    "m": lambda item: m_line(m_row(item)),
    "p": lambda item: p_line(p_row(item)),
    "schedt": sched_line,
    "gobuf": gobuf_line,
    "stack": stack_line,
    "sudog": sudog_line,
    "hchan": hchan_line,
    "waitq": waitq_line,
    "note": note_line,
    "mutex": mutex_line,
}
