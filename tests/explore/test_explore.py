"""The core's own sources in every order of their steps: no order of a case shows a fault."""

import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
CASES = [
    name
    for source in sorted(HERE.glob("cases/*.cpp"))
    for name in re.findall(r"^CASE\((\w+),", source.read_text(), re.MULTILINE)
]


@pytest.fixture(scope="session")
def explore(mirror_program):
    """explore(case, option...): what a search through its orders said."""
    program = mirror_program("explore", "tests/explore")

    def search(*words):
        return subprocess.run([program, *words], capture_output=True, text=True, timeout=120)

    return search


@pytest.mark.parametrize("case", CASES)
def test_no_order_shows_a_fault(explore, case):
    result = explore(case)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr


def test_every_case_is_in_the_program(explore):
    assert sorted(explore("--list").stdout.split()) == sorted(CASES)
