"""The timers that are set: when each is due, how often, and what it does: wakes a sleeper, sends on a channel, calls a
function, ends somebody's patience with the network.

They hang in heaps of the Ps or, before Go 1.14 and here, of buckets. From Go 1.23 on a channel's timer does so only
while somebody waits for it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from .. import program
from ..program import bulk, names

_TIMER: dict[str, Any] = {
    "when": "when",
    "nextwhen": "nextwhen",
    "period": "period",
    "f": "f",
    "arg": ("arg.data", "arg"),
    "status": "status",
    "state": "state",
}
_READY = "runtime.goroutineReady"  # what Sleep's timers call
_SEND, _CALL = "time.sendTime", "time.goFunc"
_DEADLINES = ("runtime.netpollDeadline", "runtime.netpollReadDeadline", "runtime.netpollWriteDeadline")
_CAPTURED = 8  # words of a closure that are looked at: its code's address, and what it has captured
_HEAPS = (("timers.heap", "timerWhen"), ("timers", None), ("t", None), ("timersBucket.t", None))


class Pending:
    """A timer that is set. `does` is `wakes` (of a g), `sends` (on a channel), `calls` (`function`), or `deadline` (of
    a pollDesc); `target` is that one's address."""

    __slots__ = ("addr", "when", "period", "p", "does", "target", "function")

    def __init__(self, row: Any, when: int, p: int | None, does: str, target: int, function: str) -> None:
        self.addr, self.when, self.period, self.p = row.addr, when, row.period, p
        self.does, self.target, self.function = does, target, function


class Timers:
    """All timers that are set, and what those lead to that call a function of package time's."""

    def __init__(self) -> None:
        self.entries, self.whole = 0, True  # how many the heaps hold, stopped ones too; could all be read?
        self._p_of = {}  # {a timer's address: its P's id, None for a bucket's}
        self.pending = self._pending()
        self._names = {row.f: _called(row.f) for row in {row.f: row for row in self.pending}.values()}
        self._closures = self._read_closures()
        # how many of these do something for the program
        self.acting = sum(self._acts(self._names[row.f]) for row in self.pending)
        # {channel: when}: time.After, NewTimer, NewTicker send there
        self.sends = {row.arg: self._when(row) for row in self.pending if self._names[row.f] == _SEND}
        # (function, words that it is given or has captured): time.AfterFunc, context.WithTimeout
        self.calls = [*self._closures.values()] + [
            (name, (row.f, row.arg))
            for row in self.pending
            if (name := self._names[row.f]) not in (_SEND, _CALL) and not name.startswith("runtime.") and row.arg
        ]

    @staticmethod
    def _acts(name):
        return name == _READY or not name.startswith(("runtime.", "?"))

    def all(self) -> Iterator[Pending]:
        """Each of them, in the order in which they are due."""
        for row in sorted(self.pending, key=self._when):
            name = self._names[row.f]
            does = {_READY: "wakes", _SEND: "sends"}.get(name, "deadline" if name in _DEADLINES else "calls")
            function = self._function(row)
            target = (row.arg or 0) - (_inside_desc() if does == "deadline" else 0)
            yield Pending(row, self._when(row), self._p_of.get(row.addr), does, target, function)

    def _function(self, row):
        """What it calls in the end."""
        name = self._names[row.f]
        return self._closures[row.arg][0] if name == _CALL and row.arg in self._closures else name

    def leads(self) -> list[tuple[str, list[int]]]:
        """[(function, the words that its timers have)] of those that are set, by what they call."""
        found: dict[str, list[int]] = {}
        for row in self.pending:
            found.setdefault(self._function(row), []).extend(word for word in (row.f, row.arg) if word)
        return list(found.items())

    def _addresses(self):
        """{a timer's address: the id of the P in whose heap it is, None in a bucket's}"""
        ps = bulk.structs("p", [address for address in program.all_p_addresses() if address])
        self.whole = all(ps)
        found = {}
        for holder in [p for p in ps if p] + program.elements("timers"):
            found.update(dict.fromkeys(self._heap(holder), holder.get("id")))
        return found

    def _heap(self, holder):
        """The addresses in a P's heap or a bucket's."""
        layout = program.world().layout
        for path, kind in _HEAPS:
            array, count, room = (holder.get(f"{path}.{part}") for part in ("array", "len", "cap"))
            if array is not None:
                step = layout(kind).size // 8 if kind else 1
                at = layout(kind).at["timer"].offset // 8 if kind else 0
                words = bulk.words(array, count * step) if 0 < count <= room <= bulk.MAX_GS else []
                self.whole = self.whole and len(words) == count * step
                self.entries += max(count, 0)
                return words[at::step]
        return ()

    def _pending(self):
        self._p_of = self._addresses()
        rows = bulk.Fields("timer", **_TIMER).readable(self._p_of) if self._p_of else []
        self.whole = self.whole and len(rows) == len(self._p_of)
        constant = program.world().constant
        ended = {constant(name) for name in ("timerDeleted", "timerRemoving", "timerRemoved")} - {None}
        self._moved = {constant(name) for name in ("timerModifiedEarlier", "timerModifiedLater")} - {None}
        zombie = constant("timerZombie") or 0  # a stopped one may stay in its heap for a while
        return [
            row
            for row in rows
            if row.status not in ended and not (row.state is not None and (row.state & zombie or not row.when))
        ]

    def _when(self, row):
        """When it is due; from Go 1.14 to 1.22 one that was set anew says so beside its place in the heap."""
        return row.nextwhen if row.status in self._moved and row.nextwhen is not None else row.when

    def _read_closures(self):
        """{closure: (its function, what it has captured)} of those that time.AfterFunc was given."""
        found, wanted = {}, {row.arg for row in self.pending if self._names[row.f] == _CALL}
        for data, base, members in bulk.pieces(wanted, 8 * _CAPTURED) if wanted else ():
            for closure in members if data is not None else ():
                code, *captured = struct.unpack_from(f"<{_CAPTURED}Q", data, closure - base)
                found[closure] = _name(code), captured
        return found


def _inside_desc():
    """Where in a pollDesc what its timers are given lies: they have its address, or that of its field self."""
    leaf = program.world().layout("pollDesc").at.get("self")
    return 0 if leaf is None else leaf.offset


def _called(f):
    """The name of a timer's function: in Go its value is a pointer to a closure, which begins with the code's
    address."""
    pc = program.read_word(f) if program.world().is_go else f
    return _name(pc) if isinstance(pc, int) else "?"


def _name(pc):
    symbol = program.world().symbol_at(pc)
    return names.function(symbol[0]) if symbol else f"{pc:#x}"
