"""What this machine permits: ptrace, turning off address randomisation, and a gdb that has Python. Each is tried, not
guessed."""

import ctypes
import functools
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable

from rt0lab.words import later, tr

from ..failure import MACHINE, USAGE, Failure
from . import interruption

PTRACE_TRACEME = 0
ADDR_NO_RANDOMIZE = 0x0040000
# For a Python that we do not start with -I ourselves (gdb's, meson's): it imports nothing from the user's home.
ISOLATED = {"PYTHONNOUSERSITE": "1"}
CHOSEN = "RT0LAB_GDB"  # the variable by which a user names a gdb other than PATH's
_FLAGS = later("in a container: --cap-add=SYS_PTRACE --security-opt seccomp=unconfined")
ASK = "import sys, gdb; print('PYTHON', *sys.version_info[:2]); print('VERSION', gdb.VERSION)"


def without_python() -> dict[str, str]:
    """The user's environment for a tool that may be written in Python (meson, apt's hooks): without what steers a
    Python."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | ISOLATED


def in_child(action: Callable[[], int]) -> tuple[int, int]:
    """Runs action in a forked child and returns its wait status; the child never returns from here."""
    with interruption.held():
        child = os.fork()
        if child == 0:
            try:
                interruption.release()
                os._exit(action())
            finally:
                os._exit(99)
    return os.waitpid(child, 0)[1], child


@functools.cache
def ptrace_permitted() -> bool:
    """Whether a child may be traced, tried on /bin/true as gdb does it."""
    libc = ctypes.CDLL(None, use_errno=True)

    def traced():
        if libc.ptrace(PTRACE_TRACEME, 0, 0, 0) != 0:
            return 1
        os.execv("/bin/true", ["true"])

    status, child = in_child(traced)
    if os.WIFSTOPPED(status):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return True
    return False


def randomisation_can_be_off() -> bool:
    """Whether a process may turn off its address space randomisation (containers may refuse it)."""
    libc = ctypes.CDLL(None, use_errno=True)
    status, _ = in_child(lambda: 0 if libc.personality(ADDR_NO_RANDOMIZE) != -1 else 1)
    return status == 0


@functools.cache
def ask_gdb(path: str) -> tuple[str | None, str | None]:
    """(gdb's version, its Python's version) for this gdb; the second is None without Python, both for no gdb at all."""
    try:
        lines = _answer(path, ASK).splitlines()
    except OSError:
        return None, None
    said = dict(line.split(" ", 1) for line in lines if line.startswith(("PYTHON ", "VERSION ")))
    return said.get("VERSION", "?"), said.get("PYTHON", "").replace(" ", ".") or None


def chosen_gdb() -> str | None:
    """The gdb that the user names for every verb, None if none is named."""
    return os.environ.get(CHOSEN) or None


def find_gdb(candidates: Iterable[str | None] | None = None) -> str:
    """The gdb to run: the one that the user names, else the first that has Python: PATH's, else /usr/bin/gdb. Failure
    says what to do where there is none."""
    if candidates is None:
        if named := chosen_gdb():
            return with_python(named)
        candidates = [shutil.which("gdb"), "/usr/bin/gdb"]
    found = None
    for path in dict.fromkeys(filter(None, candidates)):
        version, python = ask_gdb(path)
        if python:
            return path
        found = path if version else found
    if found:
        raise Failure(
            tr("{found} was built without Python; as root: apt-get install gdb (in place of gdb-minimal)", found=found),
            MACHINE,
        )
    raise Failure(tr("there is no gdb here; ./lab setup installs it"), MACHINE)


def with_python(name: str) -> str:
    """This gdb, a file or a name in PATH, if it is one that has Python; else Failure."""
    path = shutil.which(name)
    if not path or not ask_gdb(path)[1]:
        raise Failure(tr("{name} is no gdb with Python", name=name), USAGE)
    return path


def speaks_dap(path: str) -> bool:
    """Whether this gdb speaks the debug adapter protocol."""
    return "DAP" in _answer(path, "import gdb.dap; print('DAP')").split()


def _answer(path, line):
    """What this gdb prints for one line of Python; it knows nothing of the user's settings."""
    result = subprocess.run(
        [path, "-nx", "-q", "-batch", "-iex", "set debuginfod enabled off", "-ex", f"python {line}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin"} | ISOLATED,
    )
    return result.stdout


def require_ptrace() -> None:
    """Failure where no program may be traced."""
    if not ptrace_permitted():
        raise Failure(
            tr("this machine refuses ptrace, so gdb cannot run a program; {advice}", advice=advice_on_ptrace()), MACHINE
        )


def advice_on_ptrace() -> str:
    """What to do where ptrace is refused: who refuses it is asked of the kernel."""
    if _number("/proc/sys/kernel/yama/ptrace_scope", "") == "3":
        return tr(
            "the kernel lets nobody (Yama): sysctl kernel.yama.ptrace_scope=1, which takes a restart of the machine"
        )
    if _number("/proc/self/status", "Seccomp:") == "2":
        return tr("a filter of system calls refuses it; {flags}", flags=tr(_FLAGS))
    return tr(_FLAGS)


def _number(path, label):
    """What a file of /proc says behind this label; empty if it does not."""
    try:
        with open(path) as file:
            return next((line[len(label) :].strip() for line in file if line.startswith(label)), "")
    except OSError:
        return ""
