"""What runs for a trial: each process ends by itself, when its time is over, or when all is stopped."""

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


_ENOUGH = 100_000  # characters of what it said
_LIMITS = ["prlimit", "--core=0", "--fsize=100000000", "--as=20000000000", "--"]  # whoever runs wild hurts nobody


class Stopped(Exception):
    """Nothing is to be started any more."""


class Result(NamedTuple):
    """How a process ended, and all that it said."""

    status: int | None  # None: its time was over
    said: str


class Processes:
    """Those that live, of all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._living: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def run(self, words: list[str], folder: Path, seconds: float, environment: Mapping[str, str]) -> Result:
        """Runs it there to its end, and everything of its process group with it."""
        with tempfile.TemporaryFile() as output:
            process = self._started(words, folder, output, environment)
            try:
                status: int | None = process.wait(seconds)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                self._end(process)
            if self._stopped:
                raise Stopped
            output.seek(0)
            return Result(status, output.read(_ENOUGH).decode("utf-8", "replace"))

    def stop(self) -> None:
        """Ends all that live, and starts no more."""
        with self._lock:
            self._stopped = True
            for process in self._living:
                _kill(process)

    def _started(self, words, folder, output, environment):
        with self._lock:
            if self._stopped:
                raise Stopped
            process = subprocess.Popen(
                [*_LIMITS, *words],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )
            self._living.add(process)
        return process

    def _end(self, process):
        with self._lock:
            _kill(process)
            process.wait()
            self._living.discard(process)


def _kill(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
