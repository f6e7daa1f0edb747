"""What the tests of the library know: where the module is, the steps of the boot, and a Python of its own for a
script."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "labs"))

from runner import tree  # noqa: E402

BUILDS = [(compiler, buildtype) for compiler in ("g++", "clang++") for buildtype in ("debug", "release")]
STEPS = ["check", "args", "osinit", "schedinit", "newproc", "mstart"]
DEBUG = tree.build_folder("debug", "g++")
HELLO = DEBUG / "runtime/programs/hello"


def module_file(build=DEBUG):
    """The extension module of a build."""
    (file,) = (build / "runtime/library").glob("rt0lab.*.so")
    return file


def python(text, build=DEBUG):
    """Runs a script in a Python of its own, with the module of a build importable, and returns what came of it."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(build / "runtime/library"),
        # else libc maps 64 MB more whenever two threads happen to allocate at once
        "MALLOC_ARENA_MAX": "1",
    }
    # From 3.12 on Python warns of every fork beside threads, which is what some of the scripts are about.
    return subprocess.run(
        ["/usr/bin/python3", "-W", "ignore::DeprecationWarning", "-c", text],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
