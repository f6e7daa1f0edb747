"""What becomes of a loop that calls nothing: in the program at hand, and in the mirror's beside it."""

import signal

import gdb
from rt0lab import program
from rt0lab.formats.elf import Elf
from rt0lab.frames import places
from rt0lab.goroutines.census import Census
from rt0lab.program import Problem

FACTS = ("mirror", "today", "signal_name")
RUN, WAIT = "run", "wait"
_STOPS_LOOPS = "runtime.doSigPreempt"  # where a signal makes a goroutine go that did not ask
_beside = [""]


def beside(path: str) -> None:
    """Says where the mirror's program is."""
    _beside[0] = path


def mirror() -> str:
    """Do the others run in the mirror while one spins that must stop? Only if it has what makes it go."""
    try:
        symbols = Elf(_beside[0]).symbols
    except OSError as error:
        raise Problem(f"the mirror's program cannot be read: {error.strerror}.") from None
    return RUN if _STOPS_LOOPS in symbols else WAIT


def today() -> str:
    """Does main run here, and is the loop not over?"""
    census = Census()
    spinning = [row for row in census.rows if row.status not in census.ended and _spins(census, row)]
    return RUN if spinning and program.world().address(_STOPS_LOOPS) else WAIT


def _spins(census, row):
    """Is it one of the program's own that waits for nothing, and not the one that asks?"""
    waits = census.status.get(row.status, "").startswith("waiting")
    return not waits and row.goid != 1 and bool(row.startpc) and places.code(row.startpc)[0].startswith("main.")


def signal_name() -> str:
    """Which signal is handled: the argument of runtime.sighandler."""
    gdb.newest_frame().select()
    return signal.Signals(int(gdb.parse_and_eval("sig"))).name
