"""`lab bench film`: how large a film is, how soon a browser shows it, and what a step in it takes."""

import contextlib
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..host import browser, debugger, needs, packages, permits, traces
from ..report import film, page, sources
from . import judge
from .rounds import Asked, Pace
from .table import line, number

STOPS = 2000
ROUNDS = 5
SECONDS = 3  # of one round
STEPS = 60  # of one round
WIDTHS = (34, 10, 10, 8, 8)

# name: what it is, the goal. A key that is held down comes 30 times a second.
FIGURES = {
    "film-size": ("hello's film (KB)", 1000),
    "film-open": ("from nothing to its picture (ms)", 1000),
    "film-step": ("a step in it (ms)", 33),
    "film-size-2000": (f"the film of {STOPS:,} stops (KB)", 5000),
    "film-open-2000": ("from nothing to its picture (ms)", 1000),
    "film-step-2000": ("a step in it (ms)", 33),
}

# Walks, and says how long each step takes until the page is laid out anew.
_WALK = """
    const times = [];
    for (let i = 0; i < arguments[0]; i++) {
        const began = performance.now();
        rt0.app.go(((rt0.app.run.length * 0.5) | 0) + i, true);
        document.body.offsetHeight;
        times.push(performance.now() - began);
    }
    return times;
"""
_PAINTED = """
    const done = arguments[0];
    const seen = (each) => each.name === "first-contentful-paint" && done(each.startTime);
    new PerformanceObserver((list) => list.getEntries().forEach(seen)).observe({ type: "paint", buffered: true });
"""


def chosen(asked: Asked) -> list[str]:
    """The figures that are asked for."""
    return [name for name in FIGURES if asked.wants(name)]


def planned(asked: Asked) -> dict[str, float]:
    """The seconds it takes: all figures have the same rounds."""
    return {"film": SECONDS * (asked.rounds or ROUNDS)} if chosen(asked) else {}


def run(asked: Asked, pace: Pace) -> Iterator[dict[str, Any]]:
    """Measures the film of hello's boot and one of 2,000 stops, prints what that took, and yields the figures."""
    permits.require_ptrace()
    packages.ensure(needs.TO_SHOW)
    found = measured(chosen(asked), asked.rounds or ROUNDS, pace)
    figures = [figure_of(name, values) for name, values in found.items()]
    print("a film in a browser, medians\n")
    print(line("", ["ours", "goal", "met", "since" if asked.since else ""], WIDTHS))
    for figure in figures:
        title, goal = FIGURES[figure["name"]]
        cells = [number(figure["ours"], 1), number(goal, 1), judge.verdict(figure, "ours"), asked.change(figure)]
        print(line(title, cells, WIDTHS))
        for remark in judge.remarks(figure):
            print(f"    {remark}")
        yield figure


def figure_of(name: str, values: list[float]) -> dict[str, Any]:
    """One figure and its goal."""
    title, goal = FIGURES[name]
    return judge.figure(name, title.rpartition("(")[2][:-1], {"ours": values}, {"ours": goal}, {})


def measured(wanted: list[str], rounds: int, pace: Pace) -> dict[str, list[float]]:
    """{name: its values}; where no browser is wanted, or there is none, only the sizes."""
    short = film.of([(traces.live(debugger.program("hello"), writers=True), sources.finder("rt0lab"))])
    stops = short["runs"][0]["stops"]
    long = short | {"runs": [short["runs"][0] | {"stops": (stops * (STOPS // len(stops) + 1))[:STOPS]}]}
    found: dict[str, list[float]] = {name: [] for name in FIGURES}
    shown = browser.here() and any("size" not in name for name in wanted)
    with contextlib.ExitStack() as ends:
        folder = ends.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        files = {}
        for suffix, each in (("", short), (f"-{STOPS}", long)):
            files[suffix] = Path(folder) / f"film{suffix}.html"
            files[suffix].write_text(page.html(each, "en"), "utf-8")
            found[f"film-size{suffix}"].append(round(files[suffix].stat().st_size / 1000, 1))
        opened = ends.enter_context(browser.opened(Path(folder))) if shown else None
        for _ in pace.rounds("film", rounds if opened else 1):
            for suffix, file in files.items() if opened else ():
                for name, value in walked(opened, file).items():
                    found[f"film-{name}{suffix}"].append(value)
    return {name: found[name] for name in wanted if found[name]}


def walked(opened: Any, file: Path) -> dict[str, float]:
    """How long a page took to open, and a step in it: the median of some."""
    opened.get("about:blank")
    opened.get(file.as_uri())
    opening = opened.execute_async_script(_PAINTED)
    return {"open": opening, "step": statistics.median(opened.execute_script(_WALK, STEPS))}
