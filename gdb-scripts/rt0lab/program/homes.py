"""In which of the files that gdb has loaded the runtime is: the program, the file of its debug information, a library.

Who asks is worlds: a World is of one home.
"""

from __future__ import annotations

import gdb

from ..formats import elf
from . import answers

RUNTIME = "runtime.g0"  # what has this symbol is ours, or Go's
_G0 = (RUNTIME, "g0")  # it in Go's debug information and in ours


class Home:
    """Where the runtime is: the ELF file with its symbols, and gdb's objfile of what is in memory."""

    def __init__(self, objfile: gdb.Objfile | None, file: elf.Elf, is_library: bool = False) -> None:
        self.objfile, self.elf = objfile, file
        self.is_library = is_library  # the program is C's


def find(main: gdb.Objfile | None, path: str) -> Home:
    """The home of a program; the program's own file where nobody has the runtime. OSError, elf.NotElf if it is none."""
    own = _read(path, main)
    if RUNTIME in own.symbols:
        return Home(main, own)
    others = [each for each in gdb.objfiles() if each.is_valid()]
    for each in others:
        if each.owner is not None and each.owner is main:
            found = _with_runtime(each)
            if found is not None:
                return Home(main, found)
    for each in others:
        if each is not main and each.owner is None and _has_g0(each):
            parts = (part for part in (each, *others) if part is each or part.owner is each)
            found = next(filter(None, map(_with_runtime, parts)), None)
            if found is not None:
                return Home(each, found, is_library=True)
    return Home(main, own)


def _has_g0(objfile):
    """Does its debug information tell of a g0? gdb knows that without reading the file."""
    try:
        return any(objfile.lookup_global_symbol(name) or objfile.lookup_static_symbol(name) for name in _G0)
    except (gdb.error, RuntimeError):
        return False


def _with_runtime(objfile):
    """The Elf of an objfile's file, None if it has no runtime."""
    path = answers.told(getattr, objfile, "filename")
    try:
        file = _read(path, objfile) if path else None
    except (OSError, elf.NotElf):
        return None
    return file if file is not None and RUNTIME in file.symbols else None


_files = {}  # {gdb's objfile: Elf} of what was read


def _read(path, objfile):
    for each in [each for each in _files if not each.is_valid()]:
        del _files[each]
    if objfile is None:
        return elf.Elf(path)
    if objfile not in _files:
        _files[objfile] = elf.Elf(path)
    return _files[objfile]
