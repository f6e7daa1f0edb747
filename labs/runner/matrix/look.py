"""One cell of the matrix: gdb looks at the witness, and what it shows is held against the witness's own word."""

import io
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from rt0lab.formats import untrusted

from ..host import debugger, pace
from . import held, said, witness
from .cells import Cell

INSIDE = Path(__file__).with_name("inside.py")
LIMIT = 120  # seconds that a gdb may take


def faults(cell: Cell, gdb: str, program: Path) -> list[str]:
    """What is wrong in this cell."""
    with tempfile.TemporaryDirectory(prefix="rt0lab-matrix-") as name:
        folder = Path(name)
        if cell.look == "live":
            return _live(gdb, program, folder) + _tour(gdb, program)
        core, text = witness.crashed(program, folder)
        words = debugger.command(str(program), batch=True, traced=False, gdb=gdb)
        words += ["-ex", f"core-file {untrusted.argument(str(core))}"]
        return _seen(words, "core", folder, lambda: text)


def _live(gdb, program, folder):
    words = debugger.command(str(program), batch=True, gdb=gdb)
    words += ["-ex", f"cd {untrusted.argument(str(folder))}", "-ex", "set args said.txt"]
    return _seen(words, "live", folder, lambda: (folder / "said.txt").read_text("utf-8", "replace"))


def _seen(words: Sequence[str], look: str, folder: Path, word: Callable[[], str]) -> list[str]:
    """The faults of what gdb shows after these words; `word()` gives what the program says of itself."""
    record = folder / "record.json"
    argv = f"python import sys; sys.argv = {['', str(record), look]!r}"
    status, text = _gdb([*words, "-ex", argv, "-x", str(INSIDE)])
    if not record.exists():
        return [f"gdb left no record (exit status {status}): {text.strip()[-400:]}"]
    return held.faults(json.loads(record.read_text()), said.goroutines(word()), look == "core") + held.noise(text)


def _tour(gdb, program):
    status, text = _gdb([*debugger.command(str(program), batch=True, gdb=gdb), "-ex", "rt0 tour -batch"])
    return held.tour(status, text)


def _gdb(words):
    """(exit status, all that gdb wrote)."""
    text = io.StringIO()
    status = debugger.unattended(list(words), text, limit=pace.Limit(LIMIT))
    return status, text.getvalue()
