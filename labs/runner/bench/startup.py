"""`lab bench startup`: what a whole run of our hello costs beside the least a process can do and beside Go's hello."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..failure import Failure
from ..host import build, interruption
from . import judge
from .rounds import Asked, Pace
from .peers import CXX, compiled, go

ROUNDS, BLOCKS = 100, 10  # each block of so many rounds gives one median
SECONDS = 4
LADDER = [*CXX, "-DSTEPS=8", "-ffreestanding", "-fno-stack-protector", "-nostdlib", "-static", "-Wl,-z,noseparate-code"]
GOAL = {"ratio_floor": 2.6, "ratio_go": 0.28, "ratio_go_println": 0.3}
RATIOS = {"ratio_floor": "floor", "ratio_go": "go fmt", "ratio_go_println": "go println"}  # ours prints with its fmt


def planned(asked: Asked) -> dict[str, float]:
    """The seconds it takes, if it is asked for."""
    return {"startup": SECONDS} if asked.wants("startup") else {}


def run(asked: Asked, pace: Pace) -> Iterator[dict[str, Any]]:
    """Measures, prints the table and the verdict on the goals, and yields the figure, if it is asked for."""
    figure = startup(asked.rounds, pace)
    if figure:
        show(figure, asked.change(figure))
        yield figure


def startup(asked: int | None, pace: Pace) -> dict[str, Any] | None:
    """The start-up figure: medians and minima in microseconds, from interleaved runs; None if there was no time."""
    with pace.apart():
        programs = built()
        driver = compiled("startup", "startup.cpp", CXX)
    blocks = BLOCKS if asked is None else min(BLOCKS, asked)
    rounds = ROUNDS if asked is None else asked // blocks
    times: dict[str, list[list[float]]] = {name: [] for name in programs}  # of each block the median and the minimum
    for _ in pace.rounds("startup", blocks):
        for name, time in zip(programs, block(driver, rounds, programs)):
            times[name].append(time)
    if not times["ours"]:
        return None
    medians = {name: [median for median, _ in each] for name, each in times.items()}
    figure = judge.figure("startup", "us", medians, GOAL, RATIOS, rounds=rounds * len(times["ours"]))
    for name, each in times.items():
        figure["peers"][name] |= {"minimum": min(least for _, least in each), "runs": figure["rounds"]}
    return figure | {
        name: figure["peers"].get(by, {}).get("median") for name, by in (("go", "go fmt"), ("floor", "floor"))
    }


def built() -> dict[str, Path]:
    """Each side's program by its name; those that this machine has not got are left out."""
    programs = {
        "ours": build.executable("hello", "release"),
        "floor": compiled("floor", "peers/floor.S", ["gcc", "-nostdlib", "-static"]),
        "ladder": compiled("ladder", "peers/ladder.cpp", LADDER),
        "go println": go("println"),
        "go fmt": go("fmt"),
    }
    return {name: path for name, path in programs.items() if path}


def block(driver: Path, rounds: int, programs: dict[str, Path]) -> list[list[float]]:
    """Runs the programs in turn, so many times; of each the median and the minimum."""
    result = interruption.run([driver, str(rounds), *programs.values()])
    if result.returncode:
        raise Failure(result.stderr.strip() or f"the timing program ended with status {result.returncode}")
    return [[float(word) for word in line.rsplit(" ", 2)[1:]] for line in result.stdout.splitlines()]


def show(figure: dict[str, Any], change: str = "") -> None:
    """The table: one line per program, then the goals, and how far it is from an earlier one."""
    print(f"start-up, whole process, medians of {figure['rounds']} interleaved runs (microseconds)\n")
    print(f"  {'program':24}{'median':>10}{'minimum':>10}{'x floor':>10}")
    titles = {
        "ours": "our hello (release)",
        "floor": "assembly: write, exit",
        "ladder": "our calls, no runtime",
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
            word = {"yes": "met", "NO": "NOT met", "?": "cannot be judged"}[judge.verdict(figure, name)]
            print(f"  {figure[name]:.2f} times {title}; goal at most {GOAL[name]}: {word}")
    for remark in judge.remarks(figure):
        print(f"    {remark}")
    if change:
        print(f"  since the file: {change}")
