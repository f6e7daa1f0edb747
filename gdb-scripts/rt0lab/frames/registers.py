"""The registers that a parked goroutine of ours has put away itself: mcall and morestack push what a function
preserves.

g.context leads there. While it is odd the goroutine is being left, and it is that frame's address plus one; otherwise
it is Boost's context, which lies just below the frame. Where each register is in the frame, runtime.gogo's unwind
information says: gogo pops them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable

import gdb

from .. import program
from ..formats import fcontext
from ..program import bulk
from . import view

_PRESERVED = ("rbx", "r12", "r13", "r14", "r15")  # and rbp, which the gobuf has


class _Place:
    """How to come from a context to the registers: found out once a program."""

    def __init__(self, world):
        self.below, self.arrive = 0, None  # bytes that Boost puts below the frame; where its switch returns to
        self.at = None  # {register: where it is, counted from the frame}
        jump, gogo = (self._code(world, name) for name in ("jump_fcontext", "runtime.gogo"))
        row = (
            next((row for row in (fcontext.rows(jump[1]) or {}).values() if row.saved), None) if jump and gogo else None
        )
        if row is not None:
            self.below, self._back = row.cfa, row.ra
            self.arrive = next((at for at, to in program.calls(*gogo) if to == jump[0]), None)

    @staticmethod
    def _code(world, name):
        start, size = world.address(name), world.elf.symbols.get(name, (0, 0))[1]
        code = program.read(start, size or 128) if start else None
        return (start, code) if isinstance(code, bytes) else None

    def frames(self, contexts):
        """{g: its frame} of {g: context}; those whose context is none are not in it."""
        found = {g: context - 1 for g, context in contexts.items() if context & 1}
        owners = {context: g for g, context in contexts.items() if context and not context & 1}
        for data, base, members in bulk.pieces(owners, self.below) if owners else ():
            for context in members if data is not None else ():
                if struct.unpack_from("<Q", data, context - base + self._back)[0] == self.arrive:
                    found[owners[context]] = context + self.below
        return found

    def learn(self, frame):
        """Asks gdb where gogo finds the registers in such a frame."""
        try:
            with view.parked(self.arrive, frame, 0):
                text = program.done("info frame")
        except (program.Problem, gdb.error):
            return
        at = {name: int(address, 16) - frame for name, address in re.findall(r"\b(r\w+) at (0x\w+)", text)}
        self.at = {name: at[name] for name in _PRESERVED if name in at}


def registers(addresses: Iterable[int]) -> dict[int, dict[str, int]]:
    """{g: {register: value}} of those of these gs that have put registers away; rbp is the gobuf's."""
    world = program.world()
    if "context" not in world.layout("g").at:
        return {}
    place = world.cached("parking", lambda: _Place(world))
    if place.arrive is None:
        return {}
    frames = place.frames(
        {g: row.context for g, row in bulk.Fields("g", context="context").by_address(addresses).items()}
    )
    if frames and not place.at:
        place.learn(next(iter(frames.values())))
    if not frames or not place.at:
        return {}
    names, form, end = sorted(place.at, key=place.at.get), "<", 0
    for name in names:
        form, end = form + f"{place.at[name] - end}xQ", place.at[name] + 8
    unpack, owners, found = struct.Struct(form).unpack_from, {frame: g for g, frame in frames.items()}, {}
    for data, base, members in bulk.pieces(owners, end):
        if data is not None:
            found |= {owners[frame]: dict(zip(names, unpack(data, frame - base))) for frame in members}
    return found
