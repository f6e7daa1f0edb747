"""All that is asked of `lab bench`, part after part: what is said before and after, and what is kept, also of a run
that is ended early."""

import contextlib
import json
import os
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from rt0lab.words import screen

from ..failure import progress
from ..host.output import write
from . import against, film, gdb, grade, machine, sched, startup
from .rounds import Asked, Pace, terminal

# Each has planned(asked), the seconds that its figures take, and run(asked, pace), which prints its table and yields
# its figures.
PARTS: dict[str, ModuleType] = {"startup": startup, "sched": sched, "gdb": gdb, "grade": grade, "film": film}
LIMIT = 170  # seconds for all of them together, of three minutes; what has to be built does not count


def measure(asked: Asked, parts: list[str], output: Path | None, earlier: str | None) -> None:
    """Measures these parts; keeps the figures in `output`, and says how far they are from those of the file
    `earlier`."""
    here = machine.machine()
    if earlier:
        asked = replace(asked, since=against.read(earlier, here))
    opening(asked, here)
    planned = {name: seconds for part in parts for name, seconds in PARTS[part].planned(asked).items()}
    pace = Pace(planned, LIMIT if asked.quick else None, terminal())
    others = machine.Others()
    figures: list[dict[str, Any]] = []
    kept = {"complete": False, "figures": figures, "machine": here}
    try:
        for part in parts:
            if pace.over():
                pace.left_out += PARTS[part].planned(asked)
                continue
            print()
            for figure in PARTS[part].run(asked, pace):
                figures.append(figure)
        kept["complete"] = True
    except (KeyboardInterrupt, SystemExit):
        pace.erase()
        where = f"; {output} has them, marked as not complete" if output and figures else ""
        progress(f"ended early, figures measured: {len(figures)}{where}")
        raise
    finally:
        pace.erase()
        if output and (figures or kept["complete"]):
            keep(output, kept)
    closing(asked, pace, parts, others.part())


def opening(asked: Asked, here: dict[str, Any]) -> None:
    """Says where this is, what is missing there, and whether others are at work."""
    for line in machine.missing():
        progress(line)
    busy = machine.busy_now()
    if busy:
        progress(busy)
    print(*machine.lines(here), *(asked.since.legend() if asked.since else ()), sep="\n", flush=True)


def closing(asked: Asked, pace: Pace, parts: list[str], others: float) -> None:
    """Says what was left out, and how much of the processors others used meanwhile."""
    print()
    if others > machine.BUSY:
        print(f"others used {others:.0%} of the processors meanwhile: the figures are those of a busy machine")
    if pace.left_out:
        print(*screen.wrap(f"no time was left for {', '.join(pace.left_out)}"), sep="\n")
    rest = left_out(asked, parts)
    if rest:
        said = f"figures left out, to end within three minutes: {len(rest)}; `./lab bench --all` measures them, too"
        print(*screen.wrap(said), sep="\n")


def left_out(asked: Asked, parts: list[str]) -> list[str]:
    """The figures that these parts have besides, when they need not share three minutes."""
    had = {name for part in parts for name in PARTS[part].planned(asked)}
    every = (name for part in parts for name in PARTS[part].planned(replace(asked, quick=False)))
    return [name for name in every if name not in had]


def keep(output: Path, made: dict[str, Any]) -> None:
    """Writes the JSON: another file takes its place when it is whole, so that nobody finds half of one."""
    text = json.dumps(made, indent=1, sort_keys=True) + "\n"
    whole = output.resolve()
    if whole.exists() and not whole.is_file() or not os.access(whole.parent, os.W_OK):
        return write(output, text)  # /dev/stdout, a pipe, a file in a folder of others: nothing can take its place
    half = whole.with_name(f".{whole.name}.{os.getpid()}")
    try:
        write(half, text)
        if whole.exists():
            half.chmod(whole.stat().st_mode)
        half.replace(whole)
    finally:
        with contextlib.suppress(OSError):
            half.unlink()
