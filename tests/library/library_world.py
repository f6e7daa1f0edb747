"""Where the tests of the library find the module, hello and the order of the steps."""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "labs"))

from runner import tree  # noqa: E402

HELLO = tree.build_folder("debug", "g++") / "runtime/programs/hello"
STEPS = ["check", "args", "osinit", "schedinit", "newproc", "mstart"]


def script(text, build=tree.build_folder("debug", "g++")):
    """Runs a script in a Python of its own, with the module of a build importable, and returns what came of it."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(build / "runtime/library")}
    return subprocess.run(["/usr/bin/python3", "-c", text], env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=120)
