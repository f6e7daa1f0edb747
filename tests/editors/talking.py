"""What the two clients share: a gdb on pipes, what it has said that nobody has asked for yet, and its end."""

import collections
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time

from gdbrun import GDB, LOADER, environment

# seconds until an answer or event counts as one that does not come; a fault's price only, nothing waits so long else
PATIENCE = 60


class Silence(AssertionError):
    """What was waited for did not come."""


class Talk:
    """One gdb that speaks an editor's protocol. Subclasses say how a message is read; each is a dict here."""

    interpreter = ""

    def __init__(self, program=None, *words, before=(), gdb=GDB, env=(), command=None):
        """gdb on `program`, our package loaded as `./lab gdb` does it; `words` end its command line, `before` are words
        in front of the program. Or what another `command` starts."""
        command = command or [
            gdb,
            "-nx",
            "-q",
            f"-i={self.interpreter}",
            "-iex",
            "set auto-load off",
            "-iex",
            "set debuginfod enabled off",
            "-iex",
            "maintenance set internal-error corefile no",
            *before,
            *([str(program)] if program else []),
            "-x",
            str(LOADER),
            *map(str, words),
        ]
        self._errors = tempfile.TemporaryFile()
        self._gdb = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**environment(), "TERM": "dumb", **dict(env)},
            start_new_session=True,
        )
        self._news = threading.Condition()
        self._pending, self._latest, self._ended = [], collections.deque(maxlen=25), False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    # ---- what subclasses have ----------------------------------------------------------------------------------------

    def _message(self, stream):
        """The next message from gdb, None at the end."""
        raise NotImplementedError

    # ---- waiting -----------------------------------------------------------------------------------------------------

    def take(self, wanted, what, seconds=PATIENCE):
        """The first message not taken yet for which `wanted` holds; Silence names `what` and shows the latest ones."""
        deadline = time.monotonic() + seconds
        with self._news:
            while True:
                for message in self._pending:
                    if wanted(message):
                        self._pending.remove(message)
                        return message
                if self._ended or not self._news.wait(max(0, deadline - time.monotonic())):
                    raise Silence(
                        f"no {what} ({'gdb has ended, or cannot be understood' if self._ended else f'in {seconds} s'});"
                        " the latest messages:\n"
                        + "\n".join(str(each)[:500] for each in self._latest)
                        + "\n"
                        + self.errors()[-2000:]
                    )

    def taken(self, wanted):
        """All messages not taken yet for which `wanted` holds, without waiting."""
        with self._news:
            found = [message for message in self._pending if wanted(message)]
            self._pending = [message for message in self._pending if not wanted(message)]
        return found

    def errors(self):
        """What gdb wrote to its standard error."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    @property
    def alive(self):
        """Does gdb run?"""
        return self._gdb.poll() is None

    def _send(self, data):
        try:
            self._gdb.stdin.write(data)
            self._gdb.stdin.flush()
        except BrokenPipeError:
            pass  # whoever waits for the answer is told that gdb has ended

    def _read(self):
        try:
            while message := self._message(self._gdb.stdout):
                with self._news:
                    self._pending.append(message)
                    self._latest.append(message)
                    self._news.notify_all()
        except Exception as error:  # what gdb says is not what the protocol has: told where somebody waits
            self._latest.append(f"gdb cannot be understood: {error!r}")
        with self._news:
            self._ended = True
            self._news.notify_all()

    # ---- the end -----------------------------------------------------------------------------------------------------

    def end(self):
        """Ends gdb and all that it started, at once; what it attached to goes on."""
        while members := [pid for pid in _processes() if _session(pid) == self._gdb.pid]:
            for pid in members:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self._gdb.wait()
        self._reader.join()
        self._gdb.stdin.close()
        self._gdb.stdout.close()
        self._errors.close()


def _processes():
    return [int(folder.name) for folder in pathlib.Path("/proc").glob("[0-9]*")]


def _session(pid):
    """A process's session, None if it has ended, waited for or not."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[3])
