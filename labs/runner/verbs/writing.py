"""What the verbs of the exercises do where the learner writes a file: put it there, open gdb on what became
of it."""

import os

from rt0lab.words import screen

from ..exercises import ask, variant
from ..exercises.forms import Exercise
from ..exercises.guide import Guide, answered, tried
from ..exercises.judge import Verdict
from ..exercises.making import implement, source
from ..failure import FAILED, Failure


def begun(this: Guide, exercise: Exercise, seed: int) -> list[str]:
    """gdb's command line on what the learner has written; [] if that has not begun, and then where to begin is said."""
    source.begin(exercise, seed)
    text = source.collected(exercise)[source.FILE]
    file = os.path.relpath(source.location(exercise))
    if not exercise.sources and not source.begun(exercise, text, seed):
        known = this.store.read()
        print(*this.task(exercise, answered(known, exercise), tried(known, exercise)), sep="\n")
        print(*screen.wrap(this.say(f"write-{exercise.kind}", file=file), "   "), sep="\n")
        return []
    words = ask.command(exercise, this.store.home, seed, batch=False)
    if exercise.kind != "implement":
        return [*words, "-x", str(source.location(exercise))]
    made, said = implement.program(exercise, text, this.store.home, seed)
    if made is None:
        print(said)
        raise Failure(this.say("no-build-of", file=file), FAILED)
    healthy = str(variant.program(exercise.program, this.store.home, seed))
    return [str(made) if word == healthy else word for word in words]


def quoted(verdict: Verdict) -> list[str]:
    """What a compiler or a program said, to stand below the verdict; of steps that none of it can concern, nothing."""
    return [row for line in verdict.said.splitlines() for row in _below(line)]


def _below(line):
    """What points into a line of source stays as it is; what is too long for that is broken."""
    row = f"      | {line}"
    return [row] if screen.width(row) <= screen.WIDTH else screen.wrap(line, "      | ")
