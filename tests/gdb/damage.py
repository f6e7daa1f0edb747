"""Damages a program's memory, live or in a core file, one mutation at a time, and runs every command over it. Runs
inside gdb.

A mutation is (name, [(address, bytes)], the ids it may cost). Half are a wrong value in some field of some structure,
half are queues, slices, stacks and strings that deserve a shape of their own; a seed picks.
"""

import json
import random
import re
import struct
import time

import gdb
from elftools.elf import elffile
from gdbrun import without_remarks
from rt0lab import program
from rt0lab.goroutines.census import Census
from rt0lab.program import bulk
from rt0lab.state import checks, snapshot, verdicts

PATIENCE = 2  # seconds of processor that one command may take
# reflect.(*ValueError) is Go's
PYTHON = re.compile(
    r"Python Exception|Traceback \(most|rt0 itself failed|cannot be shown|<class '|\b[A-Z]\w+Error\b(?!\))"
)
WILD = (0, 1, 0x10, 0x123456789000, 0x123456789001, 0x8000_0000_0000, 0xDEADBEEF_DEADBEEF, (1 << 63) + 8, (1 << 64) - 1)
# these never fail
LISTS = ("info goroutines -json", "info goroutines", "info ms -json", "info ps -json", "info sched -json", "rt0 waits")
SHARE = 6  # of the other commands every sixth runs at a mutation, others at the next


def do(command):
    """(what a command said, did it end with an error)."""
    try:
        return without_remarks(program.done(command)), False
    except gdb.error as error:
        return str(error), True


def ids():
    """The ids that `info goroutines` lists, those of g0s and gsignals left out."""
    return sorted(
        row["id"] for row in json.loads(do("info goroutines -all -json")[0]) if "id" in row and not row["system"]
    )


class Damage:
    """What can be damaged in the program as it stands, and the commands to run over each mutation."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        census = Census()
        self.truth = ids()
        self.rows = {row.goid: row for row in census.rows if row.goid}
        waits = census.waits(census.rows)
        self.waiting = [row for row in census.rows if row.waiting]
        self.channels = sorted({item.addr for items in waits.values() for item in items if item.kind == "chan"})
        sudogs = {g.waiting: None for g in self.waiting}
        heads = program.chain("sudog", program.read_struct("hchan", self.channels[0]).get("recvq.first"), "next")
        self.sudogs = sorted({*sudogs, *(sudog.addr for sudog in heads)})
        self.waiters = _semaphores()
        self.leaf = self.waiting[0]
        for name, kind, address in (
            ("leaf", "g", self.leaf.addr),
            ("chan", "hchan", self.channels[0]),
            ("sudog", "sudog", self.sudogs[0]),
            ("em", "m", census.ms[-1].addr),
            ("pe", "p", program.all_p_addresses()[0]),
        ):
            gdb.set_convenience_variable(name, gdb.Value(address).cast(program.world().type(kind).pointer()))
        self.ms, self.ps = [m.addr for m in census.ms], [p for p in program.all_p_addresses() if p]
        self.commands = self._commands()

    def _commands(self):
        n, quote = self.leaf.goid, "'runtime.{}'" if program.world().is_go else "{}"
        variables = [quote.format(name) for name in ("allgs", "allp", "sched", "m0", "buildVersion", "envs")]
        return [
            "info ms",
            "info ps",
            "info sched",
            "rt0 waits -json",
            "rt0 panic",
            "rt0 panic -json",
            "goroutine all defers",
            "rt0 dump all",
            "info goroutines -system",
            "info goroutines -long",
            "info goroutines -with reason=chan* -group where",
            "info goroutines -group lock",
            f"info goroutines {n}",
            "info goroutines -limit 3 -without fn=main.*",
            "goroutine 1 bt",
            f"goroutine {n} bt",
            f"goroutine {n} up",
            f"goroutine {n}",
            f"goroutine {n} info locals",
            "goroutine m0.g0 bt",
            f"rt0 holders {quote.format('sched')}.lock",
            "rt0 check",
            "rt0 diff",
            "rt0",
            "bt",
            "info locals",
            "print $getg()",
            f"print *$g({n})",
            "print *$m(0)",
            "print *$p(0)",
            "complete goroutine 1",
            "complete info goroutines -w",
            *(f"print {name}" for name in variables),
            *(f"print *${name}" for name in ("leaf", "chan", "sudog")),
            *(f"with print pretty on -- print *${name}" for name in ("leaf", "chan", "sudog", "em", "pe")),
        ]

    # -- what is done to it

    def some(self, count):
        """So many mutations, half of them with a shape of their own."""
        shapes = list(self.shapes())
        half = min(count // 2, len(shapes))
        return self.random.sample(shapes, half) + [self.field() for _ in range(count - half)]

    def put(self, kind, address, **values):
        """What writes these fields of a structure; dots are two underscores."""
        at = program.world().layout(kind).at
        found = []
        for name, value in values.items():
            leaf = at.get(name.replace("__", "."))
            if leaf is not None:
                found.append((address + leaf.offset, (value & (1 << 8 * leaf.size) - 1).to_bytes(leaf.size, "little")))
        return found

    def variable(self, name, path, value):
        """What writes a field of a runtime variable."""
        known = program.world().variable(name)
        leaf = known and known[1].at.get(path)
        return (
            [(known[0] + leaf.offset, (value & (1 << 8 * leaf.size) - 1).to_bytes(leaf.size, "little"))] if leaf else []
        )

    def field(self):
        """A wrong value in any field of any structure."""
        world, pick = program.world(), self.random.choice
        objects = {
            "g": [row.addr for row in self.rows.values()],
            "m": self.ms,
            "p": self.ps,
            "sudog": self.sudogs + self.waiters,
            "hchan": self.channels,
            "schedt": [world.variable("sched")[0]],
        }
        kind = pick(list(objects))
        address, leaf = pick(objects[kind]), pick(world.layout(kind).leaves)
        value = pick((*WILD, address, address + 1, self.leaf.addr, self.ms[0], world.address("runtime.main")))
        own = {goid for goid, row in self.rows.items() if row.addr == address}
        costs = own if kind == "g" and leaf.path.startswith(("goid", "atomicstatus")) else set()
        return f"{kind} {address:#x} {leaf.path} = {value:#x}", self.put(kind, address, **{leaf.path: value}), costs

    def shapes(self):
        """Damage that takes more than one word, or a word of its own meaning."""
        yield from self._queues()
        yield from self._variables()
        yield from self._goroutines()
        yield from self._flips()

    def _queues(self):
        put, ms, ps, gs = self.put, self.ms, self.ps, [row.addr for row in self.rows.values()]
        sched, head = (
            program.world().variable("sched")[0],
            "runq__head" if "runq.head" in program.world().layout("schedt").at else "runqhead",
        )
        for value in (*WILD[1:], ms[0] + 1, gs[0], program.world().address("runtime.main")):
            for name, path in (("allm", ""), ("allp", "array")):
                yield f"{name} {value:#x}", self.variable(name, path, value), set()
            for field in ("midle", "pidle", head):
                yield f"sched.{field} {value:#x}", put("schedt", sched, **{field: value}), set()
        for field in ("g0", "gsignal", "curg"):
            yield f"m.{field} a parked goroutine", put("m", ms[0], **{field: self.leaf.addr}), set()
        yield "allm to itself", put("m", ms[0], alllink=ms[0]), set()
        yield "allm in a circle", put("m", ms[0], alllink=ms[-1]), set()
        for one, two in ((ms[0], ms[0]), (ms[0], ms[-1])):
            yield "midle in a circle", put("schedt", sched, midle=one) + put("m", one, schedlink=two) + put(
                "m", two, schedlink=one
            ), set()
        for one, two in ((ps[0], ps[0]), (ps[0], ps[-1])):
            yield "pidle in a circle", put("schedt", sched, pidle=one) + put("p", one, link=two) + put(
                "p", two, link=one
            ), set()
        for one, two in ((gs[0], gs[0]), (gs[1], gs[2])):
            yield "global queue in a circle", put("schedt", sched, **{head: one}) + put("g", one, schedlink=two) + put(
                "g", two, schedlink=one
            ), set()
        for first, last in (
            (0, 257),
            (0xFFFFFFFF, 0),
            (5, 4),
            (0, 0xFFFFFFFF),
            (0, 256),
            (0x80000000, 0x80000100),
            (0, 8),
        ):
            yield f"runq {first}..{last}", put("p", ps[0], runqhead=first, runqtail=last), set()
        chan, (one, two, *_) = self.channels[0], self.sudogs
        for field in ("recvq__first", "sendq__first"):
            for a, b in ((one, one), (one, two)):
                yield f"{field} in a circle", put("hchan", chan, **{field: a}) + put("sudog", a, next=b) + put(
                    "sudog", b, next=a
                ), set()
            for value in WILD:
                yield f"{field} {value:#x}", put("hchan", chan, **{field: value}), set()
        for field in ("waitlink", "prev", "next"):
            for sudog in (*self.sudogs[:2], *self.waiters[:2]):
                yield f"sudog.{field} to itself", put("sudog", sudog, **{field: sudog}), set()
        for value in (1 << 40, (1 << 64) - 1):
            yield f"chan of {value}", put("hchan", chan, qcount=value, dataqsiz=value), set()

    def _variables(self):
        every = set(self.truth)
        for value in WILD[1:] + (self.leaf.addr, 0xFFFFFFFF, 3):
            yield f"allglen {value:#x}", self.variable("allglen", "", value), set()
            for path in ("len", "cap"):
                yield f"allgs.{path} {value:#x}", self.variable("allgs", path, value), (
                    set() if program.scalar("allglen") else every
                )
            yield f"allgs.array {value:#x}", self.variable("allgs", "array", value), every
            for name in ("gomaxprocs", "ncpu", "argc"):
                yield f"{name} {value:#x}", self.variable(name, "", value), set()
            yield f"argv {value:#x}", self.variable("argv", "", value), set()
            for name, path in (
                ("allp", "len"),
                ("envs", "len"),
                ("envs", "array"),
                ("buildVersion", "len"),
                ("buildVersion", "str"),
            ):
                yield f"{name}.{path} {value:#x}", self.variable(name, path, value), set()
        array = program.variable("allgs").get("array")
        words = bulk.words(array, len(self.truth))
        by_address = {row.addr: goid for goid, row in self.rows.items()}
        for value in WILD[1:]:
            place = self.random.randrange(len(words))
            yield f"allgs[{place}] {value:#x}", [(array + 8 * place, struct.pack("<Q", value))], {
                by_address.get(words[place])
            }
        yield "allgs with one twice", [(array, struct.pack("<Q", words[1]))], {by_address.get(words[0])}
        yield "allgs all wild", [(array, b"\xde\xad\xbe\xef" * (2 * len(words)))], every

    def _goroutines(self):
        put, size = self.put, program.world().layout("g").size
        for row in [*self.waiting[:2], next(iter(self.rows.values()))]:
            at, own = row.addr, {row.goid}
            yield f"g{row.goid} all zero", [(at, bytes(size))], own
            yield f"g{row.goid} half made", [(at, bytes(size // 2))], own
            yield f"g{row.goid} half ended", [(at + size // 2, bytes(size - size // 2))], own
            yield f"g{row.goid} all ones", [(at, b"\xff" * size)], own
            yield f"g{row.goid} noise", [(at, self.random.randbytes(size))], own
            yield f"g{row.goid} stack reversed", put("g", at, stack__lo=row.hi, stack__hi=row.lo), set()
            yield f"g{row.goid} stack without end", put("g", at, stack__lo=0, stack__hi=(1 << 64) - 1), set()
            for value in (*WILD, row.hi, row.hi - 8, row.lo, row.addr, program.world().address("runtime.main")):
                for field in (
                    "sched__sp",
                    "sched__pc",
                    "sched__bp",
                    "waiting",
                    "startpc",
                    "gopc",
                    "waitreason__len",
                    "waitreason__str",
                ):
                    change = put("g", at, **{field: value})
                    if change:
                        yield f"g{row.goid}.{field} {value:#x}", change, set()
            if row.sp and row.hi - row.sp < 1 << 16:
                yield f"g{row.goid} stack of noise", [(row.sp, self.random.randbytes(row.hi - row.sp))], set()
                yield f"g{row.goid} stack of zero", [(row.sp, bytes(row.hi - row.sp))], set()
            for hops in range(3) if row.bp else ():
                last = row.bp
                for _ in range(hops):
                    last = program.read_word(last)
                frame = struct.pack("<QQ", row.bp, program.read_word(row.bp + 8))
                yield f"g{row.goid} frames in a circle of {hops + 1}", [(last, frame)], set()

    def _flips(self):
        places = [
            *((row.addr, "g", {row.goid}) for row in self.rows.values()),
            *((m, "m", set()) for m in self.ms),
            *((p, "p", set()) for p in self.ps),
            *((s, "sudog", set()) for s in self.sudogs),
            *((c, "hchan", set()) for c in self.channels),
        ]
        for number in range(40):
            changes, costs = [], set()
            for at, kind, own in self.random.sample(places, 4):
                size = program.world().layout(kind).size
                changes += [(at + self.random.randrange(size), self.random.randbytes(1)) for _ in range(6)]
                costs |= own
            yield f"flipped bytes {number}", changes, costs

    def broken(self):
        """(name, changes, the check of `rt0 check` that must call it BROKEN) of damage to what the checks claim to
        check."""
        put, var, world = self.put, self.variable, program.world()
        g0, m0, ps = world.variable("g0")[0], world.variable("m0")[0], self.ps
        rows = [row for row in self.rows.values() if row not in self.waiting]
        running = next(row for row in rows if row.m)
        waiting, one, two = self.leaf.addr, *list(self.rows.values())[:2]
        array, words = program.variable("allgs").get("array"), bulk.words(
            program.variable("allgs").get("array"), len(self.truth)
        )
        status = {name: value for value, name in world.names(*world.G_STATUS).items()}
        p_status = {name: value for value, name in world.names(*world.P_STATUS).items()}
        sched, chan, sudog = world.variable("sched")[0], program.read_struct("hchan", self.channels[0]), self.sudogs[0]
        runq = "runq__head" if "runq.head" in world.layout("schedt").at else "runqhead"
        size = "runq__size" if "runq.size" in world.layout("schedt").at else "runqsize"
        links, allgs, statuses, mp = (
            "m.curg and g.m agree",
            "allgs and allglen agree",
            "goroutine statuses fit",
            "m.p and p.m agree",
        )
        allm, npidle, nmidle = (
            "allm holds every M once",
            "sched.npidle counts the idle Ps",
            "sched.nmidle counts the idle Ms",
        )
        queues, makes_sense, in_queue = (
            "queued goroutines are runnable",
            "channels that are waited on make sense",
            "who waits on a channel is in its queue",
        )

        yield "g0.m = nil", put("g", g0, m=0), "g0 and m0 point at each other"
        yield "m0.g0 = a goroutine", put("m", m0, g0=waiting), "g0 and m0 point at each other"
        yield "m0.gsignal = a goroutine", put("m", m0, gsignal=waiting), "each M has its own g0 and gsignal"
        yield "m.curg = g0", put("m", running.m, curg=g0), links
        yield "g.m = nil", put("g", running.addr, m=0), links
        yield "g.m of one that waits", put("g", waiting, m=m0), links
        yield "allm = nil", var("allm", "", 0), allm
        yield "an M is lost", var("allm", "", self.ms[-2] if len(self.ms) > 2 else 0), allm
        yield "two Ms with one id", put("m", self.ms[-1], id=0), allm
        yield "allm in a circle", put("m", self.ms[0], alllink=self.ms[-1]), allm
        yield "sched.mnext = 1", put("schedt", sched, mnext=1), allm
        for value in (0, len(words) - 1, len(words) + 1, 1 << 40):
            yield f"allgs.len = {value}", var("allgs", "len", value), allgs
            yield f"allglen = {value}", var("allglen", "", value), allgs
        yield "allgs and allglen are empty", var("allgs", "len", 0) + var("allglen", "", 0), allgs
        yield "allgs and allglen are empty", var("allgs", "len", 0) + var("allglen", "", 0), statuses
        for name, value in (
            ("g0", g0),
            ("nil", 0),
            ("odd", words[2] + 1),
            ("another", words[0]),
            ("no memory", 0x10),
            ("m0's gsignal", program.variable("m0").get("gsignal")),
        ):
            yield f"allgs[1] = {name}", [(array + 8, struct.pack("<Q", value))], allgs
        for value in (77, 0xFFFFFFFF, 0x1000 | 77):
            yield f"status = {value}", put("g", waiting, atomicstatus=value), statuses
        yield "a runner waits", put("g", running.addr, atomicstatus=status["_Gwaiting"]), statuses
        yield "a runner is ready", put("g", running.addr, atomicstatus=status["_Grunnable"]), statuses
        yield "a waiter runs", put("g", waiting, atomicstatus=status["_Grunning"]), statuses
        yield "a waiter is another", put("g", waiting, sched__g=running.addr), statuses
        yield "one id twice", put("g", one.addr, goid=two.goid), allgs
        yield "p.status = 77", put("p", ps[0], status=77), mp
        yield "p.m = nil", put("p", program.read_struct("m", running.m).get("p"), m=0), mp
        yield "m.p = nil", put("m", running.m, p=0), mp
        yield "a running P is idle", put(
            "p", program.read_struct("m", running.m).get("p"), status=p_status["_Pidle"]
        ), mp
        yield "p.id = 9", put("p", ps[0], id=9), "allp holds every P once"
        yield "gomaxprocs = 9", var("gomaxprocs", "", 9), "allp holds every P once"
        yield "allp.len = 0", var("allp", "len", 0), "allp holds every P once"
        for value in (7, -1):
            yield f"sched.npidle = {value}", put("schedt", sched, npidle=value), npidle
            yield f"sched.nmidle = {value}", put("schedt", sched, nmidle=value), nmidle
            yield f"sched.runqsize = {value}", put(
                "schedt", sched, **{size: value}
            ), "sched.runqsize counts the global queue"
        yield "pidle = g0", put("schedt", sched, pidle=g0), npidle
        yield "runq = a waiter", put("schedt", sched, **{runq: waiting}), queues
        yield "runq = g0", put("schedt", sched, **{runq: g0}), queues
        yield "runnext = a waiter", put("p", ps[0], runnext=waiting), queues
        yield "runnext = g0", put("p", ps[-1], runnext=g0), queues
        yield "runq without end", put("p", ps[0], runqhead=0, runqtail=1 << 20), queues
        yield "qcount > dataqsiz", put("hchan", chan.addr, qcount=chan.get("dataqsiz") + 1), makes_sense
        yield "sendx", put("hchan", chan.addr, sendx=chan.get("dataqsiz") + 7), makes_sense
        yield "closed", put("hchan", chan.addr, closed=1), makes_sense
        yield "closed = 7", put("hchan", chan.addr, closed=7), makes_sense
        side = "recvq" if chan.get("recvq.first") else "sendq"
        yield "queue = nil", put("hchan", chan.addr, **{side + "__first": 0, side + "__last": 0}), in_queue
        yield "queue goes wild", put("hchan", chan.addr, **{side + "__first": 0x10}), in_queue
        yield "prev", put("sudog", chan.get(side + ".first"), prev=chan.get(side + ".first")), in_queue
        yield "last", put("hchan", chan.addr, **{side + "__last": 0}), in_queue
        yield "a sudog of nobody", put("sudog", sudog, g=g0), in_queue
        yield "a sudog of another", put("sudog", sudog, g=running.addr), in_queue

    def untruths(self):
        """What `rt0 check` says that is not so: BROKEN of the healthy, no BROKEN of the damaged."""
        inferior, found, count = gdb.selected_inferior(), [("healthy", *said) for said in _said_broken()], 0
        for name, changes, check in self.broken():
            if not changes:
                continue
            count += 1
            before = [(address, program.read(address, len(data))) for address, data in changes]
            for address, data in changes:
                inferior.write_memory(address, data)
            said = _said_broken()
            if check not in [name for name, _ in said]:
                found.append((name, check, said))
            for address, data in reversed(before):
                inferior.write_memory(address, data)
        return {"untruths": found, "damages": count}

    def faults(self, number, name, costs):
        """What is wrong with how the commands answer to a mutation: [(mutation, command, what)]."""
        found = [
            (name, *fault) for fault in faults([*LISTS, "goroutine all bt", *self.commands[number % SHARE :: SHARE]])
        ]
        lost = [goid for goid in self.truth if goid not in costs and goid not in ids()]
        return found + [(name, "info goroutines", f"lost {lost}")] if lost else found


def _said_broken():
    """[(check, detail)] of what `rt0 check` calls BROKEN."""
    return [
        (result.name, result.detail) for result in checks.run(snapshot.Snapshot()) if result.verdict == verdicts.BROKEN
    ]


def faults(commands, lists=LISTS):
    """[(command, what)] of those that show Python, take too long, or fail: with more than a line, or at all for a
    list."""
    found = []
    for command in commands:
        begin = time.process_time()
        said, failed = do(command)
        if time.process_time() - begin > PATIENCE:
            found.append((command, f"took {time.process_time() - begin:.1f} s"))
        python = PYTHON.search(said)
        if python:
            found.append((command, said[max(python.start() - 80, 0) : python.end() + 900]))
        if failed and (command in lists or len(said.splitlines()) > 1):
            found.append((command, "failed: " + said[:200]))
    return found


def _semaphores():
    """The sudogs that hang on semtable."""
    world = program.world()
    symbol = gdb.lookup_global_symbol(world.prefix + "semtable") or gdb.lookup_static_symbol(world.prefix + "semtable")
    if symbol is None:
        return []
    base, size = int(symbol.value().address), symbol.type.sizeof
    found = []
    for word in set(bulk.words(base, size // 8)):
        sudog = program.read_struct("sudog", word) if word > 1 << 20 else None
        if sudog and sudog.get("g"):
            found.append(sudog.addr)
    return sorted(found)


def live(count, seed, part=0, parts=1):
    """Faults of one part of `count` mutations of the running program; each is taken back."""
    damage = Damage(seed)
    return _live(damage, damage.some(count)[part::parts])


def shaped(word):
    """The same for all mutations with this word in their names."""
    damage = Damage(0)
    return _live(damage, [mutation for mutation in damage.shapes() if word in mutation[0]])


def _live(damage, mutations):
    inferior, found = gdb.selected_inferior(), []
    for number, (name, changes, costs) in enumerate(mutations):
        before = [(address, program.read(address, len(data))) for address, data in changes]
        for address, data in changes:
            inferior.write_memory(address, data)
        found += damage.faults(number, name, costs)
        for address, data in reversed(before):
            inferior.write_memory(address, data)
    return {"faults": found, "mutations": len(mutations), "whole": ids() == damage.truth}


def core(path, count, seed):
    """The same for a core file, made here of the running program, which is then killed; each mutation is taken back."""
    do(f"gcore {path}")
    damage, found = Damage(seed), []
    mutations = damage.some(count * 2)  # some change what the core does not have
    do("kill")
    places, done = _segments(path), 0
    with open(path, "r+b") as file:
        for name, changes, costs in mutations:
            spots = [
                (offset, data)
                for address, data in changes
                if (offset := _offset(places, address, len(data))) is not None
            ]
            if len(spots) < len(changes) or done == count:
                continue
            before = [(offset, _patched(file, offset, data)) for offset, data in spots]
            do(f"core-file {path}")
            found += damage.faults(done, name, costs)
            done += 1
            for offset, data in reversed(before):
                _patched(file, offset, data)
    do(f"core-file {path}")
    return {"faults": found, "mutations": done, "whole": ids() == damage.truth}


def cut(path, part):
    """A core with only this part of its pieces of memory: so it is where a disk was full, or the system leaves memory
    out."""
    with open(path, "rb") as file:
        whole = bytearray(file.read())
    heads, count = struct.unpack_from("<Q", whole, 32)[0], struct.unpack_from("<H", whole, 56)[0]
    loads = [at for at in range(heads, heads + 56 * count, 56) if struct.unpack_from("<I", whole, at)[0] == 1]
    for at in loads[int(len(loads) * part) :]:
        whole[at + 32 : at + 40] = bytes(8)
    with open(f"{path}.cut", "wb") as file:
        file.write(whole)
    return f"{path}.cut"


def _segments(path):
    with open(path, "rb") as file:
        return [(s["p_vaddr"], s["p_filesz"], s["p_offset"]) for s in elffile.ELFFile(file).iter_segments("PT_LOAD")]


def _offset(places, address, size):
    return next(
        (offset + address - lo for lo, length, offset in places if lo <= address and address + size <= lo + length),
        None,
    )


def _patched(file, offset, data):
    """Writes; returns what stood there."""
    file.seek(offset)
    old = file.read(len(data))
    file.seek(offset)
    file.write(data)
    file.flush()
    return old
