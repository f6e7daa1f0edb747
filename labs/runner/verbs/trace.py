"""`lab trace`: one run of a program written down stop by stop, as JSON."""

from argparse import Namespace
from collections import Counter

from rt0lab.formats import untrusted
from rt0lab.words import in_a_row, tr, trn

from ..host import debugger, traces
from ..host.output import writable
from . import Verbs, add_program


def register(verbs: Verbs) -> None:
    verb = verbs.add_parser(
        "trace",
        help=tr("write down every stop of a boot, and who wrote what, as JSON"),
        example="./lab trace -o boot.json",
    )
    add_program(verb)
    verb.add_argument("-o", dest="output", required=True, metavar="FILE.json", help=tr("the file to write"))
    verb.add_argument("--release", action="store_true", help=tr("trace the optimised build"))
    verb.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Records and says what is in the file."""
    output = writable(args.output)
    trace = traces.live(debugger.program(args.program, args.release), output, writers=True)
    kinds = Counter(stop["kind"] for stop in trace["stages"])
    print(
        tr(
            "{file}: {stops} of {runtime} ({kinds}), exit status {status}",
            file=untrusted.shown(args.output),
            stops=trn("{n} stop", "{n} stops", len(trace["stages"])),
            runtime=trace["runtime"],
            kinds=in_a_row(f"{count} {kind}" for kind, count in kinds.most_common()),
            status=trace["exit"],
        )
    )
    return 0
