"""`lab bench startup`: what a whole run of our hello costs beside the least a process can do and beside Go's hello."""

import subprocess
from argparse import Namespace
from typing import Any

from ..failure import Failure
from ..host import build
from .peers import CXX, compiled, go, met

ROUNDS = 400
GOAL = {"ratio_floor": 2.2, "ratio_go": 0.3, "ratio_go_println": 0.3}


def run(args: Namespace) -> list[dict[str, Any]]:
    """Measures, prints the table and the verdict on the goals, and returns the figure, if it is asked for."""
    if not "startup".startswith(args.only):
        return []
    figure = startup(args.rounds or ROUNDS)
    show(figure)
    return [figure]


def startup(rounds: int) -> dict[str, Any]:
    """The start-up figure: medians and minima in microseconds, from interleaved runs."""
    ours = build.executable("hello", "release")
    peers = {
        "floor": compiled("floor", "peers/floor.S", ["gcc", "-nostdlib", "-static"]),
        "go println": go("println"),
        "go fmt": go("fmt"),
    }
    driver = compiled("startup", "startup.cpp", CXX)
    programs = {"ours": ours} | {name: path for name, path in peers.items() if path}
    result = subprocess.run([driver, str(rounds), *programs.values()], capture_output=True, text=True)
    if result.returncode:
        raise Failure(result.stderr.strip() or f"the timing program ended with status {result.returncode}")
    times = [line.rsplit(" ", 2)[1:] for line in result.stdout.splitlines()]
    median = {name: float(time[0]) for name, time in zip(programs, times)}
    minimum = {name: float(time[1]) for name, time in zip(programs, times)}
    fmt, println = median.get("go fmt"), median.get("go println")  # ours prints with its fmt.Println, too
    figure = {
        "name": "startup",
        "unit": "us",
        "rounds": rounds,
        "ours": median["ours"],
        "go": fmt,
        "floor": median["floor"],
        "peers": {name: {"median": median[name], "minimum": minimum[name]} for name in programs},
        "ratio_floor": round(median["ours"] / median["floor"], 3),
        "ratio_go": round(median["ours"] / fmt, 3) if fmt else None,
        "ratio_go_println": round(median["ours"] / println, 3) if println else None,
        "goal": GOAL,
    }
    figure["met"] = met(figure)
    return figure


def show(figure: dict[str, Any]) -> None:
    """The table: one line per program, then the goals."""
    print(f"start-up, whole process, medians of {figure['rounds']} interleaved runs (microseconds)\n")
    print(f"  {'program':24}{'median':>10}{'minimum':>10}{'x floor':>10}")
    titles = {
        "ours": "our hello (release)",
        "floor": "assembly: write, exit",
        "go println": "Go hello (println)",
        "go fmt": "Go hello (fmt)",
    }
    for name, time in figure["peers"].items():
        median, minimum = time["median"], time["minimum"]
        print(f"  {titles[name]:24}{median:>10.1f}{minimum:>10.1f}{median / figure['floor']:>10.2f}")
    print()
    for name, title in (
        ("ratio_floor", "the assembly program"),
        ("ratio_go", "Go's hello (fmt)"),
        ("ratio_go_println", "Go's hello (println)"),
    ):
        if figure[name] is None:
            print(f"  {title}: not measured, there is no go here (apt-get install golang-go)")
        else:
            word = "met" if figure["met"][name] else "NOT met"
            print(f"  {figure[name]:.2f} times {title}; goal at most {GOAL[name]}: {word}")
