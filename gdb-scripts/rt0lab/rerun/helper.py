"""The process beside gdb that steps: gdb's own waiting for its program would take the events of one that gdb's process
traced."""

from __future__ import annotations

import errno
import json
import os
import pathlib
import select
import subprocess
from typing import Any

from .. import program
from ..words import tr
from .launches import Launch

_SCRIPT = pathlib.Path(__file__).with_name("stepper.py")
_PYTHONS = ("/usr/bin/python3", "/usr/local/bin/python3")
_NAP = 0.2  # seconds after which an interrupt is looked for
_MOST_HEAD = 1 << 22


def _interpreter():
    """How a Python is started that is there: the system's, which takes 20 ms, or that in gdb, which takes longer."""
    for python in _PYTHONS:
        if os.access(python, os.X_OK):
            return [python, "-I", "-S", str(_SCRIPT)]
    return ["/proc/self/exe", "-nx", "-batch", "-x", str(_SCRIPT)]


class Helper:
    """One such process, for as long as the `with` lasts."""

    def __enter__(self) -> Helper:
        try:
            self._process: Any = subprocess.Popen(
                _interpreter(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is gdb's
                bufsize=0,
            )
        except OSError as error:
            raise program.Problem(tr("no Python could be started beside gdb: {strerror}.", strerror=error.strerror))
        return self

    def __exit__(self, *_: Any) -> None:
        self._process.kill()  # what it traces ends with it
        for pipe in (self._process.stdin, self._process.stdout):
            pipe.close()
        self._process.wait()

    def start(self, launch: Launch) -> int:
        """Starts the program; where its first instruction of its own is."""
        argv, env = ([text.hex() for text in texts] for texts in (launch.argv, launch.env))
        return self._asked(
            do="start",
            path=launch.path.hex(),
            argv=argv,
            env=env,
            folder=launch.folder.hex(),
            random=launch.random.hex(),
        )[0]["entry"]

    def go(self, address: int | None = None) -> dict[str, Any]:
        """Lets it run to an instruction, or until it makes its second thread: how that ended, and registers."""
        return self._asked(do="go", address=address)[0]

    def read(self, address: int, size: int) -> bytes | program.Unreadable:
        """Some of its memory."""
        data = self._asked(do="read", at=address, size=size)[1] if 0 <= address < 1 << 63 else b""
        return data if len(data) == size else program.Unreadable(address)

    def step(self, pieces: list[tuple[int, int]], most: int) -> tuple[dict[str, Any], bytes]:
        """Steps until it makes its second thread, and notes what is written to these pieces of its memory."""
        return self._asked(do="step", pieces=pieces, most=most)

    def _asked(self, **request):
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            head, _, rest = self._received(None).partition(b"\n")
            answer = json.loads(head)
            data = rest + self._received(answer["bytes"] - len(rest))
        except (OSError, ValueError):
            raise program.Problem(tr("the process that was to run the boot once more has ended.")) from None
        if "failed" in answer:
            raise program.Problem(_failure(answer))
        return answer, data

    def _received(self, size):
        """So many bytes; for None, all up to a newline that are there with it."""
        parts, count, pipe = [], 0, self._process.stdout
        while size is None or count < size:
            while not select.select([pipe], [], [], _NAP)[0]:
                pass
            part = pipe.read(1 << 16 if size is None else min(size - count, 1 << 20))
            if not part or count > _MOST_HEAD and size is None:
                raise ValueError
            parts.append(part)
            count += len(part)
            if size is None and b"\n" in part:
                break
        return b"".join(parts)


def _failure(answer):
    if answer["errno"] in (errno.EPERM, errno.EACCES):
        return tr("a second process may not be traced here (ptrace is not permitted): `./lab doctor` says what to do.")
    return tr("the program could not be run once more: {why}.", why=os.strerror(answer["errno"]))
