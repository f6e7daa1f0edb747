"""The commands that list: `info goroutines|ms|ps|sched`, filtered, grouped, as lines of 80 columns or as JSON."""

import argparse
import collections
import fnmatch
import itertools
import shlex

import gdb

from . import begun, blockers, bulk, cards, console, frames, goroutines, model, printers, untrusted


class Options(argparse.ArgumentParser):
    """A command's options; what is wrong with them is one sentence with the usage."""

    def __init__(self, command, usage):
        super().__init__(prog=command, usage=f"{command} {usage}", add_help=False, allow_abbrev=False)

    def error(self, message):
        """argparse calls this."""
        raise model.Problem(f"{message}. Usage: {self.usage}")

    def of(self, argument):
        """What was typed, parsed."""
        try:
            return self.parse_args(shlex.split(argument))
        except ValueError as error:
            return self.error(str(error).lower())


def complete(text, word, candidates):
    """Those candidates that continue the last word of `text`; gdb breaks words at - and =, people do not.

    gdb asks twice: first, with no word, only where words break.
    """
    if word is None:
        return []
    last = text.rpartition(" ")[2]
    return [candidate[len(last) - len(word) :] for candidate in candidates if candidate.startswith(last)]


def ids(text):
    """`7`, `1-5`, `1,3,7-9`: a list of (first, last)."""
    found = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if not first.isdecimal() or dash and not last.isdecimal():
            raise model.Problem(f"`{text}` names no goroutines: say 7, or 1-5, or 1,3,7-9, or all.")
        found.append((int(first), int(last or first)))
    return found


# ---- info goroutines -------------------------------------------------------------------------------------------------


class View:
    """Some goroutines of a census with all that is shown of them."""

    def __init__(self, census, rows, standing=True, waits=True):
        self.census, self.rows = census, rows
        self.stacks = census.stacks(rows) if standing else {}
        self.alone = census.alone(rows, self.stacks) if standing else {}
        self.on = census.waits(rows) if waits else {}

    def at(self, row):
        """The frame where it stands, or None."""
        stack = self.stacks.get(row.addr)
        if stack is None:
            return self.alone.get(row.addr)
        if stack.standing is not None and stack.standing.pc == row.startpc:  # it has not begun
            return frames.Shown(*goroutines.start(row.startpc), False, row.startpc, False, True)
        return stack.standing

    def start(self, row):
        """The function it began with."""
        return goroutines.code(row.startpc)[0] if row.startpc else ""

    def creator(self, row):
        """Where the go statement that made it stands: main.main (x.go:12)"""
        if not row.gopc:
            return ""
        return frames.where(*goroutines.creator(row.gopc))

    def where(self, row):
        """Where it stands."""
        at = self.at(row)
        return at.where if at else ""

    def waited(self, row):
        """How long it has waited, in ns; None where the runtime has not noted since when."""
        now, status = self.census.now, self.census.status.get(row.status, "").partition(" ")[0]
        # What was noted of a wait stays behind when the wait is over; one that has an M waits only in a system call.
        waits = status == "syscall" or status in ("waiting", "leaked") and not row.m
        return now - row.since if waits and row.since and now and now > row.since else None

    def host(self, row):
        """`m0 p1` of a goroutine that has an M; `m0 (had p1)` of one in a system call whose P may be another's."""
        m = self.census.m_by_address.get(row.m)
        if m is None:
            return ""
        at, own = model.p_of(m)
        p = self.census.p_ids.get(at)
        return f"m{m.get('id')}" + ("" if p is None else f" p{p}" if own else f" (had p{p})")

    def detail(self, row):
        """What it waits on, or who runs it."""
        if row.addr in self.on:
            items = self.on[row.addr]
            text = str(items[0]) if len(items) == 1 else f"{len(items)} chans, {str(items[0]).removeprefix('chan ')}"
        else:
            text = self.host(row) if row.m else ""
        since = self.waited(row) if row.since else None
        return f"{text} {blockers.duration(since)}".lstrip() if since else text

    def plain(self, row):
        """As JSON has it."""
        census, at = self.census, self.at(row)
        m = census.m_by_address.get(row.m)
        thread = census.threads.get(row.addr)
        start, creator = (
            goroutines.start(row.startpc) if row.startpc else None,
            goroutines.creator(row.gopc) if row.gopc else None,
        )
        return {
            "id": row.goid,
            "name": census.name(row),
            "address": row.addr,
            "status": census.status.get(row.status, str(row.status)),
            "reason": census.reason(row) if census.status.get(row.status, "").startswith("waiting") else "",
            "waited_ns": self.waited(row),
            "on": [item.plain() for item in self.on.get(row.addr, [])],
            "at": at and {"function": at.function, "file": at.file, "line": at.line, "pc": at.pc},
            "start": start and {"function": start[0], "file": start[1], "line": start[2]},
            "creator": creator and {"function": creator[0], "file": creator[1], "line": creator[2]},
            "m": m.get("id") if m else None,
            "p": census.p_ids.get(m.get("p")) if m and model.p_of(m)[1] else None,
            "thread": thread.num if thread else None,
            "current": census.is_current(row),
            "system": row.addr in census.system,
        }


_TESTS = {  # what -with and -without can ask about, and -group by: a text of each goroutine
    "id": lambda view, row: str(row.goid),
    "status": lambda view, row: view.census.status.get(row.status, str(row.status)),
    "reason": lambda view, row: view.census.reason(row) if view.census.state(row) == view.census.reason(row) else "",
    "fn": lambda view, row: view.at(row).function if view.at(row) else "",
    "where": View.where,
    "start": View.start,
    "creator": View.creator,
    "chan": lambda view, row: [f"{item.addr:#x}" for item in view.on.get(row.addr, []) if item.kind == "chan"],
    "lock": lambda view, row: [f"{item.addr:#x}" for item in view.on.get(row.addr, []) if item.kind == "sema"],
    "m": lambda view, row: view.host(row).partition(" ")[0],
    "p": lambda view, row: view.host(row).partition(" ")[2],
}
_GROUPS = ("status", "reason", "where", "fn", "start", "creator", "chan", "lock")
_NEED_STANDING, _NEED_WAITS = {"fn", "where"}, {"chan", "lock"}


class Test:
    """One -with or -without: KEY=PATTERN; a pattern has * and ? as in a shell."""

    def __init__(self, text):
        self.key, equals, self.pattern = text.partition("=")
        if not equals or self.key not in _TESTS:
            raise argparse.ArgumentTypeError(f"`{text}` is no KEY=PATTERN with a KEY of {', '.join(_TESTS)}")

    def holds(self, view, row):
        """Does it match?"""
        found = _TESTS[self.key](view, row)
        texts = found if isinstance(found, list) else [found]
        return any(fnmatch.fnmatchcase(text.lower(), self.pattern.lower()) for text in texts)


class Goroutines(console.Command):
    """List the goroutines: id, status or wait reason, what it waits on or who runs it, where it stands. `*` runs on
    this thread.
    Usage: info goroutines [IDS] [-with KEY=PATTERN] [-without KEY=PATTERN] [-group BY] [-limit N] [-long] [-system]
    [-all] [-json] KEY and BY are of: id, status, reason, fn, where, start, creator, chan, lock, m, p; a pattern may
    have * and ?. -system adds each M's g0 and gsignal, -all also the dead. IDS are 7, or 1-5, or 1,3.

    (gdb) info goroutines -with reason=chan* -group where
     99998  main.leaf (parked.go:21)   18 19 20 21 22 ..."""

    name, kind = "info goroutines", gdb.COMMAND_STATUS
    options = Options(
        "info goroutines",
        "[IDS] [-with KEY=PATTERN] [-without KEY=PATTERN] [-group BY] [-limit N] [-long] [-system] [-all] [-json]",
    )
    options.add_argument("ids", nargs="?")
    options.add_argument("-with", dest="wanted", metavar="KEY=PATTERN", type=Test, action="append", default=[])
    options.add_argument("-without", dest="unwanted", metavar="KEY=PATTERN", type=Test, action="append", default=[])
    options.add_argument("-group", choices=_GROUPS)
    options.add_argument("-limit", type=int, metavar="N")
    for _flag in ("-long", "-system", "-all", "-json"):
        options.add_argument(_flag, action="store_true")

    def run(self, argument):
        """Prints."""
        model.world()
        asked = self.options.of(argument)
        if asked.limit is not None and asked.limit < 0:
            self.options.error("-limit wants a number of lines")
        if not model.alive():
            console.say("[]" if asked.json else console.not_running())
            return
        with bulk.no_collecting():  # until all that is made for the list is gone again
            self._list(asked)

    def _list(self, asked):
        special = asked.long or asked.ids or asked.json or asked.group or asked.wanted or asked.unwanted
        census = goroutines.Census(system=True, brief=not special)
        view, left = self._choose(census, asked)
        if asked.json:
            bad = [{"address": address, "unreadable": True} for address in census.bad]
            empty = not bad and not census.addresses and not begun.why_none("gs")[0] and begun.sentence("gs")
            bad += [{"problem": problem} for problem in (census.problem, empty) if problem]
            console.dump([view.plain(row) for row in view.rows] + (bad if not asked.ids else []))
            return
        if census.problem:
            console.say(census.problem)
        if asked.group:
            console.write(self._grouped(view, asked.group, asked.limit))
            return
        console.write(long_lines(view) if asked.long or asked.ids else lines(view))
        console.write(f"  <unreadable {address:#x}>" for address in census.bad[: asked.limit] if not asked.ids)
        if left:
            console.say(f"and {left} more: `-limit` is {asked.limit}.")
        self._after(census, asked)

    def _choose(self, census, asked):
        rows = self._asked_about(census, asked)
        tests = [(test, True) for test in asked.wanted] + [(test, False) for test in asked.unwanted]
        if not tests and asked.group is None:
            left = max(len(rows) - asked.limit, 0) if asked.limit is not None else 0
            return View(census, rows[: asked.limit]), left
        keys = {test.key for test, _ in tests} | {asked.group}
        view = View(census, rows, bool(keys & _NEED_STANDING), bool(keys & _NEED_WAITS))
        rows = [row for row in rows if all(test.holds(view, row) == wanted for test, wanted in tests)]
        if asked.group:
            view.rows = rows
            return view, 0
        left = max(len(rows) - asked.limit, 0) if asked.limit is not None else 0
        return View(census, rows[: asked.limit]), left

    def _asked_about(self, census, asked):
        """The rows that IDS, -system and -all name."""
        own = census.rows[len(census.system_rows) :]
        if asked.ids:
            spans = ids(asked.ids)
            rows = [row for row in own if any(first <= row.goid <= last for first, last in spans)]
            if not rows:
                raise model.Problem(
                    f"there is no goroutine {asked.ids}: `info goroutines` lists all. Usage: {self.options.usage}"
                )
            return rows
        alive = [row for row in own if row.status not in census.ended]
        every, started = asked.system or asked.all, bool(alive)
        system = [
            row
            for row in census.system_rows
            if every or census.is_current(row) or not started and "gsignal" not in census.name(row)
        ]
        seek_dead = asked.all or any(test.key == "status" for test in asked.wanted)
        return system + (own if seek_dead else alive)

    @staticmethod
    def _grouped(view, by, limit):
        groups = collections.defaultdict(list)
        for row in view.rows:
            key = _TESTS[by](view, row)
            groups[", ".join(key) if isinstance(key, list) else key].append(view.census.name(row))
        ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))[:limit]
        width = min(max((len(label) for label, _ in ordered), default=0), 48)
        for label, names in ordered:
            shown = " ".join(names[:5]) + (" ..." if len(names) > 5 else "")
            yield f"{len(names):7} {label or '-':{width}} {shown}"

    @staticmethod
    def _after(census, asked):
        counts = collections.Counter(bulk.column(census.rows[len(census.system_rows) :], "status"))
        if not counts and not census.bad:
            console.say(begun.sentence("gs"))
        dead = sum(count for status, count in counts.items() if census.status.get(status) in ("dead", "deadextra"))
        if dead and not (asked.all or asked.ids or asked.wanted or asked.limit):
            console.say(f"and {dead} dead, kept to be used again.")

    def complete(self, text, word):
        """Options, keys, groups."""
        before, last = text.split()[:-1] if text[-1:].strip() else text.split(), text.rpartition(" ")[2]
        if before and before[-1] in ("-with", "-without"):
            return complete(text, word, [key + "=" for key in _TESTS])
        if before and before[-1] == "-group":
            return complete(text, word, _GROUPS)
        flags = [flag for action in self.options._actions for flag in action.option_strings]
        return complete(text, word, flags) if last.startswith("-") or not last else []


def lines(view):
    """One line for each goroutine, within 80 columns. All but the id is made once for all that have it in common."""
    census, rows = view.census, view.rows
    addrs, ids_ = bulk.column(rows, "addr"), bulk.column(rows, "goid")
    current, system, moment = census.here, census.system, census.now
    ages = bulk.column(rows, "since")
    if any(ages):
        ages = [(moment - since) // 1_000_000_000 if since and moment else None for since in ages]
    # Where a goroutine has no Stack, its address takes the place: nobody has that in common with it.
    states = (bulk.column(rows, name) for name in ("status", "reason", "m"))
    numbers = collections.defaultdict(itertools.count().__next__)
    kinds = list(
        map(numbers.__getitem__, zip(map(view.stacks.get, addrs, addrs), map(view.on.get, addrs), ages, *states))
    )
    examples = dict(zip(kinds, rows))  # by rising number
    wide_id = max(
        [
            len(str(max(ids_, default=0))),
            *(len(system[addr]) for addr in system.keys() & {row.addr for row in examples.values()}),
        ]
    )
    wide_state = min(max((len(census.state(row)) for row in examples.values()), default=0), 21)
    room, wide_detail = cards.WIDTH - wide_id - wide_state - 4, 21 if view.on else 6
    tails = []
    for row in examples.values():
        place = view.where(row) or ("" if row.sp or row.m else "not run yet")
        detail = view.detail(row).ljust(wide_detail if row.m or row.addr in view.on else 0)
        tails.append(f"{census.state(row):{wide_state}} {_cut(detail, place, room)}")

    found = list(map(f"  %{wide_id}d %s".__mod__, zip(ids_, map(tails.__getitem__, kinds))))
    for i in itertools.compress(itertools.count(), map((system.keys() | {current}).__contains__, addrs)):
        found[i] = f"{'*' if addrs[i] == current else ' '} {system.get(addrs[i], ids_[i]):>{wide_id}} {tails[kinds[i]]}"
    return found


def long_lines(view):
    """Two or three lines for each goroutine: all there is to say."""
    for row in view.rows:
        since = view.waited(row)
        on = ", ".join(str(item) for item in view.on.get(row.addr, []))
        thread = view.census.threads.get(row.addr)
        yield (
            f"{'*' if view.census.is_current(row) else ' '} {view.census.name(row)} {view.census.state(row)}"
            + (f" for {blockers.duration(since)}" if since else "")
            + (f" on {on}" if on else "")
            + (f", {view.host(row)}" if row.m else "")
            + (f", thread {thread.num}" if thread else "")
        )
        if view.where(row):
            yield f"      at {view.where(row)}"
        if row.startpc:
            yield f"      began with {view.start(row)}" + (f", made in {view.creator(row)}" if row.gopc else "")


def _cut(detail, where, room):
    """`chan 0xc0000180 0/0 main.leaf (x.go:21)`, the function's name cut at its front if there is no room for it."""
    text = detail + " " if detail[-1:].strip() else detail
    space = max(room - len(text), 24)
    return (text + (where if len(where) <= space else "..." + where[3 - space :])).rstrip()


# ---- info ms, ps, sched ----------------------------------------------------------------------------------------------


class _List(console.Command):
    """A list with -json."""

    kind = gdb.COMMAND_STATUS

    def run(self, argument):
        """Prints."""
        options = Options(self.name, "[-json]")
        options.add_argument("-json", action="store_true")
        asked = options.of(argument)
        model.world()
        if not model.alive():
            console.say("[]" if asked.json else console.not_running())
            return
        snap = console.session.snapshot()
        if asked.json:
            console.dump(self.plain(snap))
        else:
            self.show(snap)

    def complete(self, text, word):
        """-json"""
        return complete(text, word, ["-json"])


def _id(items, address):
    return next((item.get("id") for item in items if item.addr == address), None)


def _fitting(head, words):
    """As many of the words as fit on a line, and how many are left."""
    line = head + " ".join(words)
    if len(line) <= cards.WIDTH:
        return line
    room, shown = cards.WIDTH - len(head) - len(f"... and {len(words)} more"), 0
    while shown < len(words) and room >= len(words[shown]) + 1:
        room -= len(words[shown]) + 1
        shown += 1
    return head + " ".join([*words[:shown], f"... and {len(words) - shown} more"])


def _goid(snap, address):
    g = snap.g_at(address) if address else None
    return g.get("goid") if g else None


class Ms(_List):
    """List the Ms, the operating system's threads that run goroutines; `*` is the selected thread's.
    Usage: info ms [-json]

    (gdb) info ms
    * m0{id 0, thread 3425, g0 g0, curg g1, p p0}"""

    name = "info ms"

    @staticmethod
    def plain(snap):
        """As JSON."""
        return [
            {
                "id": m.get("id"),
                "address": m.addr,
                "thread": m.get("procid"),
                "curg": _goid(snap, m.get("curg")),
                "p": _id(snap.ps, m.get("p")) if model.p_of(m)[1] else None,
                "spinning": bool(m.get("spinning")),
                "blocked": bool(m.get("blocked")),
                "locks": m.get("locks"),
                "lockedg": _goid(snap, m.get("lockedg")),
            }
            for m in snap.hosts()
        ]

    @staticmethod
    def show(snap):
        """As lines."""
        here = snap.m_of_thread()
        for m in snap.hosts():
            console.say(f"{'*' if here is not None and m.addr == here.addr else ' '} {printers.m_line(m)}")
        if not snap.ms:
            console.say(begun.sentence("ms"))


def timers(p):
    """How many timers a P keeps; None where timers are not the Ps'."""
    return p.get("numTimers", "timers.len", "timers.heap.len")


class Ps(_List):
    """List the Ps, the rights to run Go code, with their run queues; `*` is the selected thread's.
    Usage: info ps [-json]

    (gdb) info ps
    * p0{_Prunning, m m0, runnext g1, runq [], schedtick 0}"""

    name = "info ps"

    @staticmethod
    def plain(snap):
        """As JSON."""
        found = []
        for p in snap.ps:
            queue = model.run_queue(p)
            found.append(
                {
                    "id": p.get("id"),
                    "address": p.addr,
                    "status": snap.world.p_status(p.get("status")),
                    "m": _id(snap.hosts(), p.get("m")),
                    "runnext": _goid(snap, p.get("runnext")),
                    "runq": None if queue is None else [_goid(snap, g) for g in queue],
                    "timers": timers(p),
                    "schedtick": p.get("schedtick"),
                    "syscalltick": p.get("syscalltick"),
                }
            )
        return found

    @staticmethod
    def show(snap):
        """As lines."""
        if not snap.ps:
            console.say(begun.sentence("ps"))
            return
        here = snap.m_of_thread()
        for p in snap.ps:
            held = timers(p)
            line = printers.p_line(p)
            line = f"{line[:-1]}, timers {held}}}" if held else line
            console.say(f"{'*' if here is not None and here.get('p') == p.addr else ' '} {line}")
        if snap.sched:
            console.say(f"  {printers.sched_line(snap.sched)}")


class Sched(_List):
    """Show the scheduler's own state: idle Ms and Ps, the global run queue, what it counts.
    Usage: info sched [-json]

    (gdb) info sched
    sched{goidgen 18, Ms made 3, idle 1; Ps idle 1 (first p1), run queue 0 [], unlocked}"""

    name = "info sched"

    @staticmethod
    def plain(snap):
        """As JSON."""
        s = snap.sched
        if not s:
            return None
        lists = {"midle": model.idle_ms(s), "pidle": model.idle_ps(s), "runq": snap.queue}
        return {
            "goidgen": s.get("goidgen"),
            "runq": [_goid(snap, g) for g in lists["runq"]],
            "runqsize": s.get("runqsize", "runq.size"),
            "midle": [m.get("id") for m in lists["midle"]],
            "nmidle": s.get("nmidle"),
            "pidle": [p.get("id") for p in lists["pidle"]],
            "npidle": s.get("npidle"),
            "nmspinning": s.get("nmspinning"),
            "mnext": s.get("mnext"),
            "gcwaiting": s.get("gcwaiting"),
            "lock": s.get("lock.key"),
            "gomaxprocs": model.scalar("gomaxprocs"),
            "lastpoll": s.get("lastpoll"),
            "not_whole": {name: found.end for name, found in lists.items() if found.end},
        }

    @staticmethod
    def show(snap):
        """As lines."""
        console.say(printers.sched_line(snap.sched) if snap.sched else f"sched {snap.sched}")
        found = Sched.plain(snap)
        if found:
            for name, key, prefix in (
                ("idle Ms", "midle", "m"),
                ("idle Ps", "pidle", "p"),
                ("global queue", "runq", "g"),
            ):
                names = ["?" if number is None else f"{prefix}{number}" for number in found[key]]
                console.say(_fitting(f"  {name}: ", names or ["none"]))
                if key in found["not_whole"]:
                    console.say(f"    {found['not_whole'][key]}")
            console.say(
                f"  gomaxprocs {found['gomaxprocs']}, Ms spinning {found['nmspinning']}, the world is to stop:"
                f" {'yes' if found['gcwaiting'] else 'no'}"
            )
