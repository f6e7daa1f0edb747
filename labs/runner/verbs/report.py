"""`lab report`: a recorded boot as one HTML page to walk through, or one picture of a moment of it."""

import os
from argparse import Namespace
from typing import Any

from rt0lab.formats import untrusted
from rt0lab.words import language, tr

from ..host import debugger, needs, packages, traces
from ..host.output import writable, write
from ..report import film, notes, page, perfetto, pictures, sources
from . import Verbs


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "report",
        help=tr("a boot as one HTML page to walk through and to ask"),
        example="./lab report -o boot.html\n./lab report boot.json -o boot.html\n"
        "./lab report hello --against tests/oracle/go1.10.2.json -o boot.html\n"
        "./lab report -o stack.svg --svg --show stack --at newproc1/entry",
    )
    verb.add_argument(
        "program",
        nargs="?",
        default="hello",
        metavar="PROGRAM|GO-BINARY|FILE.json",
        help=tr("a program of runtime/programs (default: hello), the path of a Go program, or a trace"),
    )
    verb.add_argument("-o", dest="output", required=True, metavar="FILE", help=tr("the file to write"))
    verb.add_argument(
        "--against",
        metavar="FILE.json",
        help=tr("another trace, to be shown beside it: stops that belong together, and what differs"),
    )
    verb.add_argument("--svg", action="store_true", help=tr("one picture of one moment, as an SVG file"))
    verb.add_argument("--perfetto", action="store_true", help=tr("the run as a file for Perfetto (ui.perfetto.dev)"))
    verb.add_argument("--show", choices=pictures.SHOWN, default=pictures.SHOWN[0], help=tr("what that picture shows"))
    verb.add_argument(
        "--at",
        default="",
        metavar="MOMENT",
        help=tr("that moment: a stage, its entry or return, a number (newproc1/entry)"),
    )
    verb.add_argument(
        "--notes",
        metavar="NOTES.json",
        help=tr("notes saved in a film, to be given away with this one, at their moments"),
    )
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Records, or reads what was recorded, and writes the page."""
    output = writable(args.output)
    if args.svg:
        write(output, pictures.svg(filmed(args.program), args.show, args.at, language()))
        print(tr("{file}: a picture of its own", file=untrusted.shown(args.output)))
        return 0
    if args.perfetto:
        write(output, perfetto.text(filmed(args.program)))
        print(tr("{file}: open it in Perfetto (ui.perfetto.dev)", file=untrusted.shown(args.output)))
        return 0
    packages.ensure(needs.TO_SHOW)
    made = filmed(args.program, args.against)
    if args.notes:
        made["notes"] = notes.read(args.notes, made["runs"][0]["program"])
    write(output, page.html(made, language(), args.at))
    print(tr("{file}: open it in a browser", file=untrusted.shown(args.output)))
    return 0


def filmed(name: str, against: str | None = None) -> dict[str, Any]:
    """The film of what is recorded or in a file, and of another trace beside it."""
    traced = [recorded(name), *([read(against)] if against else [])]
    return film.of([(trace, sources.finder(film.text(trace.get("runtime")), program)) for trace, program in traced])


def recorded(name: str) -> tuple[film.Trace, str | None]:
    """The trace of a fresh run of a program, with who wrote what, and the program's path; or the trace in a file."""
    if name.endswith(".json"):
        return read(name)
    program = debugger.program(name)
    return traces.live(program, writers=True), program.path


def read(name: str) -> tuple[film.Trace, None]:
    """The trace in a file, which names no program that is known to be here."""
    return traces.read(os.path.abspath(name)), None
