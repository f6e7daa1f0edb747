"""What a bug hunt is judged by: the functions that a patch changed, and which witnesses hold at a moment."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import gdb
from rt0lab import program
from runner.exercises import witness
from runner.exercises.judge import Seen
from runner.exercises.types import Witness

from . import witnessed

Outcome = list[Any]  # [true, false or None where a witness cannot be evaluated, key of why, place, what stands there]


@dataclass
class Hunt:
    """What one run is asked about bugs."""

    changed: Mapping[str, list[int]] = field(default_factory=dict)  # {file: lines} that the patch changed
    witnesses: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)  # {exercise: {question: texts}}
    beside: Mapping[str, Mapping[str, Mapping[str, Outcome]]] = field(default_factory=dict)  # the healthy program's

    def seen_of_line(self) -> Seen:
        """The Seen of a question for the place of the bug."""
        found = functions(self.changed)
        return Seen(found) if found else Seen(trouble="no code stands where the patch is")

    def seen_of_witnesses(self, exercise: str, question: str, here: Mapping[str, Outcome]) -> Seen:
        """The Seen of a question for a witness: which of those asked about differ between the two programs."""
        there = self.beside.get(exercise, {}).get(question)
        if there is None:
            return Seen(trouble="the healthy program was not seen at this moment")
        unread = {text for text in here if here[text][0] is None or there[text][0] is None}
        proofs = {text for text in here if here[text][0] != there[text][0]} - unread
        return Seen(
            frozenset(proofs),
            {Witness.SAME: frozenset(set(here) - proofs - unread), Witness.UNREAD: frozenset(unread)},
        )


def outcomes(texts: Iterable[str]) -> dict[str, Outcome]:
    """What each of these witnesses says of the program now."""
    return {text: _outcome(text) for text in texts}


def _outcome(text):
    try:
        return [witnessed.true_of(witness.parse(text)), "", 0, ""]
    except (witnessed.Unread, witness.BadWitness) as trouble:
        return [None, trouble.key, trouble.at, trouble.what]
    except program.Problem as problem:
        return [None, "witness-problem", 0, str(problem)]


def functions(changed: Mapping[str, list[int]]) -> frozenset[str]:
    """The functions that have code of these lines, each as `NAME FILE FIRST LAST`."""
    found = set()
    for file, lines in changed.items():
        for table in _tables(file, lines):
            rows = [row for row in table.linetable() if row.line]
            names = {row.pc: _owner(row.pc) for row in rows}
            for line in lines:
                at = min((row.line for row in rows if row.line >= line), default=0)
                owners = {names[row.pc] for row in rows if row.line == at}
                found |= {_spelled(owner, file, rows, names) for owner in owners if owner}
    return frozenset(found)


def _tables(file, lines):
    """The symbol tables of a source file where these lines have code."""
    found = {}
    for line in lines:
        try:
            places = gdb.decode_line(f"{file}:{line}")[1] or ()
        except gdb.error:
            continue
        found |= {place.symtab.fullname(): place.symtab for place in places if place.symtab}
    return found.values()


def _owner(pc):
    """(name, line where it is declared) of the function, inlined or not, whose code this is."""
    block = gdb.block_for_pc(pc)
    while block is not None and block.function is None and not block.is_static and not block.is_global:
        block = block.superblock
    if block is not None and block.function is not None:
        name = block.function.linkage_name or ""
        name = block.function.name if not name or name.startswith("_Z") else name
        return name.partition("(")[0].rpartition(" ")[2], block.function.line
    symbol = program.world().symbol_at(pc)
    return (symbol[0], 0) if symbol else None


def _spelled(owner, file, rows, names):
    lines = [row.line for row in rows if names[row.pc] == owner]
    return f"{owner[0]} {posixpath.normpath(file)} {owner[1] or min(lines)} {max(lines)}"
