"""The written reasons: where the mirror may differ from Go, and why (tests/oracle/differences.toml)."""

import fnmatch
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..tree import ORACLE
from .fields import Difference
from .observations import Trace

NEWEST = 1 << 16  # of a Go that does not say its version: what holds for the newest is tried


@dataclass
class Reason:
    """One written reason; it stands for an observation, or for the fields that its stage and path patterns match; where
    it holds, differences.toml says."""

    verdict: str  # "differs" or "not mirrored"
    reason: str
    n: int | None = None
    stage: str = ""
    path: str = ""
    since: str = ""
    until: str = ""
    go: str = "*"
    beside: str = ""
    live: bool = False
    used: bool = field(default=False, compare=False)

    def holds(self, go: Trace, live: bool) -> bool:
        """Whether it holds beside this boot of Go's; `live` is one that was not recorded long ago."""
        version = minor(go["runtime"])
        return (
            (not self.since or minor("go" + self.since) <= version)
            and (not self.until or version <= minor("go" + self.until))
            and (not self.beside or self.beside in beside(go))
            and (live or not self.live)
        )

    def explains(self, difference: Difference) -> bool:
        """Whether it speaks of this field difference."""
        return (
            self.n is None
            and fnmatch.fnmatchcase(str(difference.go), self.go)
            and self.at(difference.stage)
            and self.of(difference.path)
        )

    def at(self, stage: str) -> bool:
        """Whether it speaks of this stop ("schedinit entry")."""
        return fnmatch.fnmatchcase(stage, self.stage)

    def of(self, path: str) -> bool:
        """Whether it speaks of this field."""
        return any(fnmatch.fnmatchcase(path, pattern) for pattern in self.path.split())

    def observes(self, n: int, go: object) -> bool:
        """Whether it speaks of this observation, which is `go` on Go's side."""
        return self.n == n and fnmatch.fnmatchcase(str(go), self.go)

    @property
    def title(self) -> str:
        """How the reason is named when it turns out to be stale."""
        return f"observation {self.n}" if self.n else f"{self.stage}: {self.path}"


def minor(version: str) -> int:
    """24 of "go1.24.4" and of "devel go1.24-8a9f"."""
    found = re.search(r"go1\.(\d+)", version)
    return int(found[1]) if found else NEWEST


def beside(go: Trace) -> set[str]:
    """What this program of Go's is linked with: ld.so has set FS before its first stop, and where C's library is in it,
    it stays as it is."""
    if go["stages"][0]["fs_base"] in (0, None):
        return set()
    return {"ld.so"} if any(stop["stage"] == "settls" for stop in go["stages"]) else {"ld.so", "libc"}


class Reasons:
    """All reasons that hold beside one boot of Go's."""

    def __init__(self, go: Trace, live: bool = False) -> None:
        self.live = live
        self.list = [reason for reason in every() if reason.holds(go, live)]
        # The closer one is tried first: how the program is linked, what Go changed, what the mirror does otherwise.
        self.list.sort(key=lambda reason: (not reason.beside, not reason.since, not reason.live))

    def for_observation(self, n: int, go: object) -> Reason | None:
        """The reason for an observation that is `go` on Go's side, or None."""
        return self.first(reason for reason in self.list if reason.observes(n, go))

    def for_field(self, difference: Difference) -> Reason | None:
        """The first reason that explains a field difference, or None."""
        return self.first(reason for reason in self.list if reason.explains(difference))

    def first(self, reasons: Iterator[Reason]) -> Reason | None:
        """The first of these, marked as used."""
        found = next(reasons, None)
        if found:
            found.used = True
        return found

    def stale(self) -> list[str]:
        """The reasons whose difference does not occur (any more); beside a program of Go's it need not."""
        return [] if self.live else [reason.title for reason in self.list if not reason.used]


def every() -> list[Reason]:
    """All that are written."""
    rows = tomllib.loads((ORACLE / "differences.toml").read_text())
    return [Reason(**row) for table in ("observation", "field") for row in rows.get(table, [])]
