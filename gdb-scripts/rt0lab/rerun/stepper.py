"""A program of its own that runs a boot once more, one instruction at a time, and notes what each writes: it is given
to a Python interpreter, reads requests on its standard input, and knows no gdb and nothing of this package.

A request is a line of JSON, an answer is another, with so many bytes behind it as its `bytes` says. The program that it
runs is its child, ends with it, reads nothing and prints nowhere.
"""

from __future__ import annotations

import array
import ctypes
import errno
import io
import json
import os
import signal
import struct
import sys
from collections.abc import Iterator
from typing import Any

# linux/amd64's numbers: <sys/ptrace.h>, <sys/personality.h>, <linux/auxvec.h>, <sys/user.h>
_TRACEME, _CONT, _STEP, _GETREGS, _SETREGS, _SETOPTIONS = 0, 7, 9, 12, 13, 0x4200
_FORKS, _EXITKILL = 0x2 | 0x4 | 0x8, 0x100000
_WALL, _STOPPED = 0x40000000, 0x7F
_NO_RANDOMIZE, _PDEATHSIG = 0x0040000, 1
_AT_ENTRY, _AT_RANDOM = 9, 25
_REGISTERS, _PC, _SP, _FS = 27, 16, 19, 21
_MOST_PIECES = 1024  # of one process_vm_readv
_GAP = 64  # what lies between two pieces this near is read with them

FS = 0  # the address by which a change of FS itself is noted: no memory is there

_Numbers = array.array

_c = ctypes.CDLL(None, use_errno=True)
_c.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_c.ptrace.restype = ctypes.c_long
_c.process_vm_readv.restype = ctypes.c_ssize_t
_c.process_vm_readv.argtypes = [ctypes.c_long, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p, *[ctypes.c_ulong] * 2]


class Failed(Exception):
    """What cannot be done, and the kernel's number for why."""


def _ptrace(request, pid, data=0):
    if _c.ptrace(request, pid, None, data) == -1:
        raise Failed("ptrace", ctypes.get_errno())


def _texts(texts):
    """C's array of strings."""
    return (ctypes.c_char_p * (len(texts) + 1))(*texts, None)


def _become(path, argv, env, folder):
    """In the child: the program, with everything as it would be for a debugger. Returns if that fails: why."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    for number in range(2):
        os.dup2(2, number)  # where nothing comes from, and nothing arrives
    try:
        os.chdir(folder)
    except OSError:
        pass  # what it does before main.main asks for no file of its own
    _c.personality(ctypes.c_ulong(_NO_RANDOMIZE))
    if _c.ptrace(_TRACEME, 0, None, None) == -1:
        return ctypes.get_errno()
    _c.execve(ctypes.c_char_p(path), _texts(argv), _texts(env))
    return ctypes.get_errno()


class Tracee:
    """The program that is run once more."""

    def __init__(self, path: bytes, argv: list[bytes], env: list[bytes], folder: bytes) -> None:
        failed, fails = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            try:
                os.write(fails, struct.pack("<i", _become(path, argv, env, folder) or errno.EINVAL))
            finally:
                os._exit(127)
        os.close(fails)
        self._memory, self.reaped = -1, False
        self.registers = _Numbers("Q", bytes(8 * _REGISTERS))
        self._into = self.registers.buffer_info()[0]
        why = os.read(failed, 4)
        os.close(failed)
        if why:
            self.kill()
            raise Failed("start", struct.unpack("<i", why)[0])
        self._wait()
        _ptrace(_SETOPTIONS, self.pid, _FORKS | _EXITKILL)
        self._memory = os.open(f"/proc/{self.pid}/mem", os.O_RDWR)
        with open(f"/proc/{self.pid}/auxv", "rb") as file:
            self.auxv = {key: value for key, value in struct.iter_unpack("<QQ", file.read())}

    def _wait(self):
        """How it stopped: 0 after a step or at a breakpoint, else in a word."""
        status = os.waitpid(self.pid, _WALL)[1]
        if status & 0xFF != _STOPPED:
            self.reaped = True
            return "exited"
        if status >> 16:
            return "thread"
        return "" if status >> 8 == signal.SIGTRAP else "signal"

    def look(self) -> None:
        """Reads the registers."""
        _ptrace(_GETREGS, self.pid, self._into)

    def go(self) -> str:
        """Lets it run."""
        _ptrace(_CONT, self.pid)
        return self._wait()

    def go_to(self, address: int) -> str:
        """Lets it run to an instruction."""
        self.look()
        if self.registers[_PC] == address:
            return ""
        kept = os.pread(self._memory, 1, address)
        os.pwrite(self._memory, b"\xcc", address)
        ended = self.go()
        if not ended:
            self.look()
            os.pwrite(self._memory, kept, address)
            self.registers[_PC] = address
            _ptrace(_SETREGS, self.pid, self._into)
        return ended

    def read(self, address: int, size: int) -> bytes:
        """Some of its memory, or as much of that as there is."""
        try:
            return os.pread(self._memory, size, address)
        except (OSError, OverflowError):
            return b""

    def write(self, address: int, data: bytes) -> None:
        """Gives its memory other bytes."""
        os.pwrite(self._memory, data, address)

    def kill(self) -> None:
        """Ends it and waits until it has, and what it has made."""
        if self._memory >= 0:
            os.close(self._memory)
        try:
            os.kill(self.pid, signal.SIGKILL)
            while os.waitpid(-1, _WALL)[0] != self.pid:  # its threads come first
                pass
        except (ProcessLookupError, ChildProcessError):
            pass

    def reader(self, pieces: list[tuple[int, int]], into: bytearray) -> Any:
        """A function that reads all pieces into a buffer, one behind the other. It says whether it could."""
        whole = (ctypes.c_char * len(into)).from_buffer(into)
        local = struct.pack("<QQ", ctypes.addressof(whole), len(into))
        remote = b"".join(struct.pack("<QQ", *piece) for piece in pieces)
        if len(pieces) > _MOST_PIECES:
            raise Failed("pieces", errno.E2BIG)
        call, size, pid, count = _c.process_vm_readv, len(into), self.pid, len(pieces)
        keep = local, remote, whole

        def by_call():
            return call(pid, keep[0], 1, keep[1], count, 0) == size

        refused = call(pid, local, 1, remote, count, 0) == -1 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS)
        return (lambda: False) if refused else by_call

    def step(self, pieces: list[tuple[int, int]], most: int) -> tuple[str, bytes, list[array.array[int]]]:
        """Steps until its second thread is there. (how that ended, the pieces' memory at first, [pc before each step,
        sp, changes: step, address, before, after])"""
        size = sum(piece[1] for piece in pieces)
        buffers = bytearray(size), bytearray(size)
        readers = [self.reader(pieces, buffer) for buffer in buffers]
        parts, writers = _parts(pieces), _Writers(self)
        pcs, sps, changes = _Numbers("Q"), _Numbers("Q"), _Numbers("Q")
        if not readers[0]():
            _unmapped(self, pieces, buffers[0])
        first, side, ended = bytes(buffers[0]), 0, ""
        self.look()
        fs, registers, pid = self.registers[_FS], self.registers, self.pid
        ptrace, into, wait = _c.ptrace, self._into, self._wait
        while not ended and len(pcs) < most:
            pc = registers[_PC]
            pcs.append(pc)
            sps.append(registers[_SP])
            ptrace(_STEP, pid, None, None)
            ended = wait()
            if self.reaped or ptrace(_GETREGS, pid, None, into) == -1:
                break
            if not writers[pc]:
                continue
            if registers[_FS] != fs:
                changes.extend((len(pcs) - 1, FS, fs, registers[_FS]))
                fs = registers[_FS]
            if not readers[1 - side]():
                _unmapped(self, pieces, buffers[1 - side])
            if buffers[0] != buffers[1]:
                for at, before, after in _differences(parts, buffers[side], buffers[1 - side]):
                    changes.extend((len(pcs) - 1, at, before, after))
                side = 1 - side
        return ended or "long", first, [pcs, sps, changes]


class _Writers(dict):
    """{pc: may the instruction there write to memory that is no stack?}: what is worth no look afterwards."""

    def __init__(self, tracee):
        self._tracee = tracee

    def __missing__(self, pc):
        found = self[pc] = may_write(self._tracee.read(pc, _LONGEST))
        return found


# x86-64's opcodes that write to registers and stacks alone; what is in neither list is taken for a writer.
_LONGEST = 15  # bytes of an instruction
_PREFIXES = frozenset((0x66, 0xF2, 0xF3, 0x2E, 0x36, 0x3E, 0x26, 0x64, 0x65))
_NEVER = frozenset(
    [op for base in range(0, 0x40, 8) for op in range(base + 2, base + 6)]  # add, or, ... with a register on the left
    + [*range(0x38, 0x3E), *range(0x50, 0x60), 0x63, 0x68, 0x69, 0x6A, 0x6B, *range(0x70, 0x80), 0x84, 0x85, 0x8A, 0x8B]
    + [0x8D, 0x90, 0x98, 0x99, 0xA8, 0xA9, *range(0xB0, 0xC0), 0xC2, 0xC3, 0xC9, 0xE8, 0xE9, 0xEB]
)
_NEVER_0F = frozenset(
    [0x0B, 0x10, 0x1F, 0x28, 0x31, *range(0x40, 0x50), 0x57, 0x6F, *range(0x80, 0x90), 0xA2, 0xA3, 0xAF, 0xB6, 0xB7]
    + [0xBC, 0xBD, 0xBE, 0xBF, *range(0xC8, 0xD0), 0xEF]
)
_BY_REGISTER = frozenset(  # unless their operand is memory
    [op for base in range(0, 0x38, 8) for op in (base, base + 1)]
    + [0x80, 0x81, 0x83, 0x86, 0x87, 0x88, 0x89, 0xC0, 0xC1, 0xC6, 0xC7, *range(0xD0, 0xD4), 0xF6, 0xF7, 0xFE, 0xFF]
)
# By the middle bits of the byte behind them: cmp, test, mul and div, call and jmp and push.
_ONLY_READ = {0x80: (7,), 0x81: (7,), 0x83: (7,), 0xF6: (0, 1, 4, 5, 6, 7), 0xF7: (0, 1, 4, 5, 6, 7), 0xFF: (2, 4, 6)}


def may_write(code: bytes) -> bool:
    """May the instruction with which these bytes begin write to memory other than where SP points?"""
    at = 0
    while at < len(code) and code[at] in _PREFIXES:
        at += 1
    if at < len(code) and code[at] & 0xF0 == 0x40:  # REX
        at += 1
    if at + 2 >= len(code):
        return True
    op, behind = code[at], code[at + 1]
    if op == 0x0F:
        by_register = 0x90 <= behind <= 0x9F and code[at + 2] >= 0xC0  # setcc
        return not by_register and behind not in _NEVER_0F
    if op in _BY_REGISTER:
        return behind < 0xC0 and behind >> 3 & 7 not in _ONLY_READ.get(op, ())
    return op not in _NEVER


def _unmapped(tracee, pieces, into):
    """The same, where some of the memory is not there yet: it counts as zero."""
    at = 0
    for address, size in pieces:
        into[at : at + size] = tracee.read(address, size).ljust(size, b"\0")
        at += size


_PART = 512


def _parts(pieces):
    """(where it is in the buffer, its end, its address) of parts of a size that is quickly compared."""
    found, at = [], 0
    for address, size in pieces:
        for first in range(0, size, _PART):
            found.append((at + first, at + min(first + _PART, size), address + first))
        at += size
    return found


def _differences(parts: list[tuple[int, int, int]], old: bytearray, new: bytearray) -> Iterator[tuple[int, int, int]]:
    """(address, before, after) of the words that differ."""
    was, now = memoryview(old), memoryview(new)
    for first, end, address in parts:
        if was[first:end] != now[first:end]:
            words = struct.Struct(f"<{(end - first) // 8}Q")
            pairs = zip(words.unpack_from(old, first), words.unpack_from(new, first))
            for number, (before, after) in enumerate(pairs):
                if before != after:
                    yield address + 8 * number, before, after


def merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """(address, size) of whole words that hold all of these ranges."""
    found: list[tuple[int, int]] = []
    for at, size in sorted(ranges):
        lo, hi = at & ~7, at + size + 7 & ~7
        if found and lo - sum(found[-1]) <= _GAP:
            lo, hi = found[-1][0], max(hi, sum(found[-1]))
            found.pop()
        found.append((lo, hi - lo))
    return found


# ---- requests --------------------------------------------------------------------------------------------------------


class _Server:
    """Does what is asked; each method is a request."""

    def __init__(self):
        self.tracee = None

    def start(self, path, argv, env, folder, random):
        self.close()
        texts = [[bytes.fromhex(text) for text in each] for each in (argv, env)]
        self.tracee = Tracee(bytes.fromhex(path), *texts, bytes.fromhex(folder))
        if random and _AT_RANDOM in self.tracee.auxv:
            self.tracee.write(self.tracee.auxv[_AT_RANDOM], bytes.fromhex(random))
        return {"entry": self.tracee.auxv[_AT_ENTRY]}, b""

    def go(self, address):
        ended = self.tracee.go() if address is None else self.tracee.go_to(address)
        return self._stopped(ended), b""

    def read(self, at, size):
        return {}, self.tracee.read(at, size)

    def step(self, pieces, most):
        ended, first, columns = self.tracee.step(pieces, most)
        data = b"".join([first, *(column.tobytes() for column in columns)])
        return self._stopped(ended) | {"columns": [len(column) for column in columns]}, data

    def _stopped(self, ended):
        if not self.tracee.reaped:
            self.tracee.look()
        registers = self.tracee.registers
        return {"ended": ended, "rip": registers[_PC], "rsp": registers[_SP], "fs_base": registers[_FS]}

    def close(self):
        if self.tracee is not None:
            self.tracee.kill()
            self.tracee = None


def main() -> None:
    """Reads requests until there are no more."""
    _c.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    server, answers = _Server(), io.FileIO(1, "w")  # in gdb, sys.stdout is gdb's
    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            answer, data = getattr(server, request.pop("do"))(**request)
        except Failed as error:
            answer, data = {"failed": error.args[0], "errno": error.args[1]}, b""
        except OSError as error:
            answer, data = {"failed": "system", "errno": error.errno}, b""
        rest = memoryview(json.dumps(answer | {"bytes": len(data)}).encode() + b"\n" + data)
        while rest:
            rest = rest[answers.write(rest) :]
    server.close()


if __name__ == "__main__":
    main()
