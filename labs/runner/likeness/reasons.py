"""The written reasons: where the mirror may differ from Go, and why (tests/oracle/differences.toml)."""

import fnmatch
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..tree import ORACLE
from .fields import Difference

MIRRORED = "go1.10.2"  # the Go that the mirror mirrors


@dataclass
class Reason:
    """One written reason; it stands for an observation, or for the fields that its stage and path patterns match."""

    verdict: str  # "differs" or "not mirrored"
    reason: str
    n: int | None = None
    stage: str = ""
    path: str = ""
    newer_go: bool = False  # it is Go that changed after 1.10.2: counts only beside a newer Go
    used: bool = field(default=False, compare=False)

    def explains(self, difference: Difference) -> bool:
        """Whether it speaks of this field difference."""
        return (
            self.n is None
            and fnmatch.fnmatchcase(difference.stage, self.stage)
            and any(fnmatch.fnmatchcase(difference.path, pattern) for pattern in self.path.split())
        )

    @property
    def title(self) -> str:
        """How the reason is named when it turns out to be stale."""
        return f"observation {self.n}" if self.n else f"{self.stage}: {self.path}"


class Reasons:
    """All reasons that count beside one version of Go."""

    def __init__(self, version: str) -> None:
        rows = tomllib.loads((ORACLE / "differences.toml").read_text())
        every = [Reason(**row) for table in ("observation", "field") for row in rows.get(table, [])]
        self.mirrored = version == MIRRORED
        every.sort(key=lambda reason: not reason.newer_go)  # what Go changed explains more than what the mirror does
        self.list = [reason for reason in every if not (self.mirrored and reason.newer_go)]

    def for_observation(self, n: int) -> Reason | None:
        """The reason for an observation, or None."""
        return self.first(reason for reason in self.list if reason.n == n)

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
        """The reasons whose difference does not occur (any more); beside another Go it need not."""
        return [reason.title for reason in self.list if self.mirrored and not reason.used]
