"""What must hold of channels and of what waits on them: who waits is in the queue, the queue's links point both ways,
nobody waits in vain."""

from ..program import bulk
from ..words import later, tr, trn
from .verdicts import Broken, Unknown

MAX_SUDOGS = 1 << 18  # that are looked at

# Who takes a waiter out of a queue lets go of the channel before the waiter is ready.
_WAKERS = """
    chansend send chanrecv recv closechan goready ready selectgo gopark park_m chanparkcommit selparkcommit
    acquireSudog releaseSudog mcall dequeueSudoG timerchandrain blockTimerChan systemstack
""".split()
_WAITS = ("_Gwaiting", "_Gcopystack", "_Gleaked", "_Gpreempted")


def _sudog_fields():
    return bulk.Fields(
        "sudog",
        g="g",
        c=("c", "c.vu", "c.maybeTraceablePtr.vu"),
        link="waitlink",
        next="next",
        prev="prev",
        select=("isSelect", "selectDone"),
    )


class _Queues:
    """The channels that goroutines wait on, and the sudogs they wait with, read together."""

    def __init__(self, now):
        self.now = now
        fields = now.snap.world.own("sudog fields", _sudog_fields)
        self.waiting = [g for g in now.snap.gs if g.get("waiting") and now.g_is(g, *_WAITS)]
        self.sudogs, self.of, self.unread, self.cut = {}, {}, [], False
        links = {g.get("waiting"): g for g in self.waiting}
        while links:
            if len(self.sudogs) + len(links) > MAX_SUDOGS:
                links, self.cut = dict(list(links.items())[: MAX_SUDOGS - len(self.sudogs)]), True
            found = fields.by_address(links)
            self.unread += [(links[address], address) for address in links if address not in found]
            for address, sudog in found.items():
                self.sudogs[address], self.of[address] = sudog, links[address]
            links = (
                {s.link: links[address] for address, s in found.items() if s.link and s.link not in self.sudogs}
                if not self.cut
                else {}
            )
        channels = {s.c for s in self.sudogs.values() if s.c}
        self.channels = {c.addr: c for c in bulk.structs("hchan", sorted(channels)) if c}
        self.queued = {}  # address of a sudog: (channel, `recvq`)
        self._fields = fields

    def walk(self):
        """Goes along the channels' queues; what is wrong there is raised."""
        left = MAX_SUDOGS
        for chan in self.channels.values():
            for side in ("recvq", "sendq"):
                left -= self._walk(chan, side, left)
                if left <= 0:
                    self.cut = True
                    return

    def _walk(self, chan, side, left):
        what, held = f"chan {chan.addr:#x}.{side}", self.held(chan)
        at, before, count = chan.get(f"{side}.first"), 0, 0
        while at and count < left:
            if at in self.queued:
                raise Broken(tr("{what} goes round in a circle, or into another queue", what=what), held)
            sudog = self.sudogs.get(at) or next(iter(self._fields.readable([at])), None)
            if sudog is None or at & 7:
                raise Broken(tr("{what} goes on at {at}, which cannot be read", what=what, at=self.now.name(at)), held)
            if sudog.c != chan.addr:
                raise Broken(tr("{what} holds a sudog of chan {c}", what=what, c=self.now.name(sudog.c)), held)
            if (sudog.prev or 0) != before:
                raise Broken(
                    (
                        tr(
                            "{what}: the sudog behind {before} says that it is behind {prev}",
                            what=what,
                            before=self.now.name(before),
                            prev=self.now.name(sudog.prev),
                        )
                    ),
                    held,
                )
            g = self.now.snap.by_address.get(sudog.g)
            if g is None:
                raise Broken(tr("{what} holds {g}, which is not in allgs", what=what, g=self.now.name(sudog.g)), held)
            if not sudog.select and not self.now.g_is(g, *_WAITS):
                self.now.wrong(
                    (
                        tr(
                            "{g} is in {what}, but {atomicstatus}",
                            g=self.now.snap.g_name(g),
                            what=what,
                            atomicstatus=self.now.snap.world.g_status(g.get("atomicstatus")),
                        )
                    ),
                    held,
                    self.now.mover(_WAKERS, g.addr),
                )
            self.queued[at] = chan.addr, side
            at, before, count = sudog.next, at, count + 1
        if not at and chan.get(f"{side}.last") != before and (before or chan.get(f"{side}.first")):
            raise Broken(
                tr(
                    "{what}.last is {value}, should be {before}",
                    what=what,
                    value=self.now.name(chan.get(f"{side}.last")),
                    before=self.now.name(before),
                ),
                held,
            )
        return count

    def held(self, chan):
        """The excuse that somebody has the channel's lock."""
        key = chan.get("lock.key")
        near = chan.addr, chan.addr + chan.layout.at["lock.key"].offset
        return lambda: self.now.threads.holder(f"chan {chan.addr:#x}.lock", key, near)


def _channels(now):
    """Sizes and places that fit, of each channel that somebody waits on."""
    queues = now.shared(_Queues)
    for g, address in queues.unread:
        raise Broken(
            tr("{g}.waiting leads to {address}, which cannot be read", g=now.snap.g_name(g), address=now.name(address))
        )
    for address, sudog in queues.sudogs.items():
        if sudog.c and (sudog.c & 7 or sudog.c not in queues.channels):
            raise Broken(
                tr(
                    "{of} waits on a chan at {c}, where none can be",
                    of=now.snap.g_name(queues.of[address]),
                    c=now.name(sudog.c),
                )
            )
    for chan in queues.channels.values():
        what, held = f"chan {chan.addr:#x}", queues.held(chan)
        count, room, closed = chan.need("qcount"), chan.need("dataqsiz"), chan.need("closed")
        if not 0 <= count <= room or room >= 1 << 48:
            raise Broken(
                tr("{what} holds {count} elements and has room for {room}", what=what, count=count, room=room), held
            )
        for field in ("sendx", "recvx"):
            if not 0 <= chan.need(field) < max(room, 1):
                raise Broken(
                    tr(
                        "{what}.{field} is {field2}, the buffer has {room} places",
                        what=what,
                        field=field,
                        field2=chan.get(field),
                        room=room,
                    ),
                    held,
                )
        if closed not in (0, 1):
            raise Broken(tr("{what}.closed is {closed}", what=what, closed=closed), held)
        if closed and (chan.get("recvq.first") or chan.get("sendq.first")):
            raise Broken(tr("{what} is closed, but somebody is in its queues", what=what), held)
    return trn("{n} channel", "{n} channels", len(queues.channels)) + (_cut(queues) if queues.cut else "")


def _waiters(now):
    """Both ways: each waiter is in its channel's queue, and who is in the queue waits."""
    queues = now.shared(_Queues)
    queues.walk()
    if queues.cut:
        raise Unknown(tr("only the first {max_sudogs} waiters were looked at", max_sudogs=MAX_SUDOGS))
    for address, sudog in queues.sudogs.items():
        g = queues.of[address]
        if sudog.g != g.addr:
            now.wrong(
                tr("{g} waits with a sudog of {g2}", g=now.snap.g_name(g), g2=now.name(sudog.g)),
                now.mover(_WAKERS, g.addr),
            )
        # Whoever takes a waiter out says so in g.param, and wins a select by g.selectDone, before it makes the waiter
        # ready.
        won = g.get("param") == address or (g.get("selectDone") if g.has("selectDone") else sudog.select)
        chan = queues.channels.get(sudog.c)
        if chan is None or address in queues.queued or won:
            continue
        near = g.addr, address, chan.addr
        now.wrong(
            tr("{g} waits on chan {c:#x}, but is in none of its queues", g=now.snap.g_name(g), c=sudog.c),
            queues.held(chan),
            now.mover(_WAKERS, *near),
            now.preempted(_WAKERS, *near),
        )
    return trn("{n} sudog, in its queue", "{n} sudogs, each in its queue", len(queues.sudogs))


def _cut(queues):
    return trn(" (the first waiter)", " (the first {n} waiters)", len(queues.sudogs))


CHECKS = (
    (later("channels that are waited on make sense"), _channels),
    (later("who waits on a channel is in its queue"), _waiters),
)
