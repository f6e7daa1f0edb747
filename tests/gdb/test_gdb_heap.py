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
    marker = heap.Marker(known, opaque, seconds)
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


def test_what_was_freed_is_not_reached(gdb_json, case):
    script = (
        START
        + "gone = [each for each in freed if known.object_at(each) is None]; marker = heap.Marker(known, (), 60); "
        + "marker.add(1, gone); marker.run(); result = len(gone) > 50, any(map(marker.reached, gone)), marker.objects"
    )
    assert gdb_json(case, script) == [True, False, 0]


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
    assert gdb_json(case, script) == [5, True, True, 139999 * 8]


def test_a_root_that_comes_later_is_followed_too(gdb_json, case):
    script = START + "marker, _ = marked(); marker.add(9, [local + 1]); result = marker.run(), marker.path(behind)[0]"
    assert gdb_json(case, script) == [True, 9]


def test_what_there_is_no_time_for_is_said(gdb_json, case):
    script = START + "marker, whole = marked(0); result = whole, marker.reached(through), marker.left_out"
    whole, reached, said = gdb_json(case, script)
    assert (whole, reached) == (False, False) and "time was over" in said[0]


# ---- Go's own word for it --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dumped(case, tmp_path_factory):
    """The script that brings the program to where it has written what it knows of its heap, and reads that."""
    path = tmp_path_factory.mktemp("dump") / "dump"
    return (
        START.replace("do('run')", f"do('run {path}')")
        + f"""
from heapdump import Dump
with open({str(path)!r}, 'rb') as file: dump = Dump(file.read())
# Go's dump takes what newer versions note behind the last object of a span for objects, too.
ours = lambda at: known.number_at(at) >= 0 or known.number_at(at & -8192) < 0
dump.sizes = dict(row for row in dump.sizes.items() if ours(row[0]))
base = lambda word: (known.object_at(word) or (None,))[0]
"""
    )


def test_gos_objects_are_ours(gdb_json, case, dumped):
    script = (
        dumped
        + """
ours = {at: known.object_at(at) for at in dump.sizes}
result = len(ours) > 300, [at for at, each in ours.items() if not each or tuple(each[:2]) != (at, dump.sizes[at])]
"""
    )
    assert gdb_json(case, script) == [True, []]


def test_there_are_no_others(gdb_json, case, dumped):
    """Since then a few may have been made."""
    script = dumped + "result = len(dump.sizes), sum(bin(row.live).count('1') for row in known.rows)"
    theirs, ours = gdb_json(case, script)
    assert theirs <= ours < theirs + 50


def test_what_variables_lead_to_by_gos_word_is_reached(gdb_json, case, dumped):
    script = (
        dumped
        + """
theirs, (marker, whole) = dump.reached(base), marked()
result = whole, len(theirs) > 200, [at for at in theirs if not marker.reached(at)], marker.objects - len(theirs)
"""
    )
    whole, many, lost, more = gdb_json(case, script)
    assert (whole, many, lost) == (True, True, []) and more < 100


# ---- what is noted beside objects ------------------------------------------------------------------------------------

NOTED = (
    START
    + """
from rt0lab.heap import specials
def kept():
    marker = heap.Marker(heap.of_program(), (), 60)
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


# ---- what makes no sense ---------------------------------------------------------------------------------------------

DAMAGED = (
    START
    + """
import time
from rt0lab.heap import specials
heap_at, heap_layout = program.world().variable('mheap_')
array, count = (program.read_word(heap_at + heap_layout.at['allspans.' + field].offset) for field in ('array', 'len'))
in_use = (program.read_struct('mspan', at) for at in bulk.words(array, count))
used = program.world().constant('mSpanInUse')
span_of = {row.get('startAddr'): row.addr for row in in_use if row.get('state.s') == used}
one = span_of[known.rows[known.number_at(through)].start]
def asked(kind, address, field, value):
    leaf = heap_layout.at[field] if kind == 'mheap' else program.world().layout(kind).at[field]
    at, size = address + leaf.offset, leaf.size
    before = program.read(at, size)
    gdb.selected_inferior().write_memory(at, (value & (1 << 8 * size) - 1).to_bytes(size, 'little'))
    program.written(); begun = time.monotonic()
    try:
        found = heap.of_program()
        marker = heap.Marker(found, [through], 2)
        marker.add(1, [word for _, word in variables.pointers()[0]] + [word for _, word in specials.roots()])
        marker.run(); marker.path(far); found.object_at(far)
        said = [*marker.left_out, *specials.problems(), *variables.pointers()[1]]
        return bool(said), time.monotonic() - begun < 60
    finally:
        gdb.selected_inferior().write_memory(at, before); program.written()
WILD = (0, 4097, 0x7fffffffffff, (1 << 63) + 8, (1 << 64) - 8, far, one)
"""
).replace("from rt0lab import heap\n", "from rt0lab import heap\nfrom rt0lab.program import bulk\n")


@pytest.mark.parametrize("field", ["allspans.array", "allspans.len", "allspans.cap"])
def test_a_list_of_spans_that_makes_no_sense_ends(gdb_json, case, field):
    found = gdb_json(case, DAMAGED + f"result = [asked('mheap', heap_at, {field!r}, value) for value in WILD]")
    assert {bounded for _, bounded in found} == {True} and sum(said for said, _ in found) > 2


SPAN = "startAddr npages nelems elemsize freeindex allocBits specials spanclass"


def test_a_span_that_makes_no_sense_costs_itself(gdb_json, case):
    script = DAMAGED + f"result = [asked('mspan', one, field, value) for field in {SPAN.split()} for value in WILD]"
    found = gdb_json(case, script)
    assert {bounded for _, bounded in found} == {True} and sum(said for said, _ in found) > 10


def test_a_span_that_says_it_has_all_memory_costs_no_other(gdb_json, case):
    script = (
        DAMAGED
        + """
at = program.world().layout('mspan').at
for field, value in (('npages', 1 << 20), ('elemsize', 1 << 20)):
    gdb.selected_inferior().write_memory(one + at[field].offset, value.to_bytes(8, 'little'))
program.written(); now = heap.of_program()
result = set(known.starts) - set(now.starts) == {program.read_struct('mspan', one).get('startAddr')}, len(now.problems)
"""
    )
    assert gdb_json(case, script) == [True, 1]


def test_variables_that_make_no_sense_end(gdb_json, case):
    fields = "data edata bss ebss gcdatamask.n gcdatamask.bytedata next".split()
    script = (
        DAMAGED
        + f"""
module = program.world().variable('firstmoduledata')[0]
result = [asked('moduledata', module, field, value) for field in {fields} for value in WILD]
"""
    )
    assert {bounded for _, bounded in gdb_json(case, script)} == {True}


def test_notes_of_objects_that_go_in_a_circle_end(gdb_json, finalizers):
    script = (
        DAMAGED.replace(
            "through, mapped, far, local, behind = objects = words('objects')",
            "through = far = local = words('objects')[0]",
        ).replace("freed = words('freed')", "")
        + """
note = program.read_struct('mspan', one).get('specials')
result = [asked('special', note, field, value) for field in ('next', 'offset', 'kind') for value in (*WILD, note)]
"""
    )
    assert {bounded for _, bounded in gdb_json(finalizers, script)} == {True}


def test_a_core_without_the_heap_says_what_was_not_searched(gdb_json, case, tmp_path):
    script = (
        f"""
do('break main.stop'); do('run')
with open(f'/proc/{{gdb.selected_inferior().pid}}/coredump_filter', 'w') as filter: filter.write('0x0')
do('gcore {tmp_path}/core'); do('kill'); do('core-file {tmp_path}/core')
"""
        + START.replace("do('break main.stop'); do('run')", "").partition("def words")[0]
        + """
marker = heap.Marker(known, (), 60); marker.add(0, [word for _, word in variables.pointers()[0]]); whole = marker.run()
result = marker.left_out + variables.pointers()[1], marker.objects
"""
    )
    said, objects = gdb_json(case, script)
    (tmp_path / "core").unlink()
    assert any("cannot be read" in text for text in said)
