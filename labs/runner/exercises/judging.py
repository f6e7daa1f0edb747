"""The one door to a verdict: `lab check`, `lab dev check` and whoever grades others ask here, whatever kind an exercise
is of."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from . import ask, judge
from .forms import Exercise
from .judge import Verdict
from .making import door

# An exercise, and {question id: answer as text}; of one in which the learner writes a file, {"file": its text}.
Case = tuple[Exercise, dict[str, Any]]
Verdicts = dict[str, Verdict]  # one for each question


def verdicts(cases: Sequence[Case], home: Path, seed: int) -> list[Verdicts]:
    """The verdicts of these cases, in their order, for the learner with this seed; programs are built below `home`.

    What is judged in the same way goes together: all exercises that look at one program share one run of it.
    """
    found: list[Verdicts] = [{} for _ in cases]
    for judged, numbers in _groups(cases, seed):
        for number, one in zip(numbers, judged([cases[number] for number in numbers], home, seed)):
            found[number] = one
    return found


def _groups(
    cases: Sequence[Case], seed: int
) -> Iterator[tuple[Callable[[list[Case], Path, int], list[Verdicts]], list[int]]]:
    """(who judges, the numbers of the cases): one group for each program that is looked at in the same environment, one
    for what is written."""
    yield door.verdicts, [number for number, (exercise, _) in enumerate(cases) if exercise.written]
    looked = {n: (e.program, e.patch(seed), *e.env.items()) for n, (e, _) in enumerate(cases) if not e.written}
    for program in dict.fromkeys(looked.values()):
        yield _looked_at, [number for number, one in looked.items() if one == program]


def _looked_at(cases: list[Case], home: Path, seed: int) -> list[Verdicts]:
    """Cases that are judged by looking at one run of the learner's program."""
    exercises = {exercise.id: exercise for exercise, _ in cases}
    result = ask.judged(list(exercises.values()), cases, home, seed)
    if not result["verdicts"]:
        return [_all(exercise, answers, result["trouble"]) for exercise, answers in cases]
    return [{name: Verdict(*row) for name, row in rows.items()} for rows in result["verdicts"]]


def _all(exercise, answers, trouble):
    """Every answer inconclusive for the same reason."""
    return {
        q.id: Verdict(judge.INCONCLUSIVE, trouble, answers[q.id]) if q.id in answers else Verdict(judge.INCOMPLETE)
        for q in exercise.questions
    }
