"""What the matrix has to try: its axes, a part of it chosen by words of the command line, and its table."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

from rt0lab.words import tr

from ..failure import USAGE, Failure

AXES = {
    "go": ("1.19", "1.24", "1.26", "1.27"),
    "build": ("N-l", "default", "cgo", "pie"),
    "gdb": ("13", "16", "18"),
    "look": ("live", "core"),
}


@dataclass(frozen=True)
class Cell:
    """One Go, one way to build, one gdb, one way to look."""

    go: str
    build: str
    gdb: str
    look: str

    def __str__(self) -> str:
        return f"Go {self.go} {self.build}, gdb {self.gdb}, {self.look}"


@dataclass
class Result:
    """What came of a cell: faults, or why it could not be tried."""

    cell: Cell
    faults: list[str] = field(default_factory=list)
    why_not: str = ""

    @property
    def word(self) -> str:
        """Its place in the table: ok, how many faults, or - for what could not be had."""
        return "-" if self.why_not else str(len(self.faults)) if self.faults else "ok"


def chosen(words: Iterable[str]) -> list[Cell]:
    """The cells that `go=1.27,gdb=18` chooses; all without a word. A key may come again: `gdb=16,gdb=18`."""
    wanted: dict[str, list[str]] = {}
    for part in filter(None, ",".join(words).split(",")):
        key, _, value = part.partition("=")
        if key not in AXES or value not in AXES[key]:
            known = "; ".join(f"{name}={'|'.join(values)}" for name, values in AXES.items())
            raise Failure(
                tr("`{part}` chooses nothing of the matrix, which has {known}", part=part, known=known), USAGE
            )
        wanted.setdefault(key, []).append(value)
    kept = [[value for value in values if value in wanted.get(key, values)] for key, values in AXES.items()]
    return [Cell(*values) for values in itertools.product(*kept)]


def table(results: list[Result]) -> list[str]:
    """A line for each Go and build, two columns for each gdb, then what the words in it mean."""
    word = {result.cell: result.word for result in results}
    columns = [(gdb, look) for gdb in _of(results, "gdb") for look in _of(results, "look")]
    lines = [
        f"{'':14}" + "".join(f"{'gdb ' + gdb:>9}" for gdb, _ in columns),
        f"{'':14}" + "".join(f"{look:>9}" for _, look in columns),
    ]
    for go, build in itertools.product(_of(results, "go"), _of(results, "build")):
        cells = (word.get(Cell(go, build, *column), "") for column in columns)
        lines.append(f"{go:>5} {build:8}" + "".join(f"{cell:>9}" for cell in cells))
    return lines


def _of(results, key):
    return [value for value in AXES[key] if any(getattr(result.cell, key) == value for result in results)]
