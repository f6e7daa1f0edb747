"""The exercises on real Go: their programs, the cores they leave, and what is told of them as true."""

import json
import shutil

import pytest
from learners import ROOT
from runner.exercises import forms, golang, judge, judging
from runner.host import debugger, pace

pytestmark = pytest.mark.skipif(shutil.which("go") is None, reason="no Go here")


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A learner's folder, in which what was built once is there for all tests of a process."""
    return tmp_path_factory.mktemp("learner")


@pytest.fixture
def facts(home, tmp_path):
    """facts(EXERCISE, SEED, MOMENT...): {fact: value} at the last of these functions that the program gets to."""

    def ask(name, seed, *moments):
        exercise, answer = forms.load(ROOT / "labs" / name), tmp_path / "facts.json"
        (tmp_path / "ask.py").write_text(
            f"""
import gdb, json
from inside import facts
from rt0lab.program import Problem
def told(name):
    try:
        value = facts.value(name)
        return sorted(value) if isinstance(value, frozenset) else value
    except (gdb.error, Problem) as problem:
        return str(problem)
for moment in {moments!r}:
    gdb.execute('tbreak ' + moment)
    gdb.execute('continue' if gdb.selected_inferior().pid else 'run')
json.dump({{name: told(name) for name in facts.FACTS}}, open({str(answer)!r}, 'w'))
"""
        )
        words = golang.command(exercise, home, seed, batch=True)
        with (tmp_path / "said.txt").open("w+") as output:
            debugger.unattended([*words, "-x", str(tmp_path / "ask.py")], output, limit=pace.Limit(100))
        return json.loads(answer.read_text())

    return ask


STUCK = {1: "done", 2: "signal", 3: "unlock", 4: "receive"}  # seed: act


@pytest.mark.parametrize("seed, act", STUCK.items())
def test_a_core_shows_which_act_is_missing(facts, seed, act):
    assert facts("21-stuck", seed)["waits.missing"] == act


def test_on_a_slow_machine_a_core_is_waited_for_longer(monkeypatch, home):
    monkeypatch.setattr(pace, "factor", lambda: 10**7)
    monkeypatch.setattr(golang, "_CORE", 0.001)
    assert "-core" in golang.command(forms.load(ROOT / "labs" / "21-stuck"), home, 99, batch=True)


def test_without_go_nothing_is_judged(monkeypatch, home):
    monkeypatch.setattr(golang.shutil, "which", lambda *_, **__: None)
    exercise = forms.load(ROOT / "labs" / "21-stuck")
    (verdicts,) = judging.verdicts([(exercise, {"threads": "0"})], home, 1)
    assert (verdicts["threads"].what, "apt-get install golang-go" in verdicts["threads"].reason) == (
        judge.INCONCLUSIVE,
        True,
    )


@pytest.mark.parametrize("seed", range(1, 4))
def test_a_leak_is_told_from_groups_that_only_look_so(facts, seed):
    told = facts("22-leak", seed, "main.stands")
    assert told["leak.made"] not in told["leak.innocent"] and len(told["leak.innocent"]) == 2


def test_threads_are_as_many_as_system_calls(facts):
    assert facts("23-threads", 1, "main.stands")["threads.follow"] == "calls"


def test_a_program_of_real_go_stops_by_itself(learner):
    assert "ok 1/7" in learner.gdb("leak", "run")


def test_a_core_is_not_lost_by_run(learner):
    still = "python import rt0lab.program as now; print('still there:', now.on_core())"
    assert "still there: True" in learner.gdb("stuck", "run", still)


def test_threads_of_a_core_have_no_number_before(learner):
    assert " threads now;" not in learner.gdb("stuck")


def test_a_core_is_open_from_the_beginning(learner):
    assert "ok 1/6" in learner.gdb("stuck", "lab answer threads = 0")
