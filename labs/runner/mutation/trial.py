"""One change: its own test, then the rest until one notices."""

import time
from typing import NamedTuple

from rt0lab.words import tr

from ..failure import Failure
from . import decisions, tests
from .copy import Copy, NotCompiled
from .decisions import Change
from .tests import Verdict


class Outcome(NamedTuple):
    """Who noticed a change: its own test, another one (what it said begins with its name), or nobody."""

    change: Change
    by_its_own: bool
    by: str  # nothing: nobody
    said: str
    seconds: float


def tried(change: Change, copy: Copy) -> Outcome:
    """Makes the change in the copy and runs tests over it."""
    began = time.monotonic()

    def outcome(by_its_own, by, said):
        return Outcome(change, by_its_own, by, said, time.monotonic() - began)

    try:
        own, verdict = tests.case(change.test), alone(change, copy)
        if verdict.noticed:
            return outcome(True, own or change.test, verdict.said)
        return outcome(False, *_rest(copy, own))
    except NotCompiled as why:
        return outcome(False, "", tr("does not compile: {why}", why=why))
    except Failure as why:
        return outcome(False, "", str(why))


def alone(change: Change, copy: Copy) -> Verdict:
    """Makes the change in the copy, and what its own test says of it."""
    copy.change(change.file, decisions.changed(change))
    if not change.test:
        return Verdict(False)
    own = tests.case(change.test)
    return tests.explored(copy, own) if own else tests.tested(copy, change.test)


def _rest(copy, but):
    """(who noticed of all tests but this case, what it said)."""
    for name in tests.cases(copy):
        if name != but:
            verdict = tests.explored(copy, name)
            if verdict.noticed:
                return name, verdict.said
    verdict = tests.tested(copy, tests.REST)
    return (tests.REST, verdict.said) if verdict.noticed else ("", tr("nobody noticed"))
