"""What truths depend on, as hashes: the runtime's sources, an exercise's form, the compiler."""

import functools
import hashlib
import subprocess
from collections.abc import Iterable
from pathlib import Path

from ..exercises.forms import Exercise
from ..tree import ROOT

_SOURCES = {".S", ".cpp", ".hpp", ".h", ".build", ".toml", ".patch"}


@functools.cache
def runtime() -> str:
    """The runtime's sources and how they are built."""
    return _hash(ROOT / "runtime", [ROOT / "meson.build", *(ROOT / "runtime").rglob("*")])


def form(exercise: Exercise) -> str:
    """What an exercise asks and how its truth is found; its texts may change."""
    names = [path for path in exercise.folder.rglob("*") if not path.name.startswith(("hints.", "replies.", "tests."))]
    return _hash(exercise.folder, names)


@functools.cache
def compiler() -> str:
    """The compiler's own words; another one may put things elsewhere."""
    said = subprocess.run(["c++", "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return said.stdout.partition("\n")[0]


def _hash(top: Path, paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in sorted({path for path in paths if path.suffix in _SOURCES and path.is_file()}):
        found.update(f"{path.relative_to(top.parent)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
