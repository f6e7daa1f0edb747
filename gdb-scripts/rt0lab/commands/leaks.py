"""The command `rt0 leaks`, and how long its search may take: `set rt0 reach-seconds`."""

from __future__ import annotations

from typing import Any

import gdb

from ..frames import places
from ..goroutines import reach, wakers
from ..program import begun, bulk
from ..words import in_a_row, screen, tr, trn
from . import console, waits
from .options import Options

_FEW = 20  # groups are told of


def _say(text, indent=""):
    for line in screen.wrap(text, indent, indent + "  ", console.columns()):
        console.say(line)


class Leaks(console.Command):
    """Show the goroutines that can never be woken.
    Nobody who can go on can reach what they wait for: no goroutine's stack,
    variable, timer or finalizer leads to it, nor does the heap. If anything
    could not be searched, nobody is called so, and it is said what. Or they
    wait for locks of each other's, in a circle, which `rt0 waits` names: then
    that locks are unlocked by who holds them is taken for granted.
    They are grouped by where they wait and by the go statement that made
    them.
    Usage: rt0 leaks [-json]

    (gdb) rt0 leaks
    3 goroutines can never be woken."""

    name, kind = "rt0 leaks", gdb.COMMAND_STATUS

    def run(self, argument: str) -> None:
        asked = Options(self.name).of(argument)
        console.need_process()
        with bulk.no_collecting():
            graph = wakers.Graph()
            groups = _groups(graph)
        if asked.json:
            console.dump(
                {
                    "leaked": sorted(row.goid for _, rows in groups for row in rows),
                    "groups": [{"ids": [row.goid for row in rows], **told} for told, rows in groups],
                    "not_searched": graph.reach.left_out,
                }
            )
            return
        if not graph.rows and not graph.census.addresses:
            _say(begun.sentence("gs"))
            return
        self._tell(graph, groups)

    @staticmethod
    def _tell(graph, groups):
        count = sum(len(rows) for _, rows in groups)
        if count:
            _say(trn("{n} goroutine can never be woken.", "{n} goroutines can never be woken.", count))
        elif graph.unknown:
            _say(tr("No goroutine is known to be one that can never be woken."))
        else:
            _say(tr("No goroutine has leaked: each can go on, or be woken."))
        for told, rows in groups[:_FEW]:
            _say(tr("{names}: {where}", names=wakers.listed(rows), where=told["where"]))
            _say(tr("wait: {on}", on=told["on"]), "  ")
            if told["creator"]:
                _say(tr("made by {creator}", creator=told["creator"]), "  ")
            _say(told["why"], "  ")
        if len(groups) > _FEW:
            console.say(tr("and {n} more: `rt0 leaks -json` has them.", n=len(groups) - _FEW))
        for verdict, why, rows in graph.evidence():
            if verdict == wakers.UNKNOWN:
                _say(waits.verdict_text(verdict, why, rows))
        _say(waits.searched(graph))


def _groups(graph: wakers.Graph) -> list[tuple[dict[str, Any], list[Any]]]:
    """[(what is to be said of them, rows)] of those that can never be woken, the largest group first."""
    standing, found = graph.census.standing(graph.stuck), {}
    for row in graph.stuck:
        at = standing.get(row.addr)
        kinds = tuple(sorted({_kind(item) for item in graph.on.get(row.addr, ())}))
        key = at.where if at else "?", row.gopc, graph.census.state(row), kinds, tr(graph.verdicts[row.addr].why)
        found.setdefault(key, []).append(row)
    groups = []
    for (where, gopc, state, _, why), rows in sorted(found.items(), key=lambda group: -len(group[1])):
        groups.append(({"where": where, "creator": _creator(gopc), "on": _on(graph, state, rows), "why": why}, rows))
    return groups


def _kind(item):
    return getattr(item, "what", item.kind)


def _on(graph, state, rows):
    """`chan receive on chan 0xc000018060 0/0`, and on how many others like it."""
    items = list(dict.fromkeys(str(item) for row in rows for item in graph.on.get(row.addr, ())))
    if not items:
        return state
    text = tr("{state} on {items}", state=state, items=in_a_row(items[:3]))
    return text + (tr(" and {n} more", n=len(items) - 3) if len(items) > 3 else "")


def _creator(gopc):
    """`main.start (main.go:41)`: the go statement."""
    if not gopc:
        return None
    return places.where(*places.creator(gopc))


class Seconds(gdb.Parameter):
    """How long the search for who can be woken may take, in seconds.
    What was not searched by then is said: `rt0 waits`, `rt0 leaks`."""

    set_doc, show_doc = "Set how long the search through the heap may take.", "Show how long the search may take."

    def __init__(self) -> None:
        console.translate(self)
        super().__init__("rt0 reach-seconds", gdb.COMMAND_DATA, gdb.PARAM_ZUINTEGER)
        self.value = reach.SECONDS

    def get_set_string(self) -> str:
        reach.limit.seconds = self.value
        return ""

    def get_show_string(self, value: str) -> str:
        return tr("rt0 reach-seconds is {value}.", value=value)
