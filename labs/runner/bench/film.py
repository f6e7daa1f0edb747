"""`lab bench film`: how large a film is, how soon a browser shows it, and what a step in it takes."""

import contextlib
import statistics
import tempfile
from argparse import Namespace
from pathlib import Path
from typing import Any

from ..failure import progress
from ..host import browser, debugger, needs, packages, permits, traces
from ..report import film, page, sources
from .peers import met
from .table import line, number

STOPS = 2000
ROUNDS = 5
STEPS = 60  # of one round
WIDTHS = (34, 10, 10, 8)

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


def run(args: Namespace) -> list[dict[str, Any]]:
    """Measures the film of hello's boot and one of 2,000 stops, prints what that took, and returns the figures."""
    wanted = [name for name in FIGURES if name.startswith(args.only)]
    if not wanted:
        return []
    permits.require_ptrace()
    packages.ensure(needs.TO_SHOW)
    found = measured(wanted, args.rounds or ROUNDS)
    figures = [figure_of(name, found.get(name)) for name in wanted]
    print("a film in a browser, medians\n")
    print(line("", ["ours", "goal", "met"], WIDTHS))
    for figure in figures:
        title, goal = FIGURES[figure["name"]]
        said = {None: "-", True: "yes", False: "NO"}[figure["met"]["ours"]]
        print(line(title, [number(figure["ours"], 1), number(goal, 1), said], WIDTHS))
    return figures


def figure_of(name: str, value: float | None) -> dict[str, Any]:
    """One figure and its goal."""
    title, goal = FIGURES[name]
    figure = {"name": name, "unit": title.rpartition("(")[2][:-1], "ours": value, "goal": {"ours": goal}}
    return figure | {"met": met(figure)}


def measured(wanted: list[str], rounds: int) -> dict[str, float]:
    """{name: figure}; where no browser is wanted, or there is none, only the sizes."""
    short = film.of([(traces.live(debugger.program("hello"), writers=True), sources.finder("rt0lab"))])
    stops = short["runs"][0]["stops"]
    long = short | {"runs": [short["runs"][0] | {"stops": (stops * (STOPS // len(stops) + 1))[:STOPS]}]}
    found = {}
    shown = browser.here() and any("size" not in name for name in wanted)
    with contextlib.ExitStack() as ends:
        folder = ends.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        opened = ends.enter_context(browser.opened(Path(folder))) if shown else None
        for suffix, each in (("", short), (f"-{STOPS}", long)):
            file = Path(folder) / f"film{suffix}.html"
            file.write_text(page.html(each, "en"), "utf-8")
            found[f"film-size{suffix}"] = round(file.stat().st_size / 1000, 1)
            if opened:
                found |= {f"film-{what}{suffix}": value for what, value in walked(opened, file, rounds).items()}
    return found


def walked(opened: Any, file: Path, rounds: int) -> dict[str, float]:
    """How long a page took to open, and a step in it: medians."""
    opens, steps = [], []
    for i in range(rounds):
        progress(f"opening {file.name}, {i + 1} of {rounds}")
        opened.get("about:blank")
        opened.get(file.as_uri())
        opens.append(opened.execute_async_script(_PAINTED))
        steps += opened.execute_script(_WALK, STEPS)
    return {"open": round(statistics.median(opens), 1), "step": round(statistics.median(steps), 2)}
