"""All cells that are chosen, one after the other: brings the tools, tries, and ends with the table."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from rt0lab.words import tr

from ..failure import MACHINE, Failure, progress
from ..host import locks, permits, suites
from ..tree import ROOT
from . import cells, look, witness
from .cells import Cell, Result

WHOLE = ROOT / "build" / "matrix.txt"  # every fault of the last run
SHOWN = 3  # faults of a cell on the screen
WAIT = 900  # seconds for another lab that brings tools


def run(words: list[str]) -> int:
    """Tries the cells that the words choose; 0 if there is no fault in those that can be had."""
    wanted = cells.chosen(words)
    permits.require_ptrace()
    if not shutil.which("gcc"):
        progress(tr("there is no gcc here: without it no program with cgo is built"))
    (ROOT / "build").mkdir(exist_ok=True)
    results = _tried(wanted)
    WHOLE.write_text("".join(f"{result.cell}: {fault}\n" for result in results for fault in result.faults))
    print("\n".join(cells.table(results)))
    return _verdict(results)


def _tried(wanted: list[Cell]) -> list[Result]:
    tools: dict[tuple[str, str], str | suites.NotHere] = {}
    results = []
    with tempfile.TemporaryDirectory(prefix="rt0lab-matrix-") as folder:
        for number, cell in enumerate(wanted, 1):
            result = _result(cell, tools, Path(folder))
            results.append(result)
            progress(f"{number}/{len(wanted)} {cell}: {result.why_not or result.word}")
            for fault in result.faults[:SHOWN]:
                progress(f"    {fault}")
    return results


def _result(cell, tools, folder):
    try:
        go, gdb = (_tool(tools, name, getattr(cell, name)) for name in ("go", "gdb"))
        program = folder / f"{cell.go}-{cell.build}"
        if not program.exists():
            witness.build(go, cell.build, program)
        return Result(cell, look.faults(cell, gdb, program))
    except suites.NotHere as reason:
        return Result(cell, why_not=str(reason))
    except (OSError, ValueError, LookupError, TypeError, subprocess.SubprocessError) as error:  # costs this cell alone
        return Result(cell, [f"what came of it cannot be read: {type(error).__name__}: {error}"])


def _tool(tools, name, version):
    """The path of a gdb or go, or NotHere, each asked for once."""
    if (name, version) not in tools:
        try:
            with locks.held(suites.cache() / ".lock", "brings tools of other suites", progress, WAIT):
                tools[name, version] = {"go": suites.go, "gdb": suites.gdb}[name](version)
        except suites.NotHere as reason:
            tools[name, version] = reason
    found = tools[name, version]
    if isinstance(found, suites.NotHere):
        raise found
    return found


def _verdict(results: list[Result]) -> int:
    """Says what the table's words mean, and returns the exit status."""
    bad = [result for result in results if result.faults]
    for reason in dict.fromkeys(result.why_not for result in results if result.why_not):
        print(tr("not tried (-): {why}", why=reason))
    if len(results) == sum(bool(result.why_not) for result in results):
        raise Failure(tr("nothing of this could be tried"), MACHINE)
    if bad:
        where = WHOLE.relative_to(ROOT)
        print(tr("{bad} of {all} with faults; all of them are in {where}", bad=len(bad), all=len(results), where=where))
        return 1
    tried = sum(not result.why_not for result in results)
    print(tr("no fault in {tried} of {all}", tried=tried, all=len(results)))
    return 0
