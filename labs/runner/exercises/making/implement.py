"""Judges a function of the runtime that a learner wrote: built into copies of programs, watched by gdb, then run
alone."""

import functools
import json
import os
import re
import secrets
import subprocess
import tempfile
from pathlib import Path

from ...host import build, sandbox
from .. import judge
from .. import seed as seeds
from ..forms import Exercise
from ..judge import Verdict
from . import source, workshop

NO_BUILD = "no-build"  # reason: it does not compile
LINES = 14  # of what a compiler or a program says
_TO_RUN = sandbox.Limits(seconds=20, cpu=10)
_LOOSE = {"GOMAXPROCS": "1"}  # one P, so that what is seen does not depend on who was faster
_WHY = ("fatal error:", "panic:")  # how the runtime begins to say why it ends


def verdicts(exercise: Exercise, text: str, home: Path, seed: int) -> dict[str, Verdict]:
    """The verdict on every step, {question: Verdict}, of the learner's text."""
    (home / "build").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home / "build") as scratch:
        folder = Path(scratch)
        said = _built(exercise, text, folder, home, seed)
        if said:
            found = {question.id: Verdict(judge.INCOMPLETE, NO_BUILD) for question in exercise.questions}
            next(iter(found.values())).said = said
            return found
        steps, trouble = _watched(exercise, folder, seed)
        broken = _alone(_programs(exercise, seed), folder, seed)
        return {question.id: _step(question, steps, trouble, broken) for question in exercise.questions}


def program(exercise: Exercise, text: str, home: Path, seed: int) -> tuple[Path | None, str]:
    """(the learner's own program, what the compiler said if there is none), for whoever wants to look at it."""
    target = home / "build" / f"made-{exercise.id}" / exercise.program
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        said = _built(exercise, text, Path(scratch), home, seed, hidden=False)
        if said:
            return None, said
        os.replace(Path(scratch) / exercise.program, target)
    return target, ""


def _programs(exercise, seed):
    """The program that the learner knows, and those that the seed chose."""
    chosen = sorted(exercise.also, key=lambda name: seeds.derived(seed, f"hidden {name}"))[: exercise.hidden]
    return [exercise.program, *chosen]


def _built(exercise, text, folder, home, seed, hidden=True):
    """Makes the programs in a folder; what the compiler or the linker said if that cannot be done."""
    build.build("debug")
    file = folder / source.location(exercise).name
    file.write_text(text, "utf-8")
    made, said = workshop.compiled(file, source.location(exercise))
    if made is None:
        return _cut(said)
    for name in _programs(exercise, seed) if hidden else [exercise.program]:
        said = workshop.linked(name, made, exercise.replaces, home, seed)
        if said:
            return _cut(said)
    return ""


def _cut(said):
    """The first lines, as many as one wants to read."""
    return "\n".join(line for line in said.strip().splitlines()[:LINES])


# ---- watched, and alone ----------------------------------------------------------------------------------------------


def _watched(exercise, folder, seed):
    """({question: [verdict, misconception]} of what gdb saw in all runs, why gdb saw nothing if it did not)"""
    word = secrets.token_hex(16)
    runs = [[name, seeds.arguments(seed)] for name in _programs(exercise, seed)]
    job = folder / "job.json"
    job.write_text(json.dumps({"exercise": str(exercise.folder.absolute()), "word": word, "runs": runs}), "utf-8")
    loose = [piece for name, value in _LOOSE.items() for piece in ("-iex", f"set environment {name}={value}")]
    words = [*workshop.gdb(), *loose, "-ex", "python inside.watch('job.json')"]
    outcome = sandbox.run(words, [*workshop.gdb_files(), exercise.folder], folder, _TO_RUN)
    lines = [line.removeprefix(word) for line in outcome.output.splitlines() if line.startswith(word)]
    steps, trouble = {}, ""
    for result in map(json.loads, lines):
        trouble = trouble or result["trouble"]
        for name, step in result["steps"].items():
            if steps.get(name, [judge.PASS])[0] == judge.PASS:
                steps[name] = step
    if not lines and not outcome.ended:
        trouble = (outcome.output.strip().splitlines() or ["gdb said nothing"])[-1]
    return steps, trouble


def _alone(programs, folder, seed):
    """What the first program said that does not print its lines and exit with 0; None if all do."""
    for name in programs:
        words = ["env", *(f"{key}={value}" for key, value in _LOOSE.items()), f"./{name}", *seeds.arguments(seed)]
        outcome = sandbox.run(words, scratch=folder, limits=_TO_RUN)
        if outcome.ended or outcome.status or outcome.output != _healthy(name):
            return f"{_plain(outcome.output)}\n{name}: {outcome.how or 0}"
    return None


def _plain(said):
    """What a program said up to the first line that tells why it ended, the same in every run: where the system puts a
    thread's stack is left out."""
    lines = said[:2000].splitlines()
    last = next((number for number, line in enumerate(lines) if line.startswith(_WHY)), len(lines))
    return re.sub(r"0x7f[0-9a-f]{10}", "0x7f...", "\n".join(lines[: last + 1]))


@functools.cache
def _healthy(name):
    """What a program of ours prints."""
    return subprocess.run([build.executable(name)], capture_output=True, text=True, timeout=60).stdout


def _step(question, steps, trouble, broken):
    """The verdict on one step."""
    if not question.at:  # the program's own end
        return Verdict(judge.PASS) if broken is None else Verdict(judge.WRONG, said=_cut(broken))
    if question.id in steps:
        return Verdict(*steps[question.id])
    return Verdict(judge.INCONCLUSIVE, trouble) if trouble else Verdict(judge.INCOMPLETE)
