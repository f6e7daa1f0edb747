"""Judges what a learner wrote of the runtime, a function or a mended file: built into copies of programs, watched by
gdb, then run alone, and under schedules that a seed chooses."""

import functools
import os
import re
import subprocess
import tempfile
from pathlib import Path

from rt0lab.words import tr

from ...host import build, sandbox
from .. import judge
from .. import seed as seeds
from ..forms import Exercise
from ..judge import Verdict
from . import earlier, mended, source, workshop

NO_BUILD = "no-build"  # reason: it does not compile
LINES = 14  # of what a compiler or a program says
_TO_RUN = sandbox.Limits(seconds=20, cpu=10)
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
        found = {q.id: _step(q, steps, trouble) for q in exercise.questions if q.at}
        for question in exercise.questions:
            if question.tried:
                found[question.id] = _TRIED[question.tried](exercise, folder, seed, list(found.values()))
        mended.explain(exercise, text, seed, found)
        return {question.id: found[question.id] for question in exercise.questions}


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
    again = [earlier.PROGRAM] if any(question.tried == "earlier" for question in exercise.questions) else []
    return list(dict.fromkeys([exercise.program, *again, *chosen]))


def _built(exercise, text, folder, home, seed, hidden=True):
    """Makes the programs in a folder; what the compiler or the linker said if that cannot be done."""
    build.build("debug")
    file = folder / source.location(exercise).name
    file.write_text(text, "utf-8")
    made, said = workshop.compiled(file, source.location(exercise))
    if made is None:
        return _cut(said)
    function = exercise.replaces.partition(":")[2]
    if function and function not in workshop.defined(made):  # the runtime's own would be judged
        return tr("there is no function {name} in it", name=function.removeprefix("runtime."))
    instead = _instead(exercise, made, home)
    for name in _programs(exercise, seed) if hidden else [exercise.program]:
        said = workshop.linked(name, made, instead, seed)
        if said:
            return _cut(said)
    return ""


def _instead(exercise, made, home):
    """What is linked in place of the build's objects: {the build's: the one to take}."""
    if exercise.sources:
        return dict.fromkeys(map(workshop.object_of, exercise.sources))
    return workshop.yielding(exercise.replaces, home)


def _cut(said):
    """The first lines, as many as one wants to read."""
    return "\n".join(line for line in said.strip().splitlines()[:LINES])


# ---- watched, and alone ----------------------------------------------------------------------------------------------


def _watched(exercise, folder, seed):
    """({question: [verdict, misconception]} of what gdb saw in all runs, why gdb saw nothing if it did not)"""
    # What must hold at a moment of mended sources is said of one program alone.
    names = [exercise.program] if exercise.sources else _programs(exercise, seed)
    runs = [[name, seeds.arguments(seed)] for name in names]
    results, trouble, _ = workshop.watched(
        "watch", {"exercise": str(exercise.folder.absolute()), "runs": runs}, folder, [exercise.folder], _TO_RUN
    )
    steps: dict[str, list[str]] = {}
    for result in results:
        trouble = trouble or result["trouble"]
        for name, step in result["steps"].items():
            if steps.get(name, [judge.PASS])[0] == judge.PASS:
                steps[name] = step
    return steps, trouble


def _alone(exercise, folder, seed, before):
    """Does every program print its lines and exit with 0? If not, what the first said that does not."""
    for name in _programs(exercise, seed):
        variables = [f"{key}={value}" for key, value in workshop.LOOSE.items()]
        words = ["env", *variables, f"./{name}", *seeds.arguments(seed)]
        outcome = sandbox.run(words, scratch=folder, limits=_TO_RUN)
        if outcome.ended or outcome.status or outcome.output != _healthy(name):
            return Verdict(judge.WRONG, said=_cut(f"{_plain(outcome.output)}\n{name}: {outcome.how or 0}"))
    return Verdict(judge.PASS)


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


def _step(question, steps, trouble):
    """The verdict on a step that gdb watched."""
    if question.id in steps:
        return Verdict(*steps[question.id])
    return Verdict(judge.INCONCLUSIVE, trouble) if trouble else Verdict(judge.INCOMPLETE)


_TRIED = {"alone": _alone, "earlier": earlier.as_before, "schedules": mended.under_schedules}
