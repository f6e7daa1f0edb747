"""Runs what a stranger wrote: under bubblewrap, without a network, with a read-only system, one folder to write to, and
limits. Everything in it dies with it."""

import contextlib
import ctypes
import functools
import json
import os
import resource
import secrets
import select
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rt0lab.words import tr

from . import interruption, pace, permits

# What of the system a command sees, where it is there; never a home, /etc as a whole, /run or /var.
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt")
SETTINGS = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")
TIME, OUTPUT, DISK = "time", "output", "disk"  # why a command was ended
_STRANGERS = range(100_000_000, 200_000_000)  # where root is, each sandbox gets a user of its own from these
_SMALLER = range(20_000, 60_000)  # the same where a container knows only 65536 users
_POLL = 0.2  # seconds
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


@dataclass(frozen=True)
class Limits:
    """How much a command may have. `seconds` is by the clock, for all of it, and more where the machine is slow just
    then; `cpu` and `memory` are each process's."""

    seconds: float = 10
    cpu: int = 10
    memory: int = 1 << 30
    processes: int = 48
    file: int = 64 << 20
    disk: int = 256 << 20
    output: int = 1 << 20


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit status (128 + N for signal N), what it said, which limit ended it, if one did, and
    what it might have had."""

    status: int
    output: str
    ended: str = ""
    within: str = ""  # by the clock
    cpu: int = 0

    @property
    def how(self) -> str:
        """How it ended, in a few words; "" if well."""
        if self.ended == TIME:
            return tr("not over within {limit}", limit=self.within)
        if not self.ended and self.status == 128 + signal.SIGKILL:
            return tr("signal 9, as for whoever takes more than {cpu} s of the processor", cpu=self.cpu)
        return self.ended or (f"signal {self.status - 128}" if self.status > 128 else str(self.status or ""))


@functools.cache
def possible() -> tuple[bool, str]:
    """Whether a sandbox can be had here, and if not, why not: tried, not guessed."""
    if not shutil.which("bwrap"):
        return False, "there is no bubblewrap (bwrap); ./lab setup installs it"
    try:
        outcome = run(["true"])
    except OSError as error:
        return False, f"no process can be started in a sandbox: {error.strerror}"
    if outcome.status == 0:
        return True, ""
    said = outcome.output.strip().splitlines() or [f"it ended with {outcome.how}"]
    return False, f"this machine permits no sandbox ({said[-1]}); in a container: --security-opt seccomp=unconfined"


def run(
    command: Sequence[str],
    readable: Iterable[str | os.PathLike[str]] = (),
    scratch: Path | None = None,
    limits: Limits = Limits(),
) -> Outcome:
    """Runs a command that sees the system and these files and folders, under their own names, and writes only to
    `scratch` and to a /tmp of its own. Nothing of it is left when this returns, however it does."""
    told, tells = os.pipe()
    with interruption.held(), open(told, "rb") as info:
        try:
            process = subprocess.Popen(
                [*_walls(readable, scratch, limits, tells), *_stranger(scratch), *_counted(limits), *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=_environment(scratch),
                pass_fds=[tells],
                preexec_fn=functools.partial(_prepare, os.getpid(), limits),
            )
        finally:
            os.close(tells)
        first = _first(info.read())
    limit = pace.Limit(limits.seconds)
    try:
        output, ended = _listen(process, scratch, limits, limit)
    finally:
        with interruption.held():
            process.kill()
            process.wait()
            _end(first)
            _drain(process)
    return Outcome(
        128 - process.returncode if process.returncode < 0 else process.returncode,
        output.decode("utf-8", "replace"),
        ended,
        str(limit),
        limits.cpu,
    )


def _first(info):
    """A descriptor of the sandbox's first process, of which bubblewrap tells; all others in it end with that one. None
    if there is none."""
    with contextlib.suppress(ProcessLookupError, ValueError):  # it may have ended, or bubblewrap before it had told
        return os.pidfd_open(json.loads(info)["child-pid"])
    return None


def _end(first):
    """Ends it, which bubblewrap may not have bound to itself yet, and waits until it has ended, and so all others."""
    if first is not None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(first, signal.SIGKILL)
        select.select([first], [], [])
        os.close(first)


def _walls(readable, scratch, limits, tells):
    """bubblewrap's words up to the command. Root needs no user namespace, and others can do without root."""
    words = ["bwrap", "--die-with-parent", "--new-session", "--unshare-ipc", "--unshare-pid", "--unshare-net"]
    words += ["--unshare-uts", "--unshare-cgroup-try", "--hostname", "sandbox", "--info-fd", str(tells)]
    words += [] if os.geteuid() == 0 else ["--unshare-user"]
    for folder in SYSTEM:
        if os.path.islink(folder):
            words += ["--symlink", os.readlink(folder), folder]
        elif os.path.exists(folder):
            words += ["--ro-bind", folder, folder]
    words += ["--perms", "0755", "--dir", "/etc"]
    for path in SETTINGS:
        words += ["--ro-bind-try", path, path]
    words += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    words += ["--perms", "1777", "--size", str(limits.disk), "--tmpfs", "/tmp"]
    shown = [("--ro-bind", Path(os.path.abspath(path))) for path in readable]
    shown += [("--bind", Path(os.path.abspath(scratch)))] if scratch else []
    above = {folder for _, path in shown for folder in path.parents} - {Path("/"), Path("/tmp")}
    for folder in sorted(above):  # made by bubblewrap itself, they would be root's alone
        words += ["--perms", "0755", "--dir", str(folder)]
    for how, path in shown:
        words += [how, str(path), str(path)]
    return [*words, "--remount-ro", "/", "--chdir", os.path.abspath(scratch) if scratch else "/tmp", "--"]


def _stranger(scratch):
    """Where root is: the words that make the command a user whom nothing belongs to, and whom limits bind."""
    if os.geteuid() != 0:
        return []
    with open("/proc/self/uid_map") as file:
        known = max(int(first) + int(count) for first, _, count in map(str.split, file))
    user = secrets.choice(_STRANGERS if known > _STRANGERS.stop else _SMALLER)
    if scratch:
        os.chown(scratch, user, user)
    words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs"]
    return [*words, "--inh-caps=-all", "--bounding-set=-all"]


def _counted(limits):
    """Processes are counted inside: outside, this user's others would count too."""
    return ["prlimit", f"--nproc={limits.processes}", "--"]


def _environment(scratch):
    home = os.path.abspath(scratch) if scratch else "/tmp"
    fixed = {"PATH": "/usr/bin:/bin", "HOME": home, "TMPDIR": "/tmp", "SHELL": "/bin/sh", "LC_ALL": "C.UTF-8"}
    return fixed | {"TERM": "dumb"} | permits.ISOLATED


def _prepare(us, limits):
    """In the new process: it does not outlive us, it is the first to go when memory runs out, and its limits hold for
    all that it starts."""
    interruption.release()
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != us:  # we ended before the line above
        os._exit(1)
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    for kind, most in (
        (resource.RLIMIT_CPU, limits.cpu),
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, limits.file),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def _listen(process, scratch, limits, limit):
    """(what it says, up to the limit; which limit it reached)"""
    said = bytearray()
    measured = time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while left := limit.left():
            if selector.select(min(left, _POLL)):
                data = os.read(process.stdout.fileno(), 1 << 16)
                if not data:
                    return _ending(process, said, limit)
                said += data[: limits.output - len(said)]
                if len(said) >= limits.output:
                    return said, OUTPUT
            if scratch and time.monotonic() - measured > _POLL:
                if _size(scratch, limits.disk) > limits.disk:
                    return said, DISK
                measured = time.monotonic()
    return said, TIME


def _ending(process, said, limit):
    """It has closed its output; it may go on without."""
    while left := limit.left():
        try:
            process.wait(left)
            return said, ""
        except subprocess.TimeoutExpired:
            pass
    return said, TIME


def _size(folder, most):
    """Bytes below a folder, or more than `most` once it is known to be more. Each file counts at least a block."""
    total = 0
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            try:
                total += max(os.lstat(os.path.join(place, name)).st_blocks * 512, 4096)
            except OSError:
                pass  # it has gone meanwhile
            if total > most:
                return total
    return total


def _drain(process):
    """Reads to the end: what was killed with bubblewrap has ended when nobody holds the other end any more."""
    with process.stdout:
        while process.stdout.read(1 << 16):
            pass
