"""How far the boot has come, by what it leaves behind: so that what was lost is never taken for what is not there yet.

The boot ties g0 to m0, enters the Ms, makes the Ps, makes the goroutines, in this order. Each step leaves counters that
no later step takes back; an empty list is "not yet" only while all of them, and those of all later steps, still say
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gdb

from ..words import later, tr
from . import memory, past, worlds
from .layout import Struct
from .problem import Unreadable

# (variable, field, what it tells of) of each step.
_TRACES = {
    "tie": (("g0", "m"), ("m0", "g0")),
    "ms": (("sched", "mnext"), ("sched", "mcount"), ("allm", "")),
    "ps": (("gomaxprocs", ""), ("allp", "len")),
    "gs": (("sched", "goidgen"), ("allglen", ""), ("allgs", "len"), ("mainStarted", ""), ("runtimeInitTime", "")),
}
_NOT_YET = {
    "tie": later("g0 and m0 are not tied yet: rt0_go does it at `ok`"),
    "ms": later("allm is empty: mcommoninit will enter m0, the first thread, in schedinit"),
    "ps": later("no P yet: procresize makes them at the end of schedinit, one for each processor"),
    "gs": later("no goroutine yet: rt0_go's call of newproc makes the first, goroutine 1, once schedinit is done"),
}
_SHORT = {"ps": later("none yet: procresize makes them"), "gs": later("none yet, only g0: newproc makes the first")}
_EMPTY = {
    "tie": later("g0 and m0 are not tied"),
    "ms": later("allm is empty"),
    "ps": later("allp is empty"),
    "gs": later("allgs is empty"),
}


def _in_memory(variable, field):
    """A field's value in the program; None if it has none, Unreadable if it cannot be read."""
    found = memory.variable(variable)
    return found.get(field) if isinstance(found, Struct) else found


def _seen_of_threads():
    """What the threads show, whatever stands in memory: it reads as zero where a core has none of it.

    The boot has one thread until runtime.main runs; in a program with C, C may have made more. Nothing of main's runs
    on g0."""
    world, kept = worlds.world(), past.moment()
    count = len(kept.threads) if kept is not None else sum(t.is_valid() for t in gdb.selected_inferior().threads())
    if count > 1 and world.address("x_cgo_init") is None:
        return tr("there are {count} threads", count=count)
    pc = memory.register("rip") if memory.alive() else None
    symbol = world.symbol_at(pc) if pc else None
    return tr("{symbol} runs", symbol=symbol[0]) if symbol and symbol[0].startswith("main.") else ""


def trace_of(step: str, value: Callable[[str, str], Any] = _in_memory) -> str | None:
    """What shows that the boot has come to a step, or past it (`sched.goidgen is 18`). "" if all that would show it is
    zero, None if some of it cannot be read. `value` reads a field of a runtime variable: in memory, or in a recorded
    run."""
    unknown = False
    for each in list(_TRACES)[list(_TRACES).index(step) :]:
        for variable, field in _TRACES[each]:
            found = value(variable, field)
            if found and not isinstance(found, str):
                return tr(
                    "{variable}{field} is {found}",
                    variable=variable,
                    field=field and "." + field,
                    found=int(found) if found < 1 << 16 else hex(found),
                )
            if found:  # a recorded run has names for addresses
                return tr("{variable}{field} is {found}", variable=variable, field=field and "." + field, found=found)
            unknown |= isinstance(found, Unreadable)
    return (_seen_of_threads() if value is _in_memory else "") or (None if unknown else "")


def why_none(step: str, value: Callable[[str, str], Any] = _in_memory) -> tuple[bool, str]:
    """(is it only too early?, why there is nothing of a step's, as half a sentence)."""
    trace = trace_of(step, value)
    if trace == "":
        return True, tr(_NOT_YET[step])
    if trace is None:
        return (
            False,
            tr(
                "{empty} cannot be read, as far as it would show that there is nothing yet",
                empty=_EMPTY[step].partition(" is ")[0],
            ),
        )
    return False, tr("{empty}, although {trace}", empty=tr(_EMPTY[step]), trace=trace)


def short(step: str, value: Callable[[str, str], Any] = _in_memory) -> str:
    """The same for a picture."""
    early, why = why_none(step, value)
    return tr(_SHORT[step]) if early else why


def sentence(step: str, value: Callable[[str, str], Any] = _in_memory) -> str:
    """Why there is nothing of a step's."""
    early, why = why_none(step, value)
    return (
        tr("{what}.", what=why)
        if early
        else tr("{why}: damaged, or a core that was cut off, or of another program.", why=why)
    )
