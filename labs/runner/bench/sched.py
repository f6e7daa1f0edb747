"""`lab bench sched`: what the scheduler's operations cost beside Go's, beside Boost.Fiber's and beside bare
switches."""

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..failure import Failure
from ..host import build, interruption, needs
from . import judge, table
from .machine import maker
from .rounds import Asked, Pace
from .peers import CXX, compiled, go

PATIENCE = 3  # seconds that a peer may take of one figure; then the runs it has had must do
LIMIT = 120  # seconds that one run may take
MOVED = (80, 416, 1072, 2112)  # bytes by which the code of ours lies further behind: see tests/bench/meson.build


@dataclass(frozen=True)
class Figure:
    """One line of the table: `sched WHAT n`, run with so many Ps, and the goal, which is a ratio or a number. `quick`:
    so many of its rounds, each of which takes so many `seconds`, when there are three minutes for everything."""

    name: str
    title: str
    what: str
    n: int
    procs: int
    rounds: int
    quick: int
    seconds: float
    goal: dict[str, float]
    unit: str = "ns"
    intel: float | None = None  # the ratio to Go that is the goal on processors of Intel, on which Go is slower

    def value(self, printed: float) -> float:
        """What the table shows for what a program has printed."""
        return printed / 1e6 if self.unit == "ms" else printed / self.n

    def goals(self) -> dict[str, float]:
        """The goal on this machine."""
        return self.goal | ({"ratio_go": self.intel} if self.intel and maker() == "Intel" else {})

    def times(self, asked: Asked) -> int:
        """How many rounds it is to have."""
        return asked.rounds or (self.quick if asked.quick else self.rounds)


def at_most(ratio: float) -> dict[str, float]:
    """The goal that most figures have."""
    return {"ratio_go": ratio}


FIGURES = [
    Figure("yield2", "yield, 2 goroutines", "yield2", 2_000_000, 1, 11, 5, 0.5, at_most(0.48), intel=0.28),
    Figure(
        "yield1000", "yield, 1,000 goroutines", "yield1000", 2_000_000, 1, 11, 5, 0.7, at_most(0.5) | {"ratio_fiber": 1}
    ),
    Figure("handoff", "channel hand-off", "handoff", 1_000_000, 1, 11, 5, 0.6, at_most(0.38), intel=0.28),
    Figure("spawn", "spawn, one at a time", "spawn", 500_000, 1, 11, 5, 0.7, at_most(0.36), intel=0.26),
    Figure("batch", "spawn, in batches", "batch", 1_000_000, 1, 11, 5, 1.1, at_most(0.40), intel=0.35),
    Figure("million-1", "1 million spawned, 1 P", "million", 1_000_000, 1, 5, 3, 5, at_most(0.42)),
    Figure("million-2", "1 million spawned, 2 P", "million", 1_000_000, 2, 7, 3, 2, at_most(0.6)),
    Figure("skynet-1", "skynet, 1 P (ms)", "skynet", 1_000_000, 1, 5, 3, 4, at_most(0.8), "ms"),
    Figure("skynet-2", "skynet, 2 P (ms)", "skynet", 1_000_000, 2, 7, 3, 3, at_most(0.3), "ms"),
    Figure("sieve", "prime sieve (ms)", "sieve", 1000, 1, 11, 5, 0.4, at_most(0.40), "ms", intel=0.28),
    Figure("prodcons-1", "producers/consumers 1 P", "prodcons", 2_000_000, 1, 11, 5, 0.3, at_most(0.45)),
    Figure("prodcons-2", "producers/consumers 2 P", "prodcons", 2_000_000, 2, 11, 5, 0.8, at_most(0.7)),
    Figure("memory-100k", "100,000 parked (B each)", "memory", 100_000, 1, 3, 1, 0.5, {"ours": 2500}, "B"),
    Figure("memory-1m", "1 million parked (B)", "memory", 1_000_000, 1, 1, 0, 6, {"ours": 2500}, "B"),
    Figure("park", "park 100,000", "park", 100_000, 1, 7, 5, 1, at_most(0.7)),
]
ONE_THREAD = ("Boost.Fiber", "floor")
RATIOS = {"ratio_go": "go", "ratio_fiber": "Boost.Fiber", "ratio_floor": "floor"}


def chosen(asked: Asked) -> list[Figure]:
    """The figures that are asked for."""
    return [figure for figure in FIGURES if asked.wants(figure.name) and figure.times(asked)]


def planned(asked: Asked) -> dict[str, float]:
    """The seconds that each figure takes."""
    return {figure.name: figure.seconds * figure.times(asked) for figure in chosen(asked)}


def run(asked: Asked, pace: Pace) -> Iterator[dict[str, Any]]:
    """Measures the figures that are asked for, prints each as soon as it is there, and yields them."""
    with pace.apart():
        programs = built()
    print(
        "the scheduler, medians of interleaved runs (ns per operation, unless it says so)"
        + "\nprocessor time of the whole process, all its threads together" * asked.cpu
        + "\n"
    )
    since = "since" if asked.since else ""
    print(line("", "ours", "placed", "Go", "Fiber", "floor", "/Go", "goal", "met", since))
    for figure in chosen(asked):
        result = measured(figure, programs, figure.times(asked), pace, asked.cpu)
        if result:
            show(figure, result, asked.change(result))
            yield result
    print(
        f"\n  ours: the median of {1 + len(MOVED)} placements, the same code linked some bytes further on\n"
        "  each time; placed: the least and the most of their medians, which is luck where\n"
        "  nobody else is at work;\n"
        "  Fiber: Boost.Fiber; floor: bare switches of Boost.Context, no scheduler;\n"
        "  /Go: ours by Go's, medians"
    )


def built() -> dict[str, Path]:
    """Each side's program by its name; those that this machine has not got are left out. Ours is there once for each
    placement."""
    folder = build.build("release") / "tests" / "bench"
    programs: dict[str, Path | None] = {"ours": folder / "sched"}
    programs |= {f"ours+{moved}": folder / f"sched-moved-{moved}" for moved in MOVED}
    programs["go"] = go("sched")
    if needs.TO_TEST["libboost-fiber-dev"][0]():
        programs["Boost.Fiber"] = compiled(
            "fiber", "peers/fiber.cpp", [*CXX, "-static"], ["-lboost_fiber", "-lboost_context"]
        )
    programs["floor"] = compiled("switch", "peers/switch.cpp", [*CXX, "-static"], ["-lboost_context"])
    return {name: path for name, path in programs.items() if path}


def takes_part(name: str, figure: Figure) -> bool:
    """Whether a program has the figure: bare switches have one thread, and bytes are the same at each placement."""
    return (figure.procs == 1 or name not in ONE_THREAD) and (figure.unit != "B" or "+" not in name)


def measured(
    figure: Figure, programs: dict[str, Path], rounds: int, pace: Pace, cpu: bool = False
) -> dict[str, Any] | None:
    """The figure as bench --json gives it; None if there was no time for it."""
    printed = {name: [] for name in programs if takes_part(name, figure)}
    spent = dict.fromkeys(printed, 0.0)
    for turn in pace.rounds(figure.name, rounds):
        names = list(printed)
        took: dict[str, float | None] = {}
        for name in names[turn % len(names) :] + names[: turn % len(names)]:  # everyone begins in turn
            if name in ONE_THREAD and spent[name] > PATIENCE:
                continue
            if pace.over():
                break
            began, used = time.monotonic(), processor()
            took[name] = once(figure, name, programs[name], pace)
            spent[name] += time.monotonic() - began
            if took[name] is not None and cpu and figure.unit != "B":
                took[name] = processor() - used
        else:
            for name, value in took.items():
                if value is None:
                    del printed[name]
                else:
                    printed[name].append(figure.value(value))
    placed = {name: printed.pop(name) for name in list(printed) if name.startswith("ours")}
    if not placed["ours"]:
        pace.left_out += [figure.name] * (figure.name not in pace.left_out)
        return None
    printed["ours"] = [statistics.median(values) for values in zip(*placed.values())]  # of each round
    medians = {
        name.removeprefix("ours") or "+0": round(statistics.median(values), 2) for name, values in placed.items()
    }
    ours = round(statistics.median(medians.values()), 2)
    return judge.figure(
        figure.name,
        figure.unit,
        printed,
        figure.goals(),
        RATIOS,
        ours=ours,
        placements=medians,
        go=median(printed, "go"),
        floor=median(printed, "floor"),
    )


def median(rounds: dict[str, list[float]], name: str) -> float | None:
    """A program's; None if it was not measured."""
    return round(statistics.median(rounds[name]), 2) if rounds.get(name) else None


def once(figure: Figure, name: str, program: Path, pace: Pace) -> int | None:
    """What one run prints. A peer may not have the figure, or not the memory for it; ours may not fail."""
    environment, lacking = {"PATH": os.defpath, "GOMAXPROCS": str(figure.procs)}, False
    try:
        result = interruption.run([program, figure.what, str(figure.n)], env=environment, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        reason = f"took more than {LIMIT} seconds"
    else:
        if result.returncode == 0:
            return int(result.stdout)
        lacking = result.returncode == 2
        reason = (result.stderr.strip().splitlines() or [f"ended with status {result.returncode}"])[0]
    if name.startswith("ours"):
        raise Failure(f"{program.name} {figure.what} {figure.n}: {reason}")
    if not lacking:
        pace.say(f"{name}, {figure.title}: {reason}")
    return None


def processor() -> float:
    """The processor time of all the programs that have run, in ns."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1e9


def show(figure: Figure, result: dict[str, Any], change: str = "") -> None:
    """The figure's line, and what else is to be said of it."""
    peers = result["peers"]
    values = [table.number(peers.get(name, {}).get("median"), 1) for name in ("go", "Boost.Fiber", "floor")]
    placed = table.between(list(result["placements"].values()), 1) if len(result["placements"]) > 1 else ""
    ratio = "-" if result["ratio_go"] is None else f"{result['ratio_go']:.2f}"
    name, goal = next(iter(figure.goals().items()))
    cells = (table.number(result["ours"], 1), placed, *values, ratio, str(goal), judge.verdict(result, name), change)
    print(line(figure.title, *cells), flush=True)
    below = judge.remarks(result)
    if result.get("ratio_fiber") is not None and "ratio_fiber" in figure.goal:
        below.append(f"{result['ratio_fiber']:.2f} of Boost.Fiber, goal 1: {judge.verdict(result, 'ratio_fiber')}")
    for remark in below:
        print(f"    {remark}", flush=True)


def line(title: str, *cells: object) -> str:
    """A line of this table."""
    return table.line(title, cells, (23, 6, 10, 6, 6, 6, 5, 5, 4, 7))
