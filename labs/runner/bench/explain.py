"""`lab bench sched --explain FIGURE`: what an operation of a figure consists of, counted instruction by instruction. No
clock in it: it says the same on a busy machine and on another processor."""

import dataclasses
import os
import re
import subprocess
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from rt0lab.formats.elf import Elf

from ..failure import MACHINE, USAGE, Failure
from ..host import build, interruption, needs, packages
from ..host.output import write
from ..tree import ROOT
from . import sched, table
from .peers import CXX, SOURCES, compiled

KEPT = SOURCES / "counts.toml"  # what was counted when somebody last looked at it
COLUMNS = ("instructions", "loads", "stores", "locked", "lines", "written")
LEAST = 0.005  # of all instructions; what a function with less does is in the line of the others


@dataclass(frozen=True)
class Counts:
    """What is counted, of one function or of all."""

    instructions: float = 0
    loads: float = 0
    stores: float = 0
    locked: float = 0
    lines: float = 0
    written: float = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(one + two for one, two in zip(dataclasses.astuple(self), dataclasses.astuple(other))))

    def __truediv__(self, operations: int) -> "Counts":
        return Counts(*(value / operations for value in dataclasses.astuple(self)))


@dataclass(frozen=True)
class Window:
    """Which part of `sched WHAT n` is counted: from the at-th time that `begin` is entered until `end` has then been
    entered `after` times, and that is so many operations. Lines are told apart in each of `parts` too (see
    tests/bench/count.cpp). 122 operations are twice the 61 rounds after which the scheduler looks at its global queue.
    """

    what: str
    n: int
    begin: str
    at: int
    end: str
    after: int
    operations: int
    operation: str
    parts: tuple[str, ...] = ()


def turns(what: str, n: int, at: int, function: str, operation: str) -> Window:
    """Where one function is entered once in each operation."""
    return Window(what, n, function, at, function, 122, 122, operation)


NEWPROC, GOEXIT = "runtime.newproc1", "runtime.goexit0"
WINDOWS = {  # by the names of sched.FIGURES
    "yield2": turns("yield2", 2000, 100, "runtime.goschedImpl", "yield"),
    "yield1000": turns("yield1000", 10_000, 2000, "runtime.goschedImpl", "yield"),
    "handoff": turns("handoff", 2000, 100, "runtime.chansend", "hand-off"),
    "spawn": turns("spawn", 2000, 100, NEWPROC, "goroutine"),
    "batch": Window("batch", 3000, GOEXIT, 1000, GOEXIT, 1000, 1000, "goroutine", (NEWPROC,)),
    "million-1": Window("million", 200, NEWPROC, 1, GOEXIT, 200, 200, "goroutine"),
    "skynet-1": Window("skynet", 100, NEWPROC, 1, GOEXIT, 111, 100, "leaf"),
    "sieve": turns("sieve", 100, 1000, "runtime.chansend", "number sent"),
    "prodcons-1": Window("prodcons", 4000, "runtime.chansend", 1280, "runtime.chansend", 640, 640, "number sent"),
    "park": Window("park", 200, NEWPROC, 1, "runtime.gopark", 200, 200, "goroutine"),
}


def show(name: str) -> Counts:
    """Counts a figure and prints the table; the sums."""
    window = windowed(name)
    functions = counted(window, program())
    total = sum(functions.values(), Counts())
    print(f"{name}, counted: each {window.operation} of `sched {window.what}`, one P, where it is spent\n")
    print(line("", *("instr.", *COLUMNS[1:])))
    shown = [item for item in functions.items() if item[1].instructions >= LEAST * total.instructions]
    for function, counts in sorted(shown, key=lambda item: -item[1].instructions):
        print(line(function if len(function) <= 30 else function[:27] + "...", *cells(counts)))
    others = [counts for function, counts in functions.items() if (function, counts) not in shown]
    if others:
        print(line(f"others ({len(others)})", *cells(sum(others, Counts()))))
    print(line("all", *cells(total)))
    print(
        "\n  locked: instructions with LOCK, or XCHG with memory;\n"
        "  lines: cache lines (64 bytes) read or written, each once an operation, where\n"
        "  it is met first; written: those that are written"
    )
    return total


def show_all(keep: bool) -> None:
    """Counts every figure, prints a line for each, and keeps them if asked to."""
    path, key = program(), compiler()
    before = kept().get(key, {})
    print(f"an operation's counts ({key}); change: of instructions, since kept\n")
    print(line("", *("instr.", *COLUMNS[1:]), "change"))
    totals = {}
    for name, window in WINDOWS.items():
        totals[name] = total = sum(counted(window, path).values(), Counts())
        was = before.get(name)
        change = f"{total.instructions / was.instructions - 1:+.1%}" if was else "-"
        print(line(f"{name}, {window.operation}", *cells(total), change), flush=True)
    if keep:
        write(KEPT, kept_text(kept() | {key: totals}))
        print(f"\nkept in {KEPT.relative_to(ROOT)}")


def windowed(name: str) -> Window:
    """What is counted of a figure; a Failure for one that cannot be."""
    if name in WINDOWS:
        return WINDOWS[name]
    if name in (figure.name for figure in sched.FIGURES):
        raise Failure(f"{name} is not counted: only what one P does is, and only operations", USAGE)
    raise Failure(f"there is no figure {name} to count; there are: all, {', '.join(WINDOWS)}", USAGE)


def compiler() -> str:
    """Which compiler builds the program here: `gcc 12`. Another one makes other instructions."""
    words = [os.environ.get("CXX", "g++"), "--version"]
    said = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout.partition("\n")[0]
    version = re.search(r"(\d+)\.\d+\.\d+", said.partition(")")[2] or said)
    return f"{'clang' if 'clang' in said else 'gcc'} {version[1] if version else '?'}"


def kept() -> dict[str, dict[str, Counts]]:
    """{compiler: {figure: what was counted}}, as counts.toml has it."""
    try:
        table_of = tomllib.loads(KEPT.read_text("utf-8"))
    except (OSError, ValueError) as why:
        raise Failure(f"cannot read {KEPT.relative_to(ROOT)}: {why}") from None
    return {key: {name: Counts(**row) for name, row in rows.items()} for key, rows in table_of.items()}


def kept_text(counts: dict[str, dict[str, Counts]]) -> str:
    """counts.toml with these counts: its head stays."""
    text = KEPT.read_text("utf-8").partition("\n[")[0].rstrip() + "\n"
    for key, rows in sorted(counts.items()):
        text += f'\n["{key}"]\n'
        for name, row in rows.items():
            text += f"{name} = {{ " + ", ".join(f"{part} = {getattr(row, part):.1f}" for part in COLUMNS) + " }\n"
    return text


def differs(now: Counts, was: Counts) -> list[str]:
    """What has changed by more than 2 %, or for small ones more than 0.3: `loads 10.0, were 9.0`."""
    pairs = [(part, getattr(now, part), getattr(was, part)) for part in COLUMNS]
    return [f"{part} {new:.1f}, were {old:.1f}" for part, new, old in pairs if abs(new - old) > max(0.02 * old, 0.3)]


def program() -> Path:
    """The figures' program, in the build that is timed."""
    return build.build("release") / "tests" / "bench" / "sched"


def counter() -> Path:
    """The program that counts, built."""
    packages.ensure({"libzydis-dev": needs.TO_TEST["libzydis-dev"]})
    return compiled("count", "count.cpp", CXX, ["-lZydis"])


def counted(window: Window, path: Path) -> dict[str, Counts]:
    """What each function of the program does in one operation."""
    counts_it = counter()
    elf = Elf(str(path))

    def address(name: str) -> str:
        if name not in elf.symbols:
            raise Failure(f"{path.name} has no function {name} to count from")
        return f"{elf.symbols[name][0]:x}"

    begin, end, *parts = map(address, (window.begin, window.end, *window.parts))
    words = [str(path), window.what, str(window.n), address("main.main"), address("runtime.sysmon")]
    words += [begin, str(window.at), end, str(window.after), *parts]
    result = interruption.run([counts_it, *words])
    if result.returncode:
        raise Failure(
            (result.stderr.strip().splitlines() or [f"{counts_it.name} ended with status {result.returncode}"])[0],
            MACHINE if result.returncode == MACHINE else 1,
        )
    functions: defaultdict[str, Counts] = defaultdict(Counts)
    for row in result.stdout.splitlines():
        pc, *sums = row.split()
        symbol = elf.symbol_at(int(pc, 16))
        functions[symbol[0] if symbol else "?"] += Counts(*map(int, sums))
    readable = demangled(list(functions))
    return {readable[name]: counts / window.operations for name, counts in functions.items()}


def demangled(names: list[str]) -> dict[str, str]:
    """C++ names as a reader knows them."""
    text = subprocess.run(["c++filt", "-p"], input="\n".join(names), capture_output=True, text=True).stdout
    return dict(zip(names, text.splitlines()))


def cells(counts: Counts) -> list[str]:
    """The columns of a line."""
    return [f"{value:.1f}" if value else "-" for value in dataclasses.astuple(counts)]


def line(title: str, *cells: object) -> str:
    """A line of this table."""
    return table.line(title, cells, (23, 8, 7, 8, 8, 7, 9, 8) if len(cells) > len(COLUMNS) else (31, 8, 7, 8, 8, 7, 9))
