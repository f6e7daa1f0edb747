"""How the learner's process was started, so that it can be started again with its addresses where they were: program,
arguments, environment, folder, and what the kernel gave it for chance."""

from __future__ import annotations

import dataclasses
import os
import struct

import gdb

from .. import program
from ..formats import untrusted
from ..words import tr

_MOST = 1 << 22  # bytes of arguments, or of environment
_MOST_NAME = 4096
_AT_RANDOM, _AT_EXECFN, _CHANCE = 25, 31, 16  # <linux/auxvec.h>


@dataclasses.dataclass(frozen=True)
class Launch:
    """What a process was started with."""

    pid: int
    path: bytes
    argv: tuple[bytes, ...]
    env: tuple[bytes, ...]
    folder: bytes
    random: bytes

    @property
    def key(self) -> tuple[object, ...]:
        """The same for processes that boot alike."""
        return self.path, self.argv, self.env


def of_process() -> Launch:
    """That of the process there is, or was last; Problem where it cannot be had."""
    world = program.world()
    if world.is_library:
        raise program.Problem(tr("the runtime is in a library of a program of C's: how that begins is C's affair."))
    pid, seen = gdb.selected_inferior().pid, world.own("launch", dict)
    if pid and pid not in seen and not program.connected() == "core":
        _note(world, pid)
    found: Launch | None = seen.get(pid) if pid else next(reversed(seen.values()), None)
    if found is not None:
        return found
    if not pid:
        raise program.Problem(tr("the program has not run yet: `rt0 run` starts it."))
    raise program.Problem(
        tr(
            "how this process was started (arguments, environment) is not known here, so its boot cannot be run once"
            " more: that needs a process of this machine's, whose file is still what it was."
        )
    )


def seen(_event: gdb.Event | None = None) -> None:
    """gdb.events.stop: notes how a new process was started, as long as it has not used up its chance."""
    try:
        pid, world = gdb.selected_inferior().pid, program.glanced()
        if pid and pid not in world.own("launch", dict):
            _note(world, pid)
    except (program.Problem, gdb.error):
        pass


def _note(world, pid):
    if program.connected() not in ("native", ""):
        return
    launches = world.own("launch", dict)
    launches.clear()
    launches[pid] = None
    home = f"/proc/{pid}/"
    try:
        argv, env = (_texts(untrusted.contents(home + name, _MOST)) for name in ("cmdline", "environ"))
        auxv = dict(struct.iter_unpack("<QQ", untrusted.contents(home + "auxv", _MOST_NAME)))
        folder = os.readlink(os.fsencode(home + "cwd"))
        path = _text_at(auxv.get(_AT_EXECFN, 0))
        if not os.path.samestat(os.stat(path), os.stat(home + "exe")):
            return
    except (OSError, ValueError, struct.error):
        return
    chance = program.read(auxv.get(_AT_RANDOM, 0), _CHANCE)
    launches[pid] = Launch(pid, path, argv, env, folder, chance or b"")


def _texts(data):
    return tuple(data.split(b"\0")[:-1])


def _text_at(address):
    """A text of C's; what is behind it may be unreadable."""
    found = b""
    while address and len(found) < _MOST_NAME:
        data = program.read(address + len(found), 8 - (address + len(found)) % 8)
        if not data:
            break
        found += data
        if b"\0" in data:
            return found.partition(b"\0")[0]
    raise ValueError
