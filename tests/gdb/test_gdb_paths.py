"""`rt0 paths`: from which roots something can be reached, with the names of what leads there."""

import pathlib

import pytest

CASE = pathlib.Path(__file__).with_name("cases") / "paths.go"
LOOK = """
do('break main.tick')
for _ in range(300):
    do('continue' if program.alive() else 'run')
    gs = [g for g in json.loads(do('info goroutines -json')) if g['status'] == 'waiting' and g['at']]
    if len([g for g in gs if g['at']['function'].startswith('main.')]) >= 8: break
at = {g['id']: g['at']['function'].removeprefix('main.') for g in gs}
found = {}
for thing in json.loads(do('rt0 waits -json'))['things']:
    if thing['kind'] == 'chan':
        found[at.get(thing['waiting'][0])] = {
            **json.loads(do(f"rt0 paths {thing['address']} -json")), 'waits': thing['waiting'][0]}
"""


@pytest.fixture(scope="module", params=["optimized", "not optimized"])
def case(request, go_build):
    """The case in both builds."""
    return go_build("paths", CASE.read_text(), *(["-gcflags=all=-N -l"] if request.param != "optimized" else []))


_seen = {}


@pytest.fixture
def seen(case, gdb_json):
    """{function: `rt0 paths -json` to the channel that it waits on}"""
    if case not in _seen:
        _seen[case] = gdb_json(case, LOOK + "result = found")
    return _seen[case]


WAYS = {
    "inSlice": "s *server → .jobs []*job → [3] *job → .done chan int",
    "inMap": (  # of what is behind Go 1.24's maps nobody tells the type
        "s *server → .named map[string]*job → [...] → .done chan int",
        "s *server → .named map[string]*job → [...]",
    ),
    "inInterface": "s *server → .any interface {} → .done chan int",
    "inArray": "s *server → .arr[2].done chan int",
    "inVariable": "main.table[1] *job → .done chan int",
}


@pytest.mark.parametrize("function", WAYS)
def test_what_leads_there_has_its_names(seen, function):
    assert [path["text"] for path in seen[function]["paths"] if path["text"].endswith(WAYS[function])] != []


def test_a_closure_is_called_after_its_function(seen):
    assert any(".f func() → main.start.func1+8" in path["text"] for path in seen["inClosure"]["paths"])


def test_who_waits_is_no_way_to_what_he_waits_for(seen):
    texts = [path["text"] for function in WAYS for path in seen[function]["paths"]]
    assert [text for text in texts if "sudog" in text] == []


def test_shortest_paths_come_first(seen):
    for found in seen.values():
        lengths = [len(path["steps"]) for path in found["paths"]]
        assert lengths == sorted(lengths)


def test_who_is_stuck_is_marked(seen):
    assert {path["stuck"] for path in seen["inSlice"]["paths"]} == {True}


def test_a_channel_that_nobody_else_has_is_reached_by_who_waits_alone(seen):
    found = seen["nowhere"]
    assert found["complete"] and {path["goroutine"] for path in found["paths"]} <= {found["waits"]}


def test_a_variable_is_said_to_be_one(case, gdb_json):
    assert "lies in the variable main.table" in gdb_json(case, LOOK + "result = do(\"rt0 paths 'main.table'\")")


@pytest.mark.parametrize("text", ["", "nosuch", "0x1", "main.tick()", "x=1"])
def test_what_is_nothing_on_the_heap_is_one_line(gdb_json, hello, text):
    said = gdb_json(hello, f"until('newproc'); result = do('rt0 paths {text}')")
    assert len(said.strip().splitlines()) == 1 and "Traceback" not in said and "rt0 itself" not in said
