"""Lets an editor's watch window say `runtime.g0` as Go does, whatever language the frame at hand is in; in a Go program
also `g0`.

gdb reads an expression itself, and no door leads into that: a dot behind a name wants a variable. So it is given one,
`runtime`, whose fields are the runtime's variables. Slices are arrays there, which can be indexed. In C++, which asks
classes for it, others can be, too.
"""

from __future__ import annotations

import os

import gdb
import gdb.xmethod

from .. import program
from . import described, opening

_ALONE = ("g0", "m0", "sched", "allgs", "allp", "allm")  # these without `runtime.` too, where nothing else is called so
_offered = {}  # {program space: (world, how far the program was moved then, the file that gdb has)}
_listening = False


def register() -> None:
    """Gives gdb the names for the program that it has now, and for any that takes its place; editors alone have
    them."""
    global _listening
    if not opening.has_editor():
        return
    gdb.post_event(_offer)  # not now: gdb is about to load the program
    if not _listening:
        _listening = True
        gdb.events.stop.connect(_offer)
        gdb.xmethod.register_xmethod_matcher(None, _Slices(), replace=True)


def _offer(_event=None):
    """gdb.events.stop: programs are built anew, and moved where they are position independent."""
    try:
        world, space = program.world(), gdb.current_progspace()
        now = world, world.slide
    except (program.Problem, gdb.error):
        return
    if _offered.get(space, ())[:2] == now:
        return
    _withdraw(space)
    file = None
    try:
        data = world.own("package", lambda: _described(world))
        if data is not None:
            file = os.memfd_create("runtime")  # it is gone with gdb, however that ends
            os.write(file, data)
            gdb.execute(f"add-symbol-file /proc/self/fd/{file:d} -o {world.slide:#x}", to_string=True)
    # of a program that says odd things of itself gdb is told nothing
    except (OSError, ValueError, OverflowError, gdb.error, program.Problem):
        pass
    _offered[space] = *now, file


def _withdraw(space):
    *_, file = _offered.pop(space, (None,))
    if file is None:
        return
    try:
        gdb.execute(f"remove-symbol-file /proc/self/fd/{file:d}", to_string=True)
    except gdb.error:  # gdb has dropped it with the program
        pass
    os.close(file)


def _described(world):
    """The file's bytes, None if there is nothing to tell."""
    variables = {}
    for symbol in world.elf.symbols.beginning("runtime."):
        name, address = symbol.removeprefix("runtime."), world.elf.symbols[symbol][0]
        section = world.elf.section_at(address)
        if not name.isidentifier() or section is None or not section.writable:
            continue
        gdb_type = world.type_of_variable(name)
        if gdb_type is not None and gdb_type.sizeof:
            variables[name] = address, gdb_type
    alone = [name for name in _ALONE if name in variables and _is_free(name, world)]
    return described.package("runtime", variables, alone) if variables else None


def _is_free(name, world):
    return (
        f"main.{name}" not in world.elf.symbols
        and gdb.lookup_global_symbol(name) is None
        and gdb.lookup_static_symbol(name) is None
    )


# ---- slices in C++ ---------------------------------------------------------------------------------------------------


class _Slices(gdb.xmethod.XMethodMatcher):
    """gdb asks, in C++, what `[]` means for a class."""

    def __init__(self):
        super().__init__("rt0lab-slices")
        self.methods = None

    def match(self, class_type, method_name):
        """gdb asks for the methods of a class that are called so."""
        if method_name != "operator[]" or class_type.strip_typedefs().code != gdb.TYPE_CODE_STRUCT:
            return None
        names = tuple(field.name for field in program.fields_of(class_type.strip_typedefs()))
        return _Element() if names == program.SLICE else None


class _Element(gdb.xmethod.XMethodWorker):
    """An element of a slice."""

    def get_arg_types(self):
        """gdb asks what the index is."""
        return gdb.lookup_type("long")

    def get_result_type(self, value, _index):
        """gdb asks what the element is."""
        return value.type.strip_typedefs()["array"].type.target()

    def __call__(self, value, index):
        """gdb asks for it. As of all arrays, it shows what lies behind the last one, too."""
        return value["array"][int(index)]
