"""Records one run of a program, stop by stop, and reads such a record."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from rt0lab.formats import untrusted

from rt0lab.words import tr

from ..failure import USAGE, Failure
from . import debugger
from .target import Program

MOST = 1 << 28  # bytes of a trace that are read


def live(
    target: Program, keep: Path | None = None, affinity: set[int] | None = None, writers: bool = False
) -> dict[str, Any]:
    """The trace of a fresh run of the program; `keep` names the file that holds it afterwards, `writers` wants to know
    who wrote what."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trace.json"
        record(target, file, affinity, writers)
        text = file.read_text("utf-8")
    if keep:
        keep.write_text(text)
    return parse(text)


def read(path: str) -> dict[str, Any]:
    """The trace in a file; Failure if there is none in it."""
    try:
        with untrusted.regular(path, MOST) as stream:
            return parse(stream.read().decode("utf-8", "replace"))
    except OSError as error:
        why = error.strerror
    except Failure as failure:
        why = str(failure)
    raise Failure(tr("{path}: {why}", path=path, why=why), USAGE)


def parse(text: str) -> dict[str, Any]:
    """A trace from its JSON text; Failure if it is none."""
    try:
        trace = json.loads(text)
        if trace["format"] == 1 and isinstance(trace["stages"], list) and any(map(_is_stop, trace["stages"])):
            return trace
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise Failure(tr("the record is no trace of format 1"))


def _is_stop(row):
    return isinstance(row, dict)


def record(target: Program, file: Path, affinity: set[int] | None = None, writers: bool = False) -> None:
    """Writes the trace of one run of the program to `file`; Failure if there is none afterwards."""
    words = debugger.command(target.path, batch=True)
    words += ["-ex", f"rt0 record {'' if writers else '-bare '}{untrusted.argument(str(file))}"]
    with tempfile.TemporaryFile("w+") as said:
        status = debugger.unattended(words, said, affinity)
        if status or not Path(file).exists():
            said.seek(0)
            sys.stderr.write("".join(said.readlines()[-10:]))
            raise Failure(tr("gdb could not record {path} (what it said is above)", path=target.path))
