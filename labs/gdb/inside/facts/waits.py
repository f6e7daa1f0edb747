"""Who waits for whom: the goroutines that keep each other waiting in a circle, and who is awake beside them."""

from typing import Any

from rt0lab.goroutines import wakers
from rt0lab.program import Problem

from .source import graph, spot

FACTS = ("circle", "size", "pairs", "missing", "useless", "line", "awake", "on_threads")
# What the first of these that a circle has would need.
_ACTS = {"cond": "signal", "WaitGroup": "done", "Mutex": "unlock", "chan": "receive"}


def _circle() -> tuple[wakers.Graph, list[Any]]:
    """(the Graph, its only circle: what each member waits for, and which members have that in hand)."""
    found = graph()
    if len(found.circles) != 1:
        raise Problem(f"the program has {len(found.circles)} circles of goroutines that wait for each other.")
    return found, found.circles[0]


def circle() -> frozenset[str]:
    """Its members: `g18`."""
    return frozenset(f"g{row.goid}" for row, _, _ in _circle()[1])


def size() -> int:
    """How many members it has."""
    return len(_circle()[1])


def pairs() -> frozenset[str]:
    """`g18->g7` for each member and each that would have to act so that it goes on."""
    return frozenset(f"g{row.goid}->g{other.goid}" for row, _, having in _circle()[1] for other in having)


def missing() -> str:
    """The act that would set the circle going: `signal` a Cond, `done` for a WaitGroup, else `unlock` or `receive`."""
    items = [thing.item for _, thing, _ in _circle()[1]]
    kinds = {item.kind if item.kind != "sema" else item.what for item in items}
    for kind, act in _ACTS.items():
        if kind in kinds:
            return act
    raise Problem(f"what sets {', '.join(sorted(kinds))} going is not known.")


def useless() -> str:
    """An act that would not."""
    return next(act for act in _ACTS.values() if act != missing())


def line() -> str:
    """Where the member of the smallest id stands, `main.go:87`."""
    found, members = _circle()
    first = members[0][0]
    at = found.census.standing([first])[first.addr]
    return spot(at.file if at else None, at.line if at else 0)


def awake() -> int:
    """The id of the only goroutine of the program's own that can go on by itself."""
    able = graph().able
    if len(able) != 1:
        raise Problem(f"{len(able)} goroutines can go on.")
    return able[0].goid


def on_threads() -> int:
    """How many members of the circle have an M, and so a thread."""
    return sum(bool(row.m) for row, _, _ in _circle()[1])
