"""Compares what a learner says with what was observed: pass, wrong (and which misconception), incomplete,
inconclusive."""

from dataclasses import dataclass, field
from typing import Protocol

from . import literals
from .forms import Question
from .literals import Answer

PASS, WRONG, INCOMPLETE, INCONCLUSIVE = "pass", "wrong", "incomplete", "inconclusive"


class Names(Protocol):
    """What names stand for in a program."""

    def addresses(self, name: str) -> set[int]:
        """Where the functions or variables are that this may mean."""

    def constants(self, name: str) -> set[int]:
        """The values of the constants that this may mean."""


@dataclass
class Seen:
    """What was observed for one question: the true value, and the value each misconception leads to."""

    truth: int | None = None
    misconceptions: dict = field(default_factory=dict)
    trouble: str = ""  # why nothing can be said, if so


@dataclass
class Verdict:
    """The outcome for one question; `reason` is a misconception's id (wrong) or why it is inconclusive."""

    what: str
    reason: str = ""
    text: str | None = None  # the answer that was judged
    share: float = 0.0  # of the question's points that it earns, for what is partly right

    def __post_init__(self) -> None:
        if self.what == PASS:
            self.share = 1.0


def judge(question: Question, given: Answer | None, seen: Seen | None, program: Names) -> Verdict:
    """The Verdict on a parsed answer."""
    if given is None:
        return Verdict(INCOMPLETE)
    if seen is None:
        return Verdict(INCONCLUSIVE, "not-reached")
    if seen.trouble:
        return Verdict(INCONCLUSIVE, seen.trouble)
    # `main` means main.main, say, not runtime.main
    said = next((m for m in question.misconceptions if given in m.names), None)
    numbers = _numbers(question, given, program)
    if seen.truth in numbers and not said:
        return Verdict(PASS)
    wrong = said or next((m for m in question.misconceptions if seen.misconceptions.get(m.id) in numbers), None)
    return Verdict(WRONG, wrong.id if wrong else "")


def fits(question: Question, given: Answer, program: Names) -> bool:
    """Could this value be an answer to the question at all? If not, the learner mistyped and no attempt was made."""
    if isinstance(given, list):
        return False
    named = any(given in wrong.names for wrong in question.misconceptions)
    return question.type == "symbol" or bool(_numbers(question, given, program)) or named


def _numbers(question, given, program):
    """The numbers the answer may mean."""
    if isinstance(given, list):
        return set()
    if not isinstance(given, literals.Name):
        return {given}
    if question.type == "goid" and given[0] == "g" and given[1:].isdecimal():
        return {int(given[1:])}
    return set(program.addresses(given) if question.type == "symbol" else program.constants(given))
