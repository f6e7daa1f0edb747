"""`lab test`: builds with both compilers and both build types, then runs pytest over tests/."""

import os
from typing import NoReturn

from ..host import build, needs, packages, permits
from ..tree import ROOT

HELP = "build everything and run the tests; further arguments go to pytest"
USAGE = "lab test [PYTEST ARGUMENTS...]"


def run(argv: list[str]) -> NoReturn:
    """Becomes pytest, so that its closing line and exit status are ours."""
    packages.ensure(needs.ALL)
    for cxx in ("g++", "clang++"):
        for buildtype in ("debug", "release"):
            build.build(buildtype, cxx)
    os.chdir(ROOT)
    workers = [] if any(argument.startswith("-n") or argument == "--pdb" for argument in argv) else ["-n", "auto"]
    # -I for this Python, the environment for those that it starts; -m alone would also look into the folder.
    os.execve("/usr/bin/python3", ["/usr/bin/python3", "-I", "-m", "pytest", *workers, *argv], permits.without_python())
