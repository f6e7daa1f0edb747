"""The list of changes, tests/runtime/decisions.toml: each undoes a decision of the runtime, and a test must notice."""

import tomllib
from pathlib import Path
from typing import NamedTuple

from rt0lab.words import tr

from ..failure import USAGE, Failure
from ..tree import ROOT

LIST = ROOT / "tests" / "runtime" / "decisions.toml"
RUNTIME = ROOT / "runtime"


class Change(NamedTuple):
    """What stands once in a file of runtime/, and what is put in its place."""

    name: str
    file: str
    old: str
    new: str
    reason: str = ""
    test: str = ""  # pytest's name of the one that notices


def load(path: Path = LIST) -> list[Change]:
    """All of the list, in its order."""
    try:
        return [Change(**entry) for entry in tomllib.loads(path.read_text("utf-8"))["decision"]]
    except (tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise Failure(f"{path.relative_to(ROOT)}: {error}") from None


def chosen(changes: list[Change], words: list[str]) -> list[Change]:
    """Those with one of these names, or in one of these files; all if there are no words."""
    for word in words:
        if not any(word in (change.name, change.file) for change in changes):
            raise Failure(tr("no decision and no file with decisions is called {name}", name=word), USAGE)
    return [change for change in changes if not words or {change.name, change.file} & set(words)]


def changed(change: Change) -> str:
    """The file's text with the change, or a Failure that says why it cannot be made."""
    try:
        text = (RUNTIME / change.file).read_text("utf-8")
    except OSError as error:
        raise Failure(f"runtime/{change.file}: {error.strerror}") from None
    times = text.count(change.old) if change.old else 0
    if times != 1:
        raise Failure(tr("its old text stands in runtime/{file} {n} times, not once", file=change.file, n=times))
    if change.old == change.new:
        raise Failure(tr("it changes nothing"))
    return text.replace(change.old, change.new)
