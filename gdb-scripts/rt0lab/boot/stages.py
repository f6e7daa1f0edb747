"""The one table of boot stages: name, symbols, explanation. Pure Python; the CLI and the tests read it too."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from typing import Any

from ..words import language

_TABLE = pathlib.Path(__file__).with_name("stages.toml")
_KINDS = ("entry", "label", "insn")


@dataclasses.dataclass(frozen=True)
class Stage:
    """One row of stages.toml."""

    name: str
    symbols: tuple[str, ...]
    go: str
    why: str
    kind: str = "entry"
    tour: bool = False
    bytes: str = ""
    after_c: str = ""  # why, in a program in which C runs first
    not_after_c: bool = False  # where C ran first, C does that
    after_loader: str = ""  # why, of the first stage, where ld.so ran first
    way: tuple[str, ...] = ()  # of a door: how programs begin that go through it
    zh: dict[str, str] = dataclasses.field(default_factory=dict, compare=False)  # why and the like in Chinese

    def said(self, key: str = "why") -> str:
        """A sentence of this row in the learner's language; "" if the row has none of that name."""
        sentence: str = getattr(self, key)
        return self.zh.get(key, sentence) if language() == "zh" else sentence


@functools.cache
def load(path: pathlib.Path = _TABLE, kind: str = "stage") -> tuple[Stage, ...]:
    """All stages, in boot order; or all doors, through which C comes to them. Read when somebody asks: to read TOML
    takes as long as to load many of our files."""
    import tomllib

    with open(path, "rb") as file:
        rows: list[dict[str, Any]] = tomllib.load(file)[kind]
    for row in rows:
        row |= {key: tuple(row[key]) for key in ("symbols", "way") if key in row}
    stages = tuple(Stage(**row) for row in rows)
    for stage in stages:
        if stage.kind not in _KINDS:
            raise ValueError(f"{path}: stage {stage.name}: kind {stage.kind!r} is none of {', '.join(_KINDS)}")
    return stages


def named(stages: tuple[Stage, ...], name: str) -> Stage | None:
    """The stage of that name, also as typed by habit (`runtime.schedinit` for `schedinit`), or None."""
    by_name = {stage.name: stage for stage in stages}
    if name in by_name:
        return by_name[name]
    for stage in stages:
        if name in stage.symbols or "runtime." + stage.name == name or stage.name == "runtime." + name:
            return stage
    return None
