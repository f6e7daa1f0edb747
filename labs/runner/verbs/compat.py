"""`lab compat GO-BINARY`: what of this Go's runtime the lab finds, finds by another name, or misses."""

from argparse import Namespace

from rt0lab.words import tr

from ..failure import FAILED, Failure
from ..host import debugger
from . import Verbs
from .compare import go_program


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "compat",
        help=tr("what of a Go program's runtime the lab knows, also of a newer Go"),
        example="./lab compat ./my-go-program",
        description=tr(
            "Looks for every field, variable, type, constant and function of Go's runtime that the lab "
            "uses, and says which it has by another name, which it has not, and what is lost by that. "
            "The program is not run. Exit status 1 if something is lost."
        ),
    )
    verb.add_argument("program", metavar="GO-BINARY", help=tr("a Go program, of whatever version of Go"))
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Asks gdb, which says it all."""
    words = debugger.command(go_program(args.program).path, batch=True, traced=False)
    # Whether something is lost is also gdb's exit status.
    leave = "python from rt0lab.program import uses; gdb.execute(f'quit {uses.lost():d}')"
    words += ["-ex", "rt0 compat", "-ex", leave]
    status = debugger.unattended(words)
    if status not in (0, FAILED):
        raise Failure(tr("gdb could not look at {program} (exit status {status})", program=args.program, status=status))
    return status
