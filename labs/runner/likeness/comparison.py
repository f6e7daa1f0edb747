"""Two boots laid side by side, with the written reason for every difference."""

import tomllib
from collections import Counter
from typing import Any

from rt0lab.words import later

from ..tree import ORACLE
from . import fields, observations
from .observations import Trace
from .reasons import Reason, Reasons

UNEXPLAINED = later("NO REASON IS WRITTEN")


def comparison(go: Trace, ours: Trace, live: bool = False) -> dict[str, Any]:
    """The whole comparison of two traces, as `--json` writes it; `live`: Go's is not the recorded boot of 1.10.2."""
    reasons = Reasons(go, live)
    observed = [observed_row(row, go, ours, reasons) for row in texts()]
    compared = [field_row(difference, reasons) for difference in fields.compare(go, ours)]
    rows = observed + compared
    return {
        "observations": observed,
        "fields": compared,
        "totals": {
            "observations": Counter(row["verdict"] for row in observed),
            "fields": Counter(row["verdict"] for row in compared),
            "unexplained": sum(row["reason"] == UNEXPLAINED for row in rows),
            "stale": reasons.stale(),
        },
    }


def texts() -> list[dict[str, Any]]:
    """The rows of observations.toml: n, text and the value in Go 1.10.2."""
    return tomllib.loads((ORACLE / "observations.toml").read_text())["observation"]


def observed_row(row: dict[str, Any], go: Trace, ours: Trace, reasons: Reasons) -> dict[str, Any]:
    """One observation on both sides with its verdict."""
    theirs, our = (observations.observe(row["n"], side) for side in (go, ours))
    verdict, reason = ("same", "") if theirs == our else judged(reasons.for_observation(row["n"], theirs))
    return {"n": row["n"], "text": row["text"], "go": theirs, "ours": our, "verdict": verdict, "reason": reason}


def field_row(difference: fields.Difference, reasons: Reasons) -> dict[str, Any]:
    """One field at one stop with its verdict."""
    verdict, reason = ("same", "") if difference.same else judged(reasons.for_field(difference))
    return {
        "stage": difference.stage,
        "path": difference.path,
        "go": difference.go,
        "ours": difference.ours,
        "verdict": verdict,
        "reason": reason,
    }


def judged(reason: Reason | None) -> tuple[str, str]:
    """(verdict, reason) of a difference."""
    return (reason.verdict, reason.reason) if reason else ("differs", UNEXPLAINED)
