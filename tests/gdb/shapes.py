"""Takes fields, types and variables away from what the debug information says, as another version of Go does, and runs
the commands. Runs inside gdb."""

import contextlib
import struct
import time

from damage import PATIENCE, PYTHON, do
from rt0lab import program
from rt0lab.program import worlds
from rt0lab.program.layout import Leaves

KINDS = ("g", "m", "p", "schedt", "hchan", "sudog")
NEEDED = (("g", "goid"), ("g", "atomicstatus"))  # without these a goroutine is none
VARIABLES = """
    allgs allglen allm allp sched m0 g0 gomaxprocs ncpu semtable buildVersion argv runtimeInitTime
""".split()
LISTS = (
    "info goroutines",
    "info goroutines -json",
    "info goroutines -long -all -system",
    "info ms -json",
    "info ms",
    "info ps",
    "info sched",
    "info sched -json",
)
COMMANDS = (
    *LISTS,
    "rt0 check",
    "rt0 waits",
    "rt0 dump all",
    "rt0 panel",
    "goroutine 1 bt",
    "goroutine all bt",
    "print *$g(1)",
    "print *$m(0)",
    "print *$p(0)",
    "rt0",
)


def faults(lists=LISTS):
    """[(command, what)] of those that show Python, take too long, or, of the lists, end with an error."""
    worlds._worlds.clear()
    found = []
    for command in COMMANDS:
        begin = time.process_time()
        said, failed = do(command)
        python = PYTHON.search(said)
        if python or failed and command in lists or len(said.splitlines()) > 1 and failed:
            found.append((command, said[max(python.start() - 80, 0) : python.end() + 120] if python else said[:160]))
        if time.process_time() - begin > PATIENCE:
            found.append((command, f"took {time.process_time() - begin:.1f} s"))
    return found


def tops(kind):
    """The names of a type's fields."""
    layout = program.world().layout(kind)
    return dict.fromkeys(path.partition(".")[0] for path in (*layout.at, *layout.arrays))


@contextlib.contextmanager
def instead(owner, name, function):
    """A method is another one while this lasts; the function is given the real one."""
    real = getattr(owner, name)
    setattr(owner, name, lambda *arguments: function(real, *arguments))
    try:
        yield
    finally:
        setattr(owner, name, real)
        worlds._worlds.clear()


def without_fields(part, parts):
    """{"g.m": faults} for every field of the runtime's types, of one part of them."""
    fields = [(kind, top) for kind in KINDS for top in tops(kind)][part::parts]
    found = {}
    for kind, top in fields:
        with instead(
            program.Layout,
            "__init__",
            lambda real, layout, world, gdb_type: _cut(real, layout, world, gdb_type, kind, top),
        ):
            here = faults(() if (kind, top) in NEEDED else LISTS)
        if here:
            found[f"{kind}.{top}"] = here
    return found


def _cut(real, layout, world, gdb_type, kind, top):
    real(layout, world, gdb_type)
    if world.base_name(gdb_type) != kind:
        return
    kept = [leaf for leaf in layout.leaves if leaf.path.partition(".")[0] != top]
    layout.leaves = kept
    layout.at = Leaves(kind, kept)
    layout.arrays = {path: array for path, array in layout.arrays.items() if path.partition(".")[0] != top}
    layout.strings = [pair for pair in layout.strings if pair[0].partition(".")[0] != top]
    at, form = 0, "<"
    for leaf in kept:
        form += f"{leaf.offset - at}x{leaf.code}"
        at = leaf.offset + leaf.size
    layout.form = struct.Struct(form)


def without(method, names, lists=LISTS):
    """{name: faults} where a World knows none of that name: its types, its variables, its constants."""
    found = {}
    for name in names:
        with instead(
            program.World, method, lambda real, world, asked: None if name in (asked, "*") else real(world, asked)
        ):
            here = faults(lists)
        if here:
            found[name] = here
    return found
