"""Which instruction of the boot wrote a field, and what: found by running the boot once more, asked by the field's
path."""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Callable
from typing import Any

import gdb

from .. import program
from ..formats import untrusted
from ..frames import places
from ..program import past
from ..words import tr
from . import fields, launches, replay, stepper


@dataclasses.dataclass(frozen=True)
class Write:
    """One instruction that gave a field another value; `step` is how many there were before it."""

    step: int
    pc: int
    function: str
    file: str | None
    line: int
    source: str
    instruction: str
    stage: str | None
    before: Any
    after: Any


class Writes:
    """All writes of one boot, by the fields' paths."""

    def __init__(self, again: replay.Replay) -> None:
        self.replay, self.steps = again, again.steps
        self._known: dict[str, list[Write]] = {}
        self._by_word: dict[int, list[tuple[int, int, int]]] = {}
        for step, at, before, after in again.changes:
            self._by_word.setdefault(at, []).append((step, before, after))
        stages = again.stages()
        self._stages = [(step, stages[pc]) for step, pc in enumerate(again.pcs) if pc in stages]

    def of(self, path: str) -> list[Write]:
        """Every write that gave a field another value, in their order; Problem if there is no such field at the end of
        the boot, or if nobody has looked at it."""
        if path not in self._known:
            field = fields.of(self.replay, path)
            if not all(map(self.replay.watched, field.words)):
                raise program.Problem(
                    tr("there are so many Ps that {path} was not watched as the boot was run once more.", path=path)
                )
            self._known[path] = [self._write(*found) for found in self._values(field)]
        return self._known[path]

    def last(self, path: str, step: int) -> Write | None:
        """The last of them before a step."""
        earlier = [write for write in self.of(path) if write.step < step]
        return earlier[-1] if earlier else None

    def value(self, path: str) -> Any:
        """A field's value at the end of the boot."""
        found = fields.of(self.replay, path)
        return found.value({at: self._before(at, self.steps) for at in found.words}, self.steps)

    def raw(self, path: str, read: Callable[[int], int | None]) -> Any:
        """What a field's words say, as `read` has them; None if it has not all of them."""
        found = fields.of(self.replay, path)
        words = {at: word for at in found.words if (word := read(at)) is not None}
        return found.raw(words) if len(words) == len(found.words) else None

    def agrees(self, path: str, step: int, read: Callable[[int], int | None]) -> bool:
        """Has a field before a step what `read` has of its words? What no two runs have in common is not compared."""

        def there(at):
            return self._before(at, step) if (word := read(at)) is None else word

        own = self.raw(path, lambda at: self._before(at, step))
        return own == self.raw(path, there) or self.is_volatile(path)

    def is_volatile(self, path: str) -> bool:
        """Is that another value in each run: a time, a number of the kernel's?"""
        other = self.replay.volatile
        return self.raw(path, lambda at: self._before(at, self.steps)) != self.raw(
            path, lambda at: other.get(at, self._before(at, self.steps))
        )

    def stage(self, step: int) -> str | None:
        """The last stage that was reached when this step was made."""
        i = bisect.bisect_right(self._stages, (step, "\U0010ffff")) - 1
        return self._stages[i][1] if i >= 0 else None

    def _before(self, at, step):
        """A word before a step."""
        earlier = [after for when, _, after in self._by_word.get(at, ()) if when < step]
        return earlier[-1] if earlier else self._at_first(at)

    def _at_first(self, at):
        written = self._by_word.get(at)
        if written:
            return written[0][1]
        if at == stepper.FS:
            return self.replay.fs_at_first
        data = self.replay.within(self.replay.image(0), at, 8)
        return int.from_bytes(data, "little") if data is not None else 0

    def _values(self, field):
        """(step, before, after) of a field."""
        events = sorted((step, at, after) for at in field.words for step, _, after in self._by_word.get(at, ()))
        words = {at: self._at_first(at) for at in field.words}
        raw, value = field.raw(words), field.value(words, 0)
        for i, (step, at, after) in enumerate(events):
            words[at] = after
            if i + 1 < len(events) and events[i + 1][0] == step:
                continue
            now = field.raw(words)
            if now != raw:
                was, value = value, field.value(words, step + 1)
                if field.is_plain or was != value:
                    yield step, was, value
            raw = now

    def _write(self, step, before, after):
        pc, world = self.replay.pcs[step], self.replay.world
        with past.reading(None):  # the code is the same wherever it lies
            at = pc - self.replay.slide + world.slide
            function, file, line, instruction = world.cached(("instruction", at), lambda: _instruction(at))
        lines = world.source(file)
        source = " ".join(lines[line - 1].split()) if 0 < line <= len(lines) else ""
        return Write(step, pc, function, file, line, source, instruction, self.stage(step), before, after)


def _instruction(pc):
    """(function, file, line, in assembly) of an instruction."""
    try:
        found = gdb.selected_inferior().architecture().disassemble(pc)
    except (gdb.error, RuntimeError):
        found = []
    text = untrusted.shown(" ".join(found[0]["asm"].split())) if found else ""
    function, file, line = places.code(pc)
    return function, *_own_line(pc, file, line), text


def _own_line(pc, file, line):
    """Of what was inlined, the line of the call in the function that it became part of: to gdb, an inlined function is
    where it was called."""
    block, outer, call = gdb.block_for_pc(pc), None, None
    while block is not None and not block.is_static and not block.is_global:
        if block.function is not None:
            outer, call = block.function, outer
        block = block.superblock
    if call is None or call.symtab is None or not call.line:
        return file, line
    return program.file_of(call.symtab), call.line


def ready() -> bool:
    """Has the boot of the process there is been run again already?"""
    return launches.of_process().key in program.world().own("writes", dict)


def of_program() -> Writes:
    """All writes of the boot of the process there is, or was last; Problem, a sentence, where they cannot be had."""
    launch, known = launches.of_process(), program.world().own("writes", dict)
    if launch.key not in known:
        found = Writes(replay.Replay(launch))
        known.clear()
        known[launch.key] = found
    return known[launch.key]
