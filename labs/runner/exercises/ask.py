"""Lets gdb judge answers without a terminal: one gdb, one run of the learner's program, JSON in and out."""

import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..failure import Failure
from ..host import debugger, permits
from ..host.target import examine
from ..tree import LAB_SCRIPT
from . import seed as seeds
from . import golang, variant
from .forms import Exercise


def command(exercise: Exercise, home: Path, seed: int, *, batch: bool, traced: bool = True) -> list[str]:
    """gdb's command line on the learner's program (below `home`), with the exercises' side loaded."""
    if exercise.go:
        return golang.command(exercise, home, seed, batch=batch)
    arguments = " ".join(seeds.arguments(seed))
    path = variant.program(exercise.program, home, seed)
    words = debugger.command(examine(path).path, batch=batch, traced=traced)
    if sources := variant.listing(path):
        words += ["-d", str(sources)]
    return [*words, "-ex", f"set args {arguments}", "-x", str(LAB_SCRIPT)]


def judged(
    exercises: Sequence[Exercise],
    cases: Iterable[tuple[Exercise, dict[str, Any]]],
    home: Path,
    seed: int,
    commands: Iterable[tuple[str, str, str]] = (),
) -> dict[str, Any]:
    """What gdb says about these cases ([(exercise, answers)]), as labs/gdb/inside/batch.py describes it."""
    traced = permits.ptrace_permitted()
    try:
        begin = command(exercises[0], home, seed, batch=True, traced=traced)
    except Failure as problem:
        if not exercises[0].go:
            raise
        return _nothing(str(problem))  # no Go here, or it must be traced and may not
    limit = max(exercise.timeout for exercise in exercises)
    job = {
        "exercises": [str(exercise.folder) for exercise in exercises],
        "cases": [{"exercise": exercise.id, "answers": answers} for exercise, answers in cases],
        "commands": list(commands),
        "arguments": seeds.arguments(seed),
    }
    with tempfile.TemporaryDirectory() as folder:
        job["untraced"] = None if traced else folder
        asked, answered, said = Path(folder, "job.json"), Path(folder, "result.json"), Path(folder, "said.txt")
        asked.write_text(json.dumps(job), "utf-8")
        judge = f"python inside.judge({str(asked)!r}, {str(answered)!r})"
        with said.open("w+") as output:
            status = debugger.unattended([*begin, "-ex", judge], output, limit=limit)
        if status is None:
            return _nothing(f"no verdict within {limit} s")
        if not answered.exists():
            raise Failure(
                "gdb could not judge (what it said is above)" if status else "gdb could not judge: " + _last(said)
            )
        return json.loads(answered.read_text("utf-8"))


def _nothing(trouble):
    return {"seen": {}, "verdicts": [], "commands": [], "trouble": trouble}


def _last(said):
    return (said.read_text().strip().splitlines() or ["it said nothing"])[-1]
