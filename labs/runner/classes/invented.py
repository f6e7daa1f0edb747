"""A class of students who do not exist, and what they hand in: to measure the grading, and for its tests."""

import json
import random
from pathlib import Path
from typing import Any

from ..exercises.forms import Exercise
from ..exercises.making import trial
from . import course, identity, submission
from .course import Course
from .roster import Student


def make(folder: Path, exercises: list[Exercise], count: int) -> Course:
    """A class in folder/class; in folder/in what its students handed in, most of it right."""
    course.make(folder / "class", [Student(f"student{number:04}", f"学生 {number}") for number in range(count)])
    made = course.load(folder / "class")
    (folder / "in").mkdir(exist_ok=True)
    for student in made.students:
        text = json.dumps(handed_in(made, student.id, exercises, random.Random(student.id)))
        (folder / "in" / f"{student.id}.json").write_text(text, "utf-8")
    return made


def handed_in(made: Course, student: str, exercises: list[Exercise], chance: random.Random | None = None) -> Any:
    """One submission: right answers, some of them replaced by wrong ones if there is a chance."""
    works = {exercise.id: _work(exercise, chance) for exercise in exercises if exercise.questions}
    return {
        "format": submission.FORMAT,
        "student": student,
        "class": made.policy.name,
        "seed": made.seed(student),
        "made": "",
        "runtime": identity.runtime(),
        "versions": {"compiler": identity.compiler(), "gdb": "", "python": ""},
        "exercises": works,
    }


def _work(exercise, chance):
    tests = {} if exercise.written else exercise.tests()
    answers: dict[str, str] = {}
    for row in [tests.get("right", {}), *tests.get("also", [])]:
        answers = _same(exercise, row) | answers
    if chance and tests.get("wrong"):
        answers |= _same(exercise, chance.choice(tests["wrong"]))
    return {
        "form": identity.form(exercise),
        "answers": answers,
        "file": trial.solution(exercise) if exercise.written else "",
        "attempts": 1,
        "hints": {},
        "predicted": {},
        "first_pass": "",
    }


def _same(exercise, row):
    """The answers of a row of tests.toml that are the same for every seed."""
    return {name: text for name, text in exercise.typed(row).items() if isinstance(text, str)}
