"""The result of one submission: a verdict and points for each question, as data that is written and read again."""

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..exercises import files, judge
from ..exercises.forms import Exercise, Question
from ..exercises.judge import Verdict
from ..exercises.making import implement, source
from .course import Course, Policy

FORMAT = 1
VERDICTS = (judge.PASS, judge.WRONG, judge.INCOMPLETE, judge.INCONCLUSIVE)
MAX_BYTES = 4 << 20
MAX_SAID = 2000


@dataclass(frozen=True)
class Mark:
    """What one question came to."""

    exercise: str
    question: str
    what: str
    reason: str = ""
    answer: str = ""
    points: float = 0.0
    of: int = 0
    said: str = ""  # what a compiler said of the student's file


@dataclass(frozen=True)
class Result:
    """What one submission came to. `basis` is a hash of all that it follows from; `retried` are exercises that were
    judged twice, because the first time took too long; `sources` are hashes of the files of source in it."""

    key: str
    basis: str
    student: str
    name: str
    remarks: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    attempts: dict[str, int] = field(default_factory=dict)
    retried: list[str] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def points(self) -> float:
        """What the student gets."""
        return round(sum(mark.points for mark in self.marks), 2)

    @property
    def of(self) -> int:
        """What there is to get."""
        return sum(mark.of for mark in self.marks)


def counted(course: Course, exercises: list[Exercise]) -> list[Exercise]:
    """The exercises that count in a class, in their order."""
    chosen = course.policy.exercises
    return [e for e in exercises if e.questions and e.judged and (not chosen or e.id in chosen)]


def mark(exercise: Exercise, question: Question, verdict: Verdict, policy: Policy, hints: int = 0) -> Mark:
    """The points of one verdict: what is half right, less what the hints cost."""
    share = verdict.share if policy.partial or verdict.what == judge.PASS else 0.0
    price = policy.hints[min(hints, len(policy.hints)) - 1] if hints else 0.0
    points = round(question.points * share * (1 - price), 2)
    return Mark(
        exercise.id,
        question.id,
        verdict.what,
        verdict.reason,
        verdict.text or "",
        max(points, 0.0),
        question.points,
        _compiler(exercise, verdict),
    )


def _compiler(exercise, verdict):
    """What compiler and linker said, without the folders, which have other names every time; what a student's program
    says is not for a report."""
    if verdict.reason != implement.NO_BUILD:
        return ""
    name = re.escape(source.location(exercise).stem)
    return re.sub(rf"[^\s:'`‘]*/({name}\.\w+)", r"\1", verdict.said)[:MAX_SAID]


def basis(*parts: object) -> str:
    """A hash of all that something follows from."""
    return hashlib.sha256(repr((FORMAT, parts)).encode("utf-8", "surrogateescape")).hexdigest()


def write(folder: Path, result: Result) -> None:
    """Writes a result whole or not at all."""
    text = json.dumps(dataclasses.asdict(result), indent=1, sort_keys=True)
    files.whole(folder / f"{result.key}.json", text.encode())


def read(folder: Path, key: str, wanted: str) -> Result | None:
    """The result of this submission, if there is one and it has the basis wanted."""
    try:
        found: dict[str, Any] = json.loads(files.read(folder / f"{key}.json", MAX_BYTES))
        found["marks"] = [Mark(**row) for row in found["marks"]]
        result = Result(**found)
    except (OSError, files.NotPlain, ValueError, TypeError, KeyError, RecursionError):
        return None
    return result if result.basis == wanted and result.key == key else None
