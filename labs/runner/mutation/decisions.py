"""The list of changes, tests/runtime/decisions.toml: each undoes a decision of the runtime, and a test must notice."""

import tomllib
from typing import NamedTuple

from rt0lab.words import tr

from ..failure import USAGE, Failure
from ..tree import ROOT

LIST = ROOT / "tests" / "runtime" / "decisions.toml"
EXPLAINED = ROOT / "tests" / "runtime" / "explained.toml"  # changes that nothing can notice, and why
RUNTIME = ROOT / "runtime"


class Change(NamedTuple):
    """What stands once in a file of runtime/, and what is put in its place."""

    name: str
    file: str
    old: str
    new: str
    reason: str = ""
    test: str = ""  # pytest's name of the one that notices


def load() -> list[Change]:
    """All of the list, in its order."""
    try:
        return [Change(**entry) for entry in tomllib.loads(LIST.read_text("utf-8"))["decision"]]
    except (tomllib.TOMLDecodeError, TypeError, KeyError) as error:
        raise Failure(f"{LIST.name}: {error}") from None


def explained() -> set[tuple[str, str]]:
    """(file, its text then) of each change that nothing can notice."""
    entries = tomllib.loads(EXPLAINED.read_text("utf-8")).get("explained", [])
    return {(e["file"], changed(Change(e["why"], e["file"], e["old"], e["new"]))) for e in entries}


def chosen(changes: list[Change], words: list[str]) -> list[Change]:
    """Those with one of these names, or in one of these files; all if there are no words."""
    for word in words:
        if not any(word in (change.name, change.file) for change in changes):
            raise Failure(tr("no decision and no file with decisions is called {name}", name=word), USAGE)
    return [change for change in changes if not words or {change.name, change.file} & set(words)]


def text(file: str) -> str:
    """What a file of runtime/ says."""
    try:
        return (RUNTIME / file).read_text("utf-8")
    except OSError as error:
        raise Failure(f"runtime/{file}: {error.strerror}") from None


def changed(change: Change) -> str:
    """The file's text with the change, or a Failure that says why it cannot be made."""
    before = text(change.file)
    times = before.count(change.old) if change.old else 0
    if times != 1:
        raise Failure(tr("its old text stands in runtime/{file} {n} times, not once", file=change.file, n=times))
    if change.old == change.new:
        raise Failure(tr("it changes nothing"))
    return before.replace(change.old, change.new)
