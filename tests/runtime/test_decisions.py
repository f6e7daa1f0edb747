"""The list of the runtime's decisions: what it says is so, and twenty of them undone, others each day, are noticed by
the tests that it names. All of them: ./lab dev mutate. Those of another day: lab test tests/runtime/test_decisions.py
--day 2026-01-31"""

import collections
import datetime
import re
import subprocess
import sys

import pytest
from runner.failure import Failure
from runner.mutation import decisions, tests, trial
from runner.mutation.copy import Copy
from runner.mutation.processes import Processes
from runner.tree import ROOT

LIST = decisions.load()
NAMED = [change for change in LIST if change.test]
A_DAY = 20


def problem(change):
    """Why a change cannot be made, or nothing."""
    try:
        decisions.changed(change)
    except Failure as why:
        return str(why)


def test_a_name_stands_for_one_decision():
    assert [name for name, times in collections.Counter(change.name for change in LIST).items() if times > 1] == []


def test_each_change_can_be_made():
    assert {change.name: why for change in LIST if (why := problem(change))} == {}


def test_each_has_a_reason():
    assert [change.name for change in LIST if not change.reason] == []


def test_each_case_that_is_named_is_in_the_explorer():
    sources = (ROOT / "tests" / "explore" / "cases").glob("*.cpp")
    there = {name for source in sources for name in re.findall(r"^CASE\((\w+),", source.read_text(), re.MULTILINE)}
    assert {tests.case(change.test) for change in NAMED} - {""} - there == set()


def test_each_test_that_is_named_is_one_of_pytest_s():
    named = {change.test for change in NAMED if not tests.case(change.test)}
    files = sorted({name.partition("::")[0] for name in named})
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--collect-only", *files]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120).stdout
    assert named - set(said.splitlines()) == set()


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy in which changes are tried, one after the other."""
    if not (ROOT / "build" / tests.USUAL / tests.EXPLORER).exists():
        pytest.skip(f"build/{tests.USUAL} is not there: `./lab test` builds it")
    return Copy(tmp_path_factory.mktemp("copy") / "of", Processes())


@pytest.mark.parametrize("number", range(A_DAY))
def test_a_decision_undone_is_noticed(copy, number, request):
    day = request.config.getoption("day") or datetime.date.today()
    change = NAMED[(day.toordinal() + number * len(NAMED) // A_DAY) % len(NAMED)]
    assert trial.alone(change, copy).noticed, f"{change.name} of {day} is not noticed by {change.test}"
