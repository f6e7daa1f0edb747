"""The goroutines that nobody will wake: the largest group that one go statement made and that waits for what nobody
else has in hand."""

import collections
from typing import Any

from rt0lab.frames import places
from rt0lab.goroutines import wakers
from rt0lab.program import Problem

from .source import graph, spot

FACTS = ("size", "made", "does", "does_not", "innocent", "largest", "largest_size", "on_threads", "report")
_MANY = 50  # goroutines are a group worth a look


def _abandoned(found, row):
    """Can nobody wake it? Nobody else has what it waits for on a stack or in a variable, and no timer leads there."""
    things = [found.things[item.addr] for item in found.on.get(row.addr, ()) if item.addr in found.things]
    return bool(things) and not any(
        found.holders_of[thing.addr] or thing.globals or thing.calls or thing.sent is not None for thing in things
    )


def _groups() -> tuple[wakers.Graph, dict[int, list[Any]], int]:
    """(the Graph, {go statement: its goroutines} of the groups of many, the go statement of the leak)."""
    found, groups = graph(), collections.defaultdict(list)
    for row in found.rows:
        groups[row.gopc].append(row)
    many = {made: rows for made, rows in groups.items() if len(rows) >= _MANY}
    # a word that is left over on some stack may lead to one of them
    leaks = [made for made, rows in many.items() if 2 * sum(_abandoned(found, row) for row in rows) > len(rows)]
    if len(leaks) != 1:
        raise Problem(f"the program has {len(leaks)} groups of goroutines that nobody will wake.")
    return found, many, leaks[0]


def _statement(gopc):
    _, file, number = places.creator(gopc)
    return spot(file, number)


def size() -> int:
    """How many leaked."""
    _, groups, leak = _groups()
    return len(groups[leak])


def made() -> str:
    """The go statement that made them, `main.go:41`."""
    return _statement(_groups()[2])


def does() -> str:
    """What they try: `receive`, `send` or `select`."""
    found, groups, leak = _groups()
    state = found.census.state(groups[leak][0])
    return state.removeprefix("chan ").partition(" ")[0]


def does_not() -> str:
    """Something else."""
    return "select" if does() != "select" else "send"


def innocent() -> frozenset[str]:
    """The go statements of the other large groups."""
    _, groups, leak = _groups()
    return frozenset(_statement(made) for made in groups if made != leak)


def _largest():
    _, groups, _ = _groups()
    return max(groups, key=lambda made: len(groups[made]))


def largest() -> str:
    """The go statement of the largest group, leaked or not."""
    return _statement(_largest())


def largest_size() -> int:
    """How many the largest group has."""
    return len(_groups()[1][_largest()])


def on_threads() -> int:
    """How many of those that leaked have an M, and so a thread."""
    _, groups, leak = _groups()
    return sum(bool(row.m) for row in groups[leak])


def report() -> str:
    """What Go says of it by itself: `deadlock` if nobody can go on, else `silence`."""
    found = graph()
    return "silence" if found.able or found.timers.acting else "deadlock"
