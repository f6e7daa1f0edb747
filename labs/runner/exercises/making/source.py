"""The learner's file: answers/NN-id.cpp or .py, beside the file of answers. It begins as the exercise's stub, with the
sources of the learner's own broken runtime below it where those are to be mended."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from rt0lab import words
from rt0lab.words import tr

from ...failure import Failure
from .. import answers, files, patched
from ..forms import BadForm, Exercise
from ..language import LANGUAGES

FILE = "file"  # the key under which a case holds the text, beside the ids of questions
MAX_BYTES = 1 << 16


def location(exercise: Exercise, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the learner's file is."""
    return answers.location(exercise, environment).with_suffix(Path(exercise.stub).suffix)


def collected(exercise: Exercise) -> dict[str, str]:
    """{FILE: the learner's text}; {} for an exercise without such a file, or as long as there is none."""
    if not exercise.written:
        return {}
    text = files.text(location(exercise), MAX_BYTES)
    return {} if text is None else {FILE: text}


def begun(exercise: Exercise, text: str, seed: int) -> bool:
    """Is there more in it than what the file of the learner with this seed begins as?"""
    return all(text.split() != stub(exercise, language, seed).split() for language in LANGUAGES)


def stub(exercise: Exercise, language: str, seed: int) -> str:
    """What that file begins as: stub.cpp, stub.zh.cpp, and below it the sources that are to be mended."""
    return mended(exercise, language, exercise.bugs(seed))


def mended(exercise: Exercise, language: str, bugs: list[Path]) -> str:
    """The same with these bugs left in the sources."""
    path = exercise.folder / exercise.stub
    path = path if language == "en" else path.with_suffix(f".{language}{path.suffix}")
    try:
        head = path.read_text("utf-8")
    except OSError as error:
        raise BadForm(f"{path}: {error.strerror}") from None
    return "\n".join([head, *patched.sources(exercise.sources, bugs)]) if exercise.sources else head


def begin(exercise: Exercise, seed: int) -> bool:
    """Puts the stub where the learner's file is to be; False if there is something already."""
    path = location(exercise)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(stub(exercise, words.language(), seed))
    except FileExistsError:
        return False
    except OSError as error:
        raise Failure(tr("{path}: {why}", path=path, why=error.strerror)) from None
    return True


def mark(text: str) -> str:
    """What stands for this text among answers: a number that only this text has."""
    return "0x" + hashlib.sha256(text.encode()).hexdigest()[:15]
