"""What an exercise takes for true beyond expressions: functions of the program's goroutines, Ms and Ps, by name.

waits    who waits for whom, and who never goes on
leak     which group of goroutines nobody will wake
threads  what the Ms and the Ps do
start    who was there before main.main
spinning what becomes of a loop that calls nothing
stacks   what stands on the stack

Each takes nothing, reads the stopped program through rt0lab's model, and gives a number, a name, or a set of names; a
gdb.error or a Problem says that it cannot be told. Both worlds have most of them.
"""

from collections.abc import Callable

from rt0lab.program import Problem, world

from . import leak, spinning, stacks, start, threads, waits

Value = int | str | frozenset[str]
FACTS: dict[str, Callable[[], Value]] = {
    f"{module.__name__.rpartition('.')[2]}.{name}": getattr(module, name)
    for module in (leak, spinning, stacks, start, threads, waits)
    for name in module.FACTS
}


def value(name: str) -> Value:
    """The fact of this name (`waits.circle`) at this moment."""
    if name not in FACTS:
        raise Problem(f"there is no fact {name}.")
    return world().still(("fact", name), FACTS[name])
