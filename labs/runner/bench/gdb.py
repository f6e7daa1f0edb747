"""`lab bench gdb`: what looking at goroutines costs in gdb with our scripts, beside Go's own gdb script and beside
delve."""

import contextlib
import glob
import json
import os
import shlex
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..failure import Failure
from ..host import build, permits
from ..tree import GDB_SCRIPT
from . import judge, large, table
from .rounds import Asked, Pace
from .peers import go

INSIDE = Path(__file__).with_name("inside.py")
LIMIT = 60  # seconds that one session may take
PATIENCE = 10  # seconds that a peer may take of one figure; then the sessions it has had must do
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",
    "TERM": "dumb",
    "PYTHONDONTWRITEBYTECODE": "1",
}


@dataclass(frozen=True)
class Figure:
    """One line of the table: a command on a program with n goroutines, on as many as they can bear with the peers'
    tools."""

    name: str
    title: str
    command: str
    n: int
    world: str  # `mirror` or `go`: whose goroutines ours looks at; the peers know only Go's
    goal: dict
    unit: str = "us"  # of each goroutine; ms: of all together; MiB: no time
    peer: int = 0  # how many goroutines the peers look at
    remote: bool = False

    def value(self, seconds: float, n: int) -> float:
        """What the table shows for so many seconds."""
        return {"ms": seconds * 1e3, "us": seconds * 1e6 / n}.get(self.unit, seconds)


LIST, TRACE = "info goroutines", "goroutine all bt"
ANEW = f"anew {LIST}"  # each time at another stop: what is read is known until the program runs
EACH = {"ours": 3, "ratio_go": 0.05}
FIGURES = [
    Figure("gdb-list", "list 100,000", LIST, 100_000, "mirror", EACH, peer=2000),
    Figure("gdb-list-go", "list 100,000 of real Go", LIST, 100_000, "go", EACH, peer=2000),
    Figure("gdb-bt", "backtraces of 10,000", TRACE, 10_000, "mirror", {"ours": 150}, peer=100),
    Figure("gdb-bt-go", "backtraces of 10,000 of real Go", TRACE, 10_000, "go", {"ours": 150}, peer=100),
    Figure("gdb-remote", "list 1,000, gdbserver (ms)", ANEW, 1000, "mirror", {"ours": 15}, "ms", remote=True),
    Figure("gdb-remote-go", "the same of real Go (ms)", ANEW, 1000, "go", {"ours": 15}, "ms", remote=True),
    Figure("gdb-remote-again", "again at the same stop (ms)", LIST, 1000, "mirror", {"ours": 15}, "ms", remote=True),
    Figure("gdb-remote-again-go", "the same of real Go (ms)", LIST, 1000, "go", {"ours": 15}, "ms", remote=True),
    Figure("gdb-step", "a step, beyond gdb's own (ms)", "step nexti main.ready", 1, "mirror", {"ours": 3}, "ms"),
    Figure("gdb-step-go", "the same of real Go (ms)", "step nexti main.ready", 1, "go", {"ours": 3}, "ms"),
    Figure(
        "gdb-step-away",
        "a step that changes threads (ms)",
        "step finish runtime.Gosched",
        1,
        "moves",
        {"ours": 3},
        "ms",
    ),
    Figure("gdb-stop", "a stage recorded, hello (ms)", "record", 1, "hello", {"ours": 1.5}, "ms"),
    Figure("gdb-why", "who wrote a field, first (ms)", "why first", 1, "hello", {"ours": 3000}, "ms"),
    Figure("gdb-why-again", "who wrote another (ms)", "why again", 1, "hello", {"ours": 200}, "ms"),
    Figure("gdb-why-go", "the first of real Go (ms)", "why first", 1, "go", {"ours": 10_000}, "ms"),
    Figure("gdb-load-time", "loading for 60 MB of Go (ms)", "load time", 1, "large", {"ours": 150}, "ms"),
    Figure("gdb-load-memory", "the same (MiB)", "load memory", 1, "large", {"ours": 40}, "MiB"),
    Figure("gdb-reach", "leaks of 10,000, 1 GB heap (ms)", "leaks", 10_000, "reach", {"ours": 5000}, "ms"),
]
FIGURES += [
    Figure(
        f"gdb-history-{step}-{n}" + ("" if world == "mirror" else "-go"),
        f"{step} kept, {n:,}{'' if world == 'mirror' else ' of Go'} (ms)",
        f"keep {step}",
        n,
        world,
        {"ours": goal},
        "ms",
    )
    for step in ("stepi", "next", "continue")
    for n, goal in ((1000, 0.3), (10_000, 1))
    for world in ("mirror", "go")
]
ROUNDS = 3
# what is measured when there are three minutes for everything, and the seconds of a round
QUICK = {"gdb-list": 5, "gdb-list-go": 5, "gdb-bt": 2.5, "gdb-remote": 1, "gdb-remote-go": 1, "gdb-step": 1.5}
QUICK |= {"gdb-stop": 3}
SECONDS = 3  # of a round of the others
TITLES = {"ours": "ours", "runtime-gdb.py": "Go's", "delve": "delve"}


def chosen(asked: Asked) -> list[Figure]:
    """The figures that are asked for."""
    return [each for each in FIGURES if asked.wants(each.name) and (not asked.quick or each.name in QUICK)]


def planned(asked: Asked) -> dict[str, float]:
    """The seconds that each figure takes."""
    return {figure.name: QUICK.get(figure.name, SECONDS) * (asked.rounds or ROUNDS) for figure in chosen(asked)}


def run(asked: Asked, pace: Pace) -> Iterator[dict[str, Any]]:
    """Measures the figures that are asked for, prints each as soon as it is there, and yields them."""
    permits.require_ptrace()
    with pace.apart():
        programs = built({figure.world for figure in chosen(asked)})
    print(
        "looking at parked goroutines in gdb, medians of interleaved runs\n(us for each goroutine, unless it says so)\n"
    )
    print(line("", *TITLES.values(), "/Go's", "goal", "met", "since" if asked.since else ""))
    for figure in chosen(asked):
        result = measured(figure, programs, asked.rounds or ROUNDS, pace)
        if result:
            show(figure, result, asked.change(result))
            yield result
    print(
        "\n  Go's: the script that comes with Go, runtime-gdb.py, on real Go; /Go's: ours by it;\n"
        "  both peers look at fewer goroutines than ours, and at nothing through gdbserver"
    )


def built(worlds: Collection[str] = ()) -> dict[str, Path]:
    """The programs to look at, by world; real Go's are missing where there is no Go, the large one where it is not
    asked for."""
    folder = build.build("release")
    programs = {
        "mirror": folder / "tests" / "runtime" / "parked",
        "go": go("parked"),
        "hello": build.executable("hello"),
        "moves": folder / "tests" / "runtime" / "moves",
        "large": large.program() if "large" in worlds else None,
        "reach": go("reach") if "reach" in worlds else None,
    }
    return {name: path for name, path in programs.items() if path}


def tools(figure: Figure, programs: dict[str, Path]) -> dict[str, Callable[[], list[float]]]:
    """{name: what runs one session and returns the seconds that the command took each time} of those that are here."""
    found: dict[str, Callable[[], list[float]]] = {}
    if figure.remote and not shutil.which("gdbserver"):
        return {}
    if figure.command == "record":
        return {"ours": partial(a_stop, programs[figure.world], figure)}
    if figure.command.startswith("load"):
        return {"ours": partial(a_load, programs[figure.world], figure)} if figure.world in programs else {}
    if figure.world in programs:
        found["ours"] = partial(in_gdb, GDB_SCRIPT, programs[figure.world], figure, figure.n)
    script = go_script()
    if figure.peer and "go" in programs and script:
        found["runtime-gdb.py"] = partial(in_gdb, script, programs["go"], figure, figure.peer)
    if figure.peer and figure.command == LIST and "go" in programs and shutil.which("dlv"):
        found["delve"] = partial(in_delve, programs["go"], figure.peer)
    return found


def go_script() -> str | None:
    """Go's own script for gdb, or None."""
    return next(
        iter(
            sorted(
                glob.glob("/usr/share/go-*/src/runtime/runtime-gdb.py")
                + glob.glob("/usr/local/go/src/runtime/runtime-gdb.py")
            )
        ),
        None,
    )


def gdb_with(setting: str) -> list[str]:
    """The words that start a gdb which reads nothing of the user's and fetches nothing, with one more setting."""
    settings = ("set auto-load off", "set debuginfod enabled off", setting)
    return [permits.find_gdb(), "-nx", "-q", "-batch", *(word for each in settings for word in ("-iex", each))]


def in_gdb(script: str | Path, program: Path, figure: Figure, n: int) -> list[float]:
    """One session of gdb with a script loaded; the command's times are taken inside gdb."""
    words = [*gdb_with("set startup-with-shell off"), str(program), "-x", str(script)]
    if figure.remote:
        words += ["-ex", f"target remote | exec gdbserver --once - {shlex.quote(str(program))} {n} 2>/dev/null"]
    words += [
        "-ex",
        f"set args {n}",
        "-ex",
        f"python import sys; sys.argv = {['', figure.command]!r}",
        "-x",
        str(INSIDE),
    ]
    try:
        done = subprocess.run(
            words,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"gdb took more than {LIMIT} seconds for `{figure.command}` in {Path(program).name}") from None
    answer = next((text for text in done.stdout.splitlines() if text.startswith('{"seconds"')), None)
    if answer is None:
        raise Failure(
            f"gdb could not do `{figure.command}` in {Path(program).name}:"
            f" {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}"
        )
    return json.loads(answer)["seconds"]


def a_stop(program: Path, figure: Figure) -> list[float]:
    """The seconds that a stop takes with all state recorded, over those of a stop that does nothing: from three whole
    runs."""
    (bare, _), (empty, hits), (full, stops) = (
        in_gdb(GDB_SCRIPT, program, replace(figure, command=f"record {kind}"), 1) for kind in ("bare", "empty", "full")
    )
    return [(full - bare) / stops - (empty - bare) / hits]


def a_load(program: Path, figure: Figure) -> list[float]:
    """What gdb takes with our scripts over what it takes without: seconds of the processor, or MiB. One session before
    lets Python keep what it compiled. Without threads of gdb's own, which read the program while our scripts are loaded
    and of whose work a gdb that ends at once spares itself the rest."""
    words = gdb_with("maintenance set worker-threads 0")
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "PYTHONDONTWRITEBYTECODE"}
    taken = []
    for loaded in (True, False, True):
        script = ["-x", str(GDB_SCRIPT)] if loaded else []
        with subprocess.Popen([*words, str(program), *script], env=environment, stdin=subprocess.DEVNULL) as gdb:
            _, status, used = os.wait4(gdb.pid, 0)
            gdb.returncode = os.waitstatus_to_exitcode(status)
        taken.append(used.ru_maxrss / 1024 if figure.unit == "MiB" else used.ru_utime + used.ru_stime)
    return [taken[2] - taken[1]]


def in_delve(program: Path, n: int) -> list[float]:
    """One session of delve; a command's time is that until its last line is read. Empty if delve refuses the
    program."""
    words = ["dlv", "exec", "--allow-non-terminal-interactive=true", str(program), "--", str(n)]
    environment = ENVIRONMENT | {"HOME": os.environ.get("HOME", "/nonexistent")}
    with subprocess.Popen(
        words, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as dlv:
        try:
            with contextlib.suppress(BrokenPipeError):
                said(dlv, "break main.ready\ncontinue\n", "func ready()")
                seconds = []
                for _ in range(2):
                    began = time.perf_counter()
                    if not said(dlv, "goroutines\n", " goroutines]"):
                        return []
                    seconds.append(time.perf_counter() - began)
                return seconds
            return []
        finally:
            with contextlib.suppress(BrokenPipeError):
                dlv.communicate("exit\n", timeout=LIMIT)


def said(dlv: subprocess.Popen[str], command: str, last: str) -> bool:
    """Sends a command and reads until its last line; False if delve ends before."""
    assert dlv.stdin and dlv.stdout  # both are pipes
    dlv.stdin.write(command)
    dlv.stdin.flush()
    return any(last in text for text in dlv.stdout)


def measured(figure: Figure, programs: dict[str, Path], rounds: int, pace: Pace) -> dict[str, Any] | None:
    """The figure as bench --json gives it; None if there is nothing of ours to measure, or no time."""
    sessions = tools(figure, programs)
    times, spent = {name: [] for name in sessions}, dict.fromkeys(sessions, 0.0)
    for turn in pace.rounds(figure.name, rounds if "ours" in sessions else 0):
        for name in list(sessions)[:: -1 if turn % 2 else 1]:
            if name == "ours" or spent[name] < PATIENCE:
                began = time.monotonic()
                if seconds := sessions[name]():
                    times[name].append(statistics.median(seconds))
                spent[name] += time.monotonic() - began
                if name != "ours" and not times[name]:
                    pace.say(f"{name} could not look at the program")
                    spent[name] = PATIENCE
    if not times.get("ours"):
        return None
    values = {
        name: [figure.value(each, figure.n if name == "ours" else figure.peer) for each in seconds]
        for name, seconds in times.items()
    }
    result = judge.figure(figure.name, figure.unit, values, figure.goal, {"ratio_go": "runtime-gdb.py"}, places=3)
    script = result["peers"].get("runtime-gdb.py", {})
    return result | {"rounds": rounds, "go": script.get("median"), "floor": None}


def show(figure: Figure, result: dict[str, Any], change: str = "") -> None:
    """The figure's line, and what else is to be said of it."""
    values = [table.number(result["peers"].get(name, {}).get("median"), 2) for name in TITLES]
    ratio = "-" if result["ratio_go"] is None else f"{result['ratio_go']:.3f}"
    verdicts = {judge.verdict(result, name) for name in figure.goal if result[name] is not None}
    verdict = next(each for each in ("NO", "?", "yes") if each in verdicts)
    goals = " ".join(f"{goal}" for goal in figure.goal.values())
    print(line(figure.title, *values, ratio, goals, verdict, change), flush=True)
    for remark in judge.remarks(result):
        print(f"    {remark}", flush=True)


def line(title: str, *cells: object) -> str:
    """A line of this table."""
    return table.line(title, cells, (32, 6, 7, 6, 7, 8, 4, 7))
