"""The file of answers, answers/NN-name.toml: an alternative to typing them in gdb. Literals only."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rt0lab.words import in_a_row, tr

from ..failure import Failure
from ..tree import ROOT
from . import files, literals, state
from .forms import Exercise
from .literals import Answer
from .state import Progress
from .types import TYPES

MAX_BYTES = 1 << 16
_LINE = re.compile(r"\s*([a-z0-9-]+)\s*=\s*(\S.*?)\s*(?:\s#.*)?")


def location(exercise: Exercise, environment: Mapping[str, str] = os.environ) -> Path:
    """answers/NN-name.toml in the project, or beside the progress file if that is elsewhere."""
    home = state.location(environment).parent
    return (ROOT if home == ROOT / ".lab" else home) / "answers" / f"{exercise.folder.name}.toml"


def read(exercise: Exercise, path: Path) -> dict[str, Answer]:
    """{question id: parsed answer} of the file, {} without one; Failure says what is wrong with it."""
    table = _table(path)
    unknown = [key for key in table if exercise.question(key) is None]
    if unknown:
        known = in_a_row(q.id for q in exercise.questions)
        raise Failure(
            tr(
                "{path}: {id} has no question {unknown}; it has: {known}",
                path=path,
                id=exercise.id,
                unknown=literals.shown(unknown[0]),
                known=known,
            )
        )
    found = {}
    kinds = {question.id: TYPES[question.type] for question in exercise.questions}
    for key, value in table.items():
        try:
            found[key] = kinds[key].of_toml(value)
        except literals.BadLiteral as error:
            raise Failure(
                tr("{path}: {key}: {why} is no number, name or list of those", path=path, key=key, why=error)
            ) from None
    return found


def collected(exercise: Exercise, progress: Progress) -> dict[str, str]:
    """{question: answer as text}: what gdb judged right, noted or holds as a prediction, and over it the file of
    answers."""
    entry = state.look(progress, exercise.id)
    found = {q: p["value"] for q, p in entry["predicted"].items() if p["right"] is None}
    found |= entry["noted"] | entry["answers"]
    found |= {q: literals.written(value) for q, value in read(exercise, location(exercise)).items()}
    return {q.id: found[q.id] for q in exercise.questions if q.id in found}


def _table(path):
    text = files.text(path, MAX_BYTES)
    try:
        return {} if text is None else _parsed(text)
    except tomllib.TOMLDecodeError as error:
        raise Failure(tr("{path} is not TOML: {why}", path=path, why=literals.shown(str(error)))) from None
    except (ValueError, RecursionError):
        raise Failure(tr("{path} is not TOML that answers could be", path=path)) from None


def _parsed(text: str) -> dict[str, Any]:
    """TOML; or, if it is none, lines as they are typed after `lab answer`, where a name needs no quotes."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        found = [match for line in lines if (match := _LINE.fullmatch(line))]
        table = {match[1]: _value(match[2]) for match in found}
        if len(table) < len(lines):
            raise
        return table


def _value(text):
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
