"""`lab path PROGRAM`: prints where the built executable of a program is, building it first."""

from argparse import Namespace

from rt0lab.words import tr

from ..host import build
from . import Verbs


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser("path", help=tr("print where a built program is"), example="file $(./lab path hello)")
    verb.add_argument("program", metavar="PROGRAM", help=tr("a program of runtime/programs"))
    verb.add_argument("--release", action="store_true", help=tr("the optimised build"))
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Prints the path alone, for use as $(./lab path hello)."""
    print(build.executable(args.program, "release" if args.release else "debug"))
    return 0
