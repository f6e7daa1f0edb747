"""The commands that list: `info goroutines|ms|ps|sched`, filtered, grouped, as lines or as JSON."""

from __future__ import annotations

import collections
import operator
import os
from typing import Any

import gdb

from .. import program
from ..goroutines.census import Census
from ..program import begun, bulk
from ..show import lines, table
from ..state import rows
from ..state.snapshot import Snapshot
from ..words import screen, tr
from . import against, chosen, console
from .options import Options, complete, ids


class Goroutines(console.Command):
    """List the goroutines: their state, and where they stand.
    That is id, status or wait reason, what it waits on or who runs it, where it stands. `*` runs on
    this thread, `!` panics (`rt0 panic` says more).
    Usage: info goroutines [IDS] [-with KEY=PATTERN] [-without KEY=PATTERN] [-group BY] [-against CORE] [-limit N]
    [-long] [-system] [-all] [-json]
    KEY and BY are of: id, status, reason, fn, where, start, creator, chan, lock, m, p;
    frame is a KEY that asks for any frame, panic and label (label=KEY, label=KEY=VALUE) are KEYs; label:KEY is a BY,
    and stack is one for those whose frames are the same. A pattern may have * and ?, and generic functions may be
    written `main.Map[...]`. -against says which groups (by stack, if no other BY is given) appeared, grew, shrank and
    disappeared since another core of this program; those on threads are one group a state there. -system adds each
    M's g0 and gsignal, -all also the dead. IDS are 7, or 1-5, or 1,3.

    (gdb) info goroutines -with reason=chan* -group where
     99998  main.leaf (parked.go:21)   18 19 20 21 22 ..."""

    name, kind = "info goroutines", gdb.COMMAND_STATUS
    options = Options(
        "info goroutines",
        "[IDS] [-with KEY=PATTERN] [-without KEY=PATTERN] [-group BY] [-against CORE] [-limit N] [-long] [-system]"
        " [-all] [-json]",
    )
    options.add_argument("ids", nargs="?")
    chosen.add_to(options)
    options.add_argument("-group", type=chosen.group_key, metavar="BY")
    options.add_argument("-against", metavar="CORE")
    options.add_argument("-limit", type=int, metavar="N")
    for _flag in ("-long", "-system", "-all"):
        options.add_argument(_flag, action="store_true")

    def run(self, argument: str) -> None:
        program.world()
        asked = self.options.of(argument)
        if asked.limit is not None and asked.limit < 0:
            self.options.error(tr("-limit wants a number of lines"))
        if not program.alive():
            console.say("[]" if asked.json else console.not_running())
            return
        with bulk.no_collecting():  # until all that is made for the list is gone again
            self._list(asked)

    def _list(self, asked):
        special = asked.long or asked.ids or asked.json or asked.group or asked.wanted or asked.unwanted
        special = special or asked.against
        census = Census(system=True, brief=not special)
        if asked.against:
            self._against(census, asked)
            return
        if asked.group:
            self._groups(census, asked)
            return
        rows = self._rows(census, asked)
        view = table.View(census, rows[: asked.limit])
        if asked.json:
            bad = [{"address": address, "unreadable": True} for address in census.bad]
            empty = not bad and not census.addresses and not begun.why_none("gs")[0] and begun.sentence("gs")
            bad += [{"problem": problem} for problem in (census.problem, empty) if problem]
            console.dump([view.plain(row) for row in view.rows] + (bad if not asked.ids else []))
            return
        if census.problem:
            console.say(census.problem)
        console.write(table.long_lines(view) if asked.long or asked.ids else table.lines(view, console.width()))
        console.write(f"  <unreadable {address:#x}>" for address in census.bad[: asked.limit] if not asked.ids)
        if len(rows) > len(view.rows):
            console.say(tr("and {rows} more: `-limit` is {limit}.", rows=len(rows) - len(view.rows), limit=asked.limit))
        self._after(census, asked)

    def _groups(self, census, asked):
        groups = chosen.grouped(census, self._rows(census, asked), asked.group)[: asked.limit]
        if asked.json:
            console.dump([group.plain() for group in groups])
            return
        if census.problem:
            console.say(census.problem)
        console.write(table.group_lines(groups))

    def _against(self, census, asked):
        path = os.path.expanduser(asked.against)
        found = against.Comparison(census, path, asked.group or "stack", lambda one: self._rows(one, asked))
        if asked.json:
            console.dump(found.plain())
            return
        if census.problem:
            console.say(census.problem)
        console.write(found.lines(asked.limit))

    def _rows(self, census, asked):
        return chosen.choose(census, self._asked_about(census, asked), asked.wanted, asked.unwanted)

    def _asked_about(self, census, asked):
        """The rows that IDS, -system and -all name."""
        own = census.rows[len(census.system_rows) :]
        if asked.ids:
            spans = ids(asked.ids)
            rows = [row for row in own if any(first <= row.goid <= last for first, last in spans)]
            if not rows:
                raise program.Problem(
                    tr(
                        "there is no goroutine {ids}: `info goroutines` lists all. Usage: {usage}",
                        ids=asked.ids,
                        usage=self.options.usage,
                    )
                )
            return rows
        alive = list(map(operator.not_, map(census.ended.__contains__, bulk.column(own, "status"))))
        every, started = asked.system or asked.all, any(alive)
        system = [
            every or census.is_current(row) or not started and "gsignal" not in census.name(row)
            for row in census.system_rows
        ]
        seek_dead = asked.all or any(test.name == "status" for test in asked.wanted)
        return bulk.chosen(census.rows, system + ([True] * len(own) if seek_dead else alive))

    @staticmethod
    def _after(census, asked):
        counts = collections.Counter(bulk.column(census.rows[len(census.system_rows) :], "status"))
        if not counts and not census.bad:
            console.say(begun.sentence("gs"))
        dead = sum(count for status, count in counts.items() if census.status.get(status) in ("dead", "deadextra"))
        if dead and not (asked.all or asked.ids or asked.wanted or asked.limit):
            console.say(tr("and {dead} dead, kept to be used again.", dead=dead))

    def complete(self, text: str, word: str | None) -> list[str]:
        """Options, keys, groups."""
        before, last = text.split()[:-1] if text[-1:].strip() else text.split(), text.rpartition(" ")[2]
        if before and before[-1] in ("-with", "-without"):
            return complete(text, word, [key + "=" for key in chosen.KEYS])
        if before and before[-1] == "-group":
            return complete(text, word, (*chosen.GROUPS, "label:"))
        return complete(text, word, self.options.flags) if last.startswith("-") or not last else []


# ---- info ms, ps, sched ----------------------------------------------------------------------------------------------


class _List(console.Command):
    """A list with -json."""

    kind = gdb.COMMAND_STATUS

    def run(self, argument):
        asked = Options(self.name).of(argument)
        program.world()
        if not program.alive():
            console.say("[]" if asked.json else console.not_running())
            return
        snap = console.so_far.snapshot()
        if asked.json:
            console.dump(self.plain(snap))
        else:
            self.show(snap)

    def complete(self, text, word):
        return complete(text, word, ["-json"])


def _number(ref):
    return ref.id if ref else None


def _fitting(head, words):
    """As many of the words as fit on a line, and how many are left."""
    line = head + " ".join(words)
    if screen.width(line) <= console.columns():
        return line
    room, shown = console.columns() - screen.width(head) - screen.width(tr("... and {words} more", words=len(words))), 0
    while shown < len(words) and room >= len(words[shown]) + 1:
        room -= len(words[shown]) + 1
        shown += 1
    return head + " ".join([*words[:shown], tr("... and {words} more", words=len(words) - shown)])


class Ms(_List):
    """List the Ms, the threads that run goroutines.
    `*` is the selected thread's.
    Usage: info ms [-json]

    (gdb) info ms
    * m0{id 0, thread 3425, g0 g0, curg g1, p p0}"""

    name = "info ms"

    @staticmethod
    def plain(snap: Snapshot) -> list[dict[str, Any]]:
        """[{"id", "address", "thread", "curg", "p", "spinning", "blocked", "locks", "lockedg"}]; gs, ps by number."""
        return [
            {
                "id": m.id,
                "address": m.address,
                "thread": m.thread,
                "curg": _number(m.curg),
                "p": _number(m.p),
                "spinning": m.spinning,
                "blocked": m.blocked,
                "locks": m.locks,
                "lockedg": _number(m.lockedg),
            }
            for m in rows.ms(snap)
        ]

    @staticmethod
    def show(snap: Snapshot) -> None:
        """A line for each."""
        for m in rows.ms(snap):
            console.say(f"{'*' if m.here else ' '} {lines.m_line(m)}")
        if not snap.ms:
            console.say(begun.sentence("ms"))


class Ps(_List):
    """List the Ps, the rights to run Go code, with their run queues.
    `*` is the selected thread's.
    Usage: info ps [-json]

    (gdb) info ps
    * p0{_Prunning, m m0, runnext g1, runq [], schedtick 0}"""

    name = "info ps"

    @staticmethod
    def plain(snap: Snapshot) -> list[dict[str, Any]]:
        """[{"id", "address", "status", "m", "runnext", "runq", "timers", "schedtick", "syscalltick"}]; gs and ms by
        number, runq null if it makes no sense, timers null where they are not the Ps'."""
        return [
            {
                "id": p.id,
                "address": p.address,
                "status": p.status,
                "m": _number(p.m),
                "runnext": _number(p.runnext),
                "runq": None if p.runq is None else [_number(g) for g in p.runq],
                "timers": p.timers,
                "schedtick": p.schedtick,
                "syscalltick": p.syscalltick,
            }
            for p in rows.ps(snap)
        ]

    @staticmethod
    def show(snap: Snapshot) -> None:
        """A line for each, then sched."""
        if not snap.ps:
            console.say(begun.sentence("ps"))
            return
        for p in rows.ps(snap):
            line = lines.p_line(p)
            line = f"{line[:-1]}, timers {p.timers}}}" if p.timers else line
            console.say(f"{'*' if p.here else ' '} {line}")
        if snap.sched:
            console.say(f"  {lines.sched_line(snap.sched)}")


class Sched(_List):
    """Show the scheduler's own state: idle Ms and Ps, the global run queue, what it counts.
    Usage: info sched [-json]

    (gdb) info sched
    sched{goidgen 18, Ms made 3, idle 1; Ps idle 1 (first p1), run queue 0 [], unlocked}"""

    name = "info sched"

    @staticmethod
    def plain(snap: Snapshot) -> dict[str, Any] | None:
        s = snap.sched
        if not s:
            return None
        lists = {"midle": program.idle_ms(s), "pidle": program.idle_ps(s), "runq": snap.queue}
        return {
            "goidgen": s.get("goidgen"),
            "runq": [_number(g) for g in rows.queue(snap)],
            "runqsize": s.get("runqsize", "runq.size"),
            "midle": [m.get("id") for m in lists["midle"]],
            "nmidle": s.get("nmidle"),
            "pidle": [p.get("id") for p in lists["pidle"]],
            "npidle": s.get("npidle"),
            "nmspinning": s.get("nmspinning"),
            "mnext": s.get("mnext"),
            "gcwaiting": s.get("gcwaiting"),
            "lock": s.get("lock.key"),
            "gomaxprocs": program.scalar("gomaxprocs"),
            "lastpoll": s.get("lastpoll"),
            "not_whole": {name: found.end for name, found in lists.items() if found.end},
        }

    @staticmethod
    def show(snap: Snapshot) -> None:
        console.say(lines.sched_line(snap.sched) if snap.sched else f"sched {snap.sched}")
        found = Sched.plain(snap)
        if found:
            for name, key, prefix in (
                (tr("idle Ms"), "midle", "m"),
                (tr("idle Ps"), "pidle", "p"),
                (tr("global queue"), "runq", "g"),
            ):
                names = ["?" if number is None else f"{prefix}{number}" for number in found[key]]
                console.say(_fitting(tr("  {name}: ", name=name), names or [tr("none")]))
                if key in found["not_whole"]:
                    console.say(f"    {found['not_whole'][key]}")
            console.say(
                tr(
                    "  gomaxprocs {gomaxprocs}, Ms spinning {nmspinning}, the world is to stop: {stops}",
                    gomaxprocs=found["gomaxprocs"],
                    nmspinning=found["nmspinning"],
                    stops=tr("yes") if found["gcwaiting"] else tr("no"),
                )
            )
