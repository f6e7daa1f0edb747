"""How a test runs over a copy: a case of the explorer as a process, any other by pytest."""

import re
from pathlib import Path
from typing import NamedTuple

from rt0lab.words import tr

from ..host import permits
from ..tree import ROOT
from .copy import Copy

EXPLORER = "tests/explore/explore"
USUAL = "debug"  # the build whose programs are tried
CORE = "tests/explore/libexplored.a"  # the core in it
CASE = "tests/explore/test_explore.py::test_no_order_shows_a_fault[{}]"
_CASE = re.compile(re.escape(CASE).replace(r"\{\}", r"(\w+)"))
_BUILD = re.compile(r"\b(g\+\+|clang\+\+)-(debug|release)\b")
_LIMIT = 120  # seconds, on a busy machine; then it hangs
_PYTEST = ["/usr/bin/python3", "-I", "-m", "pytest", "-p", "no:cacheprovider", "-x", "-q", "--tb=line"]
_NOT_RUN = (4, 5)  # pytest's exit statuses where there is no such test
REST = "tests/runtime"  # all of the usual build
_NOT_OF_A_COPY = [f"--ignore={REST}/test_decisions.py", f"--ignore={REST}/test_names.py"]


class Verdict(NamedTuple):
    """Whether a test noticed, and what it said then, in a few words."""

    noticed: bool
    said: str = ""


def case(test: str) -> str:
    """The explorer's case that a test of pytest is, or nothing."""
    found = _CASE.fullmatch(test)
    return found[1] if found else ""


def short(test: str) -> str:
    """A test's name for people."""
    return case(test) or test.removeprefix(f"{REST}/")


def all_of() -> list[str]:
    """Every case that finds no fault (litmus.cpp has others), and the runtime's tests as one."""
    sources = sorted((ROOT / "tests" / "explore" / "cases").glob("*.cpp"))
    names = [name for each in sources for name in re.findall(r"^CASE\((\w+),", each.read_text(), re.MULTILINE)]
    return [*map(CASE.format, names), REST]


def said(copy: Copy, test: str) -> Verdict:
    """What a test says over a copy."""
    name = case(test)
    return _explored(copy, name) if name else _tested(copy, test)


def _explored(copy, name):
    program = copy.program(USUAL, EXPLORER)
    result = copy.processes.run([str(program), name], copy.folder, _LIMIT, {})
    if result.status is None:
        return Verdict(True, _late(_LIMIT))
    return Verdict(result.status != 0, _first(result.said).removeprefix(f"{name}: "))


def _tested(copy, test):
    found = _BUILD.search(test)
    build = _folder(found[1], found[2]) if found else USUAL
    for name in needed(test, copy.recipes(build).programs()):
        copy.program(build, name)
    words = [*_PYTEST, test, *(_NOT_OF_A_COPY if test == REST else [])]
    own = {name: value for name, value in permits.without_python().items() if not name.startswith("PYTEST_")}
    environment = own | {"RT0LAB_BUILD": str(copy.folder / build), "COLUMNS": "300"}
    limit = _LIMIT * (5 if test == REST else 1)
    result = copy.processes.run(words, ROOT, limit, environment)
    if result.status is None:
        return Verdict(True, _late(limit))
    if result.status in _NOT_RUN:
        return Verdict(False, tr("there is no such test"))
    return Verdict(result.status != 0, _failed(result.said).removeprefix(f"{short(test)} - "))


def _folder(compiler, buildtype):
    return buildtype if compiler == "g++" else f"{buildtype}-{compiler}"


def needed(test: str, programs: list[str]) -> list[str]:
    """Those of the programs that a test's text names, or, if it names none, its module's; all if none does."""
    ours = [name for name in programs if name.startswith(("tests/runtime/", "runtime/programs/"))]
    if test == REST:
        return ours
    file, _, function = test.partition("::")
    text = (ROOT / file).read_text("utf-8")
    name = function.partition("[")[0]
    own = (
        re.search(rf"^(?:@.*\n(?:.*\n)*?)?def {re.escape(name)}\(.*\n(?:(?: .*)?\n)*", text, re.MULTILINE)
        if name
        else None
    )
    for part in (own[0] if own else "", text):
        words = set(re.findall(r"[\w-]+", part))
        if found := [each for each in ours if Path(each).name in words]:
            return found
    return ours


def _late(seconds):
    return tr("not over after {n} s", n=seconds)


def _first(text):
    return next((line for line in text.splitlines() if line.strip()), "")


def _failed(text):
    """What pytest says of the first test that failed: its name, and why."""
    line = next((line for line in text.splitlines() if line.startswith(("FAILED ", "ERROR "))), "")
    return line.partition(" ")[2].replace(f"{REST}/", "")
