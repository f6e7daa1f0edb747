"""Who waits for whom: of each goroutine whether it can go on, who or what can still wake it, or that nobody ever will,
and on what evidence.

Able is who runs, is ready, or will be woken by a timer, the network, a signal, the collector. For the others `reach`
marks what all who can act can reach: whoever waits for something marked may be woken, with the path as evidence;
whoever does not never will be, if everything was searched. In a deadlock nobody is left who could wake anybody.
"""

from __future__ import annotations

import collections
from typing import Any

import gdb

from .. import program
from ..frames import places
from ..program import begun, bulk, past
from ..words import in_a_row, later, tr, trn
from . import blockers, holders, reach, timers
from .census import Census

ABLE, WOKEN, OUTSIDE, CIRCLE, NEVER, UNKNOWN = VERDICTS = "able", "woken", "outside", "circle", "never", "unknown"
# reasons that only a goroutine ends
_FOR_OTHERS = ("chan receive", "chan send", "select", "semacquire", "sync.", "coroutine", "synctest")
_FOR_EVER = ("select (no cases)", "chan receive (nil chan)", "chan send (nil chan)")
_FOR_COLLECTOR = ("GC ", "garbage collection", "wait for GC", "wait until GC")
# start in the runtime, run the program's code
_OWN_BUT_USERS = ("runtime.main", "runtime.corostart", "runtime.handleAsyncEvent")

_Verdict = collections.namedtuple("_Verdict", "verdict why")
_RUNS = {
    "running": _Verdict(ABLE, later("they run")),
    "runnable": _Verdict(ABLE, later("they are ready to run")),
    "preempted": _Verdict(ABLE, later("they were preempted and go on")),
    "copystack": _Verdict(ABLE, later("their stack is being moved")),
    "leaked": _Verdict(NEVER, later("Go's own collector found that nobody can reach what they wait for")),
}
_SYSCALL = _Verdict(ABLE, later("they are in a system call"))
_IN_C = _Verdict(ABLE, later("they are in a system call or in C"))
_SIGNAL = _Verdict(ABLE, later("a signal may wake them"))
_NETWORK = _Verdict(ABLE, later("the network or a file may wake them"))
_SLEEP = _Verdict(ABLE, later("a timer wakes them"))
_SENT = _Verdict(ABLE, later("a timer sends on what they wait for"))
_COLLECTOR = _Verdict(ABLE, later("the collector wakes them"))
_COLLECTING = _Verdict(ABLE, later("they work for the collector"))
_PARKING = _Verdict(UNKNOWN, later("they are being parked, or woken, at this moment"))
_STRANGE_M = _Verdict(UNKNOWN, later("they wait, but have an M, which does not run them"))
_BUBBLE = _Verdict(UNKNOWN, later("they are in a bubble of testing/synctest, where time is another"))
_NO_THING = _Verdict(UNKNOWN, later("where what they wait for is, the runtime does not note"))
_NO_CHANNEL = _Verdict(UNKNOWN, later("what they wait for is damaged"))
_FOREVER = _Verdict(NEVER, later("nobody ever wakes a select without cases, nor who waits for nil channels alone"))
_DEAD = _Verdict(NEVER, later("the program is deadlocked"))
_BY = {
    reach.GOROUTINE: _Verdict(WOKEN, later("goroutines that may go on can reach what they wait for")),
    reach.VARIABLE: _Verdict(WOKEN, later("a variable leads to what they wait for: any code that runs may use it")),
    reach.TIMER: _Verdict(OUTSIDE, later("a timer will call a function that may wake them")),
    reach.SPECIAL: _Verdict(WOKEN, later("a finalizer, a cleanup or a pinned object leads to what they wait for")),
}
_BY_C = _Verdict(
    OUTSIDE,
    later("a variable leads to what they wait for, and nobody is seen who can go on: C may call code that uses it"),
)
_NOBODY = _Verdict(NEVER, later("nobody who can go on can reach what they wait for"))
_WAITERS = _Verdict(NEVER, later("only goroutines that can never be woken themselves have what they wait for"))
_ROUND = _Verdict(NEVER, later("they wait for each other in a circle, and nobody else can reach what they wait for"))
_ROUND_LOCKS = _Verdict(CIRCLE, later("they wait for each other in a circle: each holds a lock of another's"))
_BY_STUCK = _Verdict(CIRCLE, later("only goroutines that are stuck themselves will give them what they wait for"))
_PERHAPS = _Verdict(UNKNOWN, later("they may wait for each other in a circle"))
_NOT_SEARCHED = _Verdict(UNKNOWN, later("nobody was found who can reach what they wait for, and not all was searched"))


class Thing:
    """A channel, a lock or a Cond that goroutines wait on."""

    def __init__(self, item: blockers.Channel | blockers.Lock) -> None:
        self.item, self.kind, self.addr = item, item.kind, item.addr
        self.waiting = []  # rows
        # rows that have its address there; names of variables
        self.on_stacks, self.in_registers, self.globals = [], [], []
        self.sent = None  # when a timer sends on it
        self.calls = []  # functions that timers will call, and that have its address

    @property
    def words(self) -> set[int]:
        """The addresses by which it is known."""
        return {self.addr, getattr(self.item, "sema", None) or self.addr}

    def plain(self) -> dict[str, Any]:
        return {
            **self.item.plain(),
            "waiting": [row.goid for row in self.waiting],
            "stacks": [row.goid for row in self.on_stacks],
            "registers": [row.goid for row in self.in_registers],
            "globals": self.globals,
            "timer": self.sent,
            "calls": self.calls,
        }


class Graph:
    """All of it at one moment."""

    def __init__(self) -> None:
        self.census = census = Census(system=True)
        own = [row for row in census.rows[len(census.system_rows) :] if row.status not in census.ended]
        self.rows = [row for row in own if not self._is_system(row)]
        self.system = [row for row in own if self._is_system(row)]
        switched = [row for row in self.rows if census.state(row) == "coroutine"]
        self.on = {**census.waits(self.rows), **census.seen_on_stacks(switched)}
        self.timers = timers.Timers()
        self._c = bool(program.scalar("iscgo"))
        self._in_bubbles = self._bubbles()
        self.verdicts = {row.addr: self._verdict(row) for row in self.rows}  # None: only another goroutine can wake it
        self.things = self._things()
        self._sent_to()
        self.able = [row for row in self.rows if self._is(row, ABLE)]
        self.forever = [row for row in self.rows if self.verdicts[row.addr] is _FOREVER]
        self.blocked = [row for row in self.rows if self.verdicts[row.addr] is None]
        self.doubts = self._doubts()
        self.reach = reach.Reach(census, own, self._free(), self._waiting(), self.timers)
        self._places()
        self.circles = self._judge()
        self.stuck = [row for row in self.rows if self._is(row, NEVER) or self._is(row, CIRCLE)]
        self.unknown = [row for row in self.rows if self._is(row, UNKNOWN)]

    def _is(self, row, verdict):
        found = self.verdicts[row.addr]
        return found is not None and found.verdict == verdict

    def _is_system(self, row):
        """Is it one of the runtime's own goroutines, as Go's isSystemGoroutine has it? They wait for the runtime."""
        start = places.function(row.startpc) if row.startpc else ""
        if not start.startswith("runtime.") or start in _OWN_BUT_USERS:
            return False
        if row.addr == program.scalar("fing"):  # it is a user's while it runs a finalizer
            return not (
                program.scalar("fingRunning")
                or (program.scalar("fingStatus") or 0) & (program.world().constant("fingRunningFinalizer") or 0)
            )
        g = program.read_struct("g", row.addr)
        return not (g and g.get("runningCleanups"))

    # -- what each can do by itself

    def _verdict(self, row):
        """What can be said of one alone; None of one that waits for another goroutine to act."""
        status = self.census.status.get(row.status, "").partition(" ")[0]
        if status == "syscall":
            return (
                _SIGNAL
                if row.startpc and places.function(row.startpc) == "os/signal.loop"
                else (_IN_C if self._c else _SYSCALL)
            )
        if status != "waiting":
            return _RUNS.get(status) or _Verdict(
                UNKNOWN, tr("{row} is no state in which a goroutine can be", row=self.census.state(row))
            )
        reason = self.census.reason(row)
        if row.m:
            m = self.census.m_by_address.get(row.m)
            if m is None or m.get("curg") != row.addr:
                return _STRANGE_M
            return _COLLECTING if reason.startswith(_FOR_COLLECTOR) else _PARKING
        if reason in _FOR_EVER:
            return _FOREVER
        if reason == "sleep":
            return _SLEEP
        if reason == "IO wait":
            return _NETWORK
        if reason.startswith(_FOR_COLLECTOR):
            return _COLLECTOR
        if reason.startswith(_FOR_OTHERS):
            if row.addr in self._in_bubbles:
                return _BUBBLE
            return _FOREVER if reason == "select" and not row.waiting else self._clear(self.on.get(row.addr, ()))
        if not reason:
            return _Verdict(UNKNOWN, tr("why they wait is not noted"))
        return _Verdict(UNKNOWN, tr('what ends a wait for "{reason}" is not known here', reason=reason))

    @staticmethod
    def _clear(items):
        """None if these are what one waits for, as far as memory says, and nobody is waking it at this moment."""
        if not items:
            return _NO_THING
        channels = [item for item in items if item.kind == "chan"]
        if any(channel.problem for channel in channels):
            return _NO_CHANNEL
        return None if all(channel.queued for channel in channels) else _PARKING

    def _things(self):
        found = {}
        for row in self.rows:
            for item in self.on.get(row.addr, ()):
                if item.addr and item.kind != "timer":
                    found.setdefault(item.addr, Thing(item)).waiting.append(row)
        return found

    def _sent_to(self):
        """Timers that send on a channel wake those that receive from it; those that call a function may wake whom it
        knows."""
        for address in self.timers.sends.keys() & self.things.keys():
            thing = self.things[address]
            thing.sent = self.timers.sends[address]
            for row in thing.waiting:
                if self.verdicts[row.addr] is None and not self.census.reason(row).startswith("chan send"):
                    self.verdicts[row.addr] = _SENT
        known = {word: thing for thing in self.things.values() for word in thing.words}
        for function, words in self.timers.calls:
            for thing in {known[word].addr: known[word] for word in known.keys() & set(words)}.values():
                thing.calls.append(function)

    # -- is it a deadlock

    @property
    def deadlock(self) -> bool:
        """Is it certain that nobody will ever run again?"""
        return self.begun and not self.able and not self.timers.acting and not self.doubts

    @property
    def begun(self) -> bool:
        """Has the program had a goroutine? It has none any more if main.main went to runtime.Goexit."""
        return bool(self.rows) or not begun.why_none("gs")[0]

    def _doubts(self):
        """Why it is not certain that nobody can go on if nobody is seen who can: sentences without their ends."""
        world, census, found = program.world(), self.census, []
        if not census.addresses and self.begun:
            found.append(begun.why_none("gs")[1])
        if census.problem or census.bad:
            found.append(
                (
                    census.problem
                    or trn("{n} goroutine cannot be read", "{n} goroutines cannot be read", len(census.bad))
                ).rstrip(".")
            )
        strange = [row for row in self.rows if self._is(row, UNKNOWN)]
        if strange:
            found.append(
                tr(
                    "of {strange} it is not known: {why}",
                    strange=listed(strange),
                    why=tr(self.verdicts[strange[0].addr].why),
                )
            )
        if self._c or program.scalar("extraMLength") or program.scalar("extraMCount"):
            found.append(tr("the program has C code (runtime.iscgo), and a thread of C's may call Go at any time"))
        if program.scalar("islibrary") or program.scalar("isarchive"):
            found.append(tr("the program is a library, and whoever loaded it may call it"))
        busy = [row for row in self.system if census.status.get(row.status, "").partition(" ")[0] != "waiting" or row.m]
        if busy:
            found.append(
                trn(
                    "the runtime's own goroutine {busy} can go on",
                    "the runtime's own goroutines {busy} can go on",
                    len(busy),
                    busy=listed(busy),
                )
            )
        ps = bulk.structs("p", [address for address in program.all_p_addresses() if address])
        if not all(ps) or not ps:
            found.append(tr("the Ps cannot be read"))
        held = [p.get("id") for p in ps if p and world.p_status(p.get("status")) not in ("_Pidle", "_Pdead")]
        if held:
            found.append(
                trn(
                    "{held} is held by who may be about to make somebody ready",
                    "{held} are held by who may be about to make somebody ready",
                    len(held),
                    held=in_a_row(f"p{number}" for number in held[:8]),
                )
            )
        if not self.timers.whole:
            found.append(tr("not all timers can be read"))
        elif self.timers.entries > self.timers.acting:
            found.append(tr("timers that were stopped, or are the runtime's own, are still in their heap"))
        if program.scalar("netpollWaiters"):
            found.append(tr("the runtime counts goroutines that wait for the network"))
        if self._in_bubbles:
            found.append(tr("goroutines are in a bubble of testing/synctest, where time is another"))
        ms = {m.get("procid") for m in census.ms}
        threads = (
            [thread for thread in gdb.selected_inferior().threads() if thread.is_valid()]
            if past.moment() is None
            else []
        )
        if any(thread.is_running() for thread in threads):
            found.append(tr("threads run while memory is read"))
        others = [thread.num for thread in threads if not ms.intersection(thread.ptid[1:])]
        if others and program.procids_are_gdbs():
            found.append(tr("thread {others} is no M of the runtime's", others=others[0]))
        return found

    def _bubbles(self):
        fields = bulk.Fields("g", bubble=("bubble", "syncGroup"))
        if "bubble" not in fields.Row._fields:
            return set()
        return {row.addr for row in fields.readable([row.addr for row in self.rows]) if row.bubble}

    # -- who can reach what

    def _free(self):
        """All who may act: those of the program's that wait for nobody, the runtime's own, and what Ms do for them."""
        at_work = {m.addr for m in self.census.ms if m.get("p")}  # the others sleep, or are in C
        busy = [row for row in self.census.system_rows if row.m in at_work]
        own = [row for row in self.rows if self.verdicts[row.addr] is not None and not self._is(row, NEVER)]
        return own + self.system + busy

    def _waiting(self):
        return {row.addr: set().union(*(thing.words for thing in self.waits_on(row))) for row in self.blocked}

    def waits_on(self, row: Any) -> list[Thing]:
        """What it waits for; several things in a select."""
        return [self.things[item.addr] for item in self.on.get(row.addr, ()) if item.addr in self.things]

    def _places(self):
        """On whose stack and in which variable each thing's address stands."""
        wanted = collections.defaultdict(list)
        for thing in self.things.values():
            for word in thing.words:
                wanted[word].append(thing)
        rows = {row.addr: row for row in self.rows}
        for address, words in self.reach.having(wanted.keys()).items():
            for thing in {thing.addr: thing for word in words for thing in wanted[word]}.values():
                if address in rows:
                    (
                        thing.on_stacks
                        if any(words[word] for word in thing.words & words.keys())
                        else thing.in_registers
                    ).append(rows[address])
        for word, slots in self.reach.variables_with(wanted.keys()).items():
            for thing in wanted[word]:
                names = dict.fromkeys(filter(None, map(reach.variable_at, slots)))
                thing.globals += [name for name in names if name not in thing.globals]
        for address, thing in self.things.items():  # a lock is often a variable itself, or a part of one
            name = None if thing.kind == "chan" else reach.variable_at(address)
            if name is not None and name not in thing.globals:
                thing.globals.insert(0, name)
        self.holders_of = {thing.addr: self._holders(thing) for thing in self.things.values()}

    def path(self, thing: Thing) -> reach.Path | None:
        """How somebody who may wake them can reach what they wait for; None if nobody can, or it is not known."""
        if self.deadlock:
            return None
        woken = [self.reach.woken[row.addr] for row in thing.waiting if row.addr in self.reach.woken]
        words = [word for word in woken if word in thing.words] or filter(self.reach.reached, thing.words)
        return next(map(self.reach.path, words), None)

    def _holders(self, thing):
        """The goroutines that have the thing's address in hand and do not wait on it themselves."""
        waiting = {row.addr for row in thing.waiting}
        return list({row.addr: row for row in thing.on_stacks + thing.in_registers if row.addr not in waiting}.values())

    def _judge(self):
        """Gives those that wait for others a verdict; returns the circles among them: lists of (row, thing, rows of the
        circle that have it)."""
        if self.deadlock:
            self.verdicts.update((row.addr, _DEAD) for row in self.blocked)
            return []
        found = self.reach
        for row in self.blocked:
            word = found.woken.get(row.addr)
            if word is not None:
                self.verdicts[row.addr] = self._by(found.kind(word))
            elif not found.complete:
                self.verdicts[row.addr] = _NOT_SEARCHED
            else:
                seen = any(self.holders_of[thing.addr] for thing in self.waits_on(row))
                self.verdicts[row.addr] = _WAITERS if seen else _NOBODY
        return self._by_locks()

    def _by(self, kind):
        """The verdict on who is reached from such a root: a variable is of use only to code that somebody runs."""
        return _BY_C if kind == reach.VARIABLE and self._c and not self.able else _BY[kind]

    def _by_locks(self):
        """A variable leads to most locks, and to who holds them it does not: who waits for one that somebody holds who
        is stuck himself is stuck, too, on that evidence, and so is who is reached from there alone."""
        found, blocked = self.reach, {row.addr for row in self.blocked}
        unreached = blocked - found.woken.keys()
        late = [row for row in self.blocked if row.addr not in found.early]  # of whom only variables know
        held = holders.Holders(self.census, self.blocked if any(map(self._for_lock, late)) else [], reach.limit.seconds)
        dependent: set[int] = set()
        while True:
            sure = unreached | dependent if found.complete else dependent
            steps = holders.stuck(self, held, lambda row: (row.addr in unreached, self._having(row)), sure)
            steps = {address: step for address, step in steps.items() if address not in found.early - dependent}
            more = blocked - found.woken_without(steps) - sure - steps.keys() if steps.keys() - unreached else set()
            if not more:
                break
            dependent |= more
        circles = [circle for circle in map(self._with_things, holders.circles(steps)) if circle]
        for address in steps.keys() - unreached | dependent:
            self.verdicts[address] = _BY_STUCK
        for circle in circles:
            proved = found.complete and all(row.addr in unreached for row, _, _ in circle)
            unsure = any(row.addr in unreached for row, _, _ in circle) and not found.complete
            verdict = _ROUND if proved else _PERHAPS if unsure else _ROUND_LOCKS
            self.verdicts.update((row.addr, verdict) for row, _, _ in circle)
        return circles

    def _for_lock(self, row):
        return any(item.kind == "sema" for item in self.on.get(row.addr, ()))

    def _having(self, row):
        """The rows that have in hand what it waits for."""
        return list(
            {other.addr: other for thing in self.waits_on(row) for other in self.holders_of[thing.addr]}.values()
        )

    def _with_things(self, circle):
        """The same circle with Things, in the order of ids."""
        steps = [(row, self.things.get(getattr(item, "addr", None)), rows) for row, item, rows in circle]
        return sorted((step for step in steps if step[1] is not None), key=lambda step: step[0].goid)

    # -- as data

    @property
    def verdict(self) -> str:
        """`deadlock`, `no deadlock` or `unknown`."""
        return "deadlock" if self.deadlock else "no deadlock" if self.able or self.timers.acting else "unknown"

    def evidence(self) -> list[tuple[Any, ...]]:
        """[(verdict, why, rows)], the able first."""
        found = collections.defaultdict(list)
        for row in self.rows:
            found[self.verdicts[row.addr]].append(row)
        return sorted(
            ((*verdict, rows) for verdict, rows in found.items()),
            key=lambda group: VERDICTS.index(group[0]),
        )

    def _plain_path(self, thing):
        path = self.path(thing)
        if path is None:
            return None
        goroutine = path.row.goid if path.row is not None else None
        return {"root": path.kind, "goroutine": goroutine, "name": path.name, "slot": path.slot, "steps": path.steps}

    def plain(self) -> dict[str, Any]:
        def ids(rows):
            return [row.goid for row in rows]

        return {
            "things": [{**thing.plain(), "path": self._plain_path(thing)} for thing in self.things.values()],
            "able": ids(self.able),
            "blocked": ids(self.blocked),
            "forever": ids(self.forever),
            "stuck": ids(self.stuck),
            "unknown": ids(self.unknown),
            "woken": ids(row for row in self.rows if self._is(row, WOKEN) or self._is(row, OUTSIDE)),
            "timers": len(self.timers.pending),
            "deadlock": self.deadlock,
            "verdict": self.verdict,
            "doubts": self.doubts,
            "evidence": [
                {"verdict": verdict, "why": why, "goroutines": ids(rows)} for verdict, why, rows in self.evidence()
            ],
            "circles": [
                [
                    {"goroutine": row.goid, "waits_on": thing.addr, "on_stacks_of": ids(having)}
                    for row, thing, having in circle
                ]
                for circle in self.circles
            ],
            "searched": self.reach.plain(),
            "not_searched": self.reach.left_out,
        }


def listed(rows: list[Any], limit: int = 12) -> str:
    """`18 19 20 ... (400 in all)`"""
    return " ".join(str(row.goid) for row in rows[:limit]) + (
        tr(" ... ({rows} in all)", rows=len(rows)) if len(rows) > limit else ""
    )
