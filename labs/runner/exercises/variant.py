"""The learner's own program: the one that is built already, linked once more with the seed's padding in front, and with
a patched runtime where an exercise has one."""

import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rt0lab.words import tr

from ..failure import MACHINE, Failure
from ..host import build
from ..tree import build_folder
from . import patched
from . import seed as seeds

_PADDING = Path(__file__).with_name("padding.S")


def program(name: str, home: Path, seed: int, patch: Path | None = None) -> Path:
    """The path of the learner's variant of a program, linked if it is missing or older than the program; with the patch
    in its runtime, if there is one."""
    original = build.executable(name)
    if patch is None:
        return linked(name, original, Path(home) / "build", seeds.padding(seed))
    runtime = patched.made(patch, home)
    return linked(name, original, runtime.folder, seeds.padding(seed), runtime.instead)


def listing(path: Path) -> Path | None:
    """The folder for `gdb -d` that makes gdb show the sources which this program was made from; None for those of the
    project."""
    folder = patched.listing(Path(path).parent.parent)
    return folder if folder.is_dir() else None


def linked(name: str, original: Path, folder: Path, padding: int, instead: Mapping[str, Path] = {}) -> Path:
    """Links one variant below the folder; the link line is the build's own, with one more object in front, and others
    instead of some of its own: {object, relative to the build's folder: the one to take}."""
    folder = Path(folder) / f"{padding:05}"
    target = folder / name
    if target.exists() and target.stat().st_mtime_ns >= original.stat().st_mtime_ns:
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / name
            patched.run(link_line(name, made, padding, instead), build_folder("debug"), "cannot link your program")
            os.replace(made, target)
    except OSError as error:
        raise Failure(
            tr("cannot link your program in {folder}: {why}", folder=folder, why=error.strerror), MACHINE
        ) from None
    return target


def link_line(name: str, output: str | Path, padding: int, instead: Mapping[str, Path | None]) -> list[str]:
    """The build's command that links this program, run in its folder, writing elsewhere and with the padding first.
    `instead`: {object of the build: another to take, or none}."""
    ninja = shutil.which("ninja") or "/usr/bin/ninja"
    asked = [ninja, "-t", "commands", "-s", f"runtime/programs/{name}"]
    listed = patched.run(asked, build_folder("debug"), "cannot link your program")
    words = [word for part in shlex.split(listed.strip().splitlines()[-1]) for word in _members(part, instead)]
    at = words.index("-o")
    return [*words[:at], f"-DRT0LAB_PADDING={padding}", "-o", str(output), str(_PADDING), *words[at + 2 :]]


def _members(word, instead):
    """The objects of an archive some of which others stand for (all of it is linked: --whole-archive); else the word
    itself."""
    if not any(output.startswith(f"{word}.p/") for output in instead):
        return [word]
    outputs = [entry["output"] for entry in patched.compiled(f"{word}.p/")]
    return [str(taken) for output in outputs if (taken := instead.get(output, output))]
