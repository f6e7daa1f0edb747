"""Each submission has a process of its own: what happens to one happens to no other, and none is left running."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from learners import ROOT
from runner.classes import marks, spread
from runner.classes.entries import Entry
from runner.classes.marks import Result

ENTRIES = [Entry(name, name, Path("/dev/null")) for name in ("good", "bad", "late")]


class Grader:
    """Grades without a program: `bad` is what one submission does to its process."""

    def __init__(self, bad, seconds=60):
        self.course = SimpleNamespace(policy=SimpleNamespace(seconds=seconds))
        self._bad = bad

    def basis(self, entry):
        return "basis"

    def grade(self, entry):
        if entry.name == "bad":
            self._bad()
        return Result(entry.key, "basis", entry.name, "")

    def failed(self, entry, why):
        return Result(entry.key, "basis", entry.name, "", [why])


def graded(bad, folder, seconds=60):
    grader = Grader(bad, seconds)
    spread.grade(grader, ENTRIES, folder, 2)
    assert [marks.read(folder, name, "basis").remarks for name in ("good", "late")] == [[], []]
    return marks.read(folder, "bad", "basis").remarks


def forever():
    while True:
        signal.pause()


def deaf():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    forever()


@pytest.mark.parametrize(
    "bad",
    [lambda: os._exit(0), lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: [][0], lambda: sys.exit(0)],
    ids=["leaves", "is killed", "raises", "exits"],
)
def test_who_dies_costs_one_result(tmp_path, bad):
    assert graded(bad, tmp_path) == ["the grader broke off at this submission"]


@pytest.mark.parametrize("bad", [forever, deaf])
def test_who_goes_on_for_ever_is_ended_and_the_time_named(tmp_path, monkeypatch, bad):
    monkeypatch.setattr(spread, "PATIENCE", 0.1)
    assert graded(bad, tmp_path, seconds=3) == ["timeout: not graded within 3 s"]


SCRIPT = """
import os, sys
sys.path[:0] = [{labs!r}, {tests!r}, {tests!r} + "/labs"]
from runner.host import interruption
import test_spread
interruption.arm()

def stays():
    os.write(3, b"%d\\n" % os.getpid())
    test_spread.forever()

test_spread.spread.grade(test_spread.Grader(stays), test_spread.ENTRIES, test_spread.Path({results!r}), 1)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_a_grader_that_is_ended_leaves_nothing_running_and_can_be_run_again(tmp_path, number):
    script = SCRIPT.format(labs=str(ROOT / "labs"), tests=str(ROOT / "tests"), results=str(tmp_path))
    ours, its = os.pipe()
    words = ["bash", "-c", f"exec 3>&{its}; exec {sys.executable} -"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[its]) as grader:
        grader.stdin.write(script.encode())
        grader.stdin.close()
        os.close(its)
        worker = os.pidfd_open(int(os.read(ours, 20)))  # the second entry's
        grader.send_signal(number)
    assert select.select([worker], [], [], 60)[0]
    assert sorted(os.listdir(tmp_path)) == ["good.json"]  # whole or not at all
    assert spread.open_entries(Grader(None), ENTRIES, tmp_path) == ENTRIES[1:]
