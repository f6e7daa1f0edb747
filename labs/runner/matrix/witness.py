"""The program that the matrix looks at (tests/matrix/witness), built by one Go in one way, and the core it leaves."""

import os
import resource
import subprocess
from pathlib import Path

from ..host import suites
from ..tree import ROOT

SOURCE = ROOT / "tests" / "matrix" / "witness"
FLAGS: dict[str, list[str]] = {"N-l": ["-gcflags=all=-N -l"], "default": [], "cgo": [], "pie": ["-buildmode=pie"]}
PATTERN = Path("/proc/sys/kernel/core_pattern")
LIMIT = 60  # seconds until it has crashed


def build(go: str, how: str, path: Path) -> None:
    """Builds the witness; NotHere if this Go cannot build it like that on this machine."""
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "GOTOOLCHAIN": "local",
        "GOCACHE": str(suites.cache() / "go-build"),
        "CGO_ENABLED": "1" if how == "cgo" else "0",
    }
    result = subprocess.run(
        [go, "build", *FLAGS[how], "-o", str(path), "."],
        cwd=SOURCE,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if result.returncode:
        raise suites.NotHere(f"{go} cannot build the witness ({how}): {result.stderr.strip()[-200:]}")


def crashed(path: Path, folder: Path) -> tuple[Path, str]:
    """(its core file, what it wrote about all its goroutines); NotHere where the kernel leaves no cores in the folder
    of who crashes."""
    pattern = PATTERN.read_text().strip()
    if pattern.startswith("|") or "/" in pattern:
        raise suites.NotHere(f"this machine's cores go elsewhere ({PATTERN} has {pattern})")
    result = subprocess.run(
        [path, folder / "said.txt", "crash"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "GOTRACEBACK": "crash"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=LIMIT,
        preexec_fn=_leave_cores,
    )
    cores = [file for file in folder.iterdir() if file.name.startswith(pattern.partition("%")[0])]
    if not cores:
        raise suites.NotHere("no core was left here, though the witness crashed")
    return cores[0], result.stderr


def _leave_cores():
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
