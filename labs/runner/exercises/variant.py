"""The learner's own program: the one that is built already, linked once more with the seed's padding in front."""

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..failure import MACHINE, Failure
from ..host import build
from ..tree import build_folder
from . import seed as seeds

_PADDING = Path(__file__).with_name("padding.S")


def program(name: str, home: Path, seed: int) -> Path:
    """The path of the learner's variant of a program, linked if it is missing or older than the program."""
    original = build.executable(name)
    return linked(name, original, home, seeds.padding(seed))


def linked(name: str, original: Path, home: Path, padding: int) -> Path:
    """Links one variant below home/build; the link line is the build's own, with one more object in front."""
    folder = Path(home) / "build" / f"{padding:05}"
    target = folder / name
    if target.exists() and target.stat().st_mtime_ns >= original.stat().st_mtime_ns:
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            made = Path(scratch) / name
            _run(_link_line(name, made, padding))
            os.replace(made, target)
    except OSError as error:
        raise Failure(f"cannot link your program in {folder}: {error.strerror}", MACHINE) from None
    return target


def _link_line(name, output, padding):
    """The build's command that links this program, writing elsewhere and with the padding first."""
    ninja = shutil.which("ninja") or "/usr/bin/ninja"
    listed = _run([ninja, "-t", "commands", "-s", f"runtime/programs/{name}"])
    words = shlex.split(listed.strip().splitlines()[-1])
    at = words.index("-o")
    return [*words[:at], f"-DRT0LAB_PADDING={padding}", "-o", str(output), str(_PADDING), *words[at + 2 :]]


def _run(words):
    result = subprocess.run(
        words,
        cwd=build_folder("debug"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if result.returncode:
        raise Failure(f"cannot link your program: {(result.stdout.strip().splitlines() or ['no reason given'])[-1]}")
    return result.stdout
