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

from rt0lab.words import later, tr

from ..failure import FAILED, Failure
from ..host import locks
from ..tree import ROOT, writable
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
    "noted": dict,
    "wrong": dict,
    "reached": list,
}


class Damaged(Exception):
    """The progress file cannot be read as progress; the text says why."""


def location(environment: Mapping[str, str] = os.environ) -> Path:
    """The progress file: $RT0LAB_STATE, else .lab/state.json in the project, or where programs keep such things for a
    user if the project cannot be written to."""
    named = environment.get("RT0LAB_STATE")
    if named:
        return Path(os.path.abspath(named))
    if writable():
        return ROOT / ".lab" / "state.json"
    kept = environment.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(os.path.abspath(kept)) / "rt0lab" / "state.json"


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
            raise Failure(
                tr("cannot read your progress, {path}: {why}", path=self.path, why=error.strerror), FAILED
            ) from None
        return {"schema": SCHEMA, "seed": seeds.fresh(), "current": "", "exercises": {}}

    @contextlib.contextmanager
    def change(self) -> Iterator[Progress]:
        """Reads, lets the caller change, and saves; nobody else comes between. Failure leaves the file as it was."""
        with contextlib.ExitStack() as stack:
            try:
                self.home.mkdir(parents=True, exist_ok=True)
                stack.enter_context(
                    locks.held(self.home / ".lock", later("is changing your progress"), self._say, WAIT)
                )
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
            raise Failure(
                tr("there are too many copies of your progress, {path}; remove some of those", path=self.path)
            )
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
                tr(
                    "your progress, {path}, is damaged ({why}), and so were 999 before; remove some of those",
                    path=self.path,
                    why=damage,
                )
            )
        try:
            os.rename(self.path, aside)
        except FileNotFoundError:
            return  # somebody else has just done it
        except OSError as error:
            raise Failure(
                tr(
                    "your progress, {path}, is damaged ({why}); setting it aside: {why2}",
                    path=self.path,
                    why=damage,
                    why2=error.strerror,
                )
            ) from None
        self._say(
            tr(
                "your progress file was damaged ({why}); it is kept as {name}, and a new one begins",
                why=damage,
                name=aside.name,
            )
        )


def record(state: Progress, name: str) -> dict[str, Any]:
    """The record of one exercise, made if there is none."""
    fresh = {key: kind() for key, kind in _RECORD.items()} | {"status": "open"}
    return state["exercises"].setdefault(name, fresh)


def look(state: Progress, name: str) -> dict[str, Any]:
    """The same for looking only: nothing is made."""
    return record({"exercises": dict(state["exercises"])}, name)


def note_answers(
    entry: dict[str, Any], given: Mapping[str, str], right: Iterable[Question], wrong: Iterable[Question] = ()
) -> None:
    """Counts the attempt and keeps the right answers; a wrong one takes nothing away. `given` is {question id: text}.
    Of a question that has no right one yet it keeps the last wrong one.

    No attempt is what was right before, said again, nor the same wrong answers once more.
    """
    said = {name: text for name, text in given.items() if entry["answers"].get(name) != text}
    sha = hashlib.sha256(repr(sorted(said.items())).encode()).hexdigest()
    if said and sha != entry["answers_sha"]:
        entry["attempts"] += 1
        entry["answers_sha"] = sha
    entry["answers"] |= {question.id: given[question.id] for question in right}
    entry["wrong"] |= {question.id: given[question.id] for question in wrong}
    entry["wrong"] = {name: text for name, text in entry["wrong"].items() if name not in entry["answers"]}
    entry["noted"] = {name: text for name, text in entry["noted"].items() if name not in given}


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
                tr(
                    "your progress, {path}, is {problem}: remove it, or name another place with RT0LAB_STATE",
                    path=path,
                    problem=problem,
                )
            ) from None
        raise Damaged(tr("it is {problem}", problem=problem)) from None
    try:
        state = json.loads(data, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError):
        raise Damaged(tr("it is not JSON")) from None
    if _deeper(state, MAX_DEPTH):
        raise Damaged(tr("it is nested more than {max_depth} deep", max_depth=MAX_DEPTH))
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
        raise Damaged(tr("it is no progress of this lab"))
    if state["schema"] > SCHEMA:
        raise Failure(
            tr("{path} was written by a newer lab (schema {state}); update this one", path=path, state=state["schema"])
        )
    if not _is(state.get("seed"), int) or not 0 <= state["seed"] < 1 << 63 or not _is(state.get("current"), str):
        raise Damaged(tr("its seed or its current exercise is wrong"))
    exercises = state.get("exercises")
    if not isinstance(exercises, dict):
        raise Damaged(tr("it has no exercises"))
    for name, entry in exercises.items():
        if not isinstance(entry, dict) or any(not _is(entry.get(key, kind()), kind) for key, kind in _RECORD.items()):
            raise Damaged(tr("its record of {name} is wrong", name=repr(name[:30])))
        if not all(_is_answer(text) for kept in ("answers", "noted", "wrong") for text in entry.get(kept, {}).values()):
            raise Damaged(tr("its answers to {name} are wrong", name=repr(name[:30])))
        if not all(_is_prediction(value) for value in entry.get("predicted", {}).values()):
            raise Damaged(tr("its predictions for {name} are wrong", name=repr(name[:30])))
        if not all(_is(level, int) and 0 <= level < 100 for level in entry.get("hints_used", {}).values()):
            raise Damaged(tr("its hints for {name} are wrong", name=repr(name[:30])))
        if not all(_is(goal, str) for goal in entry.get("reached", [])):
            raise Damaged(tr("its record of {name} is wrong", name=repr(name[:30])))
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
    return Failure(
        tr(
            "cannot save your progress in {path}: {why}; what was saved before is untouched",
            path=path,
            why=error.strerror,
        )
    )
