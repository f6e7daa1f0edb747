"""Turns what was measured, round by round, into a figure: medians, ratios, and whether its goals are reached, which can
also be that nobody can tell."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

LEAST = 3  # rounds; of fewer there are no quartiles worth the name
STEADY = 0.05  # a spread up to here is that of a quiet machine, where the median decides
COUNTED = ("B", "KB", "MiB")  # no time, so every run has the same


def figure(
    name: str,
    unit: str,
    took: Mapping[str, Sequence[float]],
    goal: dict[str, float],
    ratios: Mapping[str, str],
    places: int = 2,
    **more: Any,
) -> dict[str, Any]:
    """A figure as `--json` gives it. `took`: what each program took, round by round, `ours` among them; `ratios`: the
    name of each ratio, and by whom; `more` is put in as it is, before it is judged."""
    peers = {
        each: {
            "median": round(statistics.median(values), places),
            "minimum": round(min(values), places),
            "runs": len(values),
        }
        for each, values in took.items()
        if values
    }
    made: dict[str, Any] = {"name": name, "unit": unit, "rounds": len(took["ours"]), "peers": peers, "goal": goal}
    made["ours"] = peers["ours"]["median"]
    made |= more
    seen = {"ours": list(took["ours"])}
    for ratio, by in {"ratio_go": "", "ratio_floor": "", **ratios}.items():
        there = peers.get(by)
        made[ratio] = round(made["ours"] / there["median"], 4) if there else None
        if there:
            seen[ratio] = paired(took["ours"], took[by])
    made["spread"] = {each: None if unit in COUNTED else spread(seen.get(each, [])) for each in goal}
    made["met"] = {
        each: made[each] <= limit if unit in COUNTED else judged(made[each], seen.get(each, []), limit)
        for each, limit in goal.items()
    }
    return made


def paired(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """The ratio of each round; if they had fewer, of each of ours by their median."""
    if len(ours) != len(theirs):
        theirs = [statistics.median(theirs)] * len(ours)
    return [one / other for one, other in zip(ours, theirs)]


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """The first and the third."""
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


def spread(values: Sequence[float]) -> float | None:
    """How far the quartiles lie apart, as a part of the median; None of too few."""
    if len(values) < LEAST:
        return None
    first, third = quartiles(values)
    return round((third - first) / abs(statistics.median(values) or 1), 3)


def judged(value: float | None, values: Sequence[float], goal: float) -> bool | None:
    """Whether a goal is reached; None for what was not measured, and for what the spread does not let one tell: then
    the goal is as near as the quartiles are to each other."""
    apart = spread(values)
    if value is None or apart is None:
        return None
    first, third = quartiles(values)
    width = third - first
    if apart > STEADY and first - width < goal < third + width:
        return None
    return value <= goal


def verdict(made: dict[str, Any], name: str) -> str:
    """A goal's cell in a table."""
    return {True: "yes", False: "NO", None: "-" if made[name] is None else "?"}[made["met"][name]]


def remarks(made: dict[str, Any]) -> list[str]:
    """Why a goal of the figure is not judged."""
    said = []
    for name in made["goal"]:
        if made[name] is not None and made["met"][name] is None:
            apart = made["spread"][name]
            what = {"ours": "", "each": ""}.get(name, f" of {name.replace('_', ' ')}")
            few = f"{made['rounds']} round{'s' * (made['rounds'] > 1)}: too few to judge"
            said.append(few if apart is None else f"spread{what} {apart:.0%}: too large to judge")
    return list(dict.fromkeys(said))
