"""Builds the runtime quietly with meson and ninja, and shows their output only when they fail."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rt0lab.words import in_a_row, later, tr

from ..failure import MACHINE, USAGE, Failure, progress
from ..tree import ROOT, build_folder, programs, writable
from . import locks, needs, packages, permits

WAIT, QUIET = 600, 2  # seconds for another build; it mostly finds that nothing is to be done, and need not be spoken of
LOCK = ROOT / "build" / ".lock"
MESON = "/usr/bin/meson"  # runs on the system's Python, like everything here
BUILDTYPES = {"debug": ["--buildtype=debug"], "release": ["--buildtype=release", "-Doptimization=2"]}
UNASKED = "-Dfilms=disabled"  # nobody who asks for a program waits for films of one


def executable(name: str, buildtype: str = "debug") -> Path:
    """The path of a built program of runtime/programs, after building it."""
    if name not in programs():
        raise Failure(
            tr(
                "there is no program {name}; there are: {names} (write ./{name} for a file of your own)",
                name=name,
                names=in_a_row(programs()),
            ),
            USAGE,
        )
    return build(buildtype) / "runtime" / "programs" / name


def build(buildtype: str, cxx: str | None = None) -> Path:
    """Brings the build folder for this build type (and compiler) up to date and returns it."""
    packages.ensure(needs.TO_RUN)
    folder = build_folder(buildtype, cxx)
    if not writable(folder) and configured(folder):
        return as_it_is(folder)
    if locks.taken(LOCK) and configured(folder) and as_source(folder):
        return folder  # whoever builds makes something else, films for one, which can take a while
    with locked():
        if not configured(folder):
            progress(tr("building {folder}", folder=folder.relative_to(ROOT)))
            shutil.rmtree(folder, ignore_errors=True)
            quietly([MESON, "setup", str(folder), str(ROOT), *BUILDTYPES[buildtype], UNASKED], cxx)
        elif not unasked(folder):  # made before there were films
            quietly([MESON, "setup", "--reconfigure", str(folder), str(ROOT), UNASKED], cxx)
        quietly([shutil.which("ninja") or "/usr/bin/ninja", "-C", str(folder)], cxx)
    return folder


def made(target: str, meanwhile: str, cxx: str | None = None) -> list[str]:
    """Builds something in build/debug (or this compiler's) that is made only if asked for, and says so if it is out of
    date; the lines that the lab itself said there."""
    folder = build("debug", cxx)
    if as_source(folder, target):
        return []
    progress(meanwhile)
    with locked():
        said = quietly([shutil.which("ninja") or "/usr/bin/ninja", "-C", str(folder), target], cxx)
    return [line.removeprefix("lab: ") for line in said.splitlines() if line.startswith("lab: ")]


def unasked(folder: Path) -> bool:
    """Whether meson was told of this folder to make films only if they are asked for."""
    try:
        return "films = disabled" in (folder / "meson-private" / "cmd_line.txt").read_text()
    except OSError:
        return False


def as_it_is(folder: Path) -> Path:
    """A build folder that cannot be written to, if what is in it is not older than the source."""
    if not as_source(folder):
        raise Failure(
            tr("{folder} is not built as the source is now, and cannot be written to", folder=folder), MACHINE
        )
    return folder


def as_source(folder: Path, *targets: str) -> bool:
    """Whether what is in a build folder (or these of it) is not older than the source."""
    words = [shutil.which("ninja") or "/usr/bin/ninja", "-n", "-C", str(folder), *targets]
    asked = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    return "no work to do" in asked.stdout


def configured(folder: Path) -> bool:
    """Whether meson finished configuring this folder for the tree as it stands here (a moved tree starts afresh)."""
    try:
        info = json.loads((folder / "meson-info" / "meson-info.json").read_text())
    except (OSError, ValueError):
        return False
    return (folder / "build.ninja").exists() and info["directories"]["source"] == str(ROOT)


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """One build at a time, also when tests run in parallel."""
    with contextlib.ExitStack() as stack:
        try:
            LOCK.parent.mkdir(exist_ok=True)
            stack.enter_context(locks.held(LOCK, later("is building"), progress, WAIT, quiet=QUIET))
        except OSError as error:
            raise Failure(
                tr("cannot write to {place}: {why}", place=ROOT / "build", why=error.strerror), MACHINE
            ) from None
        yield


def quietly(command: list[str], cxx: str | None) -> str:
    """Runs one step of the build; its output, which mostly matters only when it fails."""
    environment = permits.without_python() | compiler_variables(cxx)
    result = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    )
    if result.returncode:
        print(result.stdout.rstrip(), file=sys.stderr)
        raise Failure(tr("the build failed ({command}; its output is above)", command=os.path.basename(command[0])))
    return result.stdout


def compiler_variables(cxx: str | None) -> dict[str, str]:
    """CXX, and the C compiler that belongs to it, for meson."""
    if not cxx:
        return {}
    return {"CXX": cxx, "CC": {"g++": "gcc", "clang++": "clang"}.get(cxx, cxx)}
