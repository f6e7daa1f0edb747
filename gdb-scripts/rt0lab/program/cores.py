"""Another core file of the program that gdb looks at: all that reads a moment of the past (program/past) reads it, too.

gdb is not asked about it, and nothing of what it has open changes. What no core holds, code and constants, is read
where the program at hand has it.
"""

from __future__ import annotations

import struct
from typing import Any

from ..formats import corefile, elf, untrusted
from ..words import tr
from . import memory, past, worlds
from .problem import Problem, Unreadable

_AT_ENTRY = 9  # <elf.h>


class Moment:
    """What a core file holds, as `past.reading` wants it."""

    number, snapshot = 0, None

    def __init__(self, path: str) -> None:
        self.world = worlds.world()
        try:
            self._core = corefile.Core(path)
        except OSError as error:
            why = error.strerror or tr("it is no regular file")
            raise Problem(
                tr("{path} cannot be read: {why}.", path=untrusted.shown(path), why=untrusted.shown(why))
            ) from None
        except corefile.NotCore as error:
            raise Problem(
                tr("{path} cannot be compared with: {error}.", path=untrusted.shown(path), error=error)
            ) from None
        self.slide = self._moved()
        self._need_the_same_program(path)
        self.pid = self.thread = self._core.threads[0][0] if self._core.threads else 0
        self.registers: dict[str, int] = self._core.threads[0][1] if self._core.threads else {}
        self.threads = {
            number: (i, registers["rip"], self._g(registers["fs_base"]), registers["rsp"])
            for i, (number, registers) in enumerate(self._core.threads, 1)
        }
        self.current = self.threads[self.pid][2] if self.threads else None

    def close(self) -> None:
        """It is not read any more."""
        self._core.close()

    def _moved(self):
        """How far the kernel moved a position-independent program: it tells the program where that begins."""
        if not self.world.elf.relocatable:
            return 0
        pairs = self._core.auxv[: len(self._core.auxv) & ~15]
        entry = dict(struct.iter_unpack("<QQ", pairs)).get(_AT_ENTRY)
        if entry is None:
            raise Problem(tr("this core does not say where in memory the program lies: it has no auxiliary vector."))
        return entry - self.world.elf.entry

    def _need_the_same_program(self, path):
        ids = {}
        for section in self.world.elf.sections:
            if section.name.startswith(".note."):
                ids.update(elf.build_ids(self._core.read(section.lo + self.slide, section.hi - section.lo) or b""))
        other = any(ids.get(owner, known) != known for owner, known in self.world.elf.build_ids.items())
        g0 = self.world.elf.symbols["runtime.g0"][0] + self.slide
        if other or self._core.read(g0, 8) is None:
            raise Problem(
                tr(
                    "{path} was left by another program, or by another build of this one: open both with the program"
                    " that left them.",
                    path=untrusted.shown(path),
                )
            )

    def _g(self, fs_base):
        word = self._core.read(fs_base + self.world.elf.g_slot & (1 << 64) - 1, 8)
        return int.from_bytes(word, "little") if word else None

    def read(self, addr: int, size: int) -> Any:
        """memory.read: what the core holds; code and constants as the program at hand has them."""
        found = self._core.read(addr, size) if addr >= 0 else None
        section = self.world.section_at(addr) if found is None else None
        if section is not None and not section.writable:
            at = addr - self.slide
            with past.reading(None):
                return memory.read(at + self.world.slide, size)
        return Unreadable(addr) if found is None else found
