"""Who is there when main.main begins."""

from rt0lab.boot import stops
from rt0lab.goroutines.census import Census
from rt0lab.program import Problem

from .source import graph

FACTS = ("goroutines", "own", "first_function", "parked", "gone")


def goroutines() -> int:
    """How many goroutines there are, the runtime's own included."""
    census = Census()
    return sum(row.status not in census.ended for row in census.rows)


def own() -> int:
    """How many of them are the program's own, as runtime.NumGoroutine counts."""
    return len(graph().rows)


def first_function() -> int:
    """Where goroutine 1 began: in runtime.main."""
    row = next((row for row in Census().rows if row.goid == 1), None)
    if row is None or not row.startpc:
        raise Problem("there is no goroutine 1.")
    return row.startpc


def parked() -> int:
    """How many goroutines of the program's own stand in runtime.gopark with a backtrace that reaches their
    beginning."""
    found = graph()
    stacks = found.census.stacks(found.rows)
    whole = [stacks[row.addr] for row in found.rows if row.addr in stacks]
    return sum(bool(s.sites) and s.sites[-1].root and s.shown[0].function == "runtime.gopark" for s in whole)


def gone() -> int:
    """How many stops of the tour through Go 1.10's start this program has no place for."""
    return sum(place.address is None and place.stage.tour for place in stops.places().values())
