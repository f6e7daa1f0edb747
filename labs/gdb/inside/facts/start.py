"""Who is there when main.main begins."""

from rt0lab import program
from rt0lab.goroutines.census import Census
from rt0lab.program import Problem, names

from .source import graph

FACTS = ("goroutines", "own", "first_function", "parked", "goid_at")


def goroutines() -> int:
    """How many goroutines there are, the runtime's own included."""
    census = Census()
    return sum(row.status not in census.ended for row in census.rows)


def own() -> int:
    """How many of them are the program's own, as runtime.NumGoroutine counts."""
    return len(graph().rows)


def first_function() -> str:
    """What goroutine 1 began with: `runtime.main`."""
    row = next((row for row in Census().rows if row.goid == 1), None)
    symbol = program.world().symbol_at(row.startpc) if row else None
    if not symbol:
        raise Problem("there is no goroutine 1.")
    return names.function(symbol[0])


def parked() -> int:
    """How many goroutines stand in runtime.gopark with a backtrace that reaches their beginning."""
    census = Census()
    rows = [row for row in census.rows if row.status not in census.ended]
    found = census.stacks(rows)
    stacks = [found[row.addr] for row in rows if row.addr in found]
    return sum(
        bool(stack.sites) and stack.sites[-1].root and stack.shown[0].function == "runtime.gopark" for stack in stacks
    )


def goid_at() -> int:
    """Where in a g its id stands."""
    leaf = program.world().layout("g").at.get("goid")
    if leaf is None:
        raise Problem("a g has no goid here.")
    return leaf.offset
