"""Where memory and stacks come from, and how stacks grow: malloc.cpp, stack.cpp. Each fact is a check of a program."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# What must not be done, and what is said then.
FATAL = {
    "segments_count_together_against_the_limit": "runtime: goroutine stack exceeds 65536-byte limit",
    "a_system_stack_does_not_grow": "fatal: morestack on g0",
    "no_segment_where_the_stack_must_not_split": "fatal error: newstack: stack split at a bad time",
    "stacks_come_from_g0_only": "fatal error: stackalloc: not on g0",
    "stacks_are_powers_of_two": "fatal error: stackalloc: size is not a power of two",
    "what_is_too_large_is_refused": "fatal error: mallocgc: too large",
}


def checks(program):
    """The checks that a program has, but for those that end it."""
    found = re.findall(r"^    CHECK\((\w+)\);", (HERE / f"{program}.cpp").read_text(), re.MULTILINE)
    return [(program, check) for check in found if check not in FATAL]


@pytest.mark.parametrize("program, check", checks("stacks") + checks("memory"))
def test_it_holds(run, program, check):
    result = run(program, check, GOMAXPROCS="1")
    assert (result.stdout, result.stderr) == ("ok\n", "")


@pytest.mark.parametrize("check, words", FATAL.items(), ids=[*FATAL])
def test_it_is_the_end(run, check, words):
    program = "memory" if check == "what_is_too_large_is_refused" else "stacks"
    result = run(program, check, GOMAXPROCS="1")
    assert (result.stderr.splitlines()[0], result.returncode) == (words, 2)
