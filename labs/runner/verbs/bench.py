"""`lab bench [PART]`: what things cost here beside Go, beside others that do the same, and beside the least they could
cost."""

import argparse

from rt0lab.words import in_a_row, tr

from ..bench import explain, whole
from ..bench.rounds import Asked
from ..failure import USAGE, Failure
from ..host.output import writable
from . import Verbs, at_least_one


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "bench",
        help=tr("measure beside Go and beside the least it could cost"),
        example="./lab bench\n./lab bench sched --only yield --json FILE.json\n./lab bench sched --against FILE.json\n"
        "./lab bench --explain yield2",
    )
    verb.add_argument(
        "what",
        nargs="?",
        choices=whole.PARTS,
        help=tr("what to measure, with all its figures (default: of everything what three minutes suffice for)"),
    )
    verb.add_argument("--all", action="store_true", help=tr("everything, with all its figures, however long it takes"))
    verb.add_argument("--only", metavar="NAME", default="", help=tr("only the figures whose name begins like this"))
    verb.add_argument(
        "--rounds", metavar="N", type=at_least_one, help=tr("how often each program runs; how many students hand in")
    )
    verb.add_argument(
        "--cpu", action="store_true", help=tr("sched: processor time, not the clock's, for a busy machine")
    )
    verb.add_argument(
        "--explain", metavar="FIGURE", help=tr("sched: count what an operation of this figure does, or of all")
    )
    verb.add_argument("--keep", action="store_true", help=tr("with --explain all: what later counts are compared with"))
    verb.add_argument("--json", metavar="FILE", help=tr("write the figures to this file too"))
    verb.add_argument(
        "--against", metavar="FILE", help=tr("say how far each figure is from what an earlier --json has written")
    )
    verb.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measures one part, or all of them, each with a table of its own."""
    if args.keep and args.explain != "all":
        raise Failure(tr("--keep is for `lab bench sched --explain all`"), USAGE)
    if args.explain:
        if args.what not in (None, "sched"):
            raise Failure(tr("--explain is for `lab bench sched`"), USAGE)
        for option in ("all", "only", "rounds", "cpu", "json", "against"):
            if getattr(args, option):
                words = {"verb": "./lab bench", "first": "--explain", "second": f"--{option}"}
                raise Failure(tr("{verb}: {first} does not go with {second}", **words), USAGE)
        if args.explain == "all":
            explain.show_all(args.keep)
        else:
            explain.show(args.explain)
        return 0
    output = writable(args.json) if args.json else None
    quick = not (args.what or args.all or args.only or args.rounds)
    asked = Asked(args.only, args.rounds, args.cpu, quick)
    parts = [name for name, part in whole.PARTS.items() if args.what in (None, name) and part.planned(asked)]
    if not parts:
        there = [
            name for part in whole.PARTS if args.what in (None, part) for name in whole.PARTS[part].planned(Asked())
        ]
        raise Failure(
            tr("no figure's name begins with {only}; there are: {names}", only=args.only, names=in_a_row(there)), USAGE
        )
    whole.measure(asked, parts, output, args.against)
    return 0
