"""Runs every command over many damaged copies, and counts: python3 tests/gdb/sweep.py elf|dwarf|traces PROGRAM COUNT
[SEED].

The tests run a few of each; this runs as many as one likes. A copy at which gdb dies of a signal or of an assertion of
its own is not counted as a fault of ours: nothing that Python asks it may make it.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import mutants
from gdbrun import PREAMBLE, run_gdb

BATCH = 40
OWN = "gdb died"
TO_READY = """
from rt0lab import program; from rt0lab.boot import stops
stops.toward({program.world().address('main.ready')}, 'run')
"""


def core_of(program, folder):
    """A core of the program at main.ready, and how many goroutines it has."""
    core, answer = folder / "core", folder / "ids"
    body = folder / "core.py"
    body.write_text(
        PREAMBLE
        + TO_READY
        + f"import damage\ndo('gcore {core}')\nopen({str(answer)!r}, 'w').write(str(len(damage.ids())))\n"
    )
    run_gdb(program, "-ex", f"source {body}")
    return core, int(answer.read_text())


def sweep(kind, program, count, seed, folder):
    """[{path, faults, seen, name}] of so many copies of this kind, and how many goroutines the whole one has."""
    program, folder = pathlib.Path(program), pathlib.Path(folder)
    named, whole, core = {}, None, None
    if kind == "traces":
        run_gdb(program, "-ex", f"rt0 record -bare {folder / 'whole.json'}")
        trace = json.loads((folder / "whole.json").read_text())
        # a copy of few stops is damaged where it shows
        trace["stages"] = trace["stages"][:: max(len(trace["stages"]) // 12, 1)]
        made = mutants.json_mutants(trace, count, seed)
    else:
        core, whole = core_of(program, folder)
        made = {"elf": mutants.elf_mutants, "dwarf": mutants.dwarf_mutants}[kind](program, count, seed)
    rows, batch = [], []
    for number, (name, data) in enumerate(made):
        path = folder / f"{kind}-{number}"
        if kind == "traces":
            path.write_text(data)
        else:
            path.write_bytes(data)
            path.chmod(0o755)
        named[str(path)] = name
        batch.append(str(path))
        if len(batch) == BATCH or number == count - 1:
            rows += _run(kind, program, batch, core, folder)
            for done in batch:
                pathlib.Path(done).unlink()
            batch = []
    return [{**row, "name": named[row["path"]]} for row in rows], whole


def _run(kind, program, paths, core, folder):
    """One gdb for all of them, and another one for what is left where it dies."""
    rows, out, body = [], folder / "out", folder / "body.py"
    while paths:
        out.write_text("")
        call = (
            f"mutated.traces({paths!r}, {str(out)!r})"
            if kind == "traces"
            else f"mutated.programs({paths!r}, {str(core)!r}, {str(out)!r})"
        )
        body.write_text(PREAMBLE + "import mutated\n" + call + "\n")
        try:
            gdb = run_gdb(program, "-ex", f"source {body}", cwd=folder)  # where a dying gdb leaves its core
            how = (
                OWN
                if gdb.returncode < 0 or "internal problem" in gdb.stderr or "internal-error" in gdb.stderr
                else f"gdb ended with {gdb.returncode}: {gdb.stderr[-300:]}"
            )
        except subprocess.TimeoutExpired:
            how = "gdb hung"
        done = list(map(json.loads, out.read_text().splitlines()))
        rows += done
        if len(done) == len(paths):
            break
        dead = paths[len(done)]
        rows.append({"path": dead, "faults": [] if how == OWN else [("gdb", how)], "seen": how})
        paths = paths[len(done) + 1 :]
    return rows


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        found, all_of_them = sweep(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(*sys.argv[4:5] or [1]), place)
    for row in found:
        if row["faults"] or row["seen"] == OWN:
            print(json.dumps(row))
    print(
        f"{len(found)} copies, {sum(bool(row['faults']) for row in found)} with faults, "
        f"{sum(row['seen'] == all_of_them for row in found)} with all {all_of_them} goroutines, "
        f"{sum(row['seen'] is None for row in found)} refused with a sentence, "
        f"{sum(row['seen'] == OWN for row in found)} at which gdb dies by itself"
    )
