"""A gdb that has read a program and loaded our package, kept for the next test that wants one: it forks, and the child
runs the test's commands. Most of a short test's time was the start of its gdb."""

import collections
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.append(str(HERE.parent))  # gdb's Python reads this file too

import standby  # noqa: E402

PLACES = 16  # commands that one run can have
KEPT = 6  # gdbs that one of pytest's workers keeps


class Stock:
    """The gdbs that stand ready, by what they were started with."""

    def __init__(self):
        self._asked, self.ready = set(), collections.OrderedDict()

    def run(self, opening, program, commands, env, cwd, timeout):
        """What came of one gdb with these commands, or None if there is none that could fork: the first run of a
        program starts its own, as many programs are looked at only once."""
        try:
            facts = os.stat(program)
            file = facts.st_dev, facts.st_ino, facts.st_mtime_ns, facts.st_size
        except OSError:
            file = ()
        key = (*opening, *sorted(env.items()), file)
        if len(commands) > PLACES or any("\n" in command for command in commands):
            return None
        if key not in self._asked:
            self._asked.add(key)
            return None
        if key not in self.ready:
            self.ready[key] = Ready(opening, env)
            if len(self.ready) > KEPT:
                self.ready.popitem(last=False)[1].end()
        self.ready.move_to_end(key)
        return self.ready[key].run(commands, cwd or os.getcwd(), timeout)


class Ready:
    """One gdb that forks."""

    def __init__(self, opening, env):
        self.opening = opening
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rt0lab-forked-"))  # goes with gdb
        self.asking, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words = [*opening[:1], "-iex", "maintenance set worker-threads 0", *opening[1:]]  # a fork has one thread
        words += ["-ex", f"python __import__('sys').path.insert(0, {str(HERE)!r})"]
        words += ["-ex", f"python __import__('forking').serve({theirs.fileno()}, {str(self.folder)!r})"]
        for place in range(PLACES):
            words += ["-ex", f"source {self._place(place)}"]
        with (self.folder / "out").open("w") as out, (self.folder / "err").open("w") as err:
            self.process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env, pass_fds=[theirs.fileno()]
            )
        theirs.close()
        self.works = self.asking.recv(100) == b"ready"
        self.said = [(self.folder / name).read_text(errors="replace") for name in ("out", "err")]
        if not self.works:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _place(self, number):
        return self.folder / f"{number}.gdb"

    def run(self, commands, cwd, timeout):
        """As subprocess.run of a gdb with these commands."""
        if not self.works:
            return None
        commands = [""] * (PLACES - len(commands)) + list(commands)  # the last one says how gdb ends
        for place, command in enumerate(commands):
            self._place(place).write_text(command + "\n")
        done = standby.asked(self.asking, json.dumps(str(cwd)).encode(), timeout, self.opening)
        out, err = done.stdout, done.stderr
        for place in range(PLACES):
            err = err.replace(f"{self._place(place)}:1: Error in sourced command file:\n", "")
        return subprocess.CompletedProcess(self.opening, done.returncode, self.said[0] + out, self.said[1] + err)

    def end(self):
        """It ends when nobody can ask any more."""
        self.asking.close()
        self.process.wait()
