"""The tools that read this tree's source: what each is told to read, and what it says, one line a fault.

What they look for is set in the tree: pyproject.toml (black, mypy), .flake8, .clang-format, .clang-tidy.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

from ..tree import ROOT
from . import permits

TOOLS = ("black", "flake8", "mypy", "clang-format", "clang-tidy")
FORMATTERS = ("black", "clang-format")  # these can also write what they want
PYTHON = ["gdb-scripts", "labs", "tests"]
CXX = ["runtime", "gdb-scripts", "tests"]
COMPILED = Path("build", "debug-clang++")  # how each C++ file is compiled, for clang-tidy
_PLACE = re.compile(r"(?P<place>[^\s:][^:]*:\d+):(?:\d+:)? (?:(?:fatal )?(?:error|warning): )?(?P<text>(?!note: ).+)")
_FORM = re.compile(r"(?:would reformat|error: cannot format) (?P<file>[^:]+)(?P<text>.*)")


def faults(tools: Iterable[str], root: Path = ROOT) -> dict[str, list[str]]:
    """What each of these tools finds wrong in the tree: `FILE:LINE: what`. All of them run side by side."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # clang-tidy takes longest and is one run a file, so it comes first.
        started = {tool: _start(pool, tool, root) for tool in sorted(tools, key=TOOLS.index, reverse=True)}
        return {tool: list(dict.fromkeys(line for run in started[tool] for line in run.result())) for tool in tools}


def fix(root: Path = ROOT) -> None:
    """Lets the formatters write their form; everything else is for a person to mend."""
    for tool in FORMATTERS:
        for command in commands(tool, root, check=False):
            _output(command, root)


def commands(tool: str, root: Path, check: bool = True) -> list[list[str]]:
    """The command lines of a tool, each of which can run beside the others."""
    if tool == "black":
        return [["black", *(["--check"] if check else ["-q"]), *PYTHON]]
    if tool == "flake8":
        return [["flake8", "--config", ".flake8", *PYTHON]]
    if tool == "mypy":
        return [["mypy", "--cache-dir", "build/mypy"]]
    if tool == "clang-format":
        files = sorted(str(file.relative_to(root)) for folder in CXX for file in (root / folder).rglob("*.[ch]pp"))
        return [["clang-format", *(["--dry-run", "-Werror"] if check else ["-i"]), *files]]
    compiled = json.loads((root / COMPILED / "compile_commands.json").read_text())
    files = sorted({os.path.normpath(os.path.join(row["directory"], row["file"])) for row in compiled})
    ours = [file for file in files if file.endswith(".cpp") and Path(root, "runtime") in Path(file).parents]
    return [["clang-tidy", "--quiet", "-p", str(COMPILED), file] for file in ours]


def _start(pool: Executor, tool: str, root: Path) -> list[Future[list[str]]]:
    return [pool.submit(_found, tool, command, root) for command in commands(tool, root)]


def _found(tool: str, command: list[str], root: Path) -> list[str]:
    """The faults that one run tells of; a run that fails and tells of none is a fault itself."""
    status, output = _output(command, root)
    lines = [line.replace(f"{root}/", "") for line in output.splitlines()]
    if tool == "black":
        found = [f"{match['file']}:1: not in black's form{match['text']}" for match in map(_FORM.match, lines) if match]
    else:
        found = [f"{match['place']}: {match['text']}" for match in map(_PLACE.match, lines) if match]
    return found or ([f"{tool}: {line}" for line in lines[-3:] or [f"exit status {status}"]] if status else [])


def _output(command: list[str], root: Path) -> tuple[int, str]:
    """(the exit status of a command in this folder, all that it says); the system's own tools come first."""
    path = shutil.which(command[0], path="/usr/bin") or command[0]
    result = subprocess.run(
        [path, *command[1:]],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=permits.without_python(),
    )
    return result.returncode, result.stdout
