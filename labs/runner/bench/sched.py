"""`lab bench sched`: what the scheduler's operations cost beside Go's, beside Boost.Fiber's and beside bare
switches."""

import os
import resource
import statistics
import subprocess
import time
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..failure import Failure, progress
from ..host import build, needs
from . import table
from .peers import CXX, compiled, go, met

PATIENCE = 3  # seconds that a peer may take of one figure; then the runs it has had must do
LIMIT = 120  # seconds that one run may take


@dataclass(frozen=True)
class Figure:
    """One line of the table: `sched WHAT n`, run with so many Ps, and the goal, which is a ratio to Go or a number."""

    name: str
    title: str
    what: str
    n: int
    procs: int
    rounds: int
    goal: dict
    unit: str = "ns"

    def value(self, printed: float) -> float:
        """What the table shows for what a program has printed."""
        return printed / 1e6 if self.unit == "ms" else printed / self.n


def at_most(ratio: float) -> dict[str, float]:
    """The goal that most figures have."""
    return {"ratio_go": ratio}


FIGURES = [
    Figure("yield2", "yield, 2 goroutines", "yield2", 2_000_000, 1, 11, at_most(0.35)),
    Figure("yield1000", "yield, 1,000 goroutines", "yield1000", 2_000_000, 1, 11, at_most(0.5)),
    Figure("handoff", "channel hand-off", "handoff", 1_000_000, 1, 11, at_most(0.3)),
    Figure("spawn", "spawn, one at a time", "spawn", 500_000, 1, 11, at_most(0.2)),
    Figure("batch", "spawn, in batches", "batch", 1_000_000, 1, 11, at_most(0.4)),
    Figure("million-1", "1 million spawned, 1 P", "million", 1_000_000, 1, 5, at_most(0.35)),
    Figure("million-2", "1 million spawned, 2 P", "million", 1_000_000, 2, 7, at_most(0.6)),
    Figure("skynet-1", "skynet, 1 P (ms)", "skynet", 1_000_000, 1, 5, at_most(0.8), "ms"),
    Figure("skynet-2", "skynet, 2 P (ms)", "skynet", 1_000_000, 2, 7, at_most(0.8), "ms"),
    Figure("sieve", "prime sieve (ms)", "sieve", 1000, 1, 11, at_most(0.35), "ms"),
    Figure("prodcons-1", "producers, consumers, 1 P", "prodcons", 2_000_000, 1, 11, at_most(0.5)),
    Figure("prodcons-2", "producers, consumers, 2 P", "prodcons", 2_000_000, 2, 11, at_most(0.8)),
    Figure("memory-100k", "100,000 parked, each (B)", "memory", 100_000, 1, 3, {"ours": 2500}, "B"),
    Figure("memory-1m", "1 million parked, each (B)", "memory", 1_000_000, 1, 1, {"ours": 2500}, "B"),
    Figure("park", "park 100,000", "park", 100_000, 1, 7, at_most(0.7)),
]
ONE_THREAD = ("Boost.Fiber", "floor")


def run(args: Namespace) -> list[dict[str, Any]]:
    """Measures the figures that are asked for, prints each as soon as it is there, and returns them."""
    wanted = [figure for figure in FIGURES if figure.name.startswith(args.only)]
    if not wanted:
        return []
    programs = built()
    print(
        "the scheduler, medians of interleaved runs (ns per operation, unless it says so)"
        + "\nprocessor time of the whole process, all its threads together" * args.cpu
        + "\n"
    )
    print(line("", "ours", "Go", "Fiber", "floor", "/Go", "best", "goal", "met"))
    results = []
    for figure in wanted:
        results.append(measured(figure, programs, args.rounds or figure.rounds, args.cpu))
        show(figure, results[-1])
    print(
        "\n  Fiber: Boost.Fiber; floor: bare switches of Boost.Context, no scheduler;\n"
        "  /Go: ours by Go's, medians; best: the same of the fastest runs"
    )
    return results


def built() -> dict[str, Path]:
    """Each side's program by its name; those that this machine has not got are left out."""
    programs = {"ours": build.build("release") / "tests" / "bench" / "sched", "go": go("sched")}
    if needs.TO_TEST["libboost-fiber-dev"][0]():
        programs["Boost.Fiber"] = compiled(
            "fiber", "peers/fiber.cpp", [*CXX, "-static"], ["-lboost_fiber", "-lboost_context"]
        )
    programs["floor"] = compiled("switch", "peers/switch.cpp", [*CXX, "-static"], ["-lboost_context"])
    return {name: path for name, path in programs.items() if path}


def measured(figure: Figure, programs: dict[str, Path], rounds: int, cpu: bool = False) -> dict[str, Any]:
    """The figure as bench --json gives it."""
    printed = {name: [] for name in programs if figure.procs == 1 or name not in ONE_THREAD}
    spent = dict.fromkeys(printed, 0.0)
    for turn in range(rounds):
        names = list(printed)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:  # everyone begins equally often
            if name in ONE_THREAD and spent[name] > PATIENCE:
                continue
            began, used = time.monotonic(), processor()
            value: float | None = once(figure, name, programs[name])
            spent[name] += time.monotonic() - began
            if value is not None and cpu and figure.unit != "B":
                value = processor() - used
            if value is None:
                del printed[name]
            else:
                printed[name].append(figure.value(value))
    peers = {
        name: {"median": round(statistics.median(values), 2), "minimum": round(min(values), 2), "runs": len(values)}
        for name, values in printed.items()
    }
    result = {
        "name": figure.name,
        "unit": figure.unit,
        "rounds": rounds,
        "peers": peers,
        "goal": figure.goal,
        "ours": peers["ours"]["median"],
        "go": middle(peers, "go"),
        "floor": middle(peers, "floor"),
        "ratio_go": ratio(peers, "go", "median"),
        "ratio_go_best": ratio(peers, "go", "minimum"),
        "ratio_floor": ratio(peers, "floor", "median"),
    }
    result["met"] = met(result)
    return result


def once(figure: Figure, name: str, program: Path) -> int | None:
    """What one run prints. A peer may not have the figure, or not the memory for it; ours may not fail."""
    environment, lacking = {"PATH": os.defpath, "GOMAXPROCS": str(figure.procs)}, False
    try:
        result = subprocess.run(
            [program, figure.what, str(figure.n)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        reason = f"took more than {LIMIT} seconds"
    else:
        if result.returncode == 0:
            return int(result.stdout)
        lacking = result.returncode == 2
        reason = (result.stderr.strip().splitlines() or [f"ended with status {result.returncode}"])[0]
    if name == "ours":
        raise Failure(f"{program.name} {figure.what} {figure.n}: {reason}")
    if not lacking:
        progress(f"{name}, {figure.title}: {reason}")
    return None


def processor() -> float:
    """The processor time of all the programs that have run, in ns."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1e9


def middle(peers: dict[str, Any], name: str) -> float | None:
    """A program's median; None if it was not measured."""
    return peers[name]["median"] if name in peers else None


def ratio(peers: dict[str, Any], name: str, which: str) -> float | None:
    """Ours by theirs; None if it was not measured."""
    return round(peers["ours"][which] / peers[name][which], 3) if name in peers else None


def show(figure: Figure, result: dict[str, Any]) -> None:
    """The figure's line."""
    values = [table.number(middle(result["peers"], name), 1) for name in ("ours", "go", "Boost.Fiber", "floor")]
    ratios = ["-" if result[name] is None else f"{result[name]:.2f}" for name in ("ratio_go", "ratio_go_best")]
    (goal,) = figure.goal.values()
    (verdict,) = result["met"].values()
    print(line(figure.title, *values, *ratios, str(goal), {True: "yes", False: "NO", None: "-"}[verdict]), flush=True)


def line(title: str, *cells: object) -> str:
    """A line of this table."""
    return table.line(title, cells, (28, 6, 6, 6, 6, 6, 6, 6, 5))
