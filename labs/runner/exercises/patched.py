"""The runtime with a patch, compiled aside: its sources with the change, and the objects that differ from the build's.

A folder holds both, named after all that it is made from (the patch, the healthy sources, the compiler's commands): a
change of any of them leads to another folder, and what is in one never changes. Debug information names the sources
where the healthy program's does, so a backtrace looks alike; `gdb -d` with Patched.listing shows all sources from here,
not only those that the patch changed.
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rt0lab.words import later, tr

from ..failure import MACHINE, Failure, progress
from ..host import locks
from ..tree import ROOT, build_folder
from . import patches

WAIT, QUIET = 300, 5  # seconds for another lab that compiles the same


@dataclass
class Patched:
    """A runtime with a patch: where it is, and {object of the build, relative to its folder: the one to link}."""

    folder: Path
    instead: dict[str, Path]

    @property
    def listing(self) -> Path:
        """The folder for `gdb -d`, which makes gdb show the sources as they are here."""
        return listing(self.folder)


def listing(folder: Path) -> Path:
    """The same of a folder alone. Compilers are run there; it is as deep as the build's, for names that begin with
    ../../, and has a link for those that begin with runtime/."""
    return folder / "build" / "debug"


def made(patch: Path, home: Path) -> Patched:
    """The runtime with this patch, below home/build; compiled if that has not been done yet."""
    text = patches.read(patch)
    entries = [_compiled_from(patch, name) for name in patches.changed_files(patch.name, text)]
    folder = Path(home) / "build" / _digest(text, entries)
    instead = {entry["output"]: folder / (Path(entry["output"]).name) for entry in entries}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locks.held(folder / ".lock", later("compiles the same"), progress, WAIT, quiet=QUIET):
            if not all(path.exists() for path in instead.values()):  # the objects come last, each of them whole
                _apply(patch, text, folder)
                for entry in entries:
                    _compile(patch, entry, folder, instead[entry["output"]])
    except OSError as error:
        raise Failure(
            tr("cannot compile your program in {folder}: {why}", folder=folder, why=error.strerror), MACHINE
        ) from None
    return Patched(folder, instead)


def sources(names: Iterable[str], bugs: Iterable[Path]) -> list[str]:
    """The texts of these files, as `runtime/proc.cpp`, with these patches in them, which change no others."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
        for bug in bugs:
            _patch(bug.name, patches.read(bug), folder)
        return [(folder / name).read_text("utf-8") for name in names]


def compiled(outputs: str) -> list[dict[str, str]]:
    """The build's own commands for the objects whose names begin like this, as compile_commands.json has them."""
    listed = json.loads((build_folder("debug") / "compile_commands.json").read_text("utf-8"))
    return [entry for entry in listed if entry["output"].startswith(outputs)]


def _compiled_from(patch, name):
    """The entry of the file in the programs' runtime."""
    source = ROOT / name
    for entry in compiled("runtime/lib"):
        if Path(os.path.normpath(Path(entry["directory"], entry["file"]))) == source:
            return entry
    raise Failure(f"{patch.name}: {name} is no part of the runtime")


def _digest(text, entries):
    """A name for all that the objects are made from."""
    whole = hashlib.sha256()
    for part in [text, *(entry["command"] for entry in entries)]:
        whole.update(part.encode() + b"\0")
    for source in _sources():
        whole.update(str(source).encode() + b"\0" + (ROOT / source).read_bytes() + b"\0")
    return "v" + whole.hexdigest()[:12]


def _sources():
    """All the sources of the runtime and its programs, relative to the project."""
    files = (ROOT / "runtime").rglob("*")
    return sorted(path.relative_to(ROOT) for path in files if path.suffix in (".cpp", ".hpp", ".h", ".S"))


def _apply(patch, text, folder):
    """Lays all the sources there, with the patch."""
    for source in _sources():
        (folder / source).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / source, folder / source)
    listing(folder).mkdir(parents=True, exist_ok=True)
    if not (listing(folder) / "runtime").exists():
        os.symlink("../../runtime", listing(folder) / "runtime")
    _patch(patch.name, text, folder)


def _patch(name, text, folder):
    words = ["patch", "--strip=1", "--fuzz=0", "--batch", "--forward", "--no-backup-if-mismatch", "--reject-file=-"]
    run(words, folder, f"{name} does not fit the runtime", text)


def _compile(patch, entry, folder, target):
    """Compiles one patched source just as the build compiles the healthy one."""
    words = shlex.split(entry["command"])
    for option in ("-MQ", "-MF"):
        del words[words.index(option) : words.index(option) + 2]
    words.remove("-MD")
    scratch = target.with_suffix(".new")
    words[words.index("-o") + 1] = str(scratch)
    words.append(f"-fdebug-prefix-map={listing(folder)}={ROOT}")  # or a traceback would tell which file was patched
    run(words, listing(folder), f"{patch.name} does not compile")
    os.replace(scratch, target)


def run(words: Iterable[str], folder: Path, trouble: str, given: str = "") -> str:
    """Runs a step of building and returns what it said; Failure with the last of it, after `trouble`."""
    result = subprocess.run(
        list(words),
        cwd=folder,
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if result.returncode:
        raise Failure(f"{trouble}: {(result.stdout.strip().splitlines() or ['no reason given'])[-1]}")
    return result.stdout
