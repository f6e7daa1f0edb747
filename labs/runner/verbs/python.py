"""`lab python ARGS…`: the system's Python, with the runtime importable as `rt0lab`."""

import os
from argparse import REMAINDER
from typing import NoReturn

from rt0lab.words import tr

from ..host import build
from . import Verbs


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "python",
        help=tr("run the system's Python as you have set it up, with the runtime importable as rt0lab"),
        usage="./lab python [ARGUMENTS...]",
        example="./lab python -c 'import rt0lab; print(rt0lab)'",
    )
    verb.add_argument("words", nargs=REMAINDER, metavar="ARGUMENTS", help=tr("arguments go to Python"))


def run(argv: list[str]) -> NoReturn:
    """Becomes the system's Python with these arguments, after building the module."""
    folder = build.build("debug") / "runtime" / "library"
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    os.execve("/usr/bin/python3", ["/usr/bin/python3", *argv], os.environ | {"PYTHONPATH": path})
