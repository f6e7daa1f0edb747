"""What the lab needs from the system: each Debian package with a quick way to see whether it is there."""

import glob
import importlib.util
import os
import shutil
from collections.abc import Callable

from rt0lab.words import later

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


TO_RUN: Table = {  # by every verb that runs a program
    "g++": (command("g++"), later("the compiler of the runtime")),
    "meson": (file("/usr/bin/meson"), later("the build")),
    "ninja-build": (command("ninja"), later("the build")),
    "pybind11-dev": (file("/usr/include/pybind11/pybind11.h"), later("the runtime as a Python module")),
    "python3-dev": (file("/usr/include/python3*/Python.h"), later("the runtime as a Python module")),
    "libboost-context-dev": (file("/usr/lib/*/libboost_context.a"), later("the switch between goroutines")),
    "patch": (command("patch"), later("the runtimes with a bug, to hunt for")),
    "gdb": (
        both(command("gdb"), file("/usr/share/gdb/python/gdb/__init__.py")),
        later("the debugger, with its Python"),
    ),
    "python3-pyelftools": (module("elftools"), later("reads ELF files")),
}
TO_SHOW: Table = {  # by `report`
    "python3-jinja2": (module("jinja2"), later("the templates of the film")),
}
TO_DRAW: Table = {  # by `report --svg` and `report --perfetto`
    "nodejs": (command("node"), later("runs the film's scripts without a browser")),
}
TO_TEST: Table = {  # by `test`; the sandbox also by exercises that run what learners wrote, inotify by `watch`
    "chromium": (command("chromium"), later("a browser, to test what one sees in it")),
    "chromium-driver": (command("chromedriver"), later("a browser, to test what one sees in it")),
    "python3-selenium": (module("selenium"), later("tests in a browser")),
    "npm": (command("npm"), later("brings a checker of accessibility, for tests in a browser")),
    "bubblewrap": (command("bwrap"), later("the sandbox for what learners write")),
    "python3-inotify": (module("inotify"), later("tells `lab watch` of a save")),
    "zsh": (command("zsh"), later("tests of completion")),
    "fish": (command("fish"), later("tests of completion")),
    "clang": (command("clang++"), later("the second compiler")),
    "golang-go": (command("go"), later("real Go programs to compare with")),
    "delve": (command("dlv"), later("Go's debugger, to measure beside")),
    "gdbserver": (command("gdbserver"), later("programs that are looked at through a line")),
    "libboost-fiber-dev": (file("/usr/lib/*/libboost_fiber.a"), later("a scheduler to measure beside")),
    "libzydis-dev": (file("/usr/include/Zydis/Zydis.h"), later("decodes instructions that are counted")),
    "parallel": (command("env_parallel"), later("a class graded by many processes")),
    "python3-pytest": (module("pytest"), later("the tests")),
    "python3-pytest-xdist": (module("xdist"), later("tests in parallel")),
    "python3-hypothesis": (module("hypothesis"), later("tests of the run queue")),
    "python3-pexpect": (module("pexpect"), later("tests of the interactive tour")),
    "spin": (command("spin"), later("searches the models of the scheduler")),
    "tmux": (command("tmux"), later("tests of the window in gdb")),
    "neovim": (command("nvim"), later("tests of what an editor is told")),
    "black": (command("black"), later("the form of the Python here")),
    "flake8": (command("flake8"), later("finds faults in the Python here")),
    "mypy": (command("mypy"), later("holds the Python here to its type hints")),
    "clang-format": (command("clang-format"), later("the form of the C++ here")),
    "clang-tidy": (command("clang-tidy"), later("finds faults in the C++ here")),
}
TO_SANITIZE: Table = {  # by `test --sanitize`, with clang
    "libclang-rt-dev": (file("/usr/lib/llvm-*/lib/clang/*/lib/*/libclang_rt.fuzzer*.a"), later("fuzzing")),
}
TO_BOOK: Table = {  # by `book`, with TO_SHOW for its films
    "python3-sphinx": (module("sphinx"), later("makes the book of the notes")),
    "python3-myst-parser": (module("myst_parser"), later("reads the notes for the book")),
}
ALL = TO_RUN | TO_SHOW | TO_DRAW | TO_TEST | TO_SANITIZE | TO_BOOK


def missing(table: Table = ALL) -> list[str]:
    """The packages of the table that are not there."""
    importlib.invalidate_caches()
    return [package for package, (present, _) in table.items() if not present()]
