"""`lab report`: a recorded boot as one HTML page to walk through."""

import os
from argparse import Namespace

from rt0lab.formats import untrusted
from rt0lab.words import language, tr

from ..host import debugger, needs, packages, traces
from ..host.output import writable
from ..report import film, page, sources
from . import Verbs


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "report",
        help=tr("a boot as one HTML page to walk through and to ask"),
        example="./lab report -o boot.html\n./lab report boot.json -o boot.html\n"
        "./lab report hello --against tests/oracle/go1.10.2.json -o boot.html",
    )
    verb.add_argument(
        "program",
        nargs="?",
        default="hello",
        metavar="PROGRAM|GO-BINARY|FILE.json",
        help=tr("a program of runtime/programs (default: hello), the path of a Go program, or a trace"),
    )
    verb.add_argument("-o", dest="output", required=True, metavar="FILE.html", help=tr("the file to write"))
    verb.add_argument(
        "--against",
        metavar="FILE.json",
        help=tr("another trace, to be shown beside it: stops that belong together, and what differs"),
    )
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Records, or reads what was recorded, and writes the page."""
    output = writable(args.output)
    packages.ensure(needs.TO_SHOW)
    other = [traces.read(os.path.abspath(args.against))] if args.against else []
    runs = [(trace, sources.finder(trace["runtime"])) for trace in [recorded(args.program), *other]]
    output.write_text(page.html(film.of(runs), language()), "utf-8")
    print(tr("{file}: open it in a browser", file=untrusted.shown(args.output)))
    return 0


def recorded(name: str) -> film.Trace:
    """The trace in a file, or of a fresh run of a program, with who wrote what."""
    if not name.endswith(".json"):
        return traces.live(debugger.program(name), writers=True)
    return traces.read(os.path.abspath(name))
