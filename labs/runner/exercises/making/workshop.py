"""What a sandbox needs to run gdb, and how a learner's C++ is compiled and becomes part of a program in one."""

import functools
import json
import os
import secrets
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rt0lab.words import tr

from ...host import debugger, sandbox
from ...tree import GDB_SCRIPT, ROOT, build_folder
from .. import ask, patched, variant
from .. import seed as seeds

GDB_SIDE = ROOT / "labs" / "gdb"
TO_BUILD = sandbox.Limits(seconds=60, cpu=30)
LOOSE = {"GOMAXPROCS": "1"}  # one P, so that what is seen does not depend on who was faster
_OBJECT = "runtime/libruntime.a.p/{}.o"
_TAKES = ("-MQ", "-MF", "-o", "-c")  # options with a word behind them that concerns one file


@functools.cache
def gdb() -> tuple[str, ...]:
    """The beginning of gdb's command line, without a program. It loads nothing that a program brings along."""
    path, *rest = debugger.command("", batch=True)
    rest.remove("")
    return (path, *rest, "-iex", "set auto-load no", "-x", str(GDB_SIDE / "lab.py"))


def gdb_files() -> list[Path]:
    """What gdb reads of this tree, and gdb itself."""
    return [GDB_SCRIPT.parent, GDB_SIDE, ROOT / "labs" / "runner", *gdb_elsewhere()]


def gdb_elsewhere() -> list[Path]:
    """The folder of a gdb that is none of the system's."""
    own = Path(gdb()[0]).resolve()
    return [] if str(own).startswith(sandbox.SYSTEM) else [own.parent.parent]


def watched(
    door: str, job: dict[str, Any], folder: Path, readable: Sequence[Path], limits: sandbox.Limits
) -> tuple[list[dict[str, Any]], str, str]:
    """(what a function of labs/gdb/inside says of the learner's programs in this folder, object by object; why it says
    nothing, if gdb ended before; which limit ended gdb, if one did)"""
    word = secrets.token_hex(16)
    (folder / "job.json").write_text(json.dumps(job | {"word": word}), "utf-8")
    loose = [piece for name, value in LOOSE.items() for piece in ("-iex", f"set environment {name}={value}")]
    words = [*gdb(), *loose, "-ex", f"python inside.{door}('job.json')"]
    outcome = sandbox.run(words, [*gdb_files(), *readable], folder, limits)
    lines = [line.removeprefix(word) for line in outcome.output.splitlines() if line.startswith(word)]
    trouble = "" if lines or outcome.ended else (outcome.output.strip().splitlines() or ["gdb said nothing"])[-1]
    late = f"{tr(ask.LATE)} {outcome.within}" if outcome.ended == sandbox.TIME else outcome.ended
    return [json.loads(line) for line in lines], trouble, late


# ---- compiling -----------------------------------------------------------------------------------------------------


def compiled(file: Path, shown: Path) -> tuple[Path | None, str]:
    """(the object, what the compiler said) of a learner's file, which lies alone in a folder. It is called `shown` in
    what the compiler says and in the debug information."""
    made = file.with_suffix(".o")
    words = [*_compiler(), f"-fdebug-prefix-map={file.parent}={shown.parent}"]
    words += ["-fdiagnostics-color=never", "-fmax-errors=5", "-o", str(made), "-c", file.name]
    outcome = sandbox.run(words, [ROOT / "runtime"], file.parent, TO_BUILD)
    said = outcome.output.replace(file.name + ":", os.path.relpath(shown) + ":")
    if outcome.status or outcome.ended:
        return None, said or f"the compiler was ended: {outcome.how}"
    return made, said


def defined(made: Path) -> list[str]:
    """The symbols that an object gives to others."""
    words = ["nm", "--defined-only", "--extern-only", "--format=just-symbols", made.name]
    return sandbox.run(words, [], made.parent, TO_BUILD).output.split()


@functools.cache
def _compiler():
    """The build's own words for a file of the runtime, without what they say of this one file."""
    words, kept = iter(shlex.split(patched.compiled(_OBJECT.format("proc_g.cpp"))[0]["command"])), []
    for word in words:
        if word in _TAKES:
            next(words)
        elif word.startswith("-I"):
            kept.append("-I" + os.path.abspath(build_folder("debug") / word[2:]))
        elif word != "-MD" and not word.startswith("-fdebug-prefix-map"):
            kept.append(word)
    return tuple(kept)


# ---- linking -------------------------------------------------------------------------------------------------------


def linked(program: str, made: Path, instead: Mapping[str, Path | None], seed: int) -> str:
    """Links a program with the learner's object, beside that object and under its own name; what the linker said if it
    could not. `instead`: {object of the build: another to take, or none}."""
    words = variant.link_line(program, program, seeds.padding(seed), instead)
    words = [words[0], str(made), *map(_whole, words[1:])]
    readable = [build_folder("debug"), *filter(None, instead.values()), ROOT / "labs" / "runner"]
    outcome = sandbox.run(words, readable, made.parent, TO_BUILD)
    if outcome.status or outcome.ended:
        return outcome.output or f"the linker was ended: {outcome.how}"
    return ""


def _whole(word):
    """The name of a file of the build, from the root."""
    path = build_folder("debug") / word
    return word if word.startswith("-") or not path.is_file() else str(path)


def object_of(source: str) -> str:
    """The build's object of one of the runtime's files, `runtime/proc.cpp`."""
    return _OBJECT.format(source.removeprefix("runtime/"))


def yielding(replaces: str, home: Path) -> dict[str, Path]:
    """{object of the build: a copy whose function gives way to another of the same name}, of `FILE:SYMBOL`."""
    file, symbol = replaces.split(":")
    original = build_folder("debug") / object_of(file)
    target = home / "build" / f"yielding-{symbol}.o"
    if not target.exists() or target.stat().st_mtime_ns < original.stat().st_mtime_ns:
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:  # several threads may be here at once
            made = Path(scratch) / target.name
            words = ["objcopy", f"--weaken-symbol={symbol}", str(original), str(made)]
            patched.run(words, build_folder("debug"), "cannot build your program")
            os.replace(made, target)
    return {object_of(file): target}
