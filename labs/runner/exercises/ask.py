"""Lets gdb judge answers without a terminal: one gdb, one run of the learner's program, JSON in and out."""

import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rt0lab.words import later, tr

from ..failure import Failure
from ..host import debugger, pace, permits
from ..host.target import examine
from ..tree import LAB_SCRIPT
from . import seed as seeds
from . import golang, patches, variant
from .forms import Exercise

LATE = later("no verdict within")  # how the reason of what took too long begins


def command(
    exercise: Exercise, home: Path, seed: int, *, batch: bool, traced: bool = True, healthy: bool = False
) -> list[str]:
    """gdb's command line on the learner's program (below `home`), with the exercises' side loaded; `healthy`: on the
    same without the exercise's bug."""
    if exercise.go:
        return golang.command(exercise, home, seed, batch=batch)
    arguments = " ".join(seeds.arguments(seed))
    path = variant.program(exercise.program, home, seed, None if healthy else exercise.patch(seed))
    words = debugger.command(examine(path).path, batch=batch, traced=traced)
    if sources := variant.listing(path):
        words += ["-d", str(sources)]
    for name, value in exercise.env.items():
        words += ["-ex", f"set environment {name}={value}"]
    return [*words, "-ex", f"set args {arguments}", "-x", str(LAB_SCRIPT)]


def judged(
    exercises: Sequence[Exercise],
    cases: Iterable[tuple[Exercise, dict[str, Any]]],
    home: Path,
    seed: int,
    commands: Iterable[tuple[str, str, str]] = (),
) -> dict[str, Any]:
    """What gdb says about these cases ([(exercise, answers)]), as labs/gdb/inside/batch.py describes it. A witness is
    judged by the healthy program, too, in a run of its own before."""
    cases, patch = list(cases), exercises[0].patch(seed)
    hunt: dict[str, Any] = {"witnesses": _witnesses(cases)}
    if patch:
        hunt["changed"] = patches.changed_lines(patch)
    if patch and hunt["witnesses"]:
        healthy = run(exercises, [], home, seed, hunt, healthy=True)
        if healthy["trouble"]:
            return healthy
        hunt["beside"] = healthy["witnessed"]
    return run(exercises, cases, home, seed, hunt, commands)


def _witnesses(cases):
    """{exercise: {question: texts}} of the answers that are witnesses."""
    found: dict[str, dict[str, list[str]]] = {}
    for exercise, answers in cases:
        for question in exercise.questions:
            if question.type == "witness" and isinstance(answers.get(question.id), str):
                found.setdefault(exercise.id, {}).setdefault(question.id, []).append(answers[question.id])
    return found


def run(
    exercises: Sequence[Exercise],
    cases: Iterable[tuple[Exercise, dict[str, Any]]],
    home: Path,
    seed: int,
    hunt: dict[str, Any],
    commands: Iterable[tuple[str, str, str]] = (),
    healthy: bool = False,
) -> dict[str, Any]:
    """The same of one run of one program; `hunt` is what labs/gdb/inside/bugs.Hunt holds."""
    traced = permits.ptrace_permitted()
    try:
        begin = command(exercises[0], home, seed, batch=True, traced=traced, healthy=healthy)
    except Failure as problem:
        if not exercises[0].go:
            raise
        return _nothing(str(problem))  # no Go here, or it must be traced and may not
    job = {
        "exercises": [str(exercise.folder) for exercise in exercises],
        "cases": [{"exercise": exercise.id, "answers": answers} for exercise, answers in cases],
        "commands": list(commands),
        "arguments": seeds.arguments(seed),
        "hunt": hunt,
    }
    with tempfile.TemporaryDirectory() as folder:
        job["untraced"] = None if traced else folder
        asked, answered, said = Path(folder, "job.json"), Path(folder, "result.json"), Path(folder, "said.txt")
        asked.write_text(json.dumps(job), "utf-8")
        judge = f"python inside.judge({str(asked)!r}, {str(answered)!r})"
        limit = pace.Limit(max(exercise.timeout for exercise in exercises))
        with said.open("w+") as output:
            status = debugger.unattended([*begin, "-ex", judge], output, limit=limit)
        if status is None:
            return _nothing(f"{tr(LATE)} {limit}")
        if not answered.exists():
            raise Failure(
                tr("gdb could not judge (what it said is above)")
                if status
                else tr("gdb could not judge: {why}", why=_last(said))
            )
        return json.loads(answered.read_text("utf-8"))


def _nothing(trouble):
    return {"seen": {}, "verdicts": [], "commands": [], "witnessed": {}, "held": {}, "trouble": trouble}


def _last(said):
    return (said.read_text().strip().splitlines() or ["it said nothing"])[-1]
