"""`lab python ARGS…`: the system's Python, with the runtime importable as `rt0lab`."""

import os
from typing import NoReturn

from ..host import build

HELP = "run the system's Python as you have set it up, with the runtime importable as rt0lab"
USAGE = "lab python [ARGS...]"


def run(argv: list[str]) -> NoReturn:
    """Becomes the system's Python with these arguments, after building the module."""
    folder = build.build("debug") / "runtime" / "library"
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    os.execve("/usr/bin/python3", ["/usr/bin/python3", *argv], os.environ | {"PYTHONPATH": path})
