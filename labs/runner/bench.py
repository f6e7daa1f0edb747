"""`lab bench startup`: what a whole run of our hello costs beside the least a process can do and beside Go's hello."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from . import build
from .failure import Failure, progress
from .trace import writable
from .tree import ROOT

SOURCES = ROOT / "tests" / "bench"
ROUNDS = 400
GOAL = {"ratio_floor": 2.2, "ratio_go": 0.3, "ratio_go_println": 0.3}


def register(verbs):
    """Adds the verb to the command line."""
    verb = verbs.add_parser("bench", help="measure start-up beside an assembly program and Go")
    verb.add_argument("what", nargs="?", default="startup", choices=["startup"], help="what to measure (default: startup)")
    verb.add_argument("--json", metavar="FILE", help="write the figures to this file too")
    verb.set_defaults(run=run)


def run(args):
    """Measures, prints the table and the verdict on the goals."""
    output = writable(args.json) if args.json else None
    figure = startup()
    show(figure)
    if output:
        output.write_text(json.dumps({"figures": [figure], "machine": machine()}, indent=1, sort_keys=True) + "\n")
    return 0


def startup():
    """The start-up figure: medians and minima in microseconds, from interleaved runs."""
    ours = build.executable("hello", "release")
    peers = {"floor": compiled("floor", ["gcc", "-nostdlib", "-static", str(SOURCES / "peers" / "floor.S")])}
    if shutil.which("go"):
        for name in ("println", "fmt"):
            peers[f"go {name}"] = compiled(f"go-{name}", ["go", "build", str(SOURCES / "peers" / f"{name}.go")])
    driver = compiled("startup", ["g++", "-O2", "-std=c++20", str(SOURCES / "startup.cpp")])
    programs = {"ours": ours} | peers
    result = subprocess.run([driver, str(ROUNDS), *programs.values()], capture_output=True, text=True)
    if result.returncode:
        raise Failure(result.stderr.strip() or f"the timing program ended with status {result.returncode}")
    times = [line.rsplit(" ", 2)[1:] for line in result.stdout.splitlines()]
    median = {name: float(time[0]) for name, time in zip(programs, times)}
    minimum = {name: float(time[1]) for name, time in zip(programs, times)}
    go, println = median.get("go fmt"), median.get("go println")  # ours prints with its fmt.Println, too
    figure = {"name": "startup", "unit": "us", "rounds": ROUNDS, "ours": median["ours"], "go": go, "floor": median["floor"],
              "peers": {name: {"median": median[name], "minimum": minimum[name]} for name in programs},
              "ratio_floor": round(median["ours"] / median["floor"], 3),
              "ratio_go": round(median["ours"] / go, 3) if go else None,
              "ratio_go_println": round(median["ours"] / println, 3) if println else None, "goal": GOAL}
    figure["met"] = {name: None if figure[name] is None else figure[name] <= GOAL[name] for name in GOAL}
    return figure


def compiled(name, command):
    """The path of build/bench/NAME, compiled again when its source (the last word of the command) is newer."""
    folder = ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    target, source = folder / name, Path(command[-1])
    if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
        return target
    progress(f"building {target.relative_to(ROOT)}")
    environment = os.environ | {"GOFLAGS": "", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    result = subprocess.run([*command[:-1], "-o", str(target), command[-1]], env=environment, capture_output=True, text=True)
    if result.returncode:
        sys.stderr.write(result.stderr)
        raise Failure(f"{command[0]} could not build {source.name}")
    return target


def machine():
    """Which machine the figures come from."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return {"cpu": model, "cpus": os.cpu_count(), "kernel": platform.release()}


def show(figure):
    """The table: one line per program, then the goals."""
    print(f"start-up, whole process, medians of {figure['rounds']} interleaved runs (microseconds)\n")
    print(f"  {'program':24}{'median':>10}{'minimum':>10}{'x floor':>10}")
    titles = {"ours": "our hello (release)", "floor": "assembly: write, exit", "go println": "Go hello (println)",
              "go fmt": "Go hello (fmt)"}
    for name, time in figure["peers"].items():
        print(f"  {titles[name]:24}{time['median']:>10.1f}{time['minimum']:>10.1f}{time['median'] / figure['floor']:>10.2f}")
    print()
    for name, title in (("ratio_floor", "the assembly program"), ("ratio_go", "Go's hello (fmt)"),
                        ("ratio_go_println", "Go's hello (println)")):
        if figure[name] is None:
            print(f"  {title}: not measured, there is no go here (apt-get install golang-go)")
        else:
            word = "met" if figure["met"][name] else "NOT met"
            print(f"  {figure[name]:.2f} times {title}; goal at most {GOAL[name]}: {word}")
