"""`rt0 leaks`: who can never be woken, on what evidence, and what is said where not all could be searched."""

import pathlib
import subprocess

import pytest
from gdbrun import run_gdb

SOURCE = pathlib.Path(__file__).with_name("cases") / "lost.go"
# To where all that the program makes stand and wait.
SETTLED = """
import collections, os
do('break main.tick')
def leaks():
    return json.loads(do('rt0 leaks -json'))
def standing():
    return {g['id']: g['at'] and g['at']['function'] for g in json.loads(do('info goroutines -json'))}
for _ in range(300):
    do('continue' if program.alive() else 'run')
    waiting = collections.Counter(g['at']['function'] for g in json.loads(do('info goroutines -json'))
        if g['status'] == 'waiting' and g['at'])
    if (waiting['main.lost'], waiting['main.waits'], waiting['main.crosses'], waiting['main.works']) == (3, 2, 2, 1):
        break
"""


@pytest.fixture(scope="session")
def lost(go_build):
    return go_build("lost", SOURCE.read_text())


_found = {}


@pytest.fixture
def found(gdb_json, lost):
    """{what: what was found} of the program as it runs, as a core, and with no time to search."""
    if not _found:
        script = """
live, at = leaks(), standing()
result = {'live': live, 'at': at, 'text': do('rt0 leaks'), 'waits': json.loads(do('rt0 waits -json'))}
result['paths'] = do('rt0 waits')
do('set rt0 reach-seconds 0')
result['none'], result['shown'] = leaks(), do('show rt0 reach-seconds')
do('set rt0 reach-seconds 5')
do('gcore core'); do('kill'); do('core-file core')
result['core'] = leaks()
os.unlink('core')
"""
        _found.update(gdb_json(lost, SETTLED + script))
    return _found


def functions(found, ids):
    return sorted(found["at"][str(each)] for each in ids)


def test_whom_nobody_can_wake_has_leaked(found):
    assert functions(found, found["live"]["leaked"]) == ["main.crosses"] * 2 + ["main.lost"] * 3


def test_a_core_tells_the_same(found):
    assert found["core"]["leaked"] == found["live"]["leaked"]


def test_those_of_one_go_statement_that_wait_in_one_place_are_a_group(found):
    (group,) = [group for group in found["live"]["groups"] if len(group["ids"]) == 3]
    assert group["where"].startswith("main.lost (lost.go:") and group["creator"].startswith("main.lose (lost.go:")


def test_a_group_says_on_what_it_waits_and_why_nobody_will_wake_it(found):
    assert all(set(group) == {"ids", "where", "creator", "on", "why"} for group in found["live"]["groups"])


def test_who_waits_in_a_circle_is_said_to(found):
    (circle,) = found["waits"]["circles"]
    assert functions(found, [each["goroutine"] for each in circle]) == ["main.crosses"] * 2


def test_what_only_the_heap_leads_to_is_reached(found):
    assert functions(found, found["waits"]["woken"]) == ["main.waits"] * 2


def test_the_way_to_it_is_told(found):
    paths = [each["path"] for each in found["waits"]["things"] if each["waiting"][0] in found["waits"]["woken"]]
    assert [(path["root"], functions(found, [path["goroutine"]])) for path in paths] == [
        ("goroutine", ["main.works"])
    ] * 2


def test_all_was_searched(found):
    assert found["live"]["not_searched"] == []


def test_without_time_nobody_is_accused(found):
    assert found["none"]["leaked"] == [] and found["none"]["not_searched"] != []


def test_how_long_it_may_take_is_a_setting(found):
    assert "reach-seconds is 0." in found["shown"]


@pytest.mark.parametrize("what", ["text", "paths"])
def test_it_fits_the_screen(found, what):
    assert max(map(len, found[what].splitlines())) <= 80


def test_before_the_first_goroutine_nobody_has_leaked(gdb_json, either):
    text, found = gdb_json(either, "stops.start(); result = do('rt0 leaks'), json.loads(do('rt0 leaks -json'))")
    assert "no goroutine" in text and found["leaked"] == []


def test_of_a_program_without_debug_information_it_is_said_in_a_line(lost, tmp_path):
    stripped = tmp_path / "stripped"
    subprocess.run(["objcopy", "--strip-debug", lost, stripped], check=True)
    said = run_gdb(stripped, "-ex", "break main.tick", "-ex", "run", "-ex", "rt0 leaks").stderr
    assert "debug information" in said.splitlines()[-1]


def test_in_a_deadlock_nobody_will_be_woken(gdb_json, mirror_program):
    script = """
stops.toward({program.world().address('runtime.checkdead')}, 'run')
for _ in range(40):
    waits = json.loads(do('rt0 waits -json'))
    if waits['deadlock'] or not program.alive(): break
    stops.toward({program.world().address(s) for s in ('runtime.checkdead', 'runtime.throw', 'runtime.fatal')
        if program.world().address(s)})
result = waits['blocked'], json.loads(do('rt0 leaks -json'))['leaked']
"""
    blocked, leaked = gdb_json(mirror_program("deadlock"), script)
    assert leaked == blocked != []


def test_what_lies_on_a_stack_may_be_known_to_others_in_cpp(gdb_json, mirror_program):
    script = """
until('main.main'); do('break runtime.goready'); found = []
for _ in range(3):
    do('continue'); found.append(json.loads(do('rt0 leaks -json'))['leaked'])
result = found
"""
    assert gdb_json(mirror_program("prodcons"), script) == [[], [], []]
