"""`rt0 rewind`: gdb records the boot, one goes backwards in it, and all that is said stays true."""

import json

import pytest

from gdbrun import PREAMBLE, run_gdb

# One run of the mirror, seen from many sides: a recording takes a second or two.
WALK = """
said = {}
def stops_kept(): return [row['stop'] for row in json.loads(do('rt0 history -json'))]
def limit(): return gdb.parameter('record full insn-number-max')
said['too early'] = do('rt0 rewind on')
do('set record full insn-number-max 4711'); do('rt0 run')
said['nothing'] = do('rt0 rewind'); said['cost'] = do('rt0 rewind on'); said['limit'] = limit()
said['twice'] = do('rt0 rewind on')
until('schedinit'); said['ps'] = [program.scalar('gomaxprocs')]
until('newproc'); said['ps'].append(program.scalar('gomaxprocs')); said['kept'] = [stops_kept()]
entry = program.world().address('runtime.schedinit')
do(f'tbreak *{entry}'); do('reverse-continue')
said['back at'] = [program.register('rip'), entry]; said['ps'].append(program.scalar('gomaxprocs'))
said['g'] = [program.tls_g()[1], program.world().address('runtime.g0')]
said['kept'].append(stops_kept()); said['past'] = do('rt0 history')
said['now'] = [history.kept.last().pc, history.kept.last(1).stage.name]
said['beyond'] = do('rt0 until ok'); said['kept'].append(stops_kept())
do('record goto begin'); said['tls'] = program.tls_g(); said['next'] = do('rt0 next')
said['off'] = do('rt0 rewind off'); said['limit off'] = limit(); said['off at'] = stops.at(program.register('rip')).name
said['kept'].append(stops_kept())
do('rt0 rewind on'); said['second'] = do('rt0 until main.main')
said['clone'] = [program.world().symbol_at(program.register('rip')), len(gdb.selected_inferior().threads())]
do('reverse-stepi'); said['from clone'] = program.world().symbol_at(program.register('rip'))[0]
do('continue'); do('continue'); said['ended'] = program.recorded(); said['at the call'] = do('rt0 rewind on')
outcome = stops.go('continue'); said['exit'] = outcome.code
do('rt0 run'); do('rt0 rewind on'); do('kill'); do('rt0 run'); said['after kill'] = do('rt0 rewind'), limit()
until('main.main'); said['threads'] = do('rt0 rewind on')
result = said
"""


@pytest.fixture(scope="module")
def goes_back(hello):
    """gdb itself can go back here."""
    words = ("break runtime.schedinit", "starti", "record full", "continue", "record goto begin")
    done = run_gdb(hello, *(word for each in words for word in ("-ex", each)))
    if "Couldn't write extended state status" in done.stdout + done.stderr:
        pytest.skip("gdb 13 cannot put back the registers of a processor with AMX; gdb 16 can: RT0LAB_GDB=PATH")


@pytest.fixture(scope="module")
def said(hello, goes_back, tmp_path_factory):
    """What was said and seen on that run."""
    folder = tmp_path_factory.mktemp("rewind")
    body, answer = folder / "body.py", folder / "answer.json"
    body.write_text(PREAMBLE + WALK + f"\nwith open({str(answer)!r}, 'w') as file: json.dump(result, file)\n")
    done = run_gdb(hello, "-ex", f"source {body}", cwd=folder)
    assert answer.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads(answer.read_text())


def test_what_it_costs_is_said_first(said):
    assert "instruction by instruction" in said["cost"] and "bytes" in said["cost"]


def test_going_back_comes_to_where_it_was(said):
    there, entry = said["back at"]
    assert there == entry


def test_memory_is_what_it_was_there(said):
    first, later, back = said["ps"]
    assert first == back == 0 < later


def test_a_stop_that_was_reached_backwards_is_not_in_the_history(said):
    first, *others = said["kept"]
    assert len(first) == 3 and others == [first] * 3


def test_that_such_stops_are_not_counted_is_said(said):
    assert "not counted" in said["past"]


def test_what_changed_is_told_since_the_stop_before_also_backwards(said):
    assert said["now"] == [said["back at"][1], "newproc"]


def test_what_was_not_recorded_is_not_waited_for(said):
    assert "does not come between" in said["beyond"]


def test_before_g0_has_a_stack_nobody_knows_who_runs(said):
    assert said["tls"] == [None, None]


def test_who_runs_there_is_told_by_the_stack(said):
    running, g0 = said["g"]
    assert running == g0


def test_a_stage_that_is_repeated_gets_no_card(said):
    assert said["next"].startswith("in the recorded past") and "== stage" not in said["next"]


def test_who_ends_it_in_the_past_comes_to_its_end(said):
    assert said["off at"] == "newproc" and "at its end" in said["off"]


def test_the_users_limit_is_put_back(said):
    assert [said["limit"], said["limit off"], said["after kill"][1]] == [1_000_000, 4711, 4711]


def test_it_stops_in_front_of_the_second_thread_and_says_so(said):
    assert said["clone"] == [["runtime.clone", 0], 1] and "second thread" in said["second"]


def test_one_can_go_back_from_there(said):
    assert said["from clone"] == "runtime.newosproc"


def test_going_on_from_there_ends_the_recording_and_the_program_runs(said):
    assert said["ended"] is False and said["exit"] == 0


@pytest.mark.parametrize("when", ["nothing", "too early", "twice", "at the call", "threads", "after kill"])
def test_where_nothing_can_be_recorded_a_sentence_says_why(said, when):
    text = said[when] if isinstance(said[when], str) else said[when][0]
    assert text.rstrip().endswith(".") and "Traceback" not in text and "gdb says" not in text


def test_one_instruction_back_in_either_world(gdb_json, either):
    script = """
do('rt0 run'); do('rt0 rewind on'); do('stepi'); there = program.register('rip'); do('stepi'); do('reverse-stepi')
result = [program.register('rip') == there, program.rewound()]
"""
    assert gdb_json(either, script) == [True, True]


def test_who_ends_a_recording_in_its_past_undoes_what_came_after(gdb_json, hello):
    script = """
do('rt0 run'); do('record full'); until('ok'); do('reverse-stepi'); do('record stop'); do('stepi')
result = [moment.number for moment in history.kept.moments]
"""
    assert gdb_json(hello, script) == [1]
