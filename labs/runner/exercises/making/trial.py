"""What an author must prove of an exercise in which the learner writes a file: nothing written is incomplete, the
solution passes, and each wrong solution of tests.toml gets its own reply."""

import dataclasses
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from .. import judge
from ..forms import Exercise
from ..language import LANGUAGES
from . import door, source


def solution(exercise: Exercise) -> str:
    """A file that passes; where sources are to be mended, those without bugs."""
    if exercise.sources:
        return source.mended(exercise, LANGUAGES[0], [])
    return (exercise.folder / "solution").with_suffix(Path(exercise.stub).suffix).read_text("utf-8")


def missing(exercise: Exercise) -> Iterator[str]:
    """The replies that no wrong solution gets."""
    rows = exercise.tests().get("wrong", [])
    for question in exercise.questions:
        for reply in ["", *(m.id for m in question.misconceptions)]:
            if not any(row.get(question.id) == reply for row in rows):
                yield f"tests: no wrong solution gets {question.id} the reply {reply or 'look'!r}"


def problems(exercise: Exercise, seeds: Iterable[int]) -> list[str]:
    """What a trial shows that should be otherwise."""
    every = {question.id for question in exercise.questions}
    right = solution(exercise)
    quick = dataclasses.replace(exercise, hidden=0)  # what is wrong shows in one program
    trials: list[tuple[Exercise, int, str, dict[str, tuple[str, str]]]]
    for first in exercise.before().variants if exercise.sources else []:
        for second in exercise.variants:  # patches that do not fit together are a Failure
            source.mended(exercise, LANGUAGES[0], [first.patch, second.patch])
    stubs = [source.stub(exercise, name, 1) for name in LANGUAGES]
    trials = [(quick, 1, stub, dict.fromkeys(every, (judge.INCOMPLETE, ""))) for stub in stubs]
    trials += [(exercise, seed, right, dict.fromkeys(every, (judge.PASS, ""))) for seed in seeds]
    for number, row in enumerate(exercise.tests()["wrong"], 1):
        text = _with_bug(exercise, row["bug"]) if "bug" in row else right
        for old, new in row.get("change", []):
            if old not in text:
                return [f"{exercise.folder.name}: wrong solution {number}: there is no {old!r} to change"]
            text = text.replace(old, new)
        wanted = {name: (judge.WRONG, reply) for name, reply in row.items() if name not in ("change", "bug")}
        trials.append((quick, _seed(exercise, row, number), text, wanted))
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda trial: _differences(Path(home), *trial), trials)
        return [f"{exercise.folder.name}: {problem}" for one in found for problem in one]


def _with_bug(exercise, name):
    """The learner's file where this bug alone is left."""
    return source.mended(exercise, LANGUAGES[0], [_patch(exercise, name)])


def _seed(exercise, row, number):
    """The seed of a learner whose file began with the bug that is left."""
    if "bug" not in row:
        return number
    return next(seed for seed in count(1) if _patch(exercise, row["bug"]) in exercise.bugs(seed))


def _patch(exercise, name):
    known = [*exercise.variants, *exercise.before().variants]
    return next(variant.patch for variant in known if variant.name == name)


def _differences(home, exercise, seed, text, wanted):
    verdicts = door.verdicts([(exercise, {source.FILE: text})], home, seed)[0]
    return [
        f"{name}, seed {seed}: {got.what} {got.reason} instead of {what} {reason} {got.said}".rstrip()
        for name, (what, reason) in wanted.items()
        if ((got := verdicts[name]).what, got.reason) != (what, reason)
    ]
