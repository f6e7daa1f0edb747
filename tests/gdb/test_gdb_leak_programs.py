"""`rt0 leaks` on a collection of small programs, each with its truth in its source (leaks/): nobody who can be woken is
named, and everybody who never can."""

import subprocess

import leaking
import pytest

WAYS = {"N-l": (["-gcflags=-N -l"], "0"), "with C": ([], "1"), "handover": (["-gcflags=-N -l", "-tags=handover"], "0")}
_built, _answers = {}, {}


@pytest.fixture(params=WAYS)
def collection(request, go_build):
    """The programs, built in each way, and what is true of them as this Go has them."""
    way = request.param
    if way not in _built:
        flags, c = WAYS[way]
        path = go_build("leaks", leaking.SOURCES, *flags, CGO_ENABLED=c)
        names = subprocess.run([path, "-list"], capture_output=True, text=True, check=True).stdout.split()
        _built[way] = path, leaking.truths(set(names))
    return _built[way]


@pytest.fixture
def asked(collection, gdb_json, tmp_path):
    """asked(program): (what was said of it, or of all that share a process, and in what time; what Go says of each
    goroutine)."""
    path = collection[0]

    def of(program=""):
        if (path, program) not in _answers:
            stacks = tmp_path / "stacks.txt"
            said = gdb_json(path, leaking.ASK + f"settled({str(stacks)!r}, {program!r})\nresult = twice()")
            _answers[path, program] = said, leaking.stacks(stacks.read_text())
        return _answers[path, program]

    return of


def test_the_collection_is_large_and_half_of_it_leaks():
    known = leaking.truths()
    leaking_ones = {truth.program for truth in known if truth.verdict in ("leaked", "circle")}
    others = {truth.program for truth in known} - leaking_ones
    assert len(leaking_ones) >= 40 and len(others) >= 40


def test_the_programs_are_as_their_truths_say(collection, tmp_path):
    path, known = collection
    stacks = tmp_path / "stacks.txt"
    with subprocess.Popen([path], env={"LEAK_STACKS": str(stacks)}, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.kill()
    kinds = leaking.stacks(stacks.read_text())
    counts = leaking.counted(kinds, kinds)
    assert dict(counts) == {t.function: t.count for t in known if t.program != "busy"}


@pytest.mark.parametrize("program", ["", "busy"])
def test_nobody_who_can_be_woken_is_called_leaked(collection, asked, program):
    said, kinds = asked(program)
    assert leaking.accused(leaking.counted(said["leaked"] + said["circle"], kinds), collection[1]) == {}


def test_everybody_who_can_never_be_woken_is_called_leaked(collection, asked):
    said, kinds = asked()
    assert said["not_searched"] == []
    assert leaking.missed(leaking.counted(said["leaked"], kinds), collection[1]) == {}


@pytest.mark.parametrize("collection", ["N-l", "with C"], indirect=True)
def test_circles_of_global_locks_are_named_as_such(collection, asked):
    said, kinds = asked()
    assert leaking.missed(leaking.counted(said["circle"], kinds), collection[1], "circle") == {}


@pytest.mark.parametrize("collection", ["N-l", "with C"], indirect=True)
def test_who_waits_in_a_circle_is_listed_as_leaked(collection, asked):
    said, _ = asked()
    assert said["circle"] and set(said["circle"]) <= set(said["listed"])
