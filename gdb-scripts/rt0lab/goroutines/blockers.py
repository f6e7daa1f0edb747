"""What goroutines wait on, as the runtime notes it: channels, semaphores, timers. Read in bulk, returned as data.

Nothing is called a channel because a pointer leads there: its fields must fit together first.
"""

from __future__ import annotations

import bisect
import collections
import itertools
import operator
from collections.abc import Iterable, Sequence
from typing import Any

from .. import program
from ..program import bulk
from ..words import later, tr
from . import clock

_HCHAN: dict[str, Any] = {
    "len": "qcount",
    "cap": "dataqsiz",
    "closed": "closed",
    "elemsize": "elemsize",
    "elemtype": "elemtype",
    "buf": "buf",
    "sendx": "sendx",
    "recvx": "recvx",
    "receivers": "recvq.first",
    "senders": "sendq.first",
}
# From Go 1.26 on a word that the collector does not follow stands beside the pointer, and it is the one that counts.
_SUDOG: dict[str, Any] = {
    "g": "g",
    "c": ("c", "c.maybeTraceablePtr.vu", "c.vu"),
    "elem": ("elem", "elem.vu"),
    "prev": "prev",
    "next": "next",
    "link": "waitlink",
}


class Channel:
    """A channel that a goroutine waits on; `problem` says why what is there is none."""

    kind = "chan"

    def __init__(self, addr: int, state: Any, queued: bool = True, way: str | None = None) -> None:
        self.addr, self.queued = addr, queued  # is the waiter on one of the channel's own queues?
        self.way = way  # `receive` or `send`: what this case of a select would do, if that is known
        self.problem = None if not addr else no_channel(addr, state)
        fits = state is not None and not self.problem
        self.len, self.cap, self.closed = (state.len, state.cap, bool(state.closed)) if fits else (None, None, None)

    def __str__(self) -> str:
        if not self.addr:
            return "nil chan"
        if self.problem:
            return tr("no channel at {addr:#x}", addr=self.addr)
        state = "<unreadable>" if self.len is None else f"{self.len}/{self.cap}" + (" closed" if self.closed else "")
        return f"chan {self.addr:#x} {state}" + ("" if self.queued else tr(" (in none of its queues)"))

    def plain(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "address": self.addr,
            "len": self.len,
            "cap": self.cap,
            "closed": self.closed,
            "queued": self.queued,
            "way": self.way,
            "problem": self.problem,
        }


class Lock:
    """A semaphore, and what of package sync it belongs to, if that is known."""

    kind = "sema"

    def __init__(self, sema: int, what: str = "sema", addr: int | None = None) -> None:
        self.sema, self.what, self.addr = sema, what, addr or sema

    def __str__(self) -> str:
        return f"{self.what} {self.addr:#x}"

    def plain(self) -> dict[str, Any]:
        return {"kind": self.what, "address": self.addr, "sema": self.sema}


class Cond:
    """A sync.Cond, by its list of those who wait; its own address if the program says where the list is in it."""

    kind = "cond"

    def __init__(self, line: int, addr: int | None) -> None:
        self.line, self.addr = line, line if addr is None else addr

    def __str__(self) -> str:
        return f"Cond {self.addr:#x}"

    def plain(self) -> dict[str, Any]:
        return {"kind": "Cond", "address": self.addr, "list": self.line}


class Timer:
    """The timer that will wake a sleeper."""

    kind = "timer"

    def __init__(self, addr: int, when: int | None, now: int | None) -> None:
        self.addr, self.when, self.now = addr, when, now

    def __str__(self) -> str:
        left = self._left()
        return "timer" + (
            "" if left is None else tr(", in {left}", left=clock.duration(left)) if left > 0 else tr(", due")
        )

    def plain(self) -> dict[str, Any]:
        return {"kind": self.kind, "address": self.addr, "when": self.when, "in_ns": self._left()}

    def _left(self):
        return self.when - self.now if self.now and self.when is not None else None


# ---- channels --------------------------------------------------------------------------------------------------------


def states(addresses: Iterable[int]) -> dict[int, Any]:
    """{address: the fields of the hchan there}, as far as they can be read; each is good for `no_channel`."""
    return bulk.Fields("hchan", **_HCHAN).by_address(addresses)


def no_channel(addr: int, state: Any) -> str | None:
    """Why there is no channel at an address whose hchan has these fields (None: unreadable, or of a type that lacks
    some of them), in words; None if there may be one."""
    if not addr or addr & 7:
        return tr("its address is nil") if not addr else tr("its address is not that of a word")
    if state is None or any(getattr(state, name) is None for name in _HCHAN):
        return None
    room = state.cap or 1
    for holds, text in (
        (state.len <= state.cap, later("there would be {len} of {cap} in its buffer")),
        (
            state.sendx < room and state.recvx < room,
            later("its places to send and receive, {sendx} and {recvx}, are outside of its buffer"),
        ),
        (state.cap * state.elemsize < 1 << 47, later("no memory is as large as its buffer")),
        (state.buf and not state.buf & 7, later("its buffer would be at {buf:#x}")),
        (state.closed <= 1, later("it is neither open nor closed but {closed}")),
        (state.elemtype >> 12 and not state.elemtype & 7, later("its elements have no type")),
        (
            _size_of(state.elemtype) in (None, state.elemsize),
            later("its elements have {elemsize} bytes, their type does not"),
        ),
    ):
        if not holds:
            return tr(text, **{name: getattr(state, name) for name in _HCHAN})
    return None


def _size_of(elemtype):
    """The size of values of a type as its descriptor says; None if that cannot be known."""
    world = program.world()
    at = world.own("size in a type", lambda: _offset_of_size(world))
    size = program.read_word(elemtype + at) if elemtype and at is not None else None
    return size if isinstance(size, int) else None


def _offset_of_size(world):
    try:
        field = next(f for f in program.fields_of(world.type("hchan")) if f.name == "elemtype")
        fields = program.fields_of(field.type.strip_typedefs().target().strip_typedefs())
        return next(f.bitpos // 8 for f in fields if f.name.lower().rstrip("_") == "size")
    except (program.Problem, StopIteration):
        return None


def channels(waiting: Sequence[Any]) -> dict[int, tuple[Channel, ...]]:
    """{addr: (Channel, ...)} of rows with a sudog; who waits on one channel alone shares the tuple with all others that
    do."""
    waiting = bulk.ordered(waiting, "waiting")
    owners, heads = bulk.column(waiting, "addr"), bulk.column(waiting, "waiting")
    fields = bulk.Fields("sudog", **_SUDOG)
    fields.lacking(0, *_SUDOG)
    first = fields.undecoded(heads)
    if first.column("g") != owners:  # a sudog that is somebody else's, or cannot be read, says nothing of this one
        owner_of = dict(zip(first.column("addr"), first.column("g")))
        mine = [(owner, head) for owner, head in zip(owners, heads) if owner_of.get(head) == owner]
        owners, heads = [owner for owner, _ in mine], [head for _, head in mine]
        first = fields.undecoded(heads)
    of, before, linked = (first.column(name) for name in ("c", "prev", "link"))
    more, links = [], dict(itertools.compress(zip(linked, owners), linked))
    seen: set[int] = set()
    # what a select waits on beside its first
    while links := {at: owner for at, owner in links.items() if at not in seen and _place(heads, at) is None}:
        seen.update(links)
        sudogs = fields.columns(links)
        reached = list(map(links.get, sudogs.addr))
        more += [
            found
            for found in zip(reached, sudogs.c, sudogs.addr, sudogs.prev, sudogs.g)
            if found[1] and found[4] == found[0]
        ]
        links = {link: owner for link, owner in zip(sudogs.link, reached) if link}
    addresses = {*of, *(c for _, c, _, _, _ in more)}
    known = states(addresses - {0})
    shared: dict[int, tuple[Channel, ...]] = {c: (Channel(c, known.get(c)),) if c else () for c in addresses}
    loose = _loose(
        [*of, *(c for _, c, _, _, _ in more)],
        [*heads, *(sudog for _, _, sudog, _, _ in more)],
        [*before, *(prev for _, _, _, prev, _ in more)],
        known,
        fields,
    )
    apart: dict[int, tuple[Channel, ...]] = {c: (Channel(c, known.get(c), False),) for c, _ in loose}
    found = dict(zip(owners, map(shared.__getitem__, of)))
    for owner, c, sudog in zip(owners, of, heads) if loose else ():
        if (c, sudog) in loose:
            found[owner] = apart[c]
    if more:
        found.update(_selects(owners, of, heads, before, more, known, loose))
    if 0 in addresses:  # waits by a sudog, for something that is no channel
        found = {owner: channels_ for owner, channels_ in found.items() if channels_}
    return found


def _place(ordered, value):
    """Where a value is in a list in rising order; None if it is not there."""
    at = bisect.bisect_left(ordered, value)
    return at if ordered[at : at + 1] == [value] else None


def _selects(owners, of, heads, before, more, known, loose):
    """{addr: (Channel, ...)} of those that wait on several channels, with what they would do there; who would do the
    same shares the Channel with all others."""
    others = {sudog: prev for _, _, sudog, prev, _ in more}

    def prev(sudog):
        place = None if sudog in others else _place(heads, sudog)
        return others.get(sudog) if place is None else before[place]

    several, cases, shared = {owner for owner, *_ in more}, collections.defaultdict(list), {}
    ways = {
        sudog: way for state in known.values() for sudog, way in ((state.receivers, "receive"), (state.senders, "send"))
    }
    begun = itertools.compress(zip(owners, of, heads), map(several.__contains__, owners))
    for owner, c, sudog in [*(case for case in begun if case[1]), *(case[:3] for case in more)]:
        queued = (c, sudog) not in loose
        key = c, queued, _way(known.get(c), sudog, prev, ways) if queued else None
        if key not in shared:
            shared[key] = Channel(c, known.get(c), *key[1:])
        cases[owner].append(shared[key])
    return {owner: tuple(channels_) for owner, channels_ in cases.items()}


def _way(state, sudog, prev, ways):
    """In which of a channel's queues a sudog is: `receive`, `send`, None if that is not known. `ways` has those that
    are known: of the first in each queue, and of what was asked about before."""
    if state is None or bool(state.receivers) != bool(state.senders):
        return None if state is None else "receive" if state.receivers else "send"
    passed = {}  # both have somebody: who is first in this one's queue tells
    while sudog and sudog not in ways and sudog not in passed:
        passed[sudog] = None
        sudog = prev(sudog)
    ways.update(dict.fromkeys(passed, ways.get(sudog)))
    return ways.get(sudog)


def _loose(of, sudogs, before, known, fields):
    """{(c, sudog)} of those of the sudogs that are in no queue of their channel: neither its first nor behind another
    of its. `of` has the channel of each, `before` the one before it."""
    channel_of = dict(zip(sudogs, of))
    theirs = list(map(channel_of.get, before))
    missing = set(itertools.compress(before, map(operator.not_, theirs))) - {0}  # not all that wait were asked about
    if missing := missing.difference(channel_of):
        channel_of.update((row.addr, row.c) for row in fields.by_address(missing).values())
        theirs = list(map(channel_of.get, before))
    found = set()
    # those whose one before is none of its channel, or none at all
    apart = map(operator.ne, theirs, of)
    for c, sudog, prev in itertools.compress(zip(of, sudogs, before), apart):
        if prev or c in known and sudog not in (known[c].receivers, known[c].senders):
            found.add((c, sudog))
    return found


# ---- semaphores ------------------------------------------------------------------------------------------------------


def semaphores() -> list[tuple[int, int]]:
    """[(g, address it waits on)] of semtable."""
    return [(s.g, s.elem) for s in queued().values() if s.elem]


def queued() -> dict[int, Any]:
    """{address: the sudog} of semtable: a tree or a list of addresses in each root, a list of waiters at each."""
    return program.world().still("sudogs of semtable", _queued)


def _queued():
    roots = program.elements("semtable")
    head = next((leaf.path for leaf in roots[0].layout.leaves if leaf.target == "sudog"), None) if roots else None
    if head is None:
        return {}
    heads = {root.get(head) for root in roots} - {0}
    found: dict[int, Any] = {}
    fields = bulk.Fields("sudog", **_SUDOG)
    while heads and len(found) < bulk.MAX_GS:
        sudogs = {addr: s for addr, s in fields.by_address(heads).items() if s.g}
        found.update(sudogs)
        heads = {link for s in sudogs.values() for link in (s.prev, s.next, s.link) if link and link not in found}
    return found


# ---- what stands on stacks -------------------------------------------------------------------------------------------


def addresses_on(parts: list[tuple[Any, int, int]]) -> dict[int, list[int]]:
    """{g: the words that can be addresses} of such parts (row, lo, hi) of stacks."""
    parts = [(row, lo & -8, hi & -8) for row, lo, hi in parts if row.lo <= lo < hi <= row.hi]
    found: dict[int, list[int]] = {}
    for number, data in bulk.spans([(lo, hi) for _, lo, hi in parts]):
        if data is not None:
            words = [word for word in data.cast("Q") if word >> 12 and not word & 7 and not word >> 47]
            found.setdefault(parts[number][0].addr, []).extend(words)
    return found


# ---- Conds -----------------------------------------------------------------------------------------------------------

_NEAR = 512  # bytes of a stack, from SP on, in which whoever waits for a Cond has the address of its list


def conds(rows: list[Any]) -> dict[int, int]:
    """{g: address of the notifyList in which it stands} of rows that may wait for a Cond. Nothing leads from a g to it
    but its stack."""
    if program.world().type("notifyList") is None:
        return {}
    candidates = set()
    for number, data in bulk.spans(
        [(row.sp & -8, min(row.sp + _NEAR, row.hi) & -8) for row in rows if row.lo <= row.sp < row.hi]
    ):
        if data is not None:
            candidates.update(data.cast("Q"))
    candidates = {word for word in candidates if word >> 12 and not word & 7 and not word >> 48}
    lists = bulk.Fields("notifyList", head="head", tail="tail").readable(candidates) if candidates else []
    fields, waiting = bulk.Fields("sudog", g="g", next="next"), {row.addr for row in rows}
    ends = {
        sudog.addr
        for sudog in fields.readable({line.tail for line in lists} - {0})
        if sudog.g in waiting and not sudog.next
    }
    heads = {line.head: line.addr for line in lists if line.tail in ends and line.head}
    found, seen = {}, set()
    while heads and len(found) < bulk.MAX_GS:
        seen.update(heads)
        reached = [sudog for sudog in fields.readable(heads) if sudog.g in waiting]
        found.update((sudog.g, heads[sudog.addr]) for sudog in reached)
        heads = {sudog.next: heads[sudog.addr] for sudog in reached if sudog.next and sudog.next not in seen}
    return found


# ---- types of package sync -------------------------------------------------------------------------------------------


def offset(name: str, *fields: str) -> int | None:
    """Where the first of these fields that one of package sync's types has lies in it, however deep; None if the
    program does not say."""
    world = program.world()
    return world.own(("offset", name, fields), lambda: _offset(world, name, fields))


def _offset(world, name, fields):
    for spelling in ("sync." + name, "sync::" + name):
        symbol = world.symbol(spelling)
        if symbol is None:
            continue
        layout = program.Layout(world, symbol.type)
        at = {leaf.path.rpartition(".")[2]: leaf.offset for leaf in reversed(layout.leaves)}
        return next((at[field] for field in fields if field in at), None)
    return None
