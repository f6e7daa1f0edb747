"""Who waits for whom: channels and locks, the goroutines that wait on each, and those that could wake them.

Nobody writes down who will send on a channel or who locked a sync.Mutex. What memory does show: whose stack, and which
global variable, holds the thing's address. Who waits on it himself, or can never run again, cannot wake anybody with it.
Pointers that only the heap holds are not looked for, and what is said says so.
"""

import collections
import re

import gdb

from . import blockers, bulk, goroutines, model, views

_STACK = 1 << 16  # bytes of each stack that are searched
_GLOBALS = 1 << 24  # bytes of the program's variables that are searched


class Thing:
    """A channel, a lock or a timer that goroutines wait on."""

    def __init__(self, item):
        self.item, self.kind, self.addr = item, item.kind, item.addr
        self.waiting = []  # rows
        self.on_stacks, self.globals = [], []  # rows whose stack has its address; names of variables

    def plain(self):
        """As JSON has it."""
        return {**self.item.plain(), "waiting": [row.goid for row in self.waiting], "stacks": [row.goid for row in self.on_stacks],
                "globals": self.globals}  # fmt: skip


class Graph:
    """All of it at one moment."""

    def __init__(self):
        self.census = census = goroutines.Census()
        self.rows = [row for row in census.rows if row.status not in census.ended and not self.is_system(row)]
        self.on = census.waits(self.rows)
        self.blocked = [row for row in self.rows if row.addr in self.on and not isinstance(self.on[row.addr][0], blockers.Timer)]
        blocked = {row.addr for row in self.blocked}
        # What can still do something by itself: it runs, it is ready, or a timer or the network will make it so.
        self.able = [row for row in self.rows if row.addr not in blocked and not self._forever(row)]
        self.forever = [row for row in self.rows if row.addr not in blocked and self._forever(row)]
        self.timers = pending_timers()
        self.things = self._things()
        self._search()
        self.stuck = self._stuck()

    def is_system(self, row):
        """Is it one of the runtime's own goroutines? They wait for the runtime, and wake nobody."""
        start = goroutines.code(row.startpc)[0] if row.startpc else ""
        return start.startswith("runtime.") and start != "runtime.main"

    def _forever(self, row):
        return self.census.state(row) in ("select (no cases)", "chan receive (nil chan)", "chan send (nil chan)")

    def _things(self):
        found = {}
        for row in self.blocked:
            for item in self.on[row.addr]:
                if item.addr:
                    found.setdefault(item.addr, Thing(item)).waiting.append(row)
        return found

    def _search(self):
        wanted = set(self.things)
        if not wanted:
            return
        for row in self.rows:
            words = words_on_stack(self.census, row)
            for thing in self.things.values() if len(wanted) < len(words) else map(self.things.get, words & wanted):
                if thing.addr in words or getattr(thing.item, "sema", None) in words:
                    thing.on_stacks.append(row)
        for address, name in variables_with(wanted):
            self.things[address].globals.append(name)
        for address, thing in self.things.items():  # a lock is often a variable itself
            symbol = self.census.world.symbol_at(address)
            section = self.census.world.section_at(address)
            if symbol and section and not section.code:
                thing.globals.insert(0, symbol[0] if not symbol[1] else f"{symbol[0]}+{symbol[1]}")

    def wakers(self, thing):
        """The goroutines whose stack has the thing's address and that do not wait on it themselves."""
        waiting = {row.addr for row in thing.waiting}
        return [row for row in thing.on_stacks if row.addr not in waiting]

    def _stuck(self):
        """The blocked that nobody can wake who can still run himself, as far as stacks and variables show."""
        if not self.able and not self.timers:
            return list(self.blocked)
        free, stuck = {row.addr for row in self.able}, {row.addr: row for row in self.blocked}
        while True:
            saved = [
                addr for addr in stuck
                if any(thing.globals or any(waker.addr in free for waker in self.wakers(thing)) or thing.kind == "timer"
                       for thing in (self.things[item.addr] for item in self.on[addr] if item.addr))
            ]  # fmt: skip
            if not saved:
                return list(stuck.values())
            for addr in saved:
                free.add(addr)
                del stuck[addr]

    @property
    def deadlock(self):
        """Is it certain that nobody will ever run again?"""
        return bool(self.rows) and not self.able and not self.timers

    def plain(self):
        """As JSON has it."""
        return {"things": [thing.plain() for thing in self.things.values()], "able": [row.goid for row in self.able],
                "blocked": [row.goid for row in self.blocked], "forever": [row.goid for row in self.forever],
                "stuck": [row.goid for row in self.stuck], "timers": self.timers, "deadlock": self.deadlock}  # fmt: skip


def words_on_stack(census, row):
    """All words on the part of a goroutine's stack that is in use."""
    sp = row.sp
    if row.addr in census.threads:
        with views.keeping_place():
            census.threads[row.addr].switch()
            sp = model.register("rsp")
    if not sp or not row.lo <= sp < row.hi:
        sp = row.lo
    size = min(row.hi - sp, _STACK) & ~7
    data = model.read(sp & ~7, size) if size > 0 else b""
    return set(memoryview(data).cast("Q")) if isinstance(data, bytes) else set()


def variables_with(wanted):
    """(address wanted, the variable that holds it) for all of the program's writable data."""
    world, left = model.world(), _GLOBALS
    for section in world.elf.sections:
        lo, size = (section.lo + world.slide + 7) & ~7, (section.hi - section.lo) & ~7
        if not section.writable or section.name in (".tbss", ".tdata") or size <= 0 or size > left:
            continue
        left -= size
        data = model.read(lo, size)
        if not isinstance(data, bytes) or not wanted & set(memoryview(data).cast("Q")):
            continue
        for i, word in enumerate(memoryview(data).cast("Q")):
            if word in wanted:
                symbol = world.symbol_at(lo + 8 * i)
                if symbol and not symbol[0].startswith("runtime."):  # the runtime's own tables wake nobody
                    yield word, symbol[0]


def pending_timers():
    """How many timers are set: the Ps' or, before Go 1.14 and here, those of the buckets in runtime.timers."""
    count = 0
    for p in bulk.structs("p", [address for address in model.all_p_addresses() if address]):
        count += (p.get("numTimers", "timers.len", "timers.heap.len") or 0) if p else 0
    return count + sum(bucket.get("t.len", "timersBucket.t.len") or 0 for bucket in model.elements("timers"))


# ---- locks -------------------------------------------------------------------------------------------------------------


def _value(text):
    """An expression's value; a name without package that gdb does not know is the runtime's, as `sched` is in either world."""
    try:
        return gdb.parse_and_eval(text)
    except gdb.error as error:
        name = re.match(r"\w+", text)
        if name is None or not model.world().prefix:
            raise
        try:
            return gdb.parse_and_eval(f"'{model.world().prefix}{name[0]}'{text[name.end() :]}")
        except gdb.error:
            raise error from None


def lock_at(text):
    """(kind, address, the gdb.Value) of a lock named by an expression: a runtime.mutex, a sync.Mutex or RWMutex, or a pointer to one."""
    try:
        value = _value(text)
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
            value = value.dereference()
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_REF:
            value = value.referenced_value()
    except gdb.error as error:
        raise model.Problem(f"gdb knows no `{text}`: {error}")
    kind = (value.type.name or str(value.type)).removeprefix("struct ").replace("::", ".")
    known = {"mutex": "runtime.mutex", "runtime.mutex": "runtime.mutex", "sync.Mutex": "sync.Mutex", "sync.RWMutex": "sync.RWMutex"}
    if kind not in known or value.address is None:
        raise model.Problem(f"`{text}` is a {kind}: name a runtime.mutex, a sync.Mutex or a sync.RWMutex, or a pointer to one.")
    return known[kind], int(value.address), value


def waiters_by_address(census):
    """{address of the semaphore: [rows]}"""
    found, rows = collections.defaultdict(list), {row.addr: row for row in census.rows}
    for g, address in blockers.semaphores():
        if g in rows:
            found[address].append(rows[g])
    return found
