"""What a learner's mended sources show beyond one run: whether they hold under schedules that a seed chooses, and what
whoever mended them thought."""

import re
from pathlib import Path

from rt0lab.words import tr

from ...host import sandbox
from .. import judge, patches
from .. import seed as seeds
from ..forms import Exercise
from ..judge import Verdict
from ..language import LANGUAGES
from . import source, workshop

_LIMITS = sandbox.Limits(seconds=120, cpu=60)
_SCHEDULES = 24  # that a mended scheduler has to hold under; a bug that one in four shows would pass ten too often
_FIRST = 1_000_000  # the number of the first is below this: one types it
_CHECK, _SLEEP = "throw_(", re.compile(r"\b(?:usleep_?|nanosleep_?|osyield|procyield|Gosched)\b")


def under_schedules(exercise: Exercise, folder: Path, seed: int, before: list[Verdict]) -> Verdict:
    """Does all that must hold do so at every stop of every schedule? If not, which shows it. What does not even hold
    without that is mended first."""
    if any(verdict.what != judge.PASS for verdict in before):
        return Verdict(judge.INCOMPLETE)
    first = seeds.derived(seed, "schedules") % _FIRST
    job = {
        "exercise": str(exercise.folder.absolute()),
        "program": exercise.program,
        "arguments": seeds.arguments(seed),
        "seeds": list(range(first, first + _SCHEDULES)),
    }
    rows, trouble, late = workshop.watched("schedule", job, folder, [exercise.folder], _LIMITS)
    wrong = next((row for row in rows if row["wrong"]), None)
    if wrong:
        said = tr("`lab sched {seed}`, stop {stops}, thread {thread} at {place}: {wrong}", **wrong)
        return Verdict(judge.WRONG, said=said)
    trouble = trouble or next((row["unknown"] for row in rows if row["unknown"]), "")
    if trouble or len(rows) < _SCHEDULES:
        return Verdict(judge.INCONCLUSIVE, trouble or late or tr("gdb ended before all schedules had run"))
    return Verdict(judge.PASS)


def explain(exercise: Exercise, text: str, seed: int, found: dict[str, Verdict]) -> None:
    """Gives what is wrong the reason that the text itself shows, where a step has a reply to it."""
    if not exercise.sources:
        return
    ideas = list(_ideas(text, source.stub(exercise, LANGUAGES[0], seed), exercise.bugs(seed)[-1]))
    for question in exercise.questions:
        known = {misconception.id for misconception in question.misconceptions}
        if found[question.id].what == judge.WRONG and not found[question.id].reason:
            found[question.id].reason = next((idea for idea in ideas if idea in known), "")


def _ideas(text, before, last):
    """What somebody thought who made this text of the one before, where `last` is the patch of the bug that only
    schedules show."""
    if text.count(_CHECK) < before.count(_CHECK):
        yield "alarm-is-the-bug"
    if len(_SLEEP.findall(text)) > len(_SLEEP.findall(before)):
        yield "a-sleep-mends-it"
    if all(_bare(block) in _bare(text) for block in patches.blocks(last)):
        yield "it-works-so-it-is-right"


def _bare(text):
    """Lines without what stands around them."""
    return "\n".join(line.strip() for line in text.strip().splitlines())
