"""What several facts begin with: who waits for whom, and places in the source as an exercise asks for them."""

from rt0lab.goroutines import wakers
from rt0lab.program import Problem, world


def graph() -> wakers.Graph:
    """Who waits for whom, now."""
    return world().still("graph of the facts", wakers.Graph)


def spot(file: str | None, number: int) -> str:
    """`main.go:87`: a line, without its file's folder."""
    if not file:
        raise Problem("the place has no file.")
    return f"{file.rpartition('/')[2]}:{number}"
