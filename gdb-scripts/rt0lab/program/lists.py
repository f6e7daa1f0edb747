"""All gs, ms, ps and queues of the program. Each walk is bounded and stands a circle."""

from __future__ import annotations

import struct
from typing import Any

from ..words import tr
from . import memory, names, worlds
from .layout import Struct
from .problem import Unreadable

MAX_MS, MAX_PS, MAX_QUEUE = 1 << 16, 1 << 16, 4096


# ---- the lists: all gs, ms, ps and queues. Each is bounded and stands a cycle ----------------------------------------


def _slice(name, limit):
    """The words of a slice variable; no more than it has room for, whatever its length says."""
    found = memory.variable(name)
    if not isinstance(found, Struct) or not found.has("array"):
        return []
    array, count = found.get("array"), min(found.get("len"), found.get("cap"))
    if not array or not 0 < count <= 1 << 24:
        return []
    data = memory.read(array, 8 * min(count, limit))
    return [] if isinstance(data, Unreadable) else [w for (w,) in struct.iter_unpack("<Q", data)]


def all_p_addresses() -> list[int]:
    """What allp holds."""
    words = _slice("allp", MAX_PS)
    if words:
        return words
    found = memory.variable("allp")  # before Go 1.10 an array that ends in nil
    listed = found.array("") if isinstance(found, Struct) else None
    if listed is not None:
        count, at = listed
        words = [at(i) for i in range(min(count, MAX_PS))]
        return words[: words.index(0)] if 0 in words else words
    return []


def all_ms() -> Chain:
    """The Ms of allm, newest first."""
    return chain("m", memory.scalar("allm") or 0, "alllink", MAX_MS)


def is_sysmon(fn: int) -> bool:
    """Whether an M that began with this function, m.mstartfn, never schedules. It is a code pointer here, a function
    value in Go."""
    return bool(fn) and any(
        symbol and names.function(symbol[0]) == "runtime.sysmon" and not symbol[1]
        for symbol in map(worlds.world().symbol_at, [fn, memory.read_word(fn) or 0])
    )


class Chain(list):
    """What a linked list holds. `end` is None if the list is whole, else what came instead of its end, in words.

    `cut` says that it is only longer than what was read."""

    end, cut = None, False

    def ended(self, how: str | None, cut: bool = False) -> Chain:
        """The same, with this for its end."""
        self.end, self.cut = how, cut
        return self


def chain(kind: str, head: int, link: str, limit: int = MAX_QUEUE, known: dict[int, Struct] | None = None) -> Chain:
    """The structures of a linked list, a Chain: up to its end, a circle, bad memory or the limit. `known` are some that
    were read already."""
    found, seen = Chain(), set()
    while head:
        if head in seen:
            return found.ended(tr("goes round in a circle after {found}", found=len(found)))
        if len(found) >= limit:
            return found.ended(tr("goes on after the first {limit}, which are all that was read", limit=limit), True)
        seen.add(head)
        item: Struct | Unreadable | None = known.get(head) if known else None
        if item is None:
            item = memory.read_struct(kind, head)
        if isinstance(item, Unreadable):
            return found.ended(tr("goes on at {head:#x}, which cannot be read", head=head))
        found.append(item)
        head = item.get(link) or 0
    return found


def idle_ms(sched: Struct) -> Chain:
    """The Ms on sched.midle, a Chain. From Go 1.26 on, that is a list with a link of its own."""
    own = sched.has("midle.obj")
    return chain("m", sched.get("midle", "midle.obj") or 0, "idleNode.next" if own else "schedlink", MAX_MS)


def idle_ps(sched: Struct) -> Chain:
    """The Ps on sched.pidle, a Chain."""
    return chain("p", sched.get("pidle") or 0, "link", MAX_PS)


def p_of(m: Any) -> tuple[int, bool]:
    """(the address that m.p holds, does the M still have that P?). Go 1.10 leaves m.p as it was while the M is in a
    system call, though the P may have gone to another M: then only p.m says whose it is."""
    at = m.get("p")
    p = memory.read_struct("p", at) if at else None
    if not p or p.get("m") == m.addr:
        return at, bool(at)
    g = memory.read_struct("g", m.get("curg")) if m.get("curg") else None
    return at, not (g and "_Gsyscall" in worlds.world().g_status(g.get("atomicstatus")))


def locked(key: int | None) -> bool:
    """Is a runtime.mutex with this word held? Where Ms spin on one bit and queue in the others, only one says so."""
    spins = worlds.world().constant("mutexSpinning") is not None
    return bool(key and (key & (worlds.world().constant("mutexLocked") or 1) if spins else key))


def run_queue(p: Any) -> list[int] | None:
    """The g addresses of a P's ring, oldest first; None if head and tail make no sense."""
    head, tail = p.get("runqhead"), p.get("runqtail")
    ring = p.array("runq")
    if head is None or tail is None or ring is None:
        return []
    count, at = ring
    waiting = tail - head & 0xFFFFFFFF
    if waiting > count:
        return None
    return [at((head + i) % count) for i in range(waiting)]


def global_queue(sched: Struct, known: dict[int, Struct] | None = None, limit: int | None = None) -> Chain:
    """The g addresses of the global run queue, a Chain; without a limit, as many as there can be goroutines."""
    limit = limit or max(MAX_QUEUE, min(memory.scalar("allglen") or 0, 1 << 22)) + 1
    found = chain("g", sched.get("runqhead", "runq.head") or 0, "schedlink", limit, known)
    return Chain(g.addr for g in found).ended(found.end, found.cut)


def wait_reason(g: Struct) -> str:
    """Why a g waits: a string in Go 1.10 and here, later an index into runtime.waitReasonStrings."""
    if g.has("waitreason.len"):
        return memory.read_text(g.get("waitreason.str"), g.get("waitreason.len"))
    return wait_reason_text(g.get("waitreason"))


def wait_reason_text(value: int | None) -> str:
    """The text of a wait reason that is an index."""
    if not value:
        return ""
    at = worlds.world().address("runtime.waitReasonStrings")
    size = worlds.world().elf.symbols.get("runtime.waitReasonStrings", (0, 0))[1]
    if at is None or value * 16 >= size:
        return f"wait reason {value}"
    pair = memory.read(at + 16 * value, 16)
    return str(pair) if isinstance(pair, Unreadable) else memory.read_text(*struct.unpack("<QQ", pair))
