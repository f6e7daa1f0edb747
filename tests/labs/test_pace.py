"""Limits of time: nothing is measured as long as nothing is late, then a slow machine makes every limit longer, and
what is late nevertheless says how long it had."""

import dataclasses
import io
import os

import pytest
from learners import ROOT  # noqa: F401  (puts the runner into the path)
from runner.exercises import forms, judging
from runner.host import debugger, pace, sandbox

SOON, FOR_EVER = 0.001, 10**7  # seconds; times as long


@pytest.mark.parametrize("took, times", [(0, 1), (1, 1), (1.01, 2), (2.5, 3), (10, 10), (10.1, 10), (1e9, 10)])
def test_a_limit_becomes_as_many_times_longer_as_a_healthy_run(took, times):
    assert pace.times(took * pace.USUAL) == times


def test_a_healthy_run_is_timed_here():
    assert 1 <= pace.factor() <= pace.MOST


def test_what_is_not_late_is_not_measured(monkeypatch):
    measured = []
    monkeypatch.setattr(pace, "factor", lambda: measured.append(True) or 1)
    assert pace.Limit(FOR_EVER).left() > 1 and not measured


@pytest.fixture
def gate(monkeypatch, tmp_path):
    """A pipe that opens when the machine is found to be slow."""
    path = tmp_path / "gate"
    os.mkfifo(path)
    path.chmod(0o666)
    descriptor = os.open(path, os.O_RDWR)

    def measured():
        os.write(descriptor, b"through\n")
        return FOR_EVER

    monkeypatch.setattr(pace, "factor", measured)
    yield path
    os.close(descriptor)


@pytest.mark.skipif(not sandbox.possible()[0], reason=sandbox.possible()[1])
def test_on_a_slow_machine_a_sandbox_waits_longer(gate, tmp_path):
    outcome = sandbox.run(["head", "-n", "1", str(gate)], scratch=tmp_path, limits=sandbox.Limits(seconds=SOON))
    assert (outcome.output, outcome.ended, outcome.how) == ("through\n", "", "")


@pytest.mark.skipif(not sandbox.possible()[0], reason=sandbox.possible()[1])
def test_on_a_slow_machine_a_sandbox_waits_longer_for_who_is_silent(gate, tmp_path):
    words = ["sh", "-c", f"exec >&- 2>&-; read word < {gate}; exit 7"]
    assert sandbox.run(words, scratch=tmp_path, limits=sandbox.Limits(seconds=SOON)).status == 7


def test_on_a_slow_machine_gdb_is_given_longer(gate):
    said = io.StringIO()
    status = debugger.unattended(["head", "-n", "1", str(gate)], said, limit=pace.Limit(SOON))
    assert (status, said.getvalue()) == (0, "through\n")


def judged(factor, monkeypatch, home):
    """The verdict on a right answer that has hardly any time."""
    monkeypatch.setattr(pace, "factor", lambda: factor)
    exercise = next(exercise for exercise in forms.load_all() if exercise.id == "entry")
    case = dataclasses.replace(exercise, timeout=SOON), {"entry": exercise.tests()["right"]["entry"]}
    return judging.verdicts([case], home, 1)[0]["entry"]


def test_on_a_slow_machine_an_answer_is_judged_though_it_takes_longer(monkeypatch, tmp_path):
    assert judged(FOR_EVER, monkeypatch, tmp_path).what == "pass"


def test_what_is_late_is_told_its_limit(monkeypatch, tmp_path):
    assert judged(1, monkeypatch, tmp_path).reason == "no verdict within 0.001 s"


def test_what_is_late_on_a_slow_machine_is_told_how_slow_it_is(monkeypatch, tmp_path):
    why = "no verdict within 0.003 s (3 times 0.001 s, because this machine is slow just now)"
    assert judged(3, monkeypatch, tmp_path).reason == why
