"""One change: the tests that are named for it, then the rest, until one notices."""

import enum
import time
from collections.abc import Iterable
from typing import NamedTuple

from rt0lab.words import tr

from ..failure import Failure
from . import decisions, tests
from .copy import Copy, NotCompiled
from .decisions import Change
from .tests import Verdict


class End(enum.Enum):
    """How a trial ended."""

    NAMED = "a test that is named for it noticed"
    OTHER = "another test noticed"
    NOBODY = "nobody noticed"
    UNMADE = "it cannot be made, or does not compile"
    SAME = "the compiler makes the same of it"


class Outcome(NamedTuple):
    """Who noticed a change, what was said then, and how long it took."""

    change: Change
    end: End
    by: str
    said: str
    seconds: float


def tried(change: Change, named: Iterable[str], copy: Copy, unless_same: bool = False) -> Outcome:
    """Makes the change in the copy and runs tests over it, if it makes a difference."""
    began = time.monotonic()
    try:
        copy.change(change.file, decisions.changed(change))
        if unless_same and copy.same_code(tests.USUAL, tests.CORE, decisions.text(change.file)):
            end, by, said = End.SAME, "", tr("the compiler makes the same of it")
        else:
            end, by, said = _noticed(list(filter(None, named)), copy)
    except NotCompiled as why:
        end, by, said = End.UNMADE, "", tr("does not compile: {why}", why=why)
    except Failure as why:
        end, by, said = End.UNMADE, "", str(why)
    return Outcome(change, end, by, said, time.monotonic() - began)


def alone(change: Change, copy: Copy) -> Verdict:
    """Makes the change in the copy, and what its own test says of it."""
    copy.change(change.file, decisions.changed(change))
    return tests.said(copy, change.test)


def _noticed(named, copy):
    """(how it ended, who noticed, what it said)."""
    rest = [name for name in tests.all_of() if name not in named]
    for end, names in ((End.NAMED, named), (End.OTHER, rest)):
        for name in names:
            verdict = tests.said(copy, name)
            if verdict.noticed:
                return end, tests.short(name), verdict.said
    return End.NOBODY, "", tr("nobody noticed")
