"""Whether what earlier exercises ask has the same answers in a program that the learner had a hand in."""

from pathlib import Path

from ...host import sandbox
from .. import forms, judge
from .. import seed as seeds
from ..forms import Exercise
from ..judge import Verdict
from . import workshop

PROGRAM = "hello"  # what they look at
_LIMITS = sandbox.Limits(seconds=20, cpu=10)


def as_before(exercise: Exercise, folder: Path, seed: int, before: list[Verdict]) -> Verdict:
    """Do the right answers of every exercise on PROGRAM that comes before this one pass there? If not, which do not."""
    if any(verdict.what != judge.PASS for verdict in before):
        return Verdict(judge.INCOMPLETE)
    asked = [one for one in forms.load_all(exercise.folder.parent) if one.number < exercise.number and _looks(one)]
    job = {
        "exercises": [str(one.folder.absolute()) for one in asked],
        "cases": [{"exercise": one.id, "answers": one.typed(one.tests()["right"])} for one in asked],
        "program": PROGRAM,
        "arguments": seeds.arguments(seed),
    }
    rows, trouble, late = workshop.watched("judge_again", job, folder, [one.folder for one in asked], _LIMITS)
    if not rows or rows[0]["trouble"]:
        return Verdict(judge.INCONCLUSIVE, rows[0]["trouble"] if rows else trouble or late)
    wrong = [
        f"{one.number} {one.id}: {name}"
        for one, verdicts in zip(asked, rows[0]["verdicts"])
        for name, verdict in verdicts.items()
        if verdict[0] != judge.PASS
    ]
    return Verdict(judge.WRONG, said=", ".join(wrong)) if wrong else Verdict(judge.PASS)


def _looks(exercise):
    """Is it judged by looking at the healthy PROGRAM?"""
    other = exercise.written or exercise.variants or exercise.go or exercise.program != PROGRAM
    return exercise.questions and not other
