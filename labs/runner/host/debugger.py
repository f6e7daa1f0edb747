"""Starts gdb the same way for every verb: no start-up files, one script allowed, a fixed environment for the
program."""

import contextlib
import ctypes
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from rt0lab import words

from ..tree import GDB_SCRIPT, programs
from . import build, interruption, needs, packages, pace, permits
from .target import Program, examine

# What the program under gdb may still see of the user's environment: these change what a Go program does.
PASSED_ON = ("GODEBUG", "GOGC", "GOMAXPROCS", "GOTRACEBACK")

# What `lab gdb` knows on its command line, and editors write there.
CHOICE = "--gdb="  # a gdb other than PATH's; editors have a PATH of their own
DAP = "-i=dap"

PATIENCE = 2  # seconds that a gdb gets to end by itself
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def program(name: str, release: bool = False) -> Program:
    """The Program for a word of the command line: a program of runtime/programs (built here) or a path to an ELF
    file."""
    packages.ensure(needs.TO_RUN)
    if name in programs() or ("/" not in name and not os.path.lexists(name)):
        return examine(build.executable(name, "release" if release else "debug"))
    return examine(os.path.abspath(name))


def environment() -> dict[str, str]:
    """gdb's own environment: small, in UTF-8, and without anything that steers its Python. The program's is another
    one."""
    kept = {name: os.environ[name] for name in ("TERM", "HOME", "COLUMNS", "LINES", "NO_COLOR") if name in os.environ}
    return (
        {"PATH": "/usr/local/bin:/usr/bin:/bin", "SHELL": "/bin/sh", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        | {"LAB_LANG": os.environ["LAB_LANG"] if words.complaint() else words.language()}  # gdb tells of another
        | permits.ISOLATED
        | kept
    )


def command(
    path: str, *, batch: bool = False, shell: bool = False, traced: bool = True, gdb: str | None = None
) -> list[str]:
    """The beginning of gdb's command line for this program; the caller appends -ex commands, then gdb's own arguments.

    With `shell`, `run` understands redirections, at the price of what the shell adds to the environment. A core file
    needs nobody `traced`. The gdb is the machine's, unless a file is named.
    """
    if traced:
        permits.require_ptrace()
    words = [permits.with_python(gdb) if gdb else permits.find_gdb(), "-nx", "-q"]
    words += ["-batch"] if batch else []
    words += ["-iex", "set debuginfod enabled off"]
    words += ["-iex", "set demangle-style none"]  # else gdb reads runtime.main as Objective-C and writes runtime[main]
    # The program's environment is fixed, because its size moves the stack.
    fixed = {"PATH": "/usr/bin:/bin"} | {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    words += [] if shell else ["-iex", "set startup-with-shell off"]
    words += ["-iex", "python gdb.execute('unset environment')"]
    for name, value in fixed.items():
        words += ["-iex", f"set environment {name}={value}"]
    # What the program itself names, Go's script or that of another checkout, is not run; without auto-loading gdb does
    # not warn about it either. -x takes a name as it stands, whatever is in it.
    return [*words, "-iex", "set auto-load python-scripts off", path, "-x", str(GDB_SCRIPT)]


def interactive(words: list[str], then: Iterable[str] = ()) -> int:
    """Hands the terminal to gdb and returns its exit status; `then` are the words behind those that load our commands.

    While gdb comes up, Ctrl-C belongs to us: it would end in the middle of an import. So gdb starts in a process group
    of its own, and asks whether it may join ours when it is ready. From then on Ctrl-C is gdb's.
    """
    ours, its = socket.socketpair()
    number = its.fileno()
    join = (
        f"python import os; os.write({number}, b'?'), os.read({number}, 1), os.close({number}), os.setpgid(0,"
        f" {os.getpgrp()})"
    )
    with ours:
        with its:
            gdb = started([*words, "-ex", join, *then], pass_fds=[number], process_group=0)
        try:
            ours.recv(1)  # nothing if gdb has ended
        except BaseException:
            kill(gdb)  # asked to end, it would print which import it is at
            raise
        try:
            before = signal.signal(signal.SIGINT, signal.SIG_IGN)
            ours.close()
            status = gdb.wait()
            signal.signal(signal.SIGINT, before)
            return status
        finally:
            stop(gdb)


def unattended(
    words: list[str], output: IO[str] | None = None, affinity: set[int] | None = None, limit: pace.Limit | None = None
) -> int | None:
    """Runs gdb without a terminal; its output goes line by line to `output` (default: ours). Returns its exit status.

    What gdb says on standard error is shown only when it fails. However this ends, no gdb is left running; one that
    takes longer than `limit` is stopped, and its exit status is None.
    """
    output = output or sys.stdout
    with tempfile.TemporaryFile("w+") as errors:
        gdb = started(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            affinity=affinity,
        )
        late, over = threading.Event(), threading.Event()

        def watch():
            while left := limit.left():
                if over.wait(left):
                    return
            late.set()
            stop(gdb)

        try:
            if limit:
                threading.Thread(target=watch).start()
            for line in gdb.stdout or ():
                output.write(line)
            status = gdb.wait()
        finally:
            over.set()
            stop(gdb)
        if late.is_set():
            return None
        if status:
            errors.seek(0)
            sys.stdout.flush()
            sys.stderr.write(errors.read())
    return status


def started(words: list[str], affinity: set[int] | None = None, **options: Any) -> subprocess.Popen[Any]:
    """A gdb as subprocess.Popen starts it. It does not outlive us, however we end."""
    us = os.getpid()

    def prepare():
        interruption.release()
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != us:  # we ended before the line above
            os._exit(1)
        if affinity:
            os.sched_setaffinity(0, affinity)

    with interruption.held():
        return subprocess.Popen(words, env=environment(), preexec_fn=prepare, **options)


def stop(gdb: subprocess.Popen[Any]) -> None:
    """Ends this gdb if it still runs: it is asked first, so that it ends what it started and mends the terminal."""
    with interruption.held():
        if gdb.poll() is None:
            gdb.terminate()
            gdb.send_signal(signal.SIGCONT)  # it may have been stopped, with Ctrl-Z say
        try:
            gdb.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            kill(gdb)


def kill(gdb: subprocess.Popen[Any]) -> None:
    """Ends this gdb at once. What it started ends with it, what it attached to goes on.

    The kernel would do both, but for what gdb was just about to start (not yet marked to end with it, it would stand
    still for ever, or run unwatched) and to attach to (a stop that gdb had asked for would come after gdb's end, and
    last).
    """
    with interruption.held():
        gdb.send_signal(signal.SIGSTOP)  # now it starts nothing more
        os.waitid(os.P_PID, gdb.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        held = list(_held_by(gdb.pid))
        gdb.kill()
        gdb.wait()
        for process, number in held:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, number)
            if number == signal.SIGKILL:
                select.select([process], [], [])  # until it has ended
            os.close(process)


def _held_by(gdb):
    """(descriptor, the signal that frees it) for each process that this gdb traces or is just becoming a program to
    trace."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile, or is somebody else's
            process = os.pidfd_open(int(folder.name))
            fields = dict(re.findall(rb"^(\w+):\t(\d+)$", (folder / "status").read_bytes(), re.M))
            child, traced = (fields.get(name) == b"%d" % gdb for name in (b"PPid", b"TracerPid"))
            if child and (traced or (folder / "exe").samefile(f"/proc/{gdb}/exe")):
                yield process, signal.SIGKILL
            elif traced:
                yield process, signal.SIGCONT
            else:
                os.close(process)
