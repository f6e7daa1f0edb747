"""What a student hands in, one JSON file: made from their progress here, and read there from a file that may be
anything."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from rt0lab.words import tr

from ..exercises import answers, files, state
from ..exercises.forms import Exercise
from ..exercises.making import source
from ..exercises.state import Progress
from ..host import permits
from . import identity

FORMAT = 1
MAX_BYTES = 1 << 20
MAX_TEXT = 400  # of one answer
MAX_ITEMS = 200  # exercises, or questions of one
_CLASS = "class"  # in the file of progress


class Malformed(Exception):
    """This is no submission; the text says why, in a few words of ours."""


@dataclass(frozen=True)
class Work:
    """What a student has done at one exercise, as they say it."""

    answers: dict[str, str] = field(default_factory=dict)
    file: str = ""
    form: str = ""
    attempts: int = 0
    hints: dict[str, int] = field(default_factory=dict)
    predicted: dict[str, str] = field(default_factory=dict)
    first_pass: str = ""


@dataclass(frozen=True)
class Submission:
    """One file that was handed in; nothing in it is believed but the answers, and those are judged."""

    student: str
    seed: int
    runtime: str
    compiler: str
    exercises: dict[str, Work]


# ---- made ------------------------------------------------------------------------------------------------------------


def joined(progress: Progress) -> tuple[str, str]:
    """(class, student) that a learner has joined as; empty if none."""
    found = progress.get(_CLASS)
    if not isinstance(found, dict):
        return "", ""
    course, student = found.get("name"), found.get("student")
    return (course, student) if isinstance(course, str) and isinstance(student, str) else ("", "")


def join(progress: Progress, course: str, student: str, seed: int) -> None:
    """Gives a learner the class's seed; what was done with another one was done to other programs, and goes."""
    if progress["seed"] != seed:
        progress["exercises"] = {}
    progress["seed"] = seed
    progress[_CLASS] = {"name": course, "student": student}


def made(exercises: list[Exercise], progress: Progress, student: str) -> dict[str, Any]:
    """The content of the file to hand in."""
    course, _ = joined(progress)
    gdb, python = permits.ask_gdb(permits.find_gdb())
    return {
        "format": FORMAT,
        "student": student,
        "class": course,
        "seed": progress["seed"],
        "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "runtime": identity.runtime(),
        "versions": {"compiler": identity.compiler(), "gdb": gdb or "", "python": python or ""},
        "exercises": {exercise.id: _work(exercise, progress) for exercise in exercises if exercise.questions},
    }


def _work(exercise, progress):
    entry = state.look(progress, exercise.id)
    return {
        "form": identity.form(exercise),
        "answers": {} if exercise.written else answers.collected(exercise, progress),
        "file": source.collected(exercise).get(source.FILE, ""),
        "attempts": entry["attempts"],
        "hints": entry["hints_used"],
        "predicted": {name: guess["value"] for name, guess in entry["predicted"].items()},
        "first_pass": entry["first_pass"],
    }


# ---- read ------------------------------------------------------------------------------------------------------------


def content(path: Path) -> str:
    """A hash of the bytes in a file; Malformed if it cannot be a submission."""
    return hashlib.sha256(_bytes(path)).hexdigest()


def _bytes(path):
    try:
        return files.read(path, MAX_BYTES)
    except OSError:
        raise Malformed(tr("it cannot be read")) from None
    except files.NotPlain as problem:
        raise Malformed(tr("it is {problem}", problem=problem)) from None


def read(path: Path) -> Submission:
    """The submission in a file; Malformed if it is none."""
    data = _bytes(path)
    try:
        found = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_refused)
    except UnicodeDecodeError:
        raise Malformed(tr("it is not UTF-8 text")) from None
    except (ValueError, RecursionError):
        raise Malformed(tr("it is not JSON, or says a thing twice")) from None
    if not isinstance(found, dict) or found.get("format") != FORMAT or found.get("format") is True:
        raise Malformed(tr("it is no file of `./lab export` in format {format}", format=FORMAT))
    works = _of(found, "exercises", _is_table)
    versions = _of(found, "versions", _is_table)
    return Submission(
        _of(found, "student", _is_text),
        _of(found, "seed", _is_seed),
        _of(found, "runtime", _is_text),
        _of(versions, "compiler", _is_text),
        {name: _read_work(name, work) for name, work in works.items()},
    )


def _read_work(name, work):
    if not _is_text(name) or not isinstance(work, dict):
        raise Malformed(tr("what it says of an exercise is no table"))
    return Work(
        _of(work, "answers", lambda value: _is_table(value) and all(map(_is_text, [*value, *value.values()]))),
        _of(
            work,
            "file",
            lambda value: isinstance(value, str) and len(value) <= source.MAX_BYTES and _is_encodable(value),
        ),
        _of(work, "form", _is_text),
        _of(work, "attempts", _is_count),
        _of(work, "hints", lambda value: _is_table(value) and all(map(_is_count, value.values()))),
        _of(work, "predicted", lambda value: _is_table(value) and all(map(_is_text, value.values()))),
        _of(work, "first_pass", _is_text),
    )


def _of(table: dict[str, Any], key: str, fits: Callable[[Any], bool]) -> Any:
    if key not in table or not fits(table[key]):
        raise Malformed(tr("its {key} is missing or is not what it can be", key=key))
    return table[key]


def _is_text(value):
    return isinstance(value, str) and len(value) <= MAX_TEXT and _is_encodable(value)


def _is_encodable(value):
    """No half characters, which no file could hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31


def _is_seed(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def _is_table(value):
    return isinstance(value, dict) and len(value) <= MAX_ITEMS


def _once(pairs):
    """A table, if no key stands in it twice: readers of JSON differ in which one they believe."""
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key stands there twice")
    return table


def _refused(text):
    raise ValueError(text)
