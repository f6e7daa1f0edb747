"""What goroutines hold: who is kept by Go's own collector is found on their stacks, and who is not is not."""

import pytest

from gdbrun import ROOT

CASE = ROOT / "tests" / "gdb" / "cases" / "live.go"
LOOK = """
from rt0lab import heap
from rt0lab.frames import live, maps
from rt0lab.heap import variables
do('handle SIGSEGV nostop noprint pass')
def numbers(name):
    value = gdb.parse_and_eval(f"'main.{name}'")
    return [int(value[i]) for i in range(len(names))]
def texts():
    found = gdb.parse_and_eval("'main.cases'")
    return [found['array'][i]['name']['str'].string(length=int(found['array'][i]['name']['len']))
        for i in range(int(found['len']))]
def reached(lives):
    marker = heap.marker(heap.of_program(), found.addresses, 60)
    marker.add(0, (word for _, word in variables.pointers()[0]))
    for each in lives:
        marker.add(1, (word for _, word in each.words))
    assert marker.run()
    return {name for name, at in zip(names, numbers('where')) if marker.reached(at)}
do('break main.before'); do('break main.after'); do('run')
names, found = texts(), census.Census()
def write(at, word):
    gdb.selected_inferior().write_memory(at, word.to_bytes(8, 'little'))
def lives():
    return live.live(found.rows, found.threads, found.status)
held = lives()
parked = [row for row in found.rows if found.is_parked(row)]
"""
KEPT = (
    LOOK
    + """
ours, in_hand = reached(held.values()), {word for row in parked for _, word in held[row.addr].words}
sure = {name for name, at in zip(names, numbers('where')) if in_hand.intersection(range(at, at + 32))}
doubtful = sum(not held[row.addr].exact for row in parked)
do('continue')
gone = {name for name, number in zip(names, numbers('gone')) if number}
result = {'missed': sorted(set(names) - gone - ours), 'too much': sorted(gone & sure), 'gone': sorted(gone),
    'in hand': {'local', "reflect's wide argument"} <= sure, 'doubtful': doubtful,
    'problems': sorted({each.problem for each in held.values() if each.problem})}
"""
)
DEAD = ["dead argument", "dead local", "dead variable with an address", "overwritten"]


@pytest.fixture(scope="module", params=["plain", "O2"])
def holders(request, go_build):
    """A Go program whose goroutines hold things in many ways."""
    return go_build("live", CASE.read_text(), *(["-gcflags=all=-N -l"] if request.param == "plain" else []))


ONCE = pytest.mark.parametrize("holders", ["O2"], indirect=True)


def test_what_goroutines_keep_is_what_go_says(gdb_json, holders):
    """Only stacks with a fault, or reflect's code in assembly, are looked at word by word."""
    found = gdb_json(holders, KEPT)
    assert found == {
        "missed": [],
        "too much": [],
        "gone": DEAD,
        "in hand": True,
        "doubtful": 4,
        "problems": [],
    }


@ONCE
def test_who_runs_holds_registers_and_no_more_than_one_frame_of_words(gdb_json, holders):
    """main.before has called nobody: its caller's frame is looked at by maps."""
    script = """
row = next(row for row in found.rows if row.goid == 1)
mine = held[row.addr]
result = any(at in ('rax', 'rcx', 'rbx') for at, _ in mine.words), mine.exact, len(mine.words) < 40
"""
    assert gdb_json(holders, LOOK + script) == [True, False, True]


@ONCE
def test_of_a_stack_that_is_being_copied_the_problem_is_told(gdb_json, holders):
    script = """
few = [row for row in parked if found.reason(row) == 'chan receive'][:3]
copying = live.live(few, found.threads, found.status | {row.status: 'copystack' for row in few})
result = [(each.problem, len(each.words) > len(held[at].words), each.exact) for at, each in copying.items()]
"""
    assert gdb_json(holders, LOOK + script) == [["its stack is being copied", True, False]] * 3


@ONCE
def test_a_list_of_deferred_calls_that_cannot_be_read_is_told(gdb_json, holders):
    script = """
row = next(row for row in parked if row.defers)
write(row.defers + program.world().layout('_defer').at['link'].offset, 8)
result = lives()[row.addr].problem
"""
    assert gdb_json(holders, LOOK + script) == "the calls that it has deferred cannot be read"


@ONCE
def test_a_list_of_deferred_calls_in_a_circle_ends(gdb_json, holders):
    script = """
row = next(row for row in parked if row.defers)
write(row.defers + program.world().layout('_defer').at['link'].offset, row.defers)
result = lives()[row.addr].problem
"""
    assert gdb_json(holders, LOOK + script) == "the calls that it has deferred cannot be read"


@ONCE
def test_a_stack_that_is_none_is_told(gdb_json, holders):
    script = """
result = [live.live([parked[0]._replace(**each)], {}, found.status)[parked[0].addr].problem
    for each in ({'sp': 8}, {'lo': 0, 'hi': 4096, 'sp': 64}, {'lo': 0, 'hi': 1 << 62, 'sp': 8})]
"""
    assert gdb_json(holders, LOOK + script) == [
        "where its stack is in use is not known",
        "its stack cannot be read",
        "its stack cannot be read",
    ]


@ONCE
def test_below_a_return_address_that_is_none_each_word_counts(gdb_json, holders):
    script = """
from rt0lab.program import pclntab
row = next(row for row in parked if held[row.addr].exact and row.hi - row.sp > 200)
back = row.sp + pclntab.frame_size(row.pc - 1)
write(back, 7)
whole, got = lives()[row.addr], {at for at, _ in lives()[row.addr].words}
missing = [at for at in range(back + 8, row.hi, 8) if at not in got and program.read_word(at)]
result = whole.exact, whole.problem, missing
"""
    assert gdb_json(holders, LOOK + script) == [False, None, []]


def test_ours_hold_each_word_of_their_stacks_and_what_they_have_put_away(gdb_json, mirror_program):
    """Each that waits for a channel has it in hand."""
    script = """
from rt0lab.frames import live
stops.toward({program.world().address('main.ready')}, 'run')
found = census.Census()
held = live.live(found.rows, found.threads, found.status)
waits = [(at, item.addr) for at, items in found.waits(found.rows).items() for item in items if item.kind == 'chan']
words = {at: {word for _, word in each.words} for at, each in held.items()}
kept = [row for row in found.rows if found.is_parked(row) and 'r12' in {at for at, _ in held[row.addr].words}]
lost = [each for at, each in waits if each not in words[at]]
result = len(waits) > 5, lost, bool(kept), sum(each.exact for each in held.values())
"""
    program = mirror_program("parked", "tests/runtime", "debug")
    assert gdb_json(program, script) == [True, [], True, 0]
