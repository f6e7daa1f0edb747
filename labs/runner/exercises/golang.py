"""Programs of real Go: the one in an exercise's folder, built with the Go that is here, and the core it leaves where an
exercise looks at a core."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rt0lab.formats.elf import Elf
from rt0lab.words import later, tr

from ..failure import MACHINE, Failure, progress
from ..host import build, debugger, locks, pace
from ..host.target import examine
from ..tree import LAB_SCRIPT
from . import seed as seeds
from .forms import Exercise

_SHARED = Path(__file__).with_name("standing.go")
_BUILD = 900  # seconds; the first one compiles Go's runtime, too, on whatever machine
_CORE = 60


def find(environment: Mapping[str, str] = os.environ) -> str:
    """The `go` command of PATH, or of where Go's own packages put it."""
    path = environment.get("PATH", "") + ":/usr/lib/go/bin:/usr/local/go/bin"
    found = shutil.which("go", path=path)
    if found is None:
        raise Failure(tr("no Go here; to install it: apt-get install golang-go"), MACHINE)
    return found


def program(exercise: Exercise, home: Path) -> Path:
    """The exercise's program, built below the learner's home unless it is there already."""
    go = find()
    sources = [_SHARED, *sorted((exercise.folder / "program").glob("*.go"))]
    texts = {source.name: source.read_bytes() for source in sources}
    known = hashlib.sha256(repr((sorted(texts.items()), _asked(go, home, "version"))).encode()).hexdigest()
    folder = Path(home) / "build" / "go" / f"{exercise.folder.name}-{known[:12]}"
    target = folder / exercise.id
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locks.held(folder / ".lock", later("builds this program"), progress, _BUILD, quiet=2):
            if not target.exists():
                _build(go, home, folder, texts, target)
    except OSError as error:
        raise Failure(
            tr("cannot build the Go program in {folder}: {why}", folder=folder, why=error.strerror), MACHINE
        ) from None
    return target


def _build(go, home, folder, texts, target):
    progress(tr("building {name} with {go}", name=target.name, go=_asked(go, home, "version").strip()))
    for name, text in texts.items():
        (folder / name).write_bytes(text)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        made = Path(scratch) / target.name
        _asked(go, home, "build", "-o", str(made), ".", cwd=folder)
        os.replace(made, target)


def _asked(go, home, *words, cwd=None):
    """What Go says; nothing of the user's settings, no network, caches below the learner's home."""
    cache = Path(home) / "build" / "go"
    settings = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(cache),
        "GOCACHE": str(cache / "cache"),
        "GOPATH": str(cache / "path"),
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "GOWORK": "off",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    try:
        done = subprocess.run(
            [go, *words],
            cwd=cwd,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_BUILD,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failure(
            tr("{command} does not come to an end here: {why}", command=f"{go} {words[0]}", why=error), MACHINE
        ) from None
    if done.returncode:
        raise Failure(f"{go} {words[0]}: {(done.stdout.strip().splitlines() or ['failed'])[-1][:200]}", MACHINE)
    return done.stdout


def command(exercise: Exercise, home: Path, seed: int, *, batch: bool) -> list[str]:
    """gdb's command line on the exercise's program, or on the core it left, with the exercises' side loaded."""
    path = program(exercise, home)
    if not exercise.core:
        return _live(exercise, path, seed, batch)
    core = path.with_name(f"{_argument(exercise, seed)}.core")
    if not core.exists():
        _leave(exercise, path, seed, core)
    words = debugger.command(examine(path).path, batch=batch, traced=False)
    return [*words, "-core", str(core), "-x", str(LAB_SCRIPT)]


def _live(exercise, path, seed, batch):
    if exercise.has and exercise.has not in Elf(path).symbols:
        raise Failure(tr("this Go is too old for it: its programs have no {name}", name=exercise.has), MACHINE)
    words = debugger.command(examine(path).path, batch=batch)
    for name, value in exercise.env.items():
        words += ["-ex", f"set environment {name}={value}"]
    words += ["-ex", f"set args {_argument(exercise, seed)}", "-x", str(LAB_SCRIPT)]
    if not exercise.beside:
        return words
    return [*words, "-ex", f"python inside.beside({str(build.executable(exercise.beside))!r})"]


def _argument(exercise, seed):
    """What the program makes its numbers of."""
    return seeds.derived(seed, exercise.id)


def forget(exercise: Exercise, home: Path, seed: int) -> None:
    """Removes the core of this seed, for whoever judges many and each of them once."""
    for core in (Path(home) / "build" / "go").glob(f"{exercise.folder.name}-*/{_argument(exercise, seed)}.core"):
        core.unlink(missing_ok=True)


def _leave(exercise, path, seed, core):
    """Runs the program until all stand, and keeps what its memory and threads are then."""
    with tempfile.TemporaryDirectory(dir=core.parent) as scratch:
        made, said = Path(scratch) / "core", Path(scratch) / "said.txt"
        words = [*_live(exercise, path, seed, True), "-ex", f"python inside.leave_core({str(made)!r})"]
        limit = pace.Limit(_CORE)
        with said.open("w+") as output:
            status = debugger.unattended(words, output, limit=limit)
        if status or not made.exists():
            last = (said.read_text(errors="replace").strip().splitlines() or ["nothing"])[-1]
            raise Failure(
                tr(
                    "no core of {name} within {limit}; gdb's last words: {last}",
                    name=path.name,
                    limit=limit,
                    last=last,
                ),
                MACHINE,
            )
        os.replace(made, core)
