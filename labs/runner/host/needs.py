"""What the lab needs from the system: each Debian package with a quick way to see whether it is there."""

import glob
import importlib.util
import os
import shutil
from collections.abc import Callable

Check = Callable[[], bool]
Table = dict[str, tuple[Check, str]]  # package: (check, what it is for)


def command(*names: str) -> Check:
    """A check that one of these commands is in PATH or in /usr/bin."""
    return lambda: any(shutil.which(name) or os.access(f"/usr/bin/{name}", os.X_OK) for name in names)


def file(pattern: str) -> Check:
    """A check that a file matching this pattern exists."""
    return lambda: bool(glob.glob(pattern))


def module(name: str) -> Check:
    """A check that the system's Python can import this module."""
    return lambda: importlib.util.find_spec(name) is not None


def both(one: Check, other: Check) -> Check:
    """A check that two checks hold; gdb-minimal, say, has the command but no Python."""
    return lambda: one() and other()


# The first table is needed by every verb that runs a program, the second only by `test`, and its first rows by
# exercises that run what learners wrote and by `watch`.
TO_RUN: Table = {
    "g++": (command("g++"), "the compiler of the runtime"),
    "meson": (file("/usr/bin/meson"), "the build"),
    "ninja-build": (command("ninja"), "the build"),
    "pybind11-dev": (file("/usr/include/pybind11/pybind11.h"), "the runtime as a Python module"),
    "python3-dev": (file("/usr/include/python3*/Python.h"), "the runtime as a Python module"),
    "libboost-context-dev": (file("/usr/lib/*/libboost_context.a"), "the switch between goroutines"),
    "patch": (command("patch"), "the runtimes with a bug, to hunt for"),
    "gdb": (both(command("gdb"), file("/usr/share/gdb/python/gdb/__init__.py")), "the debugger, with its Python"),
    "python3-pyelftools": (module("elftools"), "reads ELF files"),
}
TO_TEST: Table = {
    "bubblewrap": (command("bwrap"), "the sandbox for what learners write"),
    "python3-inotify": (module("inotify"), "tells `lab watch` of a save"),
    "zsh": (command("zsh"), "tests of completion"),
    "fish": (command("fish"), "tests of completion"),
    "clang": (command("clang++"), "the second compiler"),
    "golang-go": (command("go"), "real Go programs to compare with"),
    "delve": (command("dlv"), "Go's debugger, to measure beside"),
    "gdbserver": (command("gdbserver"), "programs that are looked at through a line"),
    "libboost-fiber-dev": (file("/usr/lib/*/libboost_fiber.a"), "a scheduler to measure beside"),
    "parallel": (command("env_parallel"), "a class graded by many processes"),
    "python3-pytest": (module("pytest"), "the tests"),
    "python3-pytest-xdist": (module("xdist"), "tests in parallel"),
    "python3-hypothesis": (module("hypothesis"), "tests of the run queue"),
    "python3-pexpect": (module("pexpect"), "tests of the interactive tour"),
    "spin": (command("spin"), "searches the models of the scheduler"),
    "tmux": (command("tmux"), "tests of the window in gdb"),
    "neovim": (command("nvim"), "tests of what an editor is told"),
    "black": (command("black"), "the form of the Python here"),
    "flake8": (command("flake8"), "finds faults in the Python here"),
    "mypy": (command("mypy"), "holds the Python here to its type hints"),
    "clang-format": (command("clang-format"), "the form of the C++ here"),
    "clang-tidy": (command("clang-tidy"), "finds faults in the C++ here"),
}
ALL = TO_RUN | TO_TEST


def missing(table: Table = ALL) -> list[str]:
    """The packages of the table that are not there."""
    importlib.invalidate_caches()
    return [package for package, (present, _) in table.items() if not present()]
