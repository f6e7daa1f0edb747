"""`rt0 waits`: who waits for what, and whether anybody can go on."""

from __future__ import annotations

from typing import Any

import gdb

from ..formats import untrusted
from ..goroutines import clock, reach, wakers
from ..program import begun, bulk
from ..show import paths
from ..words import in_a_row, later, tr
from . import console
from .options import Options

_ALIKE = 6  # from so many things on, of which the same is to be said, they are told of as one
_FEW = 20  # goroutines of one kind, or things, that are told of each by itself
_NAMED = 100  # things whose paths are told of by names
_NAMES = 3  # of a thing's variables, or of functions that timers call, are told of
_SAID = {
    wakers.WOKEN: later("Can be woken"),
    wakers.OUTSIDE: later("Can be woken from outside"),
    wakers.CIRCLE: later("Can be woken only by those who are stuck"),
    wakers.NEVER: later("Can never be woken"),
    wakers.UNKNOWN: later("Not known"),
}
_names = wakers.listed
_say = console.wrapped


# ---- what is waited for ----------------------------------------------------------------------------------------------


def _alike(graph, many):
    """[[thing]], those on which most wait first: together are more than so `many` of which the same is to be said."""
    known = {}
    for thing in graph.things.values():
        known.setdefault(_sort(graph, thing), []).append(thing)
    groups = []
    for things in known.values():
        groups += [things] if len(things) > many else [[thing] for thing in things]
    return sorted(groups, key=lambda things: -sum(len(thing.waiting) for thing in things))


def _sort(graph, thing):
    """What is to be said of a thing, but for its address and who it is that waits or has it."""
    having = graph.holders_of[thing.addr]
    free = [graph.verdicts[row.addr].verdict == wakers.ABLE for row in having]
    return (
        str(thing.item).replace(f"{thing.addr:#x}", ""),
        tuple(_states(graph, [thing])),
        tuple(thing.globals),
        tuple(thing.calls),
        _left(graph, thing),
        bool(having),
        any(free),
        all(free),
        tuple(sorted({graph.verdicts[row.addr].why for row in thing.waiting})),
    )


def _states(graph, things):
    """{what they do: those who wait for these things}"""
    found = {}
    for thing in things:
        for row in thing.waiting:
            ways = {item.way for item in graph.on[row.addr] if item.addr == thing.addr and item.kind == "chan"} - {None}
            state = graph.census.state(row) + (tr(" to {ways}", ways=" or ".join(sorted(ways))) if ways else "")
            found.setdefault(state, {})[row.addr] = row
    return {state: list(rows.values()) for state, rows in found.items()}


def _left(graph, thing):
    """ ", in 3s" of a thing on which a timer sends, "" if that is due or not known; None if no timer does."""
    now = graph.census.now
    if thing.sent is None:
        return None
    return tr(", in {sent}", sent=clock.duration(thing.sent - now)) if now and thing.sent > now else ""


def _told(graph, things, names):
    """(text, indent) of one thing, or of many that are alike; `names` has names for paths."""
    thing, one = things[0], len(things) == 1
    inside = tr(", in {globals}", globals=" and ".join(thing.globals[:_NAMES])) if thing.globals else ""
    yield (str(thing.item) if one else tr("{n} such as {item}", n=len(things), item=thing.item)) + inside, ""
    for state, rows in _states(graph, things).items():
        yield tr("{name}: {detail}", name=state, detail=_names(rows)), "  "
    left = _left(graph, thing)
    if left is not None:
        yield (tr("a timer sends on it") if one else tr("a timer sends on each")) + left, "  "
    for function in thing.calls[:_NAMES]:
        text = tr(
            "a timer will call {function}; its address stands at that closure", function=untrusted.shown(function)
        )
        yield text, "  "
    having = graph.holders_of[thing.addr]
    if having:
        yield _held(graph, things), "  "
    clear = thing.globals or thing.calls or left is not None
    if not clear and not any(graph.verdicts[row.addr].verdict == wakers.ABLE for row in having):
        if not having or graph.path(thing) is not None:
            yield _reached(graph, things, names), "  "


def _reached(graph, things, names):
    """How somebody can reach things whose address stands on no stack of who may go on, and in no variable."""
    path, one = graph.path(things[0]), len(things) == 1
    if path is not None:
        told = names.text(path) if names else tr("`rt0 paths {address:#x}` says how", address=things[0].addr)
        return tr("it can be reached: {path}", path=told) if one else tr("reached, the first: {path}", path=told)
    if one:
        return tr("no other goroutine's stack and no variable has its address")
    return tr("no other goroutine's stack and no variable has their addresses")


def _held(graph, things):
    """Who has the address of these things."""
    having = list({row.addr: row for thing in things for row in graph.holders_of[thing.addr]}.values())
    free = [row for row in having if graph.verdicts[row.addr].verdict == wakers.ABLE]
    on_stack = {row.addr for thing in things for row in thing.on_stacks}
    if 0 < len(free) < len(having):
        others = tr(", of whom {free} may go on", free=_names(free))
    else:
        others = tr(", who may go on") if free else ""
    places = [
        (tr("on the stack"), [row for row in having if row.addr in on_stack]),
        (tr("in a register"), [row for row in having if row.addr not in on_stack]),
    ]
    where = [tr("{place} of {rows}", place=place, rows=_names(rows)) for place, rows in places if rows]
    first = tr("its address stands ") if len(things) == 1 else tr("their addresses stand ")
    return first + tr(" and ").join(where) + others


# ---- the commands ----------------------------------------------------------------------------------------------------


class Waits(console.Command):
    """Show who waits for which channel or lock, and who can wake them.
    That is whose stack, which variable or timer has it, or leads to it through
    the heap; it says whether the program is deadlocked, and why; who can never
    be woken, and of whom it is not known.
    Where there are many of which the same can be said they are told of as
    one, and at most 20 are told of; -all shows each.
    Usage: rt0 waits [-all] [-json]

    (gdb) rt0 waits
    chan 0xc00008c060 0/0
      chan receive: 18 19
      its address stands on the stack of 1"""

    name, kind = "rt0 waits", gdb.COMMAND_STATUS

    def run(self, argument: str) -> None:
        options = Options(self.name, "[-all] [-json]")
        options.add_argument("-all", action="store_true")
        asked = options.of(argument)
        console.need_process()
        with bulk.no_collecting():
            graph = wakers.Graph()
        if asked.json:
            console.dump(graph.plain())
            return
        self._things(graph, asked.all)
        self._sleepers(graph, asked.all)
        self._verdict(graph)

    @staticmethod
    def _things(graph, each):
        """All that is waited for, what most wait on first."""
        groups = _alike(graph, len(graph.things) if each else _ALIKE)
        shown = len(groups) if each else _FEW
        names = paths.Paths(graph.census)
        for number, things in enumerate(groups[:shown]):
            for text, indent in _told(graph, things, names if number < _NAMED else None):
                _say(text, indent, "" if indent else "  ")
        left = [thing for things in groups[shown:] for thing in things]
        if left:
            waiting = {row.addr for thing in left for row in thing.waiting}
            console.say(
                tr(
                    "and {things} more, on which {waiting} wait: `rt0 waits -all` shows them.",
                    things=len(left),
                    waiting=len(waiting),
                )
            )

    @staticmethod
    def _sleepers(graph, each):
        """Whom a timer will wake."""
        together = {}
        for row in graph.able:
            if row.addr in graph.on and graph.on[row.addr][0].kind == "timer":
                together.setdefault(str(graph.on[row.addr][0]), []).append(row)
        shown = len(together) if each else _FEW
        for on, rows in list(together.items())[:shown]:
            _say(tr("{on}: wakes {goid}", on=on, goid=_names(rows)), "", "  ")
        left = sum(map(len, list(together.values())[shown:]))
        if left:
            console.say(tr("and {sleepers} more sleep: `rt0 waits -all` shows them.", sleepers=left))

    @staticmethod
    def _verdict(graph):
        if not graph.rows and not graph.deadlock:
            why = f": {graph.doubts[0]}" if graph.doubts else ""
            none = tr("no goroutine of the program's own{why}.", why=why)
            _say(none if graph.census.addresses else begun.sentence("gs"), "")
            return
        if graph.deadlock:
            Waits._proof(graph)
        else:
            _say(Waits._no_proof(graph), "")
            Waits._evidence(graph)

    @staticmethod
    def _proof(graph):
        """Why it is certain that nobody will ever run again, and who they are."""
        _say(
            tr("Deadlock. Proof: ")
            + (
                tr("no goroutine of the program's own is left")
                if not graph.rows
                else (
                    tr(
                        "each of the program's goroutines, {rows} in all, waits for another to act: none runs, is"
                        " ready, in a system call, or waits for a timer, the network or a signal",
                        rows=len(graph.rows),
                    )
                )
            )
            + tr(". No timer is set, no M has a P, and no C code can call in."),
            "",
        )
        for row in graph.stuck[:_FEW]:
            items = in_a_row(graph.on.get(row.addr, [])[:3])
            _say(
                tr("goroutine {goid}: {row}", goid=row.goid, row=graph.census.state(row))
                + (tr(" on {items}", items=items) if items else "")
            )
        if len(graph.stuck) > _FEW:
            console.say(tr("  and {stuck} more.", stuck=len(graph.stuck) - _FEW))

    @staticmethod
    def _no_proof(graph):
        """Who can go on, or what would have to be known."""
        if graph.able:
            sent = {row.addr for thing in graph.things.values() if thing.sent is not None for row in thing.waiting}
            able = in_a_row(
                f"{row.goid} ({graph.census.state(row)}{tr(', a timer') * (row.addr in sent)})"
                for row in graph.able[:8]
            )
            return tr("No deadlock: {able} may go on", able=able) + (
                tr(" ({able} in all).", able=len(graph.able)) if len(graph.able) > 8 else tr(".")
            )
        if graph.timers.acting:
            return tr(
                "No deadlock: nobody can go on now, but timers are set, {acting} of them, that will call the program.",
                acting=graph.timers.acting,
            )
        return tr(
            "Whether this is a deadlock is not known. Nobody is seen who can go on, but {doubts}.",
            doubts=tr("; ").join(graph.doubts),
        )

    @staticmethod
    def _evidence(graph):
        """What is known of those who cannot go on by themselves, and where that was looked for."""
        for circle in graph.circles[:3]:
            waiting = tr("; ").join(
                tr(
                    "{goid} waits for {item}, which {having} has in hand",
                    goid=row.goid,
                    item=thing.item,
                    having=_names(having, 4),
                )
                for row, thing, having in circle[:6]
            )
            more = tr("; and {circle} more", circle=len(circle) - 6) if len(circle) > 6 else ""
            if graph.verdicts[circle[0][0].addr].verdict == wakers.UNKNOWN:
                _say(tr("Perhaps a circle: {waiting}{more}.", waiting=waiting, more=more), "")
            else:
                _say(tr("A circle: {waiting}{more}.", waiting=waiting, more=more), "")
        for verdict, why, rows in graph.evidence():
            if verdict != wakers.ABLE:
                _say(verdict_text(verdict, why, rows), "")
        if graph.things:
            _say(searched(graph), "")


def verdict_text(verdict: str, why: str, rows: list[Any]) -> str:
    """`Can never be woken: 18 19: why.`"""
    return tr("{verdict}: {names}: {why}.", verdict=tr(_SAID[verdict]), names=_names(rows), why=tr(why))


def searched(graph: wakers.Graph) -> str:
    """What the search has marked, and what it has not."""
    found, left_out = graph.reach.plain(), graph.reach.left_out
    marked = tr(
        "Searched: stacks: {stacks}, pointers in variables: {variables}, timers: {timers}; objects of the heap that"
        " they lead to: {objects} ({size}).",
        stacks=found["stacks"],
        variables=found["variables"],
        timers=found["timers"],
        objects=found["objects"],
        size=reach.amount(found["bytes"]),
    )
    return marked + (tr(" Not searched: {left_out}.", left_out=in_a_row(left_out)) if left_out else "")
