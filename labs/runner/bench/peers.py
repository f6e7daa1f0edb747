"""The programs that ours is measured beside, built from tests/bench when they are needed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ..failure import Failure, progress
from ..tree import ROOT

SOURCES = ROOT / "tests" / "bench"
CXX = ["g++", "-O2", "-std=c++20"]


def compiled(name: str, source: str, command: list[str], libraries: Sequence[str] = ()) -> Path:
    """The path of build/bench/NAME, compiled again when its source (in tests/bench), or a header beside that, is
    newer."""
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    target, path = folder / name, SOURCES / source
    newest = max(file.stat().st_mtime for file in [path, *path.parent.glob("*.hpp")])
    if target.exists() and target.stat().st_mtime > newest:
        return target
    progress(f"building {target.relative_to(ROOT)}")
    environment = os.environ | {"GOFLAGS": "", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    half = target.with_name(f"{name}.{os.getpid()}")  # nobody is to run what another process is still writing
    result = subprocess.run(
        [*command, "-o", str(half), str(path), *libraries], env=environment, capture_output=True, text=True
    )
    if result.returncode:
        sys.stderr.write(result.stderr)
        raise Failure(f"{command[0]} could not build {path.name}")
    return half.replace(target)


def go(name: str) -> Path | None:
    """The path of the Go program peers/NAME.go, built; None where there is no Go."""
    return compiled(f"go-{name}", f"peers/{name}.go", ["go", "build"]) if shutil.which("go") else None
