"""Progress: one plain JSON file, written whole or not at all. What is in it and unknown here is kept."""

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..failure import FAILED, Failure
from ..host import locks
from ..tree import ROOT
from . import files, literals, witness
from . import seed as seeds
from .forms import Exercise, Question

Progress = dict[str, Any]  # what the file holds

SCHEMA = 1
MAX_BYTES = 1 << 20
MAX_DEPTH = 20
WAIT = 10  # seconds for another lab
_RECORD = {
    "status": str,
    "best": int,
    "attempts": int,
    "hints_used": dict,
    "predicted": dict,
    "first_pass": str,
    "answers": dict,
    "answers_sha": str,
}


class Damaged(Exception):
    """The progress file cannot be read as progress; the text says why."""


def location(environment: Mapping[str, str] = os.environ) -> Path:
    """The progress file: $RT0LAB_STATE, else .lab/state.json in the project."""
    named = environment.get("RT0LAB_STATE")
    return Path(os.path.abspath(named)) if named else ROOT / ".lab" / "state.json"


class Store:
    """The progress file of one learner; `say` is told in one line when something had to be done about it."""

    def __init__(self, path: str | Path, say: Callable[[str], None]) -> None:
        self.path, self._say = Path(path), say

    @property
    def home(self) -> Path:
        """The folder of the file; the learner's programs are built below it."""
        return self.path.parent

    def read(self) -> Progress:
        """The progress; a fresh one if there is none, or if there is one that makes no sense (that one is set
        aside)."""
        try:
            return _load(self.path)
        except FileNotFoundError:
            pass
        except Damaged as damage:
            self._set_aside(damage)
        except OSError as error:
            raise Failure(f"cannot read your progress, {self.path}: {error.strerror}", FAILED) from None
        return {"schema": SCHEMA, "seed": seeds.fresh(), "current": "", "exercises": {}}

    @contextlib.contextmanager
    def change(self) -> Iterator[Progress]:
        """Reads, lets the caller change, and saves; nobody else comes between. Failure leaves the file as it was."""
        with contextlib.ExitStack() as stack:
            try:
                self.home.mkdir(parents=True, exist_ok=True)
                stack.enter_context(locks.held(self.home / ".lock", "is changing your progress", self._say, WAIT))
            except OSError as error:
                raise _unsaved(self.path, error) from None
            state = self.read()
            yield state
            try:
                # in ASCII: a file may hold half a character
                text = json.dumps(state, indent=1, sort_keys=True) + "\n"
                # in place of what it links to, if it is a link
                files.whole(Path(os.path.realpath(self.path)), text.encode(), 0o600)
            except OSError as error:
                raise _unsaved(self.path, error) from None

    def aside(self, why: str) -> Path:
        """Copies the file beside itself, under a name that says why, and returns that; Failure if it cannot be."""
        place = self._beside(why)
        if place is None:
            raise Failure(f"there are too many copies of your progress, {self.path}; remove some of those")
        try:
            files.whole(place, files.read(self.path, MAX_BYTES), 0o600)
        except OSError as error:
            raise _unsaved(place, error) from None
        return place

    def _beside(self, why):
        """A name that nothing has yet; None if all are taken."""
        names = (self.path.with_name(f"{self.path.name}.{why}-{number}") for number in range(1, 1000))
        return next((name for name in names if not os.path.lexists(name)), None)

    def _set_aside(self, damage):
        aside = self._beside("damaged")
        if aside is None:
            raise Failure(
                f"your progress, {self.path}, is damaged ({damage}), and so were 999 before; remove some of those"
            )
        try:
            os.rename(self.path, aside)
        except FileNotFoundError:
            return  # somebody else has just done it
        except OSError as error:
            raise Failure(
                f"your progress, {self.path}, is damaged ({damage}); setting it aside: {error.strerror}"
            ) from None
        self._say(f"your progress file was damaged ({damage}); it is kept as {aside.name}, and a new one begins")


def record(state: Progress, name: str) -> dict[str, Any]:
    """The record of one exercise, made if there is none."""
    fresh = {
        "status": "open",
        "best": 0,
        "attempts": 0,
        "hints_used": {},
        "predicted": {},
        "first_pass": "",
        "answers": {},
        "answers_sha": "",
    }
    return state["exercises"].setdefault(name, fresh)


def look(state: Progress, name: str) -> dict[str, Any]:
    """The same for looking only: nothing is made."""
    return record({"exercises": dict(state["exercises"])}, name)


def note_answers(entry: dict[str, Any], given: Mapping[str, str], right: Iterable[Question]) -> None:
    """Counts the attempt and keeps the right answers; a wrong one takes nothing away. `given` is {question id: text}.

    No attempt is what was right before, said again, nor the same wrong answers once more.
    """
    said = {name: text for name, text in given.items() if entry["answers"].get(name) != text}
    sha = hashlib.sha256(repr(sorted(said.items())).encode()).hexdigest()
    if said and sha != entry["answers_sha"]:
        entry["attempts"] += 1
        entry["answers_sha"] = sha
    entry["answers"] |= {question.id: given[question.id] for question in right}


def note_score(entry: dict[str, Any], exercise: Exercise, right: list[Question]) -> None:
    """Keeps the best score, and the pass if nothing is open."""
    entry["best"] = max(entry["best"], sum(q.points for q in right))
    if len(right) == len(exercise.questions) and entry["status"] != "pass":
        entry["status"] = "pass"
        entry["first_pass"] = datetime.now(timezone.utc).isoformat(timespec="seconds")


def _load(path):
    """The file's content; Damaged if it is none of ours."""
    try:
        data = files.read(path, MAX_BYTES)
    except files.NotPlain as problem:
        if not path.is_file():  # somebody made it for another purpose, so it is not for us to move
            raise Failure(
                f"your progress, {path}, is {problem}: remove it, or name another place with RT0LAB_STATE"
            ) from None
        raise Damaged(f"it is {problem}") from None
    try:
        state = json.loads(data, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Damaged("it is not JSON") from None
    if _deeper(state, MAX_DEPTH):
        raise Damaged(f"it is nested more than {MAX_DEPTH} deep")
    return _checked(path, state)


def _finite(text):
    """A number, but none that JSON could not hold again."""
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _deeper(value, most):
    """Is this nested more than so deep? What is written must be less deep than Python's own stack."""
    level = [value]
    for _ in range(most):
        level = [
            inner
            for item in level
            if isinstance(item, (dict, list))
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
    return bool(level)


def _checked(path, state):
    if not isinstance(state, dict) or not _is(state.get("schema"), int):
        raise Damaged("it is no progress of this lab")
    if state["schema"] > SCHEMA:
        raise Failure(f"{path} was written by a newer lab (schema {state['schema']}); update this one")
    if not _is(state.get("seed"), int) or not 0 <= state["seed"] < 1 << 63 or not _is(state.get("current"), str):
        raise Damaged("its seed or its current exercise is wrong")
    exercises = state.get("exercises")
    if not isinstance(exercises, dict):
        raise Damaged("it has no exercises")
    for name, entry in exercises.items():
        if not isinstance(entry, dict) or any(not _is(entry.get(key, kind()), kind) for key, kind in _RECORD.items()):
            raise Damaged(f"its record of {name[:30]!r} is wrong")
        if not all(_is_answer(text) for text in entry.get("answers", {}).values()):
            raise Damaged(f"its answers to {name[:30]!r} are wrong")
        if not all(_is_prediction(value) for value in entry.get("predicted", {}).values()):
            raise Damaged(f"its predictions for {name[:30]!r} are wrong")
        if not all(_is(level, int) and 0 <= level < 100 for level in entry.get("hints_used", {}).values()):
            raise Damaged(f"its hints for {name[:30]!r} are wrong")
        for key, kind in _RECORD.items():
            entry.setdefault(key, kind())
    return state


def _is(value, kind):
    return isinstance(value, kind) and not (kind is int and (isinstance(value, bool) or abs(value) >= 1 << 63))


def _is_answer(text):
    return any(_reads(reader, text) for reader in (literals.parse, literals.placed, witness.parse))


def _reads(reader, text):
    try:
        reader(text)
    except (AttributeError, TypeError, literals.BadLiteral):
        return False
    return True


def _is_prediction(value):
    return isinstance(value, dict) and _is_answer(value.get("value")) and value.get("right") in (None, True, False)


def _unsaved(path, error):
    return Failure(f"cannot save your progress in {path}: {error.strerror}; what was saved before is untouched")
