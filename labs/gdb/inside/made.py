"""Watches programs that hold a function of the learner's, and says of each step what did not hold, or that all did.

An exercise of this kind has checkpoints that are reached many times. At each, what they keep is computed, then every
question's truth, which is a condition here, and where it does not hold, the misconceptions' conditions. Beside
`$CHECKPOINT_NAME` there is `$last_CHECKPOINT_NAME`: what was kept there the time before, 0 the first time.

A moment at which a question's `when` does not hold says nothing of it. Whether another comes can depend on how fast the
machine is, so that a question of which no run said anything is looked at again.
"""

from __future__ import annotations

import gdb
from rt0lab.boot import stops
from rt0lab.program import Problem, alive, settings
from runner.exercises import forms, judge
from runner.exercises.forms import Checkpoint, Exercise

from . import observe, stranger

ENOUGH = 40  # arrivals at one checkpoint in one run
_MORE = 8  # runs of the first program, at most, for what none showed


def run(job_file: str) -> None:
    """Reads the job, {"exercise": folder, "word", "runs": [[program, [argument...]]...]}, and prints a line for each
    run: the word, and {"steps": {question: [verdict, misconception]}, "trouble": text, "ended": did the program end by
    itself?}."""
    job = stranger.job(job_file)
    exercise = forms.load(job["exercise"])
    told = set()
    for program, arguments in job["runs"]:
        result = _ran(exercise, program, arguments)
        stranger.tell(job["word"], result)
        told.update(result["steps"])
    more = [job["runs"][0]] * _MORE
    while more and result["ended"] and any(q.when and q.id not in told for q in exercise.questions):
        result = _ran(exercise, *more.pop())
        stranger.tell(job["word"], result)
        told.update(result["steps"])


def _ran(exercise, program, arguments):
    """What came of one run."""
    try:
        stranger.take(program, arguments)
        watched = _Watched(exercise)
        try:
            stops.go("run")
            while alive() and watched.tired():
                stops.go("continue")
        finally:
            watched.close()
        ended = not alive()
        with settings.quiet():
            if not ended:
                gdb.execute("kill", to_string=True)
    except (Problem, gdb.error) as problem:
        return {"steps": {}, "trouble": str(problem), "ended": False}
    return {"steps": watched.steps, "trouble": watched.trouble, "ended": ended}


class _Moment(stops.Point):
    """A checkpoint that is reached many times, and never stops."""

    def __init__(self, watched: _Watched, checkpoint: Checkpoint, address: int) -> None:
        super().__init__(address)
        self.watched, self.checkpoint, self.left = watched, checkpoint, ENOUGH

    def stop(self) -> bool:
        """gdb asks whether to stop here: where enough was seen, so that this can be taken away."""
        try:
            self.left -= 1
            self.watched.arrived(self.checkpoint)
            return self.left <= 0
        except (gdb.error, Problem, KeyboardInterrupt) as error:
            self.watched.trouble = str(error) or "interrupted"
            return True


class _Watched:
    """One run: what was kept, and how each step stands."""

    def __init__(self, exercise: Exercise) -> None:
        self._exercise, self.trouble = exercise, ""
        self.steps: dict[str, list[str]] = {}
        for checkpoint in exercise.checkpoints:
            for name in checkpoint.keep:
                gdb.set_convenience_variable(f"{checkpoint.name}_{name}", 0)
        places = observe.places(exercise)
        self._moments = [_Moment(self, checkpoint, places[checkpoint.name]) for checkpoint in exercise.checkpoints]

    def close(self) -> None:
        """Takes the breakpoints away."""
        for moment in self._moments:
            if moment.is_valid():
                moment.delete()

    def tired(self) -> bool:
        """Takes away those breakpoints that have seen enough: was it one of them that stopped, and is there another?"""
        enough = [moment for moment in self._moments if moment.is_valid() and moment.left <= 0]
        for moment in enough:
            moment.delete()
        return bool(enough) and not self.trouble and any(moment.is_valid() for moment in self._moments)

    def arrived(self, checkpoint: Checkpoint) -> None:
        """Keeps, and judges, what is to be kept and judged here."""
        gdb.newest_frame().select()
        with settings.off("may-call-functions"):
            for name, expr in checkpoint.keep.items():
                key = f"{checkpoint.name}_{name}"
                gdb.set_convenience_variable(f"last_{key}", gdb.convenience_variable(key))
                gdb.set_convenience_variable(key, _value(expr))
            for question in self._exercise.questions:
                here = question.at == checkpoint.name and (not question.when or _value(question.when))
                if here and self.steps.get(question.id, [judge.PASS])[0] == judge.PASS:
                    self.steps[question.id] = _judged(question)


def _judged(question):
    if _value(question.source):
        return [judge.PASS, ""]
    return [judge.WRONG, next((m.id for m in question.misconceptions if m.expr and _value(m.expr)), "")]


def _value(expr):
    """An author's expression, 0 where it reads what is not there: learners' pointers may lead anywhere."""
    try:
        return int(gdb.parse_and_eval(expr))
    except gdb.MemoryError:
        return 0
