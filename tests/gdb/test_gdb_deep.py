"""Stacks of thousands of frames: shown to their end, numbered as gdb numbers them, and where they are cut that is
said."""

import pathlib
import re

import pytest

SOURCE = pathlib.Path(__file__).with_name("cases") / "deep.go"
# One P: each goroutine that came to the bottom of its recursion is parked there before the next one is.
AT_THE_BOTTOM = """
do('set environment GOMAXPROCS 1'); do('break deep.go:10'); do('run')
for _ in range(3): do('continue')
"""


@pytest.fixture(scope="module")
def deep(go_build):
    """A Go program whose goroutines stand 5,000 to 20,000 frames deep."""
    return go_build("deep", SOURCE.read_text(), "-gcflags=all=-N -l")


_shown = []


@pytest.fixture
def stacks(gdb_json, deep):
    """The lines of each stack of main.deep in `goroutine all bt`."""
    if not _shown:
        _shown.extend(_deep(gdb_json(deep, AT_THE_BOTTOM + "result = do('goroutine all bt')")))
    return _shown


def _deep(text):
    return [stack.splitlines() for stack in text.split("\n\n") if stack.count("main.deep") > 100 and "<parked" in stack]


def test_a_deep_stack_is_shown_to_its_end(stacks):
    assert stacks and {line.split(" (")[0].split()[-1] for *_, line in stacks} == {"runtime.goexit"}


def test_it_has_all_its_frames(stacks):
    assert {sum("main.deep" in line for line in lines) for lines in stacks} <= {5001, 10001, 15001, 20001}


def test_frames_are_numbered_as_gdb_does(stacks):
    frames = [line for line in stacks[0] if line.startswith("#")]
    assert [line for number, line in enumerate(frames) if not re.match(rf"#{number:<2} [<0m]", line)] == []


def test_what_is_cut_says_so(gdb_json, deep):
    script = (
        AT_THE_BOTTOM
        + "import rt0lab.frames.stacks; rt0lab.frames.stacks.DEEPEST = 1000; result = do('goroutine all bt')"
    )
    found = _deep(gdb_json(deep, script))
    assert found and [lines[-1] for lines in found if not lines[-1].startswith("(More stack frames follow...")] == []
