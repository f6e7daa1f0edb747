"""The goroutine that is asked to stop while it runs."""

from rt0lab import program
from rt0lab.program import Problem

FACTS = ("guard", "loop")


def _interrupted():
    """The g that the selected thread's M runs, though the thread handles a signal now."""
    current = program.current_g(program.tls_g()[1])
    g = program.read_struct("g", current or 0)
    m = g and program.read_struct("m", g.get("m") or 0)
    running = m and program.read_struct("g", m.get("curg") or 0)
    if not running:
        raise Problem("this thread runs no goroutine.")
    return running


def guard() -> int:
    """Its stackguard0, in which it is asked."""
    return _interrupted().get("stackguard0")


def loop() -> int:
    """Its id."""
    return _interrupted().get("goid")
