"""Runs gdb for the tests here: our package loaded, nothing of the user's."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOADER = ROOT / "gdb-scripts" / "rt0lab-gdb.py"
sys.path.insert(0, str(ROOT / "gdb-scripts"))

# Before a test's script: `do(COMMAND)` gives what a command printed or the sentence it failed with.
PREAMBLE = """
import json, gdb
from rt0lab import cards, checks, commands, model, printers, record, snapshot, stages, stops, symbolic, unwinder
result = None
def do(command):
    try:
        return gdb.execute(command, to_string=True)
    except gdb.error as error:
        return str(error)
def until(stage):
    place = stops.places()[stage]
    return stops.start() if not model.alive() and place.address == model.world().elf.entry else (
        stops.toward({place.address}, "run") if not model.alive() else stops.toward({place.address}))
"""


def environment():
    return {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


def run_gdb(program, *arguments, **options):
    """One gdb on a program, our package loaded, nothing of the user's; returns the finished process."""
    command = ["gdb", "-nx", "-q", "-batch", "-iex", "set auto-load off", str(program), "-ex", f"source {LOADER}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=120,
                          stdin=subprocess.DEVNULL, env=environment(), **options)  # fmt: skip
