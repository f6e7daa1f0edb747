"""Whether the file that gdb reads is what runs: a program that was rebuilt since has other functions and lines at its
addresses.

The kernel maps a program's notes with its program headers and tells it where those are, so memory says which build
runs; a core may have left them out. What memory does not say is not known, and of that nothing is claimed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import gdb

from ..formats import elf, untrusted
from ..words import screen, tr
from . import memory, past, settings, worlds
from .problem import Problem

_AT_PHDR, _AT_PHENT, _AT_PHNUM = 3, 4, 5  # <elf.h>
_PT_LOAD, _PT_DYNAMIC, _PT_NOTE, _PT_PHDR = 1, 2, 4, 6
_HEAD = struct.Struct("<IIQQQQQQ")
_MOST = 1 << 16  # bytes of a segment, program headers
# What Go's linker writes into runtime.firstmoduledata is where these symbols are.
_MODULE = ("text", "etext", "noptrdata", "enoptrdata", "data", "edata", "bss", "ebss", "end")


def running() -> dict[str, str]:
    """{who wrote the note: build id} of what runs, as its memory has it."""
    with settings.changed({"trust-readonly-sections": "off"}):
        found = {}
        for lo, hi in _segments(_PT_NOTE):
            note = memory.read(lo, hi - lo)
            found.update(elf.build_ids(note) if note else {})
        return found


def loaders() -> list[tuple[int, int]]:
    """The range [lo, hi) of the program's memory in which the loader notes where its list of libraries is; none of a
    program that has no loader."""
    return _segments(_PT_DYNAMIC)


def _segments(wanted):
    """[lo, hi) of those of the segments in memory that are of this kind."""
    told = {key: value for key, value in struct.iter_unpack("<QQ", memory.auxv())}
    at, count = told.get(_AT_PHDR), told.get(_AT_PHNUM, 0)
    if not at or told.get(_AT_PHENT) != _HEAD.size or not 0 < count <= _MOST // _HEAD.size:
        return []
    data = memory.read(at, count * _HEAD.size)
    heads = list(_HEAD.iter_unpack(data)) if data else []
    moved = _moved(heads, at)
    if moved is None:
        return []
    found = [(address + moved & (1 << 64) - 1, size) for kind, _, _, address, _, size, *_ in heads if kind == wanted]
    return [(lo, lo + size) for lo, size in found if 0 < size <= _MOST]


def beginning() -> int | None:
    """Where the program's file begins in memory, None where that is not known. Program headers follow the header."""
    at = next((value for kind, value in struct.iter_unpack("<QQ", memory.auxv()) if kind == _AT_PHDR), None)
    return at - elf.HEADER if at else None


def _moved(heads, at):
    """How far the program was moved from the addresses in these program headers, which are at `at`."""
    for kind, _, offset, address, *_ in heads:
        if kind == _PT_PHDR:
            return at - address
        if kind == _PT_LOAD and not offset:
            return at - elf.HEADER - address
    return None


def _elsewhere(world):
    """A symbol that Go's own table of its sections has at another place than the file does; None if none is known to
    be."""
    table = memory.variable("firstmoduledata") if world.is_go and not world.elf.relocatable else None
    for name in _MODULE if table else ():
        address = world.address("runtime." + name)
        if address is not None and table.has(name) and table.get(name) not in (0, address):
            return name
    return None


def differs() -> bool:
    """Is it certain that the file is not what runs?"""
    world, memory = worlds.world(), running()
    if world.is_library:  # what the kernel tells of is the program
        return False
    both = [owner for owner in world.elf.build_ids if owner in memory]
    if both:
        return any(world.elf.build_ids[owner] != memory[owner] for owner in both)
    return _elsewhere(world) is not None


def sentence() -> str | None:
    """What to say of a file that is not what runs; None if it is, or if that is not known."""
    if not memory.alive() or past.moment() is not None or not differs():
        return None
    what = tr("what left this core") if memory.on_core() else tr("what runs")
    return tr(
        "{path} is not {what}: it was built anew since, or is another program. Functions and lines may be wrong.",
        path=untrusted.shown(worlds.world().path),
        what=what,
    )


def warn() -> None:
    """Says so, once a stop."""
    try:
        if not memory.alive():
            return
        connection = memory.connection()
        now = worlds.moves(), memory.pid(), connection.num if connection else None
        looked = worlds.world().own("whether it was built anew", list)  # when that was looked at
        if looked == [now]:
            return
        text = sentence()
        looked[:] = [now]
    except (Problem, gdb.error):
        return
    if text is not None:
        _WARNS(text)


def _written(text):
    """A warning where gdb has no way of its own to give one (it has from 17 on, in the user's style)."""
    gdb.write("\n".join(screen.wrap(tr("warning: ") + text)) + "\n", gdb.STDERR)


_WARNS: Callable[[str], None] = getattr(gdb, "warning", _written)
