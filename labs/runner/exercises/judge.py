"""Compares what a learner says with what was observed: pass, wrong (and which misconception), incomplete,
inconclusive."""

import signal
from dataclasses import dataclass, field
from typing import Any

from rt0lab.words import tr

from . import literals, types
from .forms import Question
from .literals import Answer
from .types import Names, Truth

PASS, WRONG, INCOMPLETE, INCONCLUSIVE = "pass", "wrong", "incomplete", "inconclusive"


@dataclass
class Seen:
    """What was observed for one question: the truth, and the value each misconception leads to."""

    truth: Truth | None = None
    misconceptions: dict[str, Truth] = field(default_factory=dict)
    trouble: str = ""  # why nothing can be said, if so


@dataclass
class Verdict:
    """The outcome for one question; `reason` is a misconception's id (wrong) or why it is inconclusive; `share` of its
    points are earned."""

    what: str
    reason: str = ""
    text: str | None = None  # the answer that was judged
    share: float = 0.0  # of the question's points that it earns, for what is partly right
    detail: Any = None  # what a witness said of both programs, see witness.evidence
    said: str = ""  # to be shown with it: what a compiler or a program said about the learner's file

    def __post_init__(self) -> None:
        if self.what == PASS:
            self.share = 1.0


_SIGNALS = frozenset(signal.Signals.__members__)


def judge(question: Question, given: Answer | None, seen: Seen | None, program: Names) -> Verdict:
    """The Verdict on a parsed answer."""
    if given is None:
        return Verdict(INCOMPLETE)
    given = _meant(question, given)
    if seen is None or seen.truth is None and not seen.trouble:
        return Verdict(INCONCLUSIVE, tr("the program never came to the moment that this is about"))
    if seen.trouble or seen.truth is None:
        return Verdict(INCONCLUSIVE, seen.trouble)
    kind = types.TYPES[question.type]
    # `main` means main.main, say, not runtime.main
    said = next((m for m in question.misconceptions if kind.says(given, m)), None)
    if not said and kind.right(given, seen.truth, program):
        return Verdict(PASS)
    values = seen.misconceptions
    led = (m for m in question.misconceptions if m.id in values and kind.right(given, values[m.id], program))
    wrong = said or next(led, None)
    partly = types.share(question.type, question.partial, given, seen.truth)
    return Verdict(WRONG, wrong.id if wrong else "", share=partly)


def fits(question: Question, given: Answer, program: Names) -> bool:
    """Could this value be an answer to the question at all? If not, the learner mistyped and no attempt was made."""
    kind = types.TYPES[question.type]
    given = _meant(question, given)
    return kind.fits(given, question.options, program) or any(
        kind.says(given, m) for m in question.misconceptions if not m.before  # an order has all names, or is none
    )


def _meant(question: Question, given: Answer) -> Answer:
    """`runnable` and `Grunnable` are `_Grunnable` if `_G` is the question's prefix: our screens write all of them.
    Signals to choose from have several names, too, and who receives is one who waits in `chan receive`."""
    if question.type == "choice" and isinstance(given, list) and len(given) == 2 and given[0] == "chan":
        return given[1:]
    if isinstance(given, list) and not _SIGNALS.isdisjoint(question.options):
        return [_signal(one) for one in given]
    if not question.prefix or not isinstance(given, literals.Name):
        return given
    bare = given.removeprefix("runtime.").removeprefix("_")
    letters = question.prefix.removeprefix("_")
    return literals.Name(question.prefix + (bare.removeprefix(letters) if bare != letters else bare).lower())


def _signal(given):
    """`SIGURG` for its number, as gdb prints it, and for `urg`, as `kill -l` does; all else as it is."""
    bare = str(given).upper().removeprefix("SIG")
    names = (s.name for s in signal.Signals if given == s.value or s.name == "SIG" + bare)
    return literals.Name(next(names, given)) if isinstance(given, (str, int)) else given
