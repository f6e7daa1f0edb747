"""Starts gdb the same way for every verb: no start-up files, one script allowed, a fixed environment for the program."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from rt0lab import untrusted

from . import build, elf, machine, needs, setup
from .failure import Failure
from .tree import GDB_SCRIPT, programs

# What the program under gdb may still see of the user's environment: these change what a Go program does.
PASSED_ON = ("GODEBUG", "GOGC", "GOMAXPROCS", "GOTRACEBACK")


def program(name, release=False):
    """The Program for a word of the command line: a program of runtime/programs (built here) or a path to an ELF file."""
    setup.ensure(needs.TO_RUN)
    if name in programs() or ("/" not in name and not os.path.lexists(name)):
        return elf.examine(build.executable(name, "release" if release else "debug"))
    return elf.examine(os.path.abspath(name))


def environment():
    """gdb's own environment: small, in UTF-8, and without anything that steers another Python."""
    kept = {name: os.environ[name] for name in ("TERM", "HOME", "COLUMNS", "LINES", "NO_COLOR") if name in os.environ}
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "SHELL": "/bin/sh", "LC_ALL": "C.UTF-8", "TERM": "dumb"} | kept


def command(target, *, batch=False, shell=False, traced=True):
    """The beginning of gdb's command line for a Program; the caller appends -ex commands, then gdb's own arguments.

    With `shell`, `run` understands redirections, at the price of what the shell adds to the environment. A core file
    needs nobody `traced`.
    """
    if traced:
        machine.require_ptrace()
    words = [machine.find_gdb(), "-nx", "-q"]
    words += ["-batch"] if batch else []
    words += ["-iex", "set debuginfod enabled off"]
    words += ["-iex", "set demangle-style none"]  # else gdb reads runtime.main as Objective-C and writes runtime[main]
    # The program's environment is fixed, because its size moves the stack.
    fixed = {"PATH": "/usr/bin:/bin"} | {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    words += [] if shell else ["-iex", "set startup-with-shell off"]
    words += ["-iex", "python gdb.execute('unset environment')"]
    for name, value in fixed.items():
        words += ["-iex", f"set environment {name}={value}"]
    # What the program itself names, Go's script or that of another checkout, is not run; without auto-loading gdb does not warn about it
    # either. -x takes a name as it stands, whatever is in it.
    return [*words, "-iex", "set auto-load python-scripts off", target.path, "-x", str(GDB_SCRIPT)]


def interactive(words):
    """Hands the terminal to gdb and returns its exit status; Ctrl-C belongs to gdb meanwhile."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    gdb = subprocess.Popen(words, env=environment(), preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        return gdb.wait()
    finally:
        stop(gdb)
        signal.signal(signal.SIGINT, before)


def unattended(words, output=None, affinity=None):
    """Runs gdb without a terminal; its output goes line by line to `output` (default: ours). Returns its exit status.

    What gdb says on standard error is shown only when it fails. However this ends, no gdb is left running.
    """
    output = output or sys.stdout
    with tempfile.TemporaryFile("w+") as errors:
        gdb = subprocess.Popen(words, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                               text=True, errors="replace",
                               preexec_fn=(lambda: os.sched_setaffinity(0, affinity)) if affinity else None)
        try:
            for line in gdb.stdout:
                output.write(line)
            status = gdb.wait()
        finally:
            stop(gdb)
        if status:
            errors.seek(0)
            sys.stdout.flush()
            sys.stderr.write(errors.read())
    return status


def stop(gdb):
    """Ends this gdb if it still runs: it is asked first, so that it ends the program it traces and mends the terminal."""
    if gdb.poll() is None:
        gdb.terminate()
        try:
            gdb.wait(2)
        except subprocess.TimeoutExpired:
            gdb.kill()
            gdb.wait()


def record(target, file, affinity=None):
    """Writes the trace of one run of the program to `file`; Failure if there is none afterwards."""
    words = command(target, batch=True) + ["-ex", f"rt0 record {untrusted.argument(str(file))}"]
    with tempfile.TemporaryFile("w+") as said:
        status = unattended(words, said, affinity)
        if status or not Path(file).exists():
            said.seek(0)
            sys.stderr.write("".join(said.readlines()[-10:]))
            raise Failure(f"gdb could not record {target.path} (what it said is above)")
