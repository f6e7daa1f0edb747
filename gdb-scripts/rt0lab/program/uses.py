"""What is asked of a program's runtime (uses.toml), and which of it the program has, has by another name, or lacks."""

from __future__ import annotations

import dataclasses
import pathlib

from . import dynamic, worlds
from .problem import Problem

_TABLE = pathlib.Path(__file__).with_name("uses.toml")
KINDS = ("fields", "variables", "types", "constants", "symbols")  # that are looked for
FOUND = "found"  # that are only named


@dataclasses.dataclass(frozen=True)
class Word:
    """One thing that is used: its names, of which the first that is there is taken; `may`: it may be missing."""

    kind: str
    names: tuple[str, ...]
    may: bool


@dataclasses.dataclass(frozen=True)
class Use:
    """One row of uses.toml."""

    what: str
    words: tuple[Word, ...]
    mirror: bool


@dataclasses.dataclass
class Answer:
    """What a program says to a Use: the names that it has, {Go's usual name: that of this program}, and what it
    lacks."""

    what: str
    has: list[str] = dataclasses.field(default_factory=list)
    renamed: dict[str, str] = dataclasses.field(default_factory=dict)
    lacks: list[str] = dataclasses.field(default_factory=list)
    without: list[str] = dataclasses.field(default_factory=list)  # and need not have


def load(path: pathlib.Path = _TABLE) -> tuple[Use, ...]:
    """All uses, in the table's order."""
    import tomllib  # with its patterns it takes as long to load as ten of our files

    with open(path, "rb") as file:
        rows = tomllib.load(file)["use"]
    return tuple(
        Use(
            row["what"],
            tuple(_word(kind, text) for kind in (*KINDS, FOUND) for text in row.get(kind, "").split()),
            row.get("mirror", False),
        )
        for row in rows
    )


def _word(kind, text):
    return Word(kind, tuple(text.removesuffix("?").split("|")), text.endswith("?"))


def answers() -> list[Answer]:
    """What the program that is loaded says to each use that concerns it."""
    uses = [use for use in load() if not use.mirror or not worlds.world().is_go]
    return [_answer(use) for use in uses if any(word.kind in KINDS for word in use.words)]


def lost() -> bool:
    """Is anything missing that something is lost by?"""
    return any(answer.lacks for answer in answers())


def _answer(use):
    answer = Answer(use.what)
    for word in use.words:
        if word.kind not in KINDS:
            continue
        name = next((name for name in word.names if _has(word.kind, name)), None)
        if name is None:
            (answer.without if word.may else answer.lacks).append(word.names[0])
        else:
            answer.has.append(name)
            if name != word.names[0]:
                answer.renamed[word.names[0]] = name
    return answer


def _has(kind, name):
    world = worlds.world()
    try:
        if kind == "fields":
            owner, _, path = name.partition(".")
            layout = world.layout(owner)
            return path in layout.at or path in layout.arrays
        if kind == "variables":
            return world.type_of_variable(name) is not None
        if kind == "types":
            return world.type(name) is not None
        if kind == "constants":
            return (dynamic.constant(name) if "." in name else world.constant(name)) is not None
        return world.address(name) is not None
    except Problem:  # its type is not there, or damaged
        return False
