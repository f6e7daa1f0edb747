"""Judges answers without a terminal: runs the program once through all checkpoints and writes what came of it as
JSON."""

import json
from typing import Any

import gdb
from rt0lab.boot import stops
from rt0lab.program import Problem, alive, on_core, register, settings
from runner.exercises import forms, judge, literals, types
from runner.exercises.forms import Checkpoint, Exercise

from . import observe, stranger, untraced
from .bugs import Hunt


def run(job_file: str, result_file: str) -> None:
    """Reads the job: {"exercises": [folder...], "cases": [{"exercise", "answers": {question: text or {at, expr}}}],
    "commands": [[exercise, checkpoint, gdb command]...], "untraced": null, or where nothing may be traced a folder for
    cores, "arguments": the program's, "hunt": what bugs.Hunt holds}. Writes {"seen": {exercise: {question:
    {truth, ...}}}, "verdicts": [{question: [what, reason, answer, share, detail]}], "commands": [[exercise, checkpoint,
    command, error]], "witnessed": {exercise: {question: {witness: outcome}}}, "held": {exercise: {invariant: why not,
    or ""}}, "trouble"}."""
    with open(job_file, encoding="utf-8") as file:
        job = json.load(file)
    try:
        result = _judged(job)
    except (Problem, gdb.error) as problem:
        result = {"seen": {}, "verdicts": [], "commands": [], "witnessed": {}, "held": {}, "trouble": str(problem)}
    with open(result_file, "w", encoding="utf-8") as file:
        json.dump(result, file, sort_keys=True, default=sorted)  # a set becomes a list


def again(job_file: str) -> None:
    """Reads the job, {"exercises", "cases", "arguments"} as in `run`, "word", "program", and prints a line: the word
    and {"verdicts", "trouble"}."""
    job = stranger.job(job_file)
    nothing = {"commands": [], "untraced": None, "hunt": {}}
    try:
        stranger.take(job["program"], job["arguments"])
        result = _judged(job | nothing)
    except (Problem, gdb.error) as problem:
        result = {"verdicts": [], "trouble": str(problem)}
    stranger.tell(job["word"], {name: result[name] for name in ("verdicts", "trouble")})


def _judged(job):
    exercises = {exercise.id: exercise for exercise in map(forms.load, job["exercises"])}
    computed, broken = _Computed(job["cases"]), []
    left = {(e.id, c.name) for e in exercises.values() for c in e.checkpoints}

    def wanted(exercise, checkpoint):
        if (exercise.id, checkpoint.name) in left:  # the first time is the moment, as for the truth
            computed.note(observer, exercise, checkpoint)
            broken.extend(_tried(job["commands"], exercise.id, checkpoint.name))
            left.discard((exercise.id, checkpoint.name))
        return not left

    for name in exercises:
        broken.extend(_tried(job["commands"], name, ""))  # before the run
    observer = observe.Observer(exercises.values(), wanted, Hunt(**job["hunt"]))
    if left and job["untraced"] and not on_core():
        untraced.look(observer, job["arguments"], job["untraced"])
    elif left:
        _through(observer, left)
    program = observe.Program()
    verdicts = [
        _case(exercises[case["exercise"]], case["answers"], observer, program, computed) for case in job["cases"]
    ]
    seen = {}
    for (exercise, question), found in observer.seen.items():
        kind = types.TYPES[exercises[exercise].question(question).type]
        shown = "" if found.truth is None else kind.shown(found.truth, program)
        seen.setdefault(exercise, {})[question] = vars(found) | {"shown": shown}
    return {
        "seen": seen,
        "verdicts": verdicts,
        "commands": broken,
        "witnessed": observer.witnessed,
        "held": observer.held,
        "trouble": observer.trouble,
    }


def _through(observer, left):
    """Lets the program get to what is left, and ends it. On a core there is nothing to run."""
    if on_core():
        observer.arrived("core")
        return
    ended = stops.go("run")
    while alive() and left and observer.pending(register("rip") or 0):
        observer.visit(register("rip"))
        ended = stops.go("continue") if left else ended
    observer.arrived("event:" + {"exited": "exit"}.get(ended.what, ended.what))
    with settings.quiet():
        if alive():
            gdb.execute("kill", to_string=True)


def _tried(commands, exercise, checkpoint):
    """Those of an author's commands that fail at this checkpoint."""
    for name, at, command in commands:
        if (name, at) == (exercise, checkpoint):
            try:
                gdb.execute(command, to_string=True)
            except gdb.error as error:
                yield name, at, command, str(error)


def _case(exercise, answers, observer, program, computed):
    """{question: [verdict, reason, answer as text, share, detail]} of one set of answers."""
    found = {}
    for question in exercise.questions:
        text = computed.text(exercise, answers.get(question.id))
        given = None if text is None else _read(question, text)
        seen = observer.seen.get((exercise.id, question.id))
        verdict = judge.judge(question, given, seen, program)
        detail = observer.compared(exercise, question, given)
        found[question.id] = [verdict.what, verdict.reason, text, verdict.share, detail]
    return found


def _read(question, text):
    """The answer; None if the text is nothing of the question's type, which only a file that somebody changed has."""
    try:
        return types.TYPES[question.type].read(text)
    except literals.BadLiteral:
        return None


class _Computed:
    """Answers that an author wrote as what is to be computed ({at, expr}, {at, text}, {at, fact}), because they
    differ from learner to learner."""

    def __init__(self, cases):
        rows = [(case["exercise"], answer) for case in cases for answer in case["answers"].values()]
        self._wanted = {(name, answer["at"], *_form(answer)) for name, answer in rows if isinstance(answer, dict)}
        self._values = {}

    def note(self, observer: observe.Observer, exercise: Exercise, checkpoint: Checkpoint) -> None:
        """At a checkpoint: computes what is wanted there."""
        for name, at, form, source in self._wanted:
            if (name, at) == (exercise.id, checkpoint.name):
                value = observer.moment(exercise).truth(form, source)
                self._values[name, at, source] = ", ".join(sorted(value)) if isinstance(value, frozenset) else value

    def text(self, exercise: Exercise, answer: Any) -> str | None:
        """The answer as a learner would type it; None if there is none."""
        if not isinstance(answer, dict):
            return answer
        value = self._values.get((exercise.id, answer["at"], _form(answer)[1]))
        return None if value is None else str(value)


def _form(answer):
    """(form, source) of a computed answer."""
    return next((form, answer[form]) for form in ("text", "expr", "fact") if form in answer)
