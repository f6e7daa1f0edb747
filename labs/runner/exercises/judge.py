"""Compares what a learner says with what was observed: pass, wrong (and which misconception), incomplete,
inconclusive."""

from dataclasses import dataclass, field

from . import literals

PASS, WRONG, INCOMPLETE, INCONCLUSIVE = "pass", "wrong", "incomplete", "inconclusive"


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


def judge(question, given, seen, program):
    """The Verdict on a parsed answer; `program` says what a name stands for: addresses(name), constants(name)."""
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


def fits(question, given, program):
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
