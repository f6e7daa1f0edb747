"""Each learner's own program: other addresses, the same behaviour, linked only when needed."""

import os
import subprocess

import pytest
from learners import ROOT  # noqa: F401  (puts the runner into the path)
from rt0lab.formats.elf import Elf
from runner.exercises import seed, variant
from runner.host import build


@pytest.fixture
def entry(tmp_path):
    """entry(SEED): the entry point of that learner's program."""

    def of(number):
        return Elf(variant.program("hello", tmp_path, number)).entry

    return of


def test_the_entry_differs_between_learners(entry):
    assert len({entry(number) for number in range(1, 6)}) == 5


def test_the_entry_is_the_same_for_the_same_learner(entry):
    assert entry(1) == entry(1)


def test_it_says_hello_world(tmp_path):
    assert subprocess.run([variant.program("hello", tmp_path, 7)], capture_output=True).stdout == b"hello world\n"


def test_it_is_linked_once(tmp_path):
    made = variant.program("hello", tmp_path, 7).stat().st_mtime_ns
    assert variant.program("hello", tmp_path, 7).stat().st_mtime_ns == made


def test_it_is_linked_again_when_the_program_is_newer(tmp_path):
    original = build.executable("hello")
    target = variant.linked("hello", original, tmp_path, 16)
    os.utime(target, (1, 1))
    assert variant.linked("hello", original, tmp_path, 16).stat().st_mtime > 1


def test_nothing_stays_behind(tmp_path):
    target = variant.program("hello", tmp_path, 7)
    assert [file.name for file in target.parent.iterdir()] == ["hello"]


@pytest.mark.parametrize("number", range(20))
def test_padding_is_a_multiple_of_16_and_never_0(number):
    assert seed.padding(number) % 16 == 0 < seed.padding(number)


def test_the_arguments_differ_between_learners():
    assert len({len(seed.arguments(number)) for number in range(20)}) == 5
