"""Runs gdb for the tests here: our package loaded, nothing of the user's."""

import os
import pathlib
import re
import subprocess
import sys

from forked import Stock

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOADER = ROOT / "gdb-scripts" / "rt0lab-gdb.py"
GDB = os.environ.get("RT0LAB_GDB", "gdb")  # to try another than PATH's
TIMEOUT = 300  # seconds for one gdb, on a busy machine; then it hangs
_stock = Stock()
sys.path.insert(0, str(ROOT / "gdb-scripts"))

# Before a test's script: `do(COMMAND)` gives what a command printed or the sentence it failed with.
PREAMBLE = (
    f"import sys; sys.path.insert(0, {str(pathlib.Path(__file__).parent)!r})"
    + """
import json, gdb
from gdbrun import without_remarks
from rt0lab import program
from rt0lab.boot import stages, stops
from rt0lab.commands import console, panel as panel_command, window
from rt0lab.frames import roots, unwinder
from rt0lab.formats import fcontext
from rt0lab.goroutines import census, clock
from rt0lab.program import lists, names, past, settings, worlds
from rt0lab.show import card, go_values, lines, panel
from rt0lab.state import changes, checks, history, question, recorder, snapshot, told, verdicts
result = None
def do(command):
    try:
        return without_remarks(gdb.execute(command, to_string=True))
    except gdb.error as error:
        return str(error)
def until(stage):
    place = stops.places()[stage]
    return stops.start() if not program.alive() and place.address == program.world().elf.entry else (
        stops.toward({place.address}, "run") if not program.alive() else stops.toward({place.address}))
def newborn():  # to where clone's child goes another way than its parent: thread 2 is on no g yet
    clone = next(filter(None, map(program.world().address, ('runtime.clone', 'runtime.clone.abi0'))))
    code = [each['asm'].split() for each in gdb.selected_inferior().architecture().disassemble(clone, count=60)]
    child = next(words[1] for words in code[code.index(['syscall']):] if words[0] == 'je')
    do(f'break *{child}')
    do('run')
"""
)


def without_remarks(text):
    """What gdb said, without what it has to say of a core's registers: on a newer processor gdb 16 finds its own cores
    odd."""
    return re.sub(r"(?m)^warning: (Unexpected size of section|Section `\.reg-xstate/).*\n", "", text)


def environment():
    return {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}


def run_gdb(program, *arguments, cwd=None):
    """One gdb on a program, our package loaded, nothing of the user's; returns the finished process."""
    # A gdb that gives up over a damaged file leaves no core of its own where the tests stand.
    opening = [
        GDB,
        "-nx",
        "-q",
        "-batch",
        "-iex",
        "set auto-load off",
        "-iex",
        "maintenance set internal-error corefile no",
        str(program),
        "-ex",
        f"source {LOADER}",
    ]
    if set(arguments[::2]) <= {"-ex"}:
        done = _stock.run(opening, program, arguments[1::2], environment(), cwd, TIMEOUT)
        if done is not None:
            return done
    return subprocess.run(
        [*opening, *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIMEOUT,
        stdin=subprocess.DEVNULL,
        env=environment(),
        cwd=cwd,
    )
