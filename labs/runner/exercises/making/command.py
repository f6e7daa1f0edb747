"""Judges a gdb command that a learner wrote: it must say OK of what is healthy, and BROKEN, with the field, of what is
not."""

import json
import os
import re
import secrets
import tempfile
from pathlib import Path

from rt0lab.formats.elf import Elf

from ...host import build, sandbox
from .. import judge, variant
from .. import seed as seeds
from ..forms import Exercise
from ..judge import Verdict
from . import source, workshop

NO_LOAD = "no-load"  # reason: Python does not take the file
LOOPS = "loops"
LINES = 10  # of what Python says
_LIMITS = sandbox.Limits(seconds=20, cpu=4)
_FEW = 4  # sets of broken programs, whatever the seed
_WORDS = re.compile(r"\b(OK|BROKEN)\b")


def verdicts(exercise: Exercise, text: str, home: Path, seed: int) -> dict[str, Verdict]:
    """The verdict on every step, {question: Verdict}, of the learner's text."""
    tried = _tried(exercise, text, home, seed)
    unloaded = next((one for one in tried.values() if one["error"] == "load"), None)
    if unloaded:
        found = {question.id: Verdict(judge.INCOMPLETE, NO_LOAD) for question in exercise.questions}
        next(iter(found.values())).said = unloaded["python"]
        return found
    trouble = next((one["trouble"] for one in tried.values() if one["trouble"]), "")
    if trouble:
        return {question.id: Verdict(judge.INCONCLUSIVE, trouble) for question in exercise.questions}
    broken = [row["name"] for row in exercise.broken]
    steps = {
        "healthy": _of_healthy(tried["healthy"], [tried[name] for name in broken]),
        "second": _of_second(tried["second"], tried["healthy"]),
        "finds": _of_finds(exercise, {name: tried[name] for name in broken}),
        "names": _of_names(exercise, {name: tried[name] for name in broken}),
    }
    return {question.id: steps[question.id] for question in exercise.questions}


# ---- what it said ----------------------------------------------------------------------------------------------------


def _word(one):
    """OK or BROKEN if that is what it said, else how it went wrong: no-command, crashes, loops, says-both; or ""."""
    if one["error"]:
        missing = one["error"].startswith("Undefined command")
        return LOOPS if one["error"] == LOOPS else "no-command" if missing else "crashes"
    words = set(_WORDS.findall(one["said"]))
    return words.pop() if len(words) == 1 else "says-both" if words else ""


def _of_healthy(healthy, broken):
    word = _word(healthy)
    if word == "OK":
        return Verdict(judge.PASS)
    if word == "BROKEN":
        return Verdict(judge.WRONG, "always-broken" if all(_word(one) == "BROKEN" for one in broken) else "")
    return Verdict(judge.WRONG, word, said=healthy["python"])


def _of_second(second, healthy):
    word = _word(second)
    if word == "OK":
        return Verdict(judge.PASS)
    return Verdict(judge.WRONG, "one-g0" if word == "BROKEN" and _word(healthy) == "OK" else "", said=second["python"])


def _of_finds(exercise, broken):
    missed = {name for name, one in broken.items() if _word(one) != "BROKEN"}
    if not missed:
        return Verdict(judge.PASS)
    share = 1 - len(missed) / len(broken)
    crashed = next((one for one in broken.values() if _word(one) == "crashes"), None)
    if crashed:
        return Verdict(judge.WRONG, "crashes-on-broken", share=share, said=crashed["python"])
    if len(missed) == len(broken):
        return Verdict(judge.WRONG, "always-ok")
    ideas = {row["name"]: row.get("idea", "") for row in exercise.broken}
    return Verdict(judge.WRONG, ideas[missed.pop()] if len(missed) == 1 else "", share=share)


def _of_names(exercise, broken):
    fields = {row["name"]: row["field"] for row in exercise.broken}
    known = re.compile("|".join(rf"(?<![\w.]){re.escape(field)}(?![\w.])" for field in set(fields.values())))
    found = {name: one for name, one in broken.items() if _word(one) == "BROKEN"}
    if not found:
        return Verdict(judge.INCOMPLETE)
    right = [name for name, one in found.items() if set(known.findall(one["said"])) == {fields[name]}]
    if len(right) == len(found):
        return Verdict(judge.PASS)
    return Verdict(judge.WRONG, share=len(right) / len(broken))


# ---- trying it -------------------------------------------------------------------------------------------------------


def _tried(exercise, text, home, seed):
    """{case: {"said", "error", "trouble", "python": what Python said of an error}}, in one gdb; which comes first, the
    seed decides."""
    build.build("debug")
    names = ["healthy", "second", *(row["name"] for row in exercise.broken)]
    names.sort(key=lambda name: seeds.derived(seed, f"case {name}"))
    word = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        (folder / source.location(exercise).name).write_text(text, "utf-8")
        cases, programs = [], []
        for number, name in enumerate(names):
            path, at = _case(exercise, name, home, seed)
            os.symlink(path, folder / f"program{number}")
            programs.append(path)
            cases.append({"program": f"program{number}", "at": at, "first": name != "second"})
        job = {"word": word, "file": source.location(exercise).name, "command": exercise.id, "cases": cases}
        (folder / "job.json").write_text(json.dumps(job), "utf-8")
        script = workshop.GDB_SIDE / "trying.py"
        words = [workshop.gdb()[0], "-nx", "-q", "-batch", "-iex", "set auto-load no"]
        words += ["-iex", "set debuginfod enabled off", "-iex", "set demangle-style none"]
        words += ["-x", str(script), "-ex", "python run('job.json')"]
        outcome = sandbox.run(words, [script, *workshop.gdb_elsewhere(), *programs], folder, _LIMITS)
    return dict(zip(names, _results(word, outcome, len(names))))


def _case(exercise, name, home, seed):
    """(program, the address where it is to stand) of one case."""
    row = next((row for row in exercise.broken if row["name"] == name), None)
    patch = exercise.folder / row["patch"] if row else None
    path = variant.program(exercise.program, home, seed % _FEW, patch).absolute()
    place = next(c for c in exercise.checkpoints if c.name == ("another-thread" if name == "second" else "linked"))
    return path, Elf(str(path)).symbols[place.at.partition(":")[2]][0]


def _results(word, outcome, count):
    """What became of each case; those after the one that ended gdb became nothing, and count as it does."""
    found, python = [], []
    for line in outcome.output.splitlines():
        if line == word:
            python = []
        elif line.startswith(word):
            result = json.loads(line.removeprefix(word))
            shown = [said for said in python if said.strip()] if result["error"] else []
            found.append(result | {"python": "\n".join(shown[-LINES:])})
            python = []
        else:
            python.append(line)
    late = outcome.ended == sandbox.TIME or outcome.status == 137  # by the clock, or by its processor time
    rest = {"said": "", "error": LOOPS if late else "gdb ended", "trouble": ""}
    rest["python"] = outcome.how if late else "\n".join(python[-LINES:])
    return [*found[:count], *[rest] * (count - len(found))]
