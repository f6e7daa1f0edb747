"""Proves the bug hunts: every bug is seen by an invariant that the healthy program keeps, its known place and witness
pass, and what proves nothing fails."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from . import ask
from .forms import Exercise

Case = tuple[Exercise, dict[str, Any], dict[str, tuple[str, str]]]  # an exercise, answers, what is expected of each
Compare = Callable[[list[Exercise], int, list[Case], dict[str, Any]], list[str]]


def problems(
    exercise: Exercise,
    cases: Callable[[Exercise, str], Iterable[Case]],
    commands: list[tuple[str, str, str]],
    compare: Compare,
) -> list[str]:
    """What is wrong with an exercise that has variants. `cases(exercise, variant)` are its tests for one of them,
    `compare` what differs in the verdicts."""
    found = []
    with tempfile.TemporaryDirectory() as home:
        for variant in exercise.variants:
            seed = _seed_of(exercise, variant)
            own = list(cases(exercise, variant.name))
            asked = [(e, answers) for e, answers, _ in own]
            result = ask.judged([exercise], asked, Path(home), seed, commands)
            found += [f"{variant.name}: {problem}" for problem in compare([exercise], seed, own, result)]
            if exercise.invariants and not any(result["held"].get(exercise.id, {}).values()):
                found.append(f"{variant.name}: no invariant fails")
        found += _healthy(exercise, Path(home))
    return [f"{exercise.folder.name}: {problem}" for problem in found]


def _seed_of(exercise, variant):
    """The first seed whose learner gets this variant."""
    return next(seed for seed in count(1) if exercise.patch(seed) == variant.patch)


def _healthy(exercise: Exercise, home: Path) -> Iterator[str]:
    """Invariants that the healthy program does not keep."""
    held = ask.run([exercise], [], home, 1, {}, healthy=True)["held"].get(exercise.id, {})
    for name, trouble in held.items():
        if trouble:
            yield f"the healthy program: {trouble}"
    for invariant in exercise.invariants:
        if invariant.at and invariant.id not in held:
            yield f"the healthy program never comes to {invariant.at}"
