"""The heap: which objects there are, what reaches them, and that nothing in it makes anybody fail."""

import subprocess

import pytest

from gdbrun import ROOT

CASE = ROOT / "tests" / "gdb" / "cases" / "heap.go"
START = """
from rt0lab import heap
from rt0lab.heap import variables
do('break main.stop'); do('run')
known = heap.of_program()
def words(name):
    value = gdb.parse_and_eval(f"'main.{name}'")
    return [int(value[i]) for i in range(value.type.range()[1] + 1)]
through, mapped, far, local, behind = objects = words('objects')
freed = words('freed')
def marked(seconds=60, opaque=()):
    marker = heap.marker(known, opaque, seconds)
    marker.add(5, (word for _, word in variables.pointers()[0]))
    return marker, marker.run()
"""


@pytest.fixture(scope="module")
def case(go_build):
    """A Go program that knows where its objects are."""
    return go_build("heap", CASE.read_text(), "-gcflags=-N -l")


def test_objects_are_where_the_program_has_them(gdb_json, case):
    script = START + "result = [known.object_at(each) for each in objects], objects, known.problems"
    found, objects, problems = gdb_json(case, script)
    assert found == [[each, 96, True] for each in objects] and problems == []


def test_what_points_into_an_object_is_in_it(gdb_json, case):
    script = (
        START
        + "result = [known.object_at(known.object_at(at).base + off).base - at for at in objects for off in (8, 95)]"
    )
    assert gdb_json(case, script) == [0] * 10


def test_what_was_freed_is_no_object(gdb_json, case):
    """Another object may have been made where one was; a few of these pages may wait to be swept."""
    script = START + "result = sum(known.object_at(each) is None for each in freed)"
    assert gdb_json(case, script) > 50


def test_variables_reach_what_they_lead_to(gdb_json, case):
    script = START + "marker, whole = marked(); result = whole, [marker.reached(each) for each in objects]"
    assert gdb_json(case, script) == [True, [True, True, True, False, False]]


def test_what_is_opaque_leads_nowhere(gdb_json, case):
    script = (
        START + "marker, _ = marked(opaque=[marked()[0].path(through)[1][0][0] + 8]); result = marker.reached(through)"
    )
    assert gdb_json(case, script) is False


def test_a_path_leads_from_its_root(gdb_json, case):
    script = (
        START
        + """
marker, _ = marked(); root, steps = marker.path(far + 16)
held = [program.read_word(base + off) for base, off in steps[:-1]]
result = root, held == [base for base, _ in steps[1:]], steps[-1] == (far, 16), steps[-2][1]
"""
    )
    assert gdb_json(case, script) == [5, True, True, 299999 * 8]


def test_a_root_that_comes_later_is_followed_too(gdb_json, case):
    script = START + "marker, _ = marked(); marker.add(9, [local + 1]); result = marker.run(), marker.path(behind)[0]"
    assert gdb_json(case, script) == [True, 9]


def test_what_there_is_no_time_for_is_said(gdb_json, case):
    script = START + "marker, whole = marked(0); result = whole, marker.reached(through), marker.left_out"
    whole, reached, said = gdb_json(case, script)
    assert (whole, reached) == (False, False) and "time was over" in said[0]


# ---- what is noted beside objects ------------------------------------------------------------------------------------

NOTED = (
    START
    + """
from rt0lab.heap import specials
def kept():
    marker = heap.marker(heap.of_program(), (), 60)
    for number, (what, word) in enumerate(specials.roots()):
        marker.add(number, [word])
    marker.run()
    paths = map(marker.path, words('objects'))
    return [path and specials.roots()[path[0]][0] for path in paths]
"""
).replace("through, mapped, far, local, behind = objects = words('objects')\nfreed = words('freed')\n", "")


@pytest.fixture(scope="module")
def finalizers(go_build):
    """A Go program with finalizers that are to be called some day, and one that is due."""
    return go_build("specials", (CASE.parent / "specials.go").read_text(), "-gcflags=-N -l")


@pytest.fixture(scope="module")
def cleanups(go_build):
    """A Go program with a cleanup, a pinned object and a weak pointer."""
    try:
        return go_build("cleanups", (CASE.parent / "cleanups.go").read_text(), "-gcflags=-N -l")
    except subprocess.CalledProcessError:
        pytest.skip("this Go has no cleanups")


def test_a_finalizer_keeps_what_it_can_reach_and_not_the_object(gdb_json, finalizers):
    assert gdb_json(finalizers, NOTED + "result = kept()") == [None, "finalizer", "finalizer", None]


def test_what_waits_for_its_finalizer_is_kept_whole(gdb_json, finalizers):
    assert gdb_json(finalizers, NOTED + "do('continue'); result = kept()[3]") == "finalizer"


def test_a_cleanup_keeps_what_it_is_given(gdb_json, cleanups):
    assert gdb_json(cleanups, NOTED + "result = kept()[:3]") == [None, "cleanup", "cleanup"]


def test_a_pin_keeps_its_object(gdb_json, cleanups):
    script = NOTED + "result = ['pinned', words('objects')[3]] in [list(root) for root in specials.roots()]"
    assert gdb_json(cleanups, script)


def test_a_weak_handle_leads_to_its_object_and_keeps_it_not(gdb_json, cleanups):
    script = NOTED + "result = words('objects')[4] in dict(specials.weak()).values(), kept()[4]"
    assert gdb_json(cleanups, script) == [True, None]
