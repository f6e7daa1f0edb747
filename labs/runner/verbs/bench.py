"""`lab bench [PART]`: what things cost here beside Go, beside others that do the same, and beside the least they could
cost."""

import argparse
import json

from rt0lab.words import tr

from ..bench import film, gdb, grade, sched, startup
from ..bench.peers import machine
from ..failure import USAGE, Failure
from ..host.output import writable
from . import Verbs, at_least_one

# each has run(args), which prints its table and returns its figures
PARTS = {"startup": startup, "sched": sched, "gdb": gdb, "grade": grade, "film": film}


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "bench",
        help=tr("measure beside Go and beside the least it could cost"),
        example="./lab bench startup --rounds 100",
    )
    verb.add_argument("what", nargs="?", choices=PARTS, help=tr("what to measure (default: everything)"))
    verb.add_argument("--only", metavar="NAME", default="", help=tr("only the figures whose name begins like this"))
    verb.add_argument(
        "--rounds", metavar="N", type=at_least_one, help=tr("how often each program runs; how many students hand in")
    )
    verb.add_argument(
        "--cpu", action="store_true", help=tr("sched: processor time, not the clock's, for a busy machine")
    )
    verb.add_argument("--json", metavar="FILE", help=tr("write the figures to this file too"))
    verb.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measures one part, or all of them, each with a table of its own."""
    output = writable(args.json) if args.json else None
    figures = []
    for name, part in PARTS.items():
        if args.what in (None, name):
            print("\n" if figures else "", end="")
            figures += part.run(args)
    if not figures:
        raise Failure(tr("no figure's name begins with {only}", only=args.only), USAGE)
    if output:
        output.write_text(json.dumps({"figures": figures, "machine": machine()}, indent=1, sort_keys=True) + "\n")
    return 0
