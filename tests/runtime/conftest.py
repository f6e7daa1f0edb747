"""What the tests of the runtime share: the builds they run over, and a way to run a program of one of them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "labs"))

from runner import tree  # noqa: E402

BUILDS = [(compiler, buildtype) for compiler in ("g++", "clang++") for buildtype in ("debug", "release")]


@pytest.fixture(params=BUILDS, ids="-".join)
def build(request):
    """Each build folder that `lab test` fills, both compilers and build types; where RT0LAB_BUILD names one, it."""
    compiler, buildtype = request.param
    folder = tree.build_folder(buildtype, compiler)
    only = Path(os.environ.get("RT0LAB_BUILD", folder))
    if only.name != folder.name:
        pytest.skip(f"RT0LAB_BUILD asks for {only.name} alone")
    return only


@pytest.fixture
def run(build):
    """Runs a program of this build to its end, with an environment of exactly what is given, and returns what came of
    it."""

    def go(name, *arguments, stdout=subprocess.PIPE, timeout=120, **environment):
        folder = "runtime/programs" if name in tree.programs() else "tests/runtime"
        return subprocess.run(
            [build / folder / name, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=timeout,
        )

    return go
