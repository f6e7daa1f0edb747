"""A question to the past, as typed after `rt0 when`: a field, or a field and what it has to become.

g4 -> waiting        became equal; `->` and `==` are the same, a g or p alone means its status
p0.runnext           every stop at which it changed
sched.npidle > 0     == != < <= > >=; `p0.runq has g4` for a queue
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from .. import program
from ..words import later, tr
from . import told

_QUESTION = re.compile(r"(?P<path>[^\s<>=!]+?)\s*(?:(?P<test>->|→|==|!=|<=|>=|=|<|>|\bhas\b)\s*(?P<wanted>\S.*))?")
_TESTS = {
    "==": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    "<": lambda value, wanted: value < wanted,
    "<=": lambda value, wanted: value <= wanted,
    ">": lambda value, wanted: value > wanted,
    ">=": lambda value, wanted: value >= wanted,
}
_USAGE = later(
    "ask for a field (`rt0 when p0.runnext`) or for what it became"
    " (`g4 -> waiting`, `sched.npidle > 0`, `p0.runq has g4`)."
)


class Question:
    """`path`, and `holds(value)`; without a test every change is an answer."""

    def __init__(self, text: str) -> None:
        found = _QUESTION.fullmatch(text.strip())
        if found is None:
            raise program.Problem(tr(_USAGE))
        self.path, self.test = found["path"], {"->": "==", "→": "==", "=": "=="}.get(found["test"], found["test"])
        self._wanted = None if self.test is None else _value(found["wanted"].strip())

    def holds(self, value: Any) -> bool:
        """Is the field's value what was asked for? Nothing holds for what is not there."""
        if value is told.MISSING:
            return False
        if self.test == "has":
            if not isinstance(value, list):
                raise program.Problem(tr("`has` asks a queue (`p0.runq has g4`), and {path} is none.", path=self.path))
            return self._wanted in [_value(item) for item in value]
        value = _value(value)
        try:
            return _TESTS[self.test](value, self._wanted)
        except TypeError:
            raise program.Problem(
                tr(
                    "{path} is {value} and cannot be {test} {wanted}: compare names with == or !=.",
                    path=self.path,
                    value=value,
                    test=self.test,
                    wanted=self._wanted,
                )
            ) from None


def _value(value):
    """A value as both sides write it: `nil` is 0, `_Gwaiting` is waiting, `&runtime.m0` is m0, `true` is 1, `0x10` is
    16."""
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, str):
        return value
    text = told.plain(value.strip('"'))
    named = {"nil": 0, "true": 1, "false": 0}.get(text)
    if named is not None:
        return named
    try:
        return int(text, 0)
    except ValueError:
        return re.sub(r"^_[GP](?=[a-z])", "", text)


def answers(question: Question, past: Iterable[Any]) -> list[tuple[Any, Any, Any]]:
    """[(moment, before, after)]: the stops at which the answer changed to yes; with no test, at which the value
    changed."""
    found, before, first, known = [], told.MISSING, True, False
    for moment in past:
        after = moment.value(question.path)
        known = known or after is not told.MISSING
        if question.test is None:
            happened = not first and after != before
        else:
            happened = question.holds(after) and (first or not question.holds(before))
        if happened:
            found.append((moment, before, after))
        before, first = after, False
    if not known:
        raise program.Problem(
            tr(
                "there is no {path} at any of these stops: `rt0 history` lists them, `rt0 back` shows one.",
                path=told.head_of(question.path)[0],
            )
        )
    return found
