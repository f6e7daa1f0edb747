"""`lab path PROGRAM`: prints where the built executable of a program is, building it first."""

from ..host import build


def register(verbs):
    verb = verbs.add_parser("path", help="print where a built program is")
    verb.add_argument("program", metavar="PROGRAM", help="a program of runtime/programs")
    verb.add_argument("--release", action="store_true", help="the optimised build")
    verb.set_defaults(run=run)


def run(args):
    """Prints the path alone, for use as $(./lab path hello)."""
    print(build.executable(args.program, "release" if args.release else "debug"))
    return 0
