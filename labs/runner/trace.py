"""`lab trace`: one run of a program written down stop by stop, as JSON."""

import json
import os
import tempfile
from collections import Counter
from pathlib import Path

from rt0lab import untrusted

from . import debugger
from .failure import USAGE, Failure


def register(verbs):
    """Adds the verb to the command line."""
    verb = verbs.add_parser("trace", help="write down every stop of a boot, as JSON")
    verb.add_argument(
        "program",
        nargs="?",
        default="hello",
        metavar="PROGRAM|GO-BINARY",
        help="a program of runtime/programs (default: hello), or the path of a Go program",
    )
    verb.add_argument("-o", dest="output", required=True, metavar="FILE.json", help="the file to write")
    verb.add_argument("--release", action="store_true", help="trace the optimised build")
    verb.set_defaults(run=run)


def run(args):
    """Records and says what is in the file."""
    output = writable(args.output)
    trace = live(debugger.program(args.program, args.release), output)
    kinds = Counter(stop["kind"] for stop in trace["stages"])
    print(
        f"{untrusted.shown(args.output)}: {len(trace['stages'])} stops of {trace['runtime']} "
        f"({', '.join(f'{count} {kind}' for kind, count in kinds.most_common())}), exit status {trace['exit']}"
    )
    return 0


def writable(name):
    """The Path of an output file, or a Failure before any work is done for nothing."""
    path = Path(name)
    folder = path.resolve().parent
    if not folder.is_dir():
        raise Failure(f"{folder}: no such directory", USAGE)
    if path.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise Failure(f"cannot write to {path}", USAGE)
    return path


def live(target, keep=None, affinity=None):
    """The trace of a fresh run of the program; `keep` names the file that holds it afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trace.json"
        debugger.record(target, file, affinity)
        text = file.read_text("utf-8")
    if keep:
        keep.write_text(text)
    return parse(text)


def parse(text):
    """A trace from its JSON text; Failure if it is none."""
    try:
        trace = json.loads(text)
        if trace["format"] == 1 and trace["stages"]:
            return trace
    except (ValueError, KeyError, TypeError):
        pass
    raise Failure("the record is no trace of format 1")
