"""One line for each of the runtime's structures, and the names of addresses in it."""

from .. import program
from ..program import begun, bulk, names, past
from ..state import snapshot
from . import opening


# ---- names, looked up once a stop ----------------------------------------------------------------------------------

_cached = _listed = None


def forget():
    """The program moved: names may have changed."""
    global _cached, _listed
    _cached = _listed = None


def current_names():
    """The names of addresses at this moment."""
    global _cached
    whose = _whose()
    if _cached is None or _cached[0] != whose:
        _cached = whose, snapshot.Outline().names
    return _cached[1]


def _whose():
    return program.world(), program.world().slide, program.pid(), past.moment()


def called(kind, value):
    """What a pointer is called, its name behind it. Of a goroutine only that one is read: there may be a hundred
    thousand of them."""
    global _listed
    if kind != "g" or not value or _cached is not None and _cached[0] == _whose():
        return addressed(value)
    if _listed is None or _listed[0] != _whose():
        _listed = _whose(), frozenset(bulk.allgs()[0])
    g = program.read_struct("g", value) if value in _listed[1] else None
    return f"{value:#x} <g{g.get('goid')}>" if g and g.get("goid") else addressed(value)


def word(value):
    """`0x7ffe... <g0.stack.hi-40>`, `nil`, or the number."""
    if isinstance(value, program.Unreadable) or value is None:
        return str(value)
    if not value:
        return "nil"
    known = current_names().word(value)
    return known if isinstance(known, str) else f"{value:#x}"


def addressed(value, low=False):
    """A word with its name behind it."""
    if isinstance(value, program.Unreadable) or not value:
        return word(value)
    known = current_names().word(value, low)
    return f"{value:#x} <{known}>" if isinstance(known, str) else f"{value:#x}"


def short(value):
    """A g, m or p as people call it: `g1`, `m0`, `p0`, `nil`."""
    return names.short_of(current_names(), value)


# ---- one line for each structure. Each takes an Item or a model.Struct ----------------------------------------------


def _span(lo, hi):
    if isinstance(lo, program.Unreadable) or lo is None or hi is None:
        return str(lo) if lo is not None else "unknown"
    size = f" {hi - lo} B" if hi > lo else ""
    return f"[{lo:#x},{hi:#x}){size}"


def g_line(g):
    """g0{goid 0, _Gidle, m nil, stack [0x0,0x0)} (not yet initialised: rt0_go fills it)"""
    status = g.get("atomicstatus")
    name = short(g.addr) if g.addr else "g"
    if name.startswith("0x") or name in ("heap", "nil"):
        name = "g"
    world = program.world()
    parts = [
        f"goid {g.get('goid')}",
        world.g_status(status),
        f"m {short(g.get('m'))}",
        "stack " + _span(g.get("stack.lo"), g.get("stack.hi")),
    ]
    start = g.get("startpc")
    if start:
        parts.append("runs " + word(start))
    after = ""
    shown = world.g_status(status)
    if shown == "_Gwaiting":
        after = f" ({wait_reason(g)})"
    elif not g.get("stack.hi") and not g.get("goid") and not status:
        after = _zero("tie", ": rt0_go fills it") if name == "g0" else " (not yet initialised)"
    return f"{name}{{{', '.join(parts)}}}{after}"


def wait_reason(g):
    """A waiting g's reason, from a model.Struct or an Item."""
    if isinstance(g, opening.Item) and g.addr:
        known = program.read_struct("g", g.addr)
        return program.wait_reason(known) if known else str(known)
    return program.wait_reason(g) if isinstance(g, program.Struct) else "?"


def m_line(m):
    """m0{id 0, g0 g0, curg nil, p nil}"""
    name = short(m.addr) if m.addr else "m"
    if name.startswith("0x") or name in ("heap", "nil"):
        name = "m"
    parts = [f"id {m.get('id')}"]
    if m.get("procid"):
        parts.append(f"thread {m.get('procid')}")
    parts += [
        f"g0 {short(m.get('g0'))}",
        f"curg {short(m.get('curg'))}",
        (
            f"p {short(m.get('p'))}"
            if program.p_of(m)[1]
            else f"p nil (had {short(m.get('p'))})"
            if m.get("p")
            else "p nil"
        ),
    ]
    for flag in ("spinning", "blocked"):
        if m.get(flag):
            parts.append(flag)
    if m.get("locks"):
        parts.append(f"locks {m.get('locks')}")
    if m.get("lockedg"):
        parts.append(f"locked to {short(m.get('lockedg'))}")
    after = "" if m.get("g0") else _zero("tie", ": rt0_go ties it to g0") if name == "m0" else " (not yet initialised)"
    return f"{name}{{{', '.join(parts)}}}{after}"


def _zero(step, who):
    """What to say of what is still zero: who will fill it, if it is only too early."""
    return f" (not yet initialised{who})" if begun.why_none(step)[0] else " (zero)"


def queue_text(p):
    """`runnext g1, runq [g2 g3]` of a P."""
    queue = program.run_queue(p)
    if queue is None:
        ring = f"runq <head {p.get('runqhead')}, tail {p.get('runqtail')} make no sense>"
    else:
        ring = "runq [" + " ".join(short(g) for g in queue[:8]) + (f" ...{len(queue)}" if len(queue) > 8 else "") + "]"
    return f"runnext {short(p.get('runnext'))}, {ring}"


def p_line(p):
    """p0{_Prunning, m m0, runnext g1, runq []}"""
    status = program.world().p_status(p.get("status"))
    return f"p{p.get('id')}{{{status}, m {short(p.get('m'))}, {queue_text(p)}, schedtick {p.get('schedtick')}}}"


def sched_line(s):
    """sched{Ms made 1, idle 0; Ps idle 1 (p1); run queue [] ...}"""
    size = s.get("runqsize", "runq.size")
    head = s.get("runqhead", "runq.head")
    queue = program.chain("g", head or 0, "schedlink", 8)
    after = "" if s.get("maxmcount") else _zero("ms", ": schedinit fills it")
    return (
        f"sched{{goidgen {s.get('goidgen')}, Ms made {s.get('mnext')}, idle {s.get('nmidle')}, Ps idle"
        f" {s.get('npidle')} (first {short(s.get('pidle'))}), run queue"
        f" {size} [{' '.join(short(g.addr) for g in queue)}{' ...' if queue.end else ''}],"
        f" {mutex_line_of(s.get('lock.key'))}}}{after}"
    )


def gobuf_line(b):
    """gobuf{sp g1.stack.hi-40, pc runtime.main, g g1}"""
    if not b.get("sp") and not b.get("pc"):
        return "gobuf{nothing saved}"
    parts = [
        f"{name} {short(b.get(name))}"
        for name in ("sp", "pc", "g", "ctxt", "bp")
        if b.get(name) or name in ("sp", "pc")
    ]
    return f"gobuf{{{', '.join(parts)}}}" + ("" if b.get("sp") else " (in use: sp is only kept while it does not run)")


def stack_line(s):
    """[0xc42002c000,0xc42002c800) 2048 B"""
    return _span(s.get("lo"), s.get("hi"))


def sudog_line(s):
    """sudog{g1 on a channel at 0x...}"""
    select = ", in a select" if s.get("isSelect") else ""
    return f"sudog{{{short(s.get('g'))}, elem {word(s.get('elem'))}, c {addressed(s.get('c'))}{select}}}"


def _waiters(first):
    queue = program.chain("sudog", first or 0, "next", 16)
    return "[" + " ".join(short(s.get("g")) for s in queue) + (" ..." if queue.end else "") + "]"


def hchan_line(c):
    """chan{1 of 2 in the buffer, 8 bytes each, recvq [g1], sendq []}"""
    closed = ", closed" if c.get("closed") else ""
    return (
        f"chan{{{c.get('qcount')} of {c.get('dataqsiz')} in the buffer, {c.get('elemsize')} bytes each, "
        f"recvq {_waiters(c.get('recvq.first'))}, sendq {_waiters(c.get('sendq.first'))}{closed}}}"
    )


def waitq_line(q):
    """waitq[g1 g2]"""
    return "waitq" + _waiters(q.get("first"))


def note_line(n):
    """note{not yet}"""
    key = n.get("key")
    return "note{not yet}" if key == 0 else "note{happened}" if key == 1 else f"note{{key {word(key)}}}"


def mutex_line_of(key):
    """`unlocked`, `locked`..."""
    if isinstance(key, program.Unreadable):
        return str(key)
    if not key or not program.locked(key):
        return "lock unknown" if key is None else "unlocked" + (f" (key {key:#x})" if key else "")
    return {1: "locked", 2: "locked, others asleep"}.get(key) or f"locked (key {key:#x})"


def mutex_line(m):
    """mutex{unlocked}"""
    return f"mutex{{{mutex_line_of(m.get('key'))}}}"


LINES = {
    "g": g_line,
    "m": m_line,
    "p": p_line,
    "schedt": sched_line,
    "gobuf": gobuf_line,
    "stack": stack_line,
    "sudog": sudog_line,
    "hchan": hchan_line,
    "waitq": waitq_line,
    "note": note_line,
    "mutex": mutex_line,
}
