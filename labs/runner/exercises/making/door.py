"""The verdicts of exercises in which the learner writes a file, whatever kind they are of."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...host import sandbox
from .. import judge
from ..forms import Exercise
from ..judge import Verdict
from . import command, implement, source

_JUDGES = {"implement": implement.verdicts, "gdb-command": command.verdicts}


def verdicts(cases: Sequence[tuple[Exercise, dict[str, Any]]], home: Path, seed: int) -> list[dict[str, Verdict]]:
    """For each case, (exercise, {source.FILE: the learner's text}), the verdict on every step."""
    return [_one(exercise, given.get(source.FILE, ""), home, seed) for exercise, given in cases]


def _one(exercise, text, home, seed):
    possible, why = sandbox.possible()
    if not text or not source.begun(exercise, text, seed):
        return {q.id: Verdict(judge.INCOMPLETE) for q in exercise.questions}
    if not possible:
        found = {q.id: Verdict(judge.INCONCLUSIVE, why) for q in exercise.questions}
    else:
        found = _JUDGES[exercise.kind](exercise, text, home, seed)
    for verdict in found.values():
        verdict.text = source.mark(text)
    return found
