"""What must hold at any moment: links that point both ways, counts that match lists, statuses that fit.

Each check is ok, BROKEN, or `not yet`: too early in the boot, or a thread is in the middle of changing just that.
"""

import gdb

from . import model, views

OK, BROKEN, NOT_YET = "ok", "BROKEN", "not yet"

# While one of these is on some thread's stack, links and lists may be half done.
_MOVERS = {
    "execute", "newstack", "lessstack", "dropg", "goschedImpl", "gopreempt_m", "gosched_m", "park_m", "goexit0", "gdestroy",
    "acquirep", "acquirep1", "wirep", "releasep", "procresize", "handoffp", "entersyscall", "reentersyscall", "exitsyscall",
    "exitsyscallfast", "exitsyscall0", "entersyscallblock", "retake", "mcommoninit", "newproc1", "allgadd", "runqput",
    "runqputslow", "runqget", "runqgrab", "runqsteal", "globrunqget", "globrunqput", "startm", "stoplockedm", "startlockedm",
    "mput", "mget", "pidleput", "pidleget", "ready", "mexit", "gfput", "casgstatus",
}  # fmt: skip
# Innermost, these stand between two stacks, or before the first link is made.
_SWITCHERS = {"rt0_go", "settls", "clone", "gogo", "mcall", "systemstack", "systemstack_switch", "morestack", "__morestack",
              "jump_fcontext", "make_fcontext", "sigtramp", "sigtrampgo", "sigreturn"}  # fmt: skip
# A thread asleep in the kernel is not in the middle of anything.
_ASLEEP = {"futex", "usleep", "nanosleep", "epollwait", "epoll_wait"}


class Result:
    """One check's verdict."""

    def __init__(self, name, verdict, detail):
        self.name, self.verdict, self.detail = name, verdict, detail


def run(snap):
    """All checks on one snapshot."""
    for name in ("g0", "m0", "sched"):
        if not getattr(snap, name):
            raise model.Problem(f"{name} cannot be read: {getattr(snap, name)}. Is this the program that the process or the core is of?")
    return [_run(name, function, snap) for name, function in CHECKS]


class _Broken(Exception):
    pass


class _NotYet(Exception):
    pass


def _run(name, function, snap):
    try:
        return Result(name, OK, function(snap))
    except _NotYet as why:
        return Result(name, NOT_YET, str(why))
    except _Broken as why:
        mover = _moving()
        if mover:
            return Result(name, NOT_YET, f"{why}, but {mover} and may be changing that")
        return Result(name, BROKEN, str(why))


def _functions(frame, limit):
    while frame is not None and limit:
        symbol = model.symbol_of(frame)
        if symbol:
            yield symbol[0].removesuffix(".abi0").removeprefix("runtime.").partition("<")[0]
        try:
            frame = frame.older()
        except gdb.error:
            return
        limit -= 1


def _moving(depth=12):
    """`thread 2 is in execute` if some thread is in the middle of such a thing."""
    with views.keeping_place():
        for thread in gdb.selected_inferior().threads():
            if not thread.is_valid() or thread.is_running():
                continue
            thread.switch()
            for level, name in enumerate(_functions(gdb.newest_frame(), depth)):
                if level == 0 and name in _ASLEEP:
                    break
                if name in _MOVERS or level == 0 and name in _SWITCHERS:
                    return f"thread {thread.num} is in {name}"
    return None


def _name(snap, address):
    return snap.names.pointer(address).removeprefix("&runtime.") if address else "nil"


# ---- the checks. Each returns what it found, or raises --------------------------------------------------------------


def _g0_m0(snap):
    to_m, to_g = snap.g0.get("m"), snap.m0.get("g0")
    if not to_m and not to_g:
        raise _NotYet("g0 and m0 are not tied yet: rt0_go does it at `ok`")
    if to_m != snap.m0.addr:
        raise _Broken(f"g0.m is {_name(snap, to_m)}, should be m0")
    if to_g != snap.g0.addr:
        raise _Broken(f"m0.g0 is {_name(snap, to_g)}, should be g0")
    return "g0.m is m0 and m0.g0 is g0"


def _tls(snap):
    if snap.fs_base is None:
        raise _NotYet("FS cannot be read: does this thread run on?")
    if not snap.fs_base:
        raise _NotYet("FS is 0: settls sets it")
    if snap.g_at(snap.tls_g) is None:
        if not snap.g0.get("m"):
            raise _NotYet(f"-8(FS) holds {_name(snap, snap.tls_g)}: rt0_go is trying it out")
        raise _Broken(f"-8(FS) holds {_name(snap, snap.tls_g)}, which is no g")
    return f"-8(FS) holds {_name(snap, snap.tls_g)}"


def _current(snap):
    g = snap.g_at(snap.current) if snap.current else None
    if g is None or not g.get("m"):
        raise _NotYet("this thread has no current g with an M yet")
    m = snap.m_of_thread()
    if m is None:
        raise _Broken(f"{_name(snap, g.addr)}.m is {_name(snap, g.get('m'))}, which cannot be read")
    if g.addr not in (m.get("g0"), m.get("gsignal"), m.get("curg")):
        raise _Broken(f"{_name(snap, g.addr)} runs on {_name(snap, m.addr)}, but is neither its g0, its gsignal nor its curg")
    return f"{_name(snap, g.addr)} on {_name(snap, m.addr)}"


def _curg(snap):
    pairs = [(m, m.get("curg")) for m in snap.ms if m.get("curg")]
    for m, address in pairs:
        g = next((g for g in snap.gs if g.addr == address), None)
        if g is None:
            raise _Broken(f"{_name(snap, m.addr)}.curg is {_name(snap, address)}, which is not in allgs")
        if g.get("m") != m.addr:
            raise _Broken(f"{_name(snap, m.addr)}.curg is {_name(snap, address)}, but its m is {_name(snap, g.get('m'))}")
    if not pairs:
        raise _NotYet("no M runs a goroutine")
    return ", ".join(f"{_name(snap, m.addr)} runs {_name(snap, g)}" for m, g in pairs)


def _p_m(snap):
    if not snap.ps:
        raise _NotYet("there is no P: procresize makes them")
    ms = {m.addr: m for m in snap.ms}
    held = 0
    for p in snap.ps:
        status, m = snap.world.p_status(p.get("status")), p.get("m")
        name = f"p{p.get('id')}"
        if status == "_Prunning":
            held += 1
            if not m:
                raise _Broken(f"{name} is _Prunning, but has no M")
            if m in ms and ms[m].get("p") != p.addr:
                raise _Broken(f"{name}.m is {_name(snap, m)}, but {_name(snap, m)}.p is {_name(snap, ms[m].get('p'))}")
        elif status == "_Pidle" and m:
            raise _Broken(f"{name} is _Pidle, but its m is {_name(snap, m)}")
        elif status.startswith("status "):
            raise _Broken(f"{name} has {status}")
    return f"{len(snap.ps)} Ps, {held} with an M"


def _g_status(snap):
    if not snap.gs:
        raise _NotYet("no goroutine: newproc makes the first")
    for g in snap.gs:
        status, name = snap.world.g_status(g.get("atomicstatus")), snap.g_name(g)
        if status.startswith("status "):
            raise _Broken(f"{name} has {status}")
        if status == "_Grunning" and not g.get("m"):
            raise _Broken(f"{name} is _Grunning, but has no M")
        if status in ("_Grunnable", "_Gwaiting") and g.get("m"):
            raise _Broken(f"{name} is {status}, but its m is {_name(snap, g.get('m'))}")
    return f"{len(snap.gs)} goroutines"


def _queues(snap):
    if not snap.ps:
        raise _NotYet("there is no P with a run queue")
    total = 0
    for p in snap.ps:
        queue = model.run_queue(p)
        if queue is None:
            raise _Broken(f"p{p.get('id')}.runqhead {p.get('runqhead')} and runqtail {p.get('runqtail')} make no sense")
        for address in [*queue, *([p.get("runnext")] if p.get("runnext") else [])]:
            g = snap.g_at(address)
            if g is None:
                raise _Broken(f"p{p.get('id')}'s queue holds {_name(snap, address)}, which is not in allgs")
            if "_Grunnable" not in snap.world.g_status(g.get("atomicstatus")):
                raise _Broken(f"{snap.g_name(g)} is queued, but {snap.world.g_status(g.get('atomicstatus'))}")
            total += 1
    return f"{total} queued on Ps, all _Grunnable"


def _locked(snap):
    if snap.sched.get("lock.key"):
        raise _NotYet("sched.lock is held: its lists may be half done")


def _count(snap, what, found, said):
    if found != said:
        _locked(snap)
        raise _Broken(f"{found} on the list, but {what} says {said}")
    return f"{found}"


def _global_queue(snap):
    size = snap.sched.get("runqsize", "runq.size")
    return _count(snap, "sched.runqsize", len(model.global_queue(snap.sched)), size)


def _idle_ps(snap):
    found = model.chain("p", snap.sched.get("pidle") or 0, "link", model.MAX_PS)
    for p in found:
        if snap.world.p_status(p.get("status")) != "_Pidle":
            _locked(snap)
            raise _Broken(f"p{p.get('id')} is on the idle list, but {snap.world.p_status(p.get('status'))}")
    return _count(snap, "sched.npidle", len(found), snap.sched.get("npidle"))


def _idle_ms(snap):
    found = model.chain("m", snap.sched.get("midle") or 0, "schedlink", model.MAX_MS)
    return _count(snap, "sched.nmidle", len(found), snap.sched.get("nmidle"))


def _allm(snap):
    if not snap.ms:
        raise _NotYet("allm is empty: mcommoninit enters m0")
    ids = [m.get("id") for m in snap.ms]
    if len(set(ids)) != len(ids):
        raise _Broken(f"two Ms have the same id: {ids}")
    if snap.m0.addr not in (m.addr for m in snap.ms):
        raise _Broken("m0 is not on allm")
    if max(ids) >= snap.sched.get("mnext"):
        _locked(snap)
        raise _Broken(f"there is an m{max(ids)}, but sched.mnext is {snap.sched.get('mnext')}")
    return f"{len(ids)} Ms"


def _allgs(snap):
    if not snap.gs:
        raise _NotYet("allgs is empty: newproc1 enters the first g")
    said = snap.globals["allglen"].get("") if "allglen" in snap.globals else None
    if isinstance(said, int) and said != len(snap.gs):
        raise _Broken(f"{len(snap.gs)} gs in allgs, but allglen is {said}")
    ids = [g.get("goid") for g in snap.gs if g.get("goid") and snap.world.g_status(g.get("atomicstatus")) != "_Gdead"]
    if len(set(ids)) != len(ids):
        raise _Broken(f"two goroutines have the same id: {sorted(ids)}")
    return f"{len(snap.gs)} gs"


def _stack(snap):
    g = snap.g_at(snap.current) if snap.current else None
    if g is None or not g.get("stack.hi"):
        raise _NotYet("this thread has no current g with stack bounds yet")
    here = next(_functions(gdb.newest_frame(), 1), "")
    if here in _SWITCHERS:
        raise _NotYet(f"{here} is switching stacks")
    lo, hi, name = g.get("stack.lo"), g.get("stack.hi"), _name(snap, g.addr)
    if lo <= snap.sp <= hi:
        return f"{snap.names.pointer(snap.sp)}"
    m = snap.m_of_thread()
    for field in ("gsignal", "g0"):
        other = snap.g_at(m.get(field)) if m and m.get(field) else None
        on_it = other and other.get("stack.lo") <= snap.sp <= other.get("stack.hi")
        if on_it and (field == "gsignal" or "time" in here or not here):
            return f"on {_name(snap, other.addr)}'s stack for a moment ({here or 'vDSO'})"
    raise _Broken(f"SP is {_name(snap, snap.sp)}, outside {name}'s stack")


CHECKS = (
    ("g0 and m0 point at each other", _g0_m0),
    ("TLS holds a g", _tls),
    ("the current g belongs to this M", _current),
    ("SP is inside the current g's stack", _stack),
    ("m.curg and g.m agree", _curg),
    ("m.p and p.m agree", _p_m),
    ("goroutine statuses fit", _g_status),
    ("allgs and allglen agree", _allgs),
    ("queued goroutines are runnable", _queues),
    ("sched.runqsize counts the global queue", _global_queue),
    ("sched.npidle counts the idle Ps", _idle_ps),
    ("sched.nmidle counts the idle Ms", _idle_ms),
    ("allm holds every M once", _allm),
)
