"""What must hold at any moment of g, m, p and sched: links that point both ways, counts that match lists, statuses that
fit.

Each check is ok, BROKEN, `not yet` (the boot has not come there), `moving` (a thread is in the middle of changing just
that) or `unknown` (it cannot be seen here). What excuses is named by the check, and is evidence of its own: see begun
and movers. Channels and what waits on them are checked in checks_waiters.
"""

from __future__ import annotations

import collections
import functools
import re

from .. import program
from ..program import begun
from ..words import in_a_row, later, tr, trn
from . import checks_waiters
from .snapshot import Snapshot
from .verdicts import Broken, NotYet, Now, Result, Unknown, run_all

# The functions that make or cut a link, in this runtime and in Go's from 1.10 on. Only these excuse a link that is half
# made.
_CURG = """
    execute dropg goexit0 gdestroy gosched_m goschedImpl gopreempt_m goyield_m park_m preemptPark exitsyscall0
    exitsyscallNoP oneNewExtraM needm needAndBindM dropm casgstatus casGToWaiting newstack lessstack debugCallWrap
    coroswitch_m
""".split()
_M_P = """
    acquirep acquirep1 acquirepNoTrace wirep releasep releasepNoTrace procresize destroy startTheWorldWithSema
    stopTheWorldWithSema entersyscall reentersyscall entersyscallblock entersyscall_gcwait entersyscallHandleGCWait
    exitsyscall exitsyscallfast exitsyscallfast_reacquired exitsyscallfast_pidle exitsyscallTryGetP exitsyscall0
    handoffp retake takeP gcstopP gcstopm forEachP forEachPInternal needm dropm mexit
""".split()
_ON_ITS_STACK = """
    casgstatus casGToWaiting casGToWaitingForSuspendG gcMarkTermination gopark mcall traceAdvance debugCallWrap
    debugCallWrap1 debugCallWrap2 stopTheWorldGC
""".split()
_NEW_M = "mcommoninit startm allocm newm newm1 oneNewExtraM mpreinit mexit malg schedinit".split()
_NEW_G = "newproc1 allgadd malg oneNewExtraM".split()
_BIRTH = """
    rt0_go settls clone mstart mstart0 mstart1 minit needm needAndBindM dropm cgocallback crosscall1 crosscall_amd64
    threadentry
""".split()
_STEPS = {"tie": ("rt0_go",), "ms": ("schedinit",), "ps": ("schedinit",), "gs": ()}


def run(snap: Snapshot) -> list[Result]:
    """All checks on one snapshot."""
    for name in ("g0", "m0", "sched"):
        if not getattr(snap, name):
            raise program.Problem(
                tr(
                    "{name} cannot be read: {snap}. Is this the program that the process or the core is of?",
                    name=name,
                    snap=getattr(snap, name),
                )
            )
    return run_all(CHECKS, Now(snap))


def _not_empty(now, items, step):
    """NotYet or Broken where there is nothing of a step's."""
    if items:
        return
    early, why = begun.why_none(step)
    raise (
        NotYet(re.split("[,，]", why)[0])
        if early
        else Broken(why, now.mover(_STEPS[step], now.snap.m0.addr, now.snap.g0.addr))
    )


def _no_excuse():
    """Nothing excuses it."""


def _whole(chain, what, *excuses):
    """Broken if a list does not come to its end; Unknown if it was only too long."""
    if chain.cut:
        raise Unknown(f"{what} {chain.end}")
    if chain.end:
        raise Broken(f"{what} {chain.end}", *excuses)


# ---- this thread -----------------------------------------------------------------------------------------------------


def _g0_m0(now):
    snap = now.snap
    to_m, to_g = snap.g0.get("m"), snap.m0.get("g0")
    _not_empty(now, to_m or to_g, "tie")
    if to_m != snap.m0.addr:
        raise Broken(tr("g0.m is {to_m}, should be m0", to_m=now.name(to_m)), now.mover(("rt0_go",), snap.m0.addr))
    if to_g != snap.g0.addr:
        raise Broken(tr("m0.g0 is {to_g}, should be g0", to_g=now.name(to_g)), now.mover(("rt0_go",), snap.g0.addr))
    return tr("g0.m is m0 and m0.g0 is g0")


def _foreign(now):
    """Unknown for a thread that no M is on: C made it, or it has only begun."""
    here = now.threads.here
    if here is not None and here.m is None and program.procids_are_gdbs():
        raise Unknown(tr("no M is on this thread: it is C's, or only begins"))


def _tls(now):
    snap = now.snap
    if snap.fs_base is None:
        raise Unknown(tr("FS cannot be read: does this thread run on?"))
    if not snap.fs_base:
        _not_empty(now, (), "tie")
    if snap.g_at(snap.tls_g) is None:
        if not snap.g0.get("m"):
            _not_empty(now, (), "tie")
        _foreign(now)
        raise Broken(
            tr("{slot} holds {tls_g}, which is no g", slot=now.slot, tls_g=now.name(snap.tls_g)),
            functools.partial(now.here_in, _BIRTH),
        )
    return tr("{slot} holds {tls_g}", slot=now.slot, tls_g=now.name(snap.tls_g))


def _current(now):
    snap = now.snap
    g = snap.g_at(snap.current) if snap.current else None
    if g is None:
        if not snap.current and begun.why_none("ms")[0]:
            raise NotYet(tr("this thread has no g yet: rt0_go sets it at `ok`"))
        raise Unknown(tr("this thread is on no g that is known"))
    if not g.get("m"):
        if g.addr == snap.g0.addr:
            _not_empty(now, (), "tie")
        raise Broken(
            tr("{addr} runs here, but has no M", addr=now.name(g.addr)), now.between_stacks, now.mover(_CURG, g.addr)
        )
    m = now.m_at(g.get("m"))
    if m is None:
        raise Broken(
            tr("{addr}.m is {m}, which is not on allm", addr=now.name(g.addr), m=now.name(g.get("m"))),
            now.mover(_NEW_M, g.get("m")),
        )
    if g.addr not in (m.get("g0"), m.get("gsignal"), m.get("curg")):
        raise Broken(
            tr(
                "{addr} runs on {addr2}, but is neither its g0, its gsignal nor its curg",
                addr=now.name(g.addr),
                addr2=now.name(m.addr),
            ),
            now.between_stacks,
            now.mover(_CURG, m.addr),
        )
    return tr("{addr} on {addr2}", addr=now.name(g.addr), addr2=now.name(m.addr))


def _stack(now):
    snap = now.snap
    g = snap.g_at(snap.current) if snap.current else None
    if g is None or not g.get("stack.hi"):
        if begun.why_none("ms")[0]:
            raise NotYet(tr("this thread has no current g with stack bounds yet"))
        raise (
            Unknown(tr("this thread is on no g that is known"))
            if g is None
            else Broken(tr("{addr} has no stack bounds", addr=now.name(g.addr)))
        )
    lo, hi, name = g.get("stack.lo"), g.get("stack.hi"), now.name(g.addr)
    if lo <= snap.sp <= hi:
        return f"{snap.names.pointer(snap.sp)}"
    here = now.threads.here.names[0] if now.threads.here and now.threads.here.names else ""
    m = snap.m_of_thread()
    for field in ("gsignal", "g0"):
        other = snap.g_at(m.get(field)) if m and m.get(field) else None
        on_it = other and other.get("stack.lo") <= snap.sp <= other.get("stack.hi")
        if on_it and (field == "gsignal" or "time" in here or not here):
            return tr("on {addr}'s stack for a moment ({here})", addr=now.name(other.addr), here=here or "vDSO")
    if program.scalar("iscgo") and (now.in_c() or m and g.addr == m.get("g0")):
        return tr("on a stack of C's ({here})", here=here or "C")  # whose bounds the runtime only guesses
    raise Broken(tr("SP is {sp}, outside {name}'s stack", sp=now.name(snap.sp), name=name), now.between_stacks)


# ---- links -----------------------------------------------------------------------------------------------------------


def _curg(now):
    snap, pairs = now.snap, []
    for m in snap.ms:
        address = m.get("curg")
        if not address:
            continue
        g = snap.by_address.get(address)
        if g is None:
            now.wrong(
                tr("{addr}.curg is {address}, which is not in allgs", addr=now.name(m.addr), address=now.name(address)),
                now.mover(_CURG + _NEW_G, m.addr, address),
            )
        elif g.get("m") != m.addr:
            now.wrong(
                tr(
                    "{addr}.curg is {address}, but its m is {m}",
                    addr=now.name(m.addr),
                    address=now.name(address),
                    m=now.name(g.get("m")),
                ),
                now.mover(_CURG, m.addr),
            )
        pairs.append(tr("{addr} runs {address}", addr=now.name(m.addr), address=now.name(address)))
    for g in snap.gs:
        m = g.get("m")
        if not m or now.g_is(g, "_Gdead", "_Gidle", "_Gdeadextra"):
            continue
        owner = now.m_at(m)
        if owner is None:
            now.wrong(
                tr("{g}.m is {m}, which is not on allm", g=snap.g_name(g), m=now.name(m)),
                now.mover(_NEW_M + _CURG, m, g.addr),
            )
        elif owner.get("curg") != g.addr:
            now.wrong(
                tr(
                    "{g}.m is {m}, but {m}.curg is {curg}",
                    g=snap.g_name(g),
                    m=now.name(m),
                    curg=now.name(owner.get("curg")),
                ),
                now.mover(_CURG, m, g.addr),
            )
    if not snap.ms:
        _not_empty(now, (), "ms")
    if not pairs and begun.why_none("gs")[0]:
        raise NotYet(tr("no M runs a goroutine yet"))
    return (
        in_a_row(pairs[:6]) + (tr(", and {pairs} more", pairs=len(pairs) - 6) if len(pairs) > 6 else "")
        if pairs
        else tr("no M runs a goroutine")
    )


def _own_gs(now):
    found = 0
    for m in now.snap.ms:
        for field in ("g0", "gsignal"):
            address = m.get(field)
            if not address:
                continue
            g, what = program.read_struct("g", address), tr(
                "{addr}.{field} is {address}", addr=now.name(m.addr), field=field, address=now.name(address)
            )
            excuses = now.maker(_NEW_M, m.addr), now.mover(("mexit",), m.addr), now.mover(("schedinit",), m.addr)
            if address in now.snap.by_address:
                raise Broken(tr("{what}, a goroutine", what=what))
            if not g:
                now.wrong(tr("{what}, which cannot be read", what=what), *excuses)
            elif g.get("m") != m.addr or g.get("goid"):
                now.wrong(tr("{what}, which is no g of its own", what=what), *excuses)
            found += 1
    _not_empty(now, found, "ms")
    return tr("{found} g0s and gsignals", found=found)


def _p_m(now):
    snap = now.snap
    _not_empty(now, snap.ps, "ps")
    ms, held = {m.addr: m for m in snap.ms}, 0
    for p in snap.ps:
        status, m, name = snap.world.p_status(p.get("status")), p.get("m"), f"p{p.get('id')}"
        if status.startswith("status "):
            raise Broken(tr("{name} has {status}", name=name, status=status))
        excuse = now.mover(_M_P, p.addr, m)
        if status == "_Prunning" and not m:
            now.wrong(tr("{name} is _Prunning, but has no M", name=name), excuse)
        if status == "_Pidle" and m:
            now.wrong(tr("{name} is _Pidle, but its m is {m}", name=name, m=now.name(m)), excuse)
        if m and m not in ms:
            now.wrong(tr("{name}.m is {m}, which is not on allm", name=name, m=now.name(m)), excuse)
        elif m and status != "_Pidle" and ms[m].get("p") != p.addr:
            now.wrong(
                tr("{name}.m is {m}, but {m}.p is {p}", name=name, m=now.name(m), p=now.name(ms[m].get("p"))), excuse
            )
        held += bool(m)
    ps = {p.addr: p for p in snap.ps}
    for m in snap.ms:
        at = m.get("p")
        if not at:
            continue
        if at not in ps:
            now.wrong(
                tr("{addr}.p is {at}, which is not in allp", addr=now.name(m.addr), at=now.name(at)),
                now.mover(_M_P, m.addr, at),
            )
            continue
        g = snap.by_address.get(m.get("curg"))
        in_a_call = g is not None and now.g_is(g, "_Gsyscall", "_Gdead", "_Gdeadextra")  # Go 1.10 leaves m.p as it was
        if ps[at].get("m") != m.addr and not in_a_call:
            now.wrong(
                tr(
                    "{addr}.p is {at}, but {at}.m is {m}",
                    addr=now.name(m.addr),
                    at=now.name(at),
                    m=now.name(ps[at].get("m")),
                ),
                now.mover(_M_P, m.addr, at),
            )
    return trn("{n} P, {held} with an M", "{n} Ps, {held} with an M", len(snap.ps), held=held)


def _g_status(now):
    snap = now.snap
    _not_empty(now, snap.gs, "gs")
    for g in snap.gs:
        status, name, m = snap.world.g_status(g.get("atomicstatus")), snap.g_name(g), g.get("m")
        if "status " in status:
            raise Broken(tr("{name} has {status}", name=name, status=status))
        plain = status.removeprefix("_Gscan|")
        if plain in ("_Grunning", "_Gsyscall") and not m:
            now.wrong(
                tr("{name} is {status}, but has no M", name=name, status=status),
                now.mover([*_CURG, "exitsyscall"], g.addr),
            )
        owner = now.m_at(m) if status != plain else None  # whoever would change its status waits while it is scanned
        if plain in ("_Grunnable", "_Gpreempted", "_Gleaked") and m and not (owner and owner.get("curg") == g.addr):
            now.wrong(
                tr("{name} is {status}, but its m is {m}", name=name, status=status, m=now.name(m)),
                now.mover(_CURG, g.addr),
            )
        if plain == "_Gwaiting" and m:
            # The runtime itself says of a goroutine whose M works for it on its g0 that it waits: whoever collects
            # garbage may then look at its stack. Its own code does not run meanwhile.
            thread = now.threads.of_m(m)
            if thread is not None and thread.g == g.addr and not thread.between_stacks():
                now.wrong(
                    tr("{name} is {status}, but runs on thread {num}", name=name, status=status, num=thread.num),
                    now.mover(_ON_ITS_STACK + _CURG, m),
                )
        itself = g.get("sched.g")
        if itself not in (0, None, g.addr):
            now.wrong(
                tr("{name}'s saved registers say that it is {itself}", name=name, itself=now.name(itself)),
                now.mover(_NEW_G, g.addr),
            )
    return trn("{n} goroutine", "{n} goroutines", len(snap.gs))


# ---- lists -----------------------------------------------------------------------------------------------------------


def _allgs(now):
    snap, allgs = now.snap, program.variable("allgs")
    if not allgs:
        raise Broken(tr("allgs is {allgs}", allgs=allgs))
    length, room, said = allgs.get("len"), allgs.get("cap"), program.scalar("allglen")
    excuse = now.holder("allglock") if said is not None and abs(said - length) <= 1 else _no_excuse
    if said is not None and said != length:
        raise Broken(tr("allgs.len is {length}, but allglen is {said}", length=length, said=said), excuse)
    if not 0 <= length <= room:
        raise Broken(tr("allgs.len is {length}, but it has room for {room}", length=length, room=room), excuse)
    if snap.gs_problem:
        raise Broken(snap.gs_problem.rstrip("."), excuse)
    if snap.gs_unreadable:
        raise Broken(
            tr(
                "{gs_unreadable} of the {length} gs in allgs cannot be read",
                gs_unreadable=snap.gs_unreadable,
                length=length,
            ),
            excuse,
        )
    _not_empty(now, snap.gs, "gs")
    ids = collections.Counter(g.get("goid") for g in snap.gs if g.get("goid") and not now.g_is(g, "_Gdead"))
    twice = sorted(goid for goid, count in ids.items() if count > 1)
    if twice:
        raise Broken(
            trn(
                "{n} id belongs to two goroutines: {str}{how}",
                "{n} ids belong to two goroutines each: {str}{how}",
                len(twice),
                str=in_a_row(twice[:5]),
                how="..." if len(twice) > 5 else "",
            )
        )
    return trn("{n} g", "{n} gs", length)


def _allp(now):
    snap, said, addresses = now.snap, program.scalar("gomaxprocs"), now.snap.p_addresses
    _not_empty(now, addresses, "ps")
    excuse = now.mover(("procresize", "schedinit"), *addresses)
    listed = program.variable("allp")
    length = listed.get("len") if listed and listed.has("len") else len(addresses)
    if length != len(addresses):
        raise Broken(
            tr("allp.len is {length}, but only {addresses} Ps can be read", length=length, addresses=len(addresses)),
            excuse,
        )
    if said is not None and said != length:
        raise Broken(tr("{length} Ps in allp, but gomaxprocs is {said}", length=length, said=said), excuse)
    if len(snap.ps) < len(addresses):
        raise Broken(
            tr("allp holds {addresses} that are no P, or a P twice", addresses=len(addresses) - len(snap.ps)), excuse
        )
    for i, p in enumerate(snap.ps):
        if p.get("id") != i:
            raise Broken(tr("allp[{i}].id is {id}", i=i, id=p.get("id")), excuse)
    return trn("{n} P", "{n} Ps", len(addresses))


def _queues(now):
    snap, total = now.snap, 0
    _not_empty(now, snap.ps, "ps")
    seen = {}
    for p in snap.ps:
        queue, name = program.run_queue(p), tr("p{id}'s queue", id=p.get("id"))
        if queue is None:
            raise Broken(
                tr(
                    "p{id}.runqhead {runqhead} and runqtail {runqtail} make no sense",
                    id=p.get("id"),
                    runqhead=p.get("runqhead"),
                    runqtail=p.get("runqtail"),
                )
            )
        for address in [*queue, *([p.get("runnext")] if p.get("runnext") else [])]:
            _queued(now, address, name, seen)
            total += 1
    for address in snap.queue:
        _queued(now, address, tr("the global queue"), seen)
    return tr("{total} queued, all _Grunnable", total=total + len(snap.queue))


def _queued(now, address, where, seen):
    g = now.snap.by_address.get(address)
    if g is None:
        raise Broken(tr("{where} holds {address}, which is not in allgs", where=where, address=now.name(address)))
    if not now.g_is(g, "_Grunnable"):  # it is made ready before it is queued, and runs after it is taken out
        raise Broken(
            tr(
                "{g} is in {where}, but {atomicstatus}",
                g=now.snap.g_name(g),
                where=where,
                atomicstatus=now.snap.world.g_status(g.get("atomicstatus")),
            )
        )
    if address in seen:
        now.wrong(
            tr("{g} is in {where} and in {seen}", g=now.snap.g_name(g), where=where, seen=seen[address]),
            now.holder("sched.lock"),
            now.mover(("runqgrab", "runqputslow", "runqputbatch", "procresize", "destroy"), address),
        )
    seen[address] = where


def _counted(now, chain, what, said, most=1):
    """The length of a list that sched.lock guards, if it is what a count says; who has the lock changes both, `most` at
    a time."""
    if said is None:
        raise Unknown(
            tr(
                "this program has no {what} that could be compared with the {chain} on the list",
                what=what,
                chain=len(chain),
            )
        )
    held = now.holder("sched.lock") if abs(len(chain) - said) <= most else _no_excuse
    _whole(chain, tr("the list"), held)
    if len(chain) != said:
        raise Broken(tr("{chain} on the list, but {what} says {said}", chain=len(chain), what=what, said=said), held)
    return f"{said}"


def _global_queue(now):
    return _counted(now, now.snap.queue, "sched.runqsize", now.snap.sched.get("runqsize", "runq.size"), 1 << 22)


def _idle_ps(now):
    found = program.idle_ps(now.snap.sched)
    for p in found:
        if p.addr not in now.snap.p_addresses:
            raise Broken(tr("{addr} is on the idle list, but not in allp", addr=now.name(p.addr)))
        if now.snap.world.p_status(p.get("status")) != "_Pidle":
            raise Broken(
                tr(
                    "p{id} is on the idle list, but {status}",
                    id=p.get("id"),
                    status=now.snap.world.p_status(p.get("status")),
                )
            )
    return _counted(now, found, "sched.npidle", now.snap.sched.get("npidle"))


def _idle_ms(now):
    found = program.idle_ms(now.snap.sched)
    known = {m.addr for m in now.snap.ms}
    for m in found:
        if m.addr not in known:
            raise Broken(
                tr("{addr} is on the idle list, but not on allm", addr=now.name(m.addr)), now.holder("sched.lock")
            )
    return _counted(now, found, "sched.nmidle", now.snap.sched.get("nmidle"))


def _allm(now):
    snap = now.snap
    _not_empty(now, snap.ms, "ms")
    excuse = now.holder("sched.lock")
    _whole(snap.ms, "allm", excuse)
    ids = [m.get("id") for m in snap.ms]
    if len(set(ids)) != len(ids):
        raise Broken(tr("two Ms have the same id: {ids}", ids=ids), excuse)
    if snap.m0.addr not in (m.addr for m in snap.ms):
        raise Broken(tr("m0 is not on allm"), excuse)
    said = snap.sched.need("mnext", "mcount")
    if max(ids) >= said:
        raise Broken(tr("there is an m{ids}, but sched.mnext is {said}", ids=max(ids), said=said), excuse)
    gone = snap.sched.get("nmfreed")
    # An id is taken before its M is on the list, an M is off the list before it is counted as gone; m0 is counted, and
    # stays.
    if snap.sched.has("mnext") and gone is not None and len(ids) - (said - gone) not in (0, 1):
        raise Broken(
            tr("{ids} Ms on allm, but sched counts {said} made and {gone} gone", ids=len(ids), said=said, gone=gone),
            excuse,
            now.mover(_NEW_M, *(m.addr for m in snap.ms)),
        )
    return trn("{n} M", "{n} Ms", len(ids))


CHECKS = (
    (later("g0 and m0 point at each other"), _g0_m0),
    (later("TLS holds a g"), _tls),
    (later("the current g belongs to this M"), _current),
    (later("SP is inside the current g's stack"), _stack),
    (later("m.curg and g.m agree"), _curg),
    (later("each M has its own g0 and gsignal"), _own_gs),
    (later("m.p and p.m agree"), _p_m),
    (later("goroutine statuses fit"), _g_status),
    (later("allgs and allglen agree"), _allgs),
    (later("allp holds every P once"), _allp),
    (later("queued goroutines are runnable"), _queues),
    (later("sched.runqsize counts the global queue"), _global_queue),
    (later("sched.npidle counts the idle Ps"), _idle_ps),
    (later("sched.nmidle counts the idle Ms"), _idle_ms),
    (later("allm holds every M once"), _allm),
    *checks_waiters.CHECKS,
)
