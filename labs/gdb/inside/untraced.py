"""Where nothing may be traced: runs the program in copies that die at its moments, and looks at the cores which the
kernel leaves.

A runtime that handles signals, as Go's does, survives a trap. So each moment gets a system call instead, and a seccomp
filter tells the kernel to end, with a core, whoever makes one there. The first moment that is reached ends the copy;
the next is without it, and dies at what comes next: the moments come in the order of a run, as with breakpoints. So of
a place only the first time is seen. A system call changes rcx and r11, so no truth may be in those.
"""

from __future__ import annotations

import ctypes
import itertools
import resource
import shutil
import signal
import struct
import subprocess
from collections.abc import Collection
from pathlib import Path

import gdb
from rt0lab.formats import corefile
from rt0lab.program import Problem
from rt0lab.words import tr

from .observe import Observer

_SYSCALL = b"\x0f\x05"
_ADDR_NO_RANDOMIZE = 0x0040000
_FILTER = struct.Struct("HBBI")  # struct sock_filter
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_KILL_PROCESS, _ALLOW = 0x80000000, 0x7FFF0000
_AT_LOW, _AT_HIGH = 8, 12  # of the instruction pointer, in struct seccomp_data
_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _MODE_FILTER = 22, 38, 2
_PHDR = struct.Struct("<IIQQQQQQ")
_PT_LOAD, _PT_NOTE, _NT_PRSTATUS = 1, 4, 1
_RIP = 112 + 8 * corefile.REGISTERS.index("rip")  # in NT_PRSTATUS, see <linux/elfcore.h>
_MAX_CORE = 1 << 30


def look(observer: Observer, arguments: list[str], folder: str) -> None:
    """Lets the observer see every moment of a run with these arguments; copies and cores are made in `folder`. Problem
    where the kernel leaves no core."""
    program = Path(gdb.current_progspace().filename)
    left = set(observer.addresses)
    runs = (Path(folder, f"{number:09}") for number in itertools.count())  # as long as all others: it is on the stack
    while True:
        status, core = _run(program, arguments, next(runs), left)
        if core is None:
            break
        at = _stand(core) if status == -signal.SIGSYS else None
        _open(core)
        observer.same_run()
        if observer.arrived(at if at in left else "event:signal") or at not in left:
            return
        observer.passed_over(at)
        if observer.copied(at):
            status, core = _run(program, arguments, next(runs), left)
            if core is None:
                break
            _stand(core)
            _open(core)
            observer.seen_again(at)
        left.discard(at)
    gdb.execute("core-file", to_string=True)
    gdb.set_convenience_variable("_exitcode", status)
    observer.arrived("event:exit")


def _open(core):
    """Lets gdb look at a core, of which nothing is left in the folder."""
    gdb.execute(f"core-file {core}", to_string=True)
    shutil.rmtree(core.parent)


def _run(program, arguments, scratch, moments):
    """(exit status, the core or None) of a copy of the program that dies at the first of these addresses."""
    scratch.mkdir()
    copy = scratch / program.name
    shutil.copyfile(program, copy)
    copy.chmod(0o700)
    _plant(copy, moments)
    lines = gdb.execute("show environment", to_string=True).splitlines()  # as for a run
    done = subprocess.run(
        [copy, *arguments],
        cwd=scratch,
        env=dict(line.split("=", 1) for line in lines if "=" in line),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: _prepare(moments),
    )
    cores = [file for file in scratch.iterdir() if file != copy]
    if done.returncode < 0 and not cores:
        raise Problem(
            tr("nothing may be traced here, and the kernel leaves no core (see /proc/sys/kernel/core_pattern).")
        )
    return done.returncode, cores[0] if cores else None


def _prepare(moments):
    """In the child: it ends with gdb, a core may be written, the stack is where it was in the run before, and a system
    call behind which one of these addresses begins ends it."""
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (_MAX_CORE if most == resource.RLIM_INFINITY else most, most))
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.personality(_ADDR_NO_RANDOMIZE)
    filters = [(_LOAD, 0, 0, _AT_HIGH), (_IF_EQUAL, 1, 0, 0), (_RETURN, 0, 0, _ALLOW), (_LOAD, 0, 0, _AT_LOW)]
    for address in moments:
        filters += [(_IF_EQUAL, 0, 1, address + len(_SYSCALL)), (_RETURN, 0, 0, _KILL_PROCESS)]
    code = ctypes.create_string_buffer(b"".join(_FILTER.pack(*row) for row in [*filters, (_RETURN, 0, 0, _ALLOW)]))
    program = struct.pack("HxxxxxxQ", len(code) // _FILTER.size, ctypes.addressof(code))
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, program, 0, 0)


def _plant(copy: Path, addresses: Collection[int]) -> None:
    """Writes the system calls into the file, where its segments say that these addresses come from."""
    with copy.open("r+b") as file:
        for kind, _, offset, start, _, size, _, _ in _segments(file):
            for address in addresses:
                if kind == _PT_LOAD and start <= address < start + size:
                    file.seek(offset + address - start)
                    file.write(_SYSCALL)


def _segments(file):
    head = file.read(64)
    (at,), (size, count) = struct.unpack_from("<Q", head, 32), struct.unpack_from("<HH", head, 54)
    file.seek(at)
    return [_PHDR.unpack_from(file.read(size)) for _ in range(count)]


def _stand(core: Path) -> int | None:
    """The address of the system call that the core's first thread, the one that died, has made; the core is made to say
    that it stands there, as at a breakpoint."""
    with core.open("r+b") as file:
        for kind, _, offset, _, _, size, _, _ in _segments(file):
            file.seek(offset)
            head = file.read(min(size, 12 + 8))
            if kind != _PT_NOTE or len(head) < 20 or struct.unpack_from("<I", head, 8)[0] != _NT_PRSTATUS:
                continue
            place = offset + 20 + _RIP  # behind the note's head and its name, CORE
            file.seek(place)
            (after,) = struct.unpack("<Q", file.read(8))
            file.seek(place)
            file.write(struct.pack("<Q", after - len(_SYSCALL)))
            return after - len(_SYSCALL)
    return None
