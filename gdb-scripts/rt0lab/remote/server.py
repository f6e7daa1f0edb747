"""Goroutines as threads for any debugger that speaks gdb's remote serial protocol: what each packet gets for an answer.

`./lab serve` starts a gdb without a terminal, and that gdb calls `main` here. The program is held while it is looked
at, so threads and registers are read once; memory is read when it is asked for. Nothing is ever written, and the
program is never made to run: such packets are refused with a sentence.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
from xml.sax.saxutils import quoteattr

import gdb

from .. import program
from ..formats import corefile, packets, untrusted
from ..goroutines import threads
from ..program import begun, builds
from . import clients

# ---- the target's description: registers in the order of their numbers -----------------------------------------------

_GENERAL = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15".split()
_POINTERS = {"rbp": "data_ptr", "rsp": "data_ptr", "rip": "code_ptr"}
_CORE = [(name, 64, _POINTERS.get(name, "int64")) for name in (*_GENERAL, "rip")]
_CORE += [(name, 32, "int32") for name in ("eflags", "cs", "ss", "ds", "es", "fs", "gs")]
_CORE += [(f"st{i}", 80, "i387_ext") for i in range(8)]
_CORE += [(name, 32, "int32") for name in ("fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop")]
_SSE = [(f"xmm{i}", 128, "uint128") for i in range(16)] + [("mxcsr", 32, "int32")]
_FEATURES = {"core": _CORE, "sse": _SSE, "segments": [(name, 64, "int64") for name in ("fs_base", "gs_base")]}
_REGISTERS = [register for registers in _FEATURES.values() for register in registers]
_NONE_KNOWN = b"".join(b"xx" * (bits // 8) for _, bits, _ in _REGISTERS)
_PLACES = {}  # name: (where its digits stand among those of all registers, how many bits)
for _name, _bits, _ in _REGISTERS:
    _PLACES[_name] = sum(bits // 4 for _, bits in _PLACES.values()), _bits


def _description():
    features = "".join(
        f'<feature name="org.gnu.gdb.i386.{name}">'
        + "".join(f'<reg name="{register}" bitsize="{bits}" type="{kind}"/>' for register, bits, kind in registers)
        + "</feature>"
        for name, registers in _FEATURES.items()
    )
    return (
        '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target>'
        f"<architecture>i386:x86-64</architecture><osabi>GNU/Linux</osabi>{features}</target>"
    ).encode()


# ---- packets and their answers ---------------------------------------------------------------------------------------

_OK, _UNKNOWN, _NO = b"OK", b"", b"E01"  # _UNKNOWN: the protocol's word for a packet one does not know
_READ_ONLY = b"E." + packets.VIEW.encode()
_NAME = re.compile(rb"[qQv]\w*|.?", re.DOTALL)  # a packet's name is one letter, except behind these
_MAX_CORE = 1 << 46  # bytes; a core file is never read as a whole
_MAX_READ = packets.MAX_PAYLOAD // 2 - 8  # bytes of memory that fit in an answer, in hex or escaped


class Target:
    """The program, as threads."""

    def __init__(self, path: str) -> None:
        self._threads = {thread.id: thread for thread in threads.threads()}
        if not self._threads:
            raise program.Problem(begun.sentence("gs"))
        self._first = next((t.id for t in self._threads.values() if t.running), min(self._threads))
        self._documents = {
            b"features": _description(),
            b"threads": self._list(),
            b"auxv": program.auxv(),
            b"exec-file": os.fsencode(path),
        }
        self._begins = builds.beginning() if program.world().elf.relocatable else None
        self.count = len(self._threads)
        self.afresh()

    def afresh(self) -> Target:
        """Itself, for a new client."""
        self._selected = self._first
        self.ended = False  # the client has let go of the program
        self.acknowledge = True
        return self

    def answer(self, payload: bytes) -> bytes:
        """The answer to a packet; None if it gets none. Whatever a client sends, it gets one of the protocol's
        words."""
        named = _NAME.match(payload)
        name = named[0] if named else b""
        if name not in self._PACKETS:
            return _UNKNOWN
        try:
            return self._PACKETS[name](self, payload[len(name) :].lstrip(b":;,"))
        except (ValueError, OverflowError):  # a number that is none
            return _NO

    def _supported(self, _rest):
        return (
            f"PacketSize={packets.MAX_PAYLOAD:x};QStartNoAckMode+;binary-upload+;"
            + ";".join(f"qXfer:{name.decode()}:read+" for name in self._documents)
        ).encode()

    def _no_acknowledging(self, _rest):
        self.acknowledge = False
        return _OK

    def _why_stopped(self, _rest):
        self._selected = self._first
        return b"T00thread:%x;" % self._first

    def _where_it_lies(self, _rest):
        """Where the first segment is of a program that lies elsewhere than its file says. gdb moves the others with
        it."""
        return b"TextSeg=%x" % self._begins if self._begins else _UNKNOWN

    def _let_go(self, _rest):
        self.ended = True
        return _OK

    # -- threads

    def _list(self):
        rows = "".join(f'<thread id="{t.id:x}" name={quoteattr(t.name)}/>' for t in self._threads.values())
        return f'<?xml version="1.0"?><threads>{rows}</threads>'.encode()

    def _ids(self, _rest):
        return b"m" + b",".join(b"%x" % number for number in self._threads)

    def _named(self, text):
        """The thread of a thread id: any will do for 0 and -1."""
        number = int(text, 16)
        return self._threads[self._selected] if number in (0, -1) else self._threads.get(number)

    def _select(self, rest):
        thread = self._named(rest[1:])
        if thread is None:
            return _NO
        if rest[:1] == b"g":
            self._selected = thread.id
        return _OK

    def _is_alive(self, rest):
        return _OK if self._named(rest) else _NO

    def _about(self, rest):
        thread = self._named(rest)
        return thread.name.encode().hex().encode() if thread else _NO

    # -- registers

    def _all_registers(self, _rest):
        """gdb asks for these once for each thread of a list, so only those that are known are written."""
        digits = bytearray(_NONE_KNOWN)
        for name, value in self._threads[self._selected].registers.items():
            if name in _PLACES:  # the kernel notes more than the protocol has
                at, bits = _PLACES[name]
                digits[at : at + bits // 4] = (value & (1 << bits) - 1).to_bytes(bits // 8, "little").hex().encode()
        return bytes(digits)

    def _one_register(self, rest):
        number = int(rest, 16)
        if not 0 <= number < len(_REGISTERS):
            return _NO
        at, bits = _PLACES[_REGISTERS[number][0]]
        return self._all_registers(b"")[at : at + bits // 4]

    # -- memory and documents

    @staticmethod
    def _memory(rest):
        """As much as can be read from the first byte on; None for nothing."""
        address, size = (int(word, 16) for word in rest.split(b","))
        if address < 0 or size <= 0:
            return None
        size = min(size, _MAX_READ)
        data = program.read(address, size)
        page = -address % corefile.PAGE
        if isinstance(data, program.Unreadable) and 0 < page < size:
            data = program.read(address, page)
        return None if isinstance(data, program.Unreadable) else data

    def _in_hex(self, rest):
        data = self._memory(rest)
        return _NO if data is None else data.hex().encode()

    def _in_binary(self, rest):
        data = self._memory(rest)
        return _NO if data is None else b"b" + data

    def _document(self, rest):
        name, action, annex, place = rest.split(b":", 3)
        document = self._documents.get(name)
        if document is None or action != b"read":
            return _UNKNOWN
        if name == b"features" and annex != b"target.xml":
            return b"E00"
        offset, length = (int(word, 16) for word in place.split(b","))
        part = document[offset : offset + min(length, _MAX_READ)]
        return (b"m" if offset + len(part) < len(document) else b"l") + part

    _PACKETS = {
        b"qSupported": _supported,
        b"QStartNoAckMode": _no_acknowledging,
        b"qXfer": _document,
        b"?": _why_stopped,
        b"qOffsets": _where_it_lies,
        b"qAttached": lambda self, rest: b"1",
        b"D": _let_go,
        b"k": _let_go,
        packets.IS_VIEW: lambda self, rest: packets.YES,
        # gdb puts breakpoints in before it asks to run, and has no words for one that cannot be: none is ever reached
        # here.
        b"Z": lambda self, rest: _OK,
        b"z": lambda self, rest: _OK,
        b"vKill": lambda self, rest: _READ_ONLY,
        b"qfThreadInfo": _ids,
        b"qsThreadInfo": lambda self, rest: b"l",
        b"qC": lambda self, rest: b"QC%x" % self._selected,
        b"H": _select,
        b"T": _is_alive,
        b"qThreadExtraInfo": _about,
        b"g": _all_registers,
        b"p": _one_register,
        b"m": _in_hex,
        b"x": _in_binary,
        b"vCont": lambda self, rest: _UNKNOWN if rest == b"?" else _READ_ONLY,
        **{bytes((letter,)): lambda self, rest: _READ_ONLY for letter in b"MXGPcCsS"},
    }


# ---- what `lab serve` calls ------------------------------------------------------------------------------------------


def main(descriptor: int) -> None:
    """Does what the socket to `lab serve` asks for: one line of JSON comes in, lines of JSON go out; closing it ends
    all.

    In: attach (process) or core (file), program (file), and stdio (two descriptors) or listen (a bound socket's
    descriptor), idle (after how many seconds without a question a client gives way) and users (the uids that may
    connect, null for all). Out: ready (how many goroutines) with a warning (a sentence, or nothing), or failed (a
    sentence).
    """
    control = socket.socket(fileno=descriptor)
    asked = json.loads(control.makefile("r").readline())
    try:
        goroutines = _look(asked)
        listener = _listening(asked)
        said = {"ready": goroutines.count, "warning": builds.sentence()}
    except (program.Problem, gdb.error, OSError) as error:
        said = {"failed": error.strerror if isinstance(error, OSError) else str(error)}
        with contextlib.suppress(program.Problem, gdb.error):
            said["failed"] = builds.sentence() or said["failed"]
    control.sendall(json.dumps(said).encode() + b"\n")
    if "ready" in said and listener:
        clients.Desk(goroutines.afresh, control, idle=asked["idle"], users=asked["users"]).at_socket(listener)
    elif "ready" in said:
        clients.Desk(goroutines.afresh, control).at_pipe(*asked["stdio"])
    if program.alive():
        gdb.execute("detach", to_string=True)


def _listening(asked):
    """The socket, which lets nobody in before there is something to see; None for standard input and output."""
    if "listen" not in asked:
        return None
    listener = socket.socket(fileno=asked["listen"])
    listener.listen()
    return listener


def _look(asked):
    """The goroutines of the process or of the core file."""
    if "core" in asked:
        # gdb takes what follows `core-file` for a name as it stands, or as quoted, as its version likes: a number is
        # one in any.
        with untrusted.regular(asked["core"], _MAX_CORE) as file:
            program.done(f"core-file /proc/self/fd/{os.dup(file.fileno())}")
    else:
        program.done(f"attach {int(asked['attach'])}")
    return Target(asked["program"])
