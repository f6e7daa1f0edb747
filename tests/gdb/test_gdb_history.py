"""What was: stops are kept raw and decode to what was seen when they were the present."""

import json
import re

import pytest

from gdbrun import PREAMBLE, ROOT, run_gdb


@pytest.mark.parametrize("stage", ["ok", "schedinit", "newproc", "mstart", "main.main"])
def test_a_kept_stop_decodes_to_what_was_there(gdb_json, either, stage):
    script = f"until({stage!r}); result = changes.diff_all(snapshot.Snapshot(), history.kept.last().snapshot)"
    assert gdb_json(either, script) == []


def test_a_kept_stop_has_all_of_each_structure(gdb_json, either):
    script = """
until('main.main')
now, kept = snapshot.Snapshot(), history.kept.last().snapshot
result = [[len(getattr(s, kind)) for kind in ('gs', 'ms', 'ps')] for s in (now, kept)]
"""
    now, kept = gdb_json(either, script)
    assert now == kept and min(now) > 1


def test_the_past_does_not_read_the_present(gdb_json, either):
    script = """
until('newproc'); until('main.main')
now = len(snapshot.Snapshot().gs)
with history.kept.last(1).seen(): result = [len(snapshot.Snapshot().gs), now]
"""
    assert gdb_json(either, script)[0] == 0


def test_memory_that_was_not_kept_is_unreadable_in_the_past(gdb_json, hello):
    script = """
until('newproc')
with history.kept.last().seen(): result = str(program.read_word(program.register('rsp') - 4096))
"""
    assert gdb_json(hello, script).startswith("<unreadable ")


def test_a_new_process_begins_a_new_history(gdb_json, hello):
    script = (
        "until('osinit'); until('newproc'); do('kill'); until('osinit'); result = [m.number for m in"
        " history.kept.moments]"
    )
    assert gdb_json(hello, script) == [1]


def test_bytes_that_did_not_change_are_kept_once(gdb_json, hello):
    script = "until('mstart'); do('stepi'); one, two = history.kept.moments; result = [one.size, two.size]"
    one, two = gdb_json(hello, script)
    assert two < one


# ---- of many goroutines, those that can have changed ---------------------------------------------------------------

MANY = """
do('set args 600'); do('break main.ready'); do('run'); do('break main.turn'); do('continue')
def kept(number=-1): return history.kept.moments[number]
def differs(): return changes.diff_all(snapshot.Snapshot(), kept().snapshot)
def writes(address, data): gdb.selected_inferior().write_memory(address, data)
sleeper = next(g for g in snapshot.Snapshot().gs if g.get('goid') == 500)
where, status = sleeper.addr + sleeper.layout.at['atomicstatus'].offset, sleeper.get('atomicstatus')
"""


def test_goroutines_are_not_read_again_where_nobody_has_scheduled(gdb_json, mirror_test):
    script = "do('stepi'); do('stepi'); result = [[m.number, m.as_of] for m in history.kept.moments]"
    stops = gdb_json(mirror_test("parked"), MANY + script)
    assert stops[0] == [1, 1] and stops[-1][1] == stops[-2][1] < stops[-2][0]


def test_what_is_not_read_again_is_as_it_was(gdb_json, mirror_test):
    assert gdb_json(mirror_test("parked"), MANY + "do('stepi'); do('stepi'); result = differs()") == []


def test_goroutines_are_read_again_once_the_user_has_written(gdb_json, mirror_test):
    script = "do('stepi'); writes(where, (status + 1).to_bytes(4, 'little')); history.kept.keep(); result = differs()"
    assert gdb_json(mirror_test("parked"), MANY + script) == []


def test_the_one_that_runs_is_read_again(gdb_json, mirror_test):
    script = """
do('stepi'); one = next(g for g in snapshot.Snapshot().gs if g.get('goid') == 1)
at = one.layout.at['sched.pc'].offset
writes(one.addr + at, b'1234'); kept()._same = (*kept()._same[:-1], worlds.writes())  # as if it had been its own doing
history.kept.keep(); result = [differs(), kept().as_of < kept().number]
"""
    assert gdb_json(mirror_test("parked"), MANY + script) == [[], True]


def test_all_goroutines_are_read_again_when_a_p_has_scheduled(gdb_json, mirror_test):
    script = """
history.WHOLE = 0; do('set environment GOMAXPROCS 1'); do('set args 60')
do('break main.leaf'); do('ignore 1 20'); do('run'); do('continue'); do('continue')
result = [[m.number, m.as_of] for m in history.kept.moments]
"""
    assert gdb_json(mirror_test("parked"), script) == [[1, 1], [2, 2], [3, 3]]


def test_an_m_made_since_the_stop_before_is_kept(gdb_json, hello):
    script = """
do('break runtime.main'); do('run'); do('break runtime.newosproc'); do('continue')
result = [len(moment.snapshot.ms) for moment in history.kept.moments]
"""
    before, after = gdb_json(hello, script)
    assert before < after


def test_who_runs_or_is_in_a_queue_is_awake(gdb_json, mirror_test):
    script = """
history.WHOLE = 0; do('set environment GOMAXPROCS 1'); do('set args 330')
do('break main.leaf'); do('ignore 1 130'); do('run')
seen = census.Census(system=True); moment = history.kept.keep()
awake = {row.addr for row in seen.rows if seen.status.get(row.status) in ('runnable', 'running')}
p = next(p for p in snapshot.Snapshot().ps if p.get('runnext') or lists.run_queue(p))
apart = [awake & {*those} for those in (lists.run_queue(p), lists.global_queue(program.variable('sched')))]
result = [len(awake - moment.awake), *map(bool, apart)]
"""
    assert gdb_json(mirror_test("parked"), script) == [0, True, True]


def test_what_is_renewed_is_read_again_and_the_rest_is_not(gdb_json, hello):
    script = """
until('mstart'); at = program.register('rsp') & -16
def write(number): gdb.selected_inferior().write_memory(at, number.to_bytes(8, 'little') * 2)
write(1); old = history.Memory([(at, 8), (at + 8, 8)], None); write(2)
result = [old.renewed([at + part]).read(at, 16).hex()[1::16] for part in (0, 7, 8, 15)]
"""
    assert gdb_json(hello, script) == ["21", "21", "12", "12"]


def test_two_stops_are_kept_however_large_they_are_and_no_more(gdb_json, hello):
    script = (
        "history.MAX_BYTES = 1; [until(s) for s in ('ok', 'newproc', 'mstart')]; result = len(history.kept.moments)"
    )
    assert gdb_json(hello, script) == 2


def test_history_says_where_not_all_were_read_again(gdb_json, mirror_test):
    script = "do('stepi'); result = 'Of more than' in do('rt0 history')"
    assert gdb_json(mirror_test("parked"), MANY + script)


def test_history_says_nothing_where_all_are_read(gdb_json, hello):
    assert "Of more than" not in gdb_json(hello, WALK + "do('stepi'); result = do('rt0 history')")


@pytest.fixture(scope="session")
def parked_go(go_build):
    """The same of Go alone."""
    return go_build("parked", (ROOT / "tests/gdb/parked.go.txt").read_text(), "-gcflags=all=-N -l")


# ---- where goroutines stood ----------------------------------------------------------------------------------------

STOOD = """
ask = lambda command: json.loads(do(command))
do('break main.ready'); do('run')
def parked(rows): return {row['id']: row['at'] for row in rows if row['status'] == 'waiting'}
def frames(text): return [line.split(' (')[0].split()[-1] for line in text.splitlines() if line.startswith('#')]
rows = snapshot.Snapshot().gs
"""
STAND = "info goroutines -json"


def test_an_earlier_stop_shows_where_each_goroutine_stood(gdb_json, parked):
    script = f"do('stepi'); back = parked(ask('rt0 back 1 {STAND}')); result = [back, parked(ask({STAND!r}))]"
    back, now = gdb_json(parked, STOOD + script)
    assert back == now and "main.leaf" in {at["function"] for at in back.values()}


def test_where_they_stood_is_kept_and_not_read_from_the_present(gdb_json, parked):
    script = f"""
do('stepi'); then = parked(ask('rt0 back 1 {STAND}'))
for g in rows: gdb.selected_inferior().write_memory(g.get('sched.sp'), bytes(64)) if g.get('sched.sp') else None
result = [then, parked(ask('rt0 back 1 {STAND}'))]
"""
    then, later = gdb_json(parked, STOOD + script)
    assert then == later


def test_a_backtrace_of_an_earlier_stop_has_the_frames_there_were(gdb_json, parked):
    script = f"""
do('stepi'); one = next(id for id, at in parked(ask('{STAND}')).items() if at['function'] == 'main.leaf')
all = do('goroutine all bt').split(f'goroutine {{one}} ')[1].partition('\\n\\n')[0]
result = [frames(do(f'rt0 back 1 goroutine {{one}} bt')), frames(all)[1:]]
"""
    then, now = gdb_json(parked, STOOD + script)
    assert then == now and len(then) > 4


def test_of_one_that_ran_the_callers_are_known_by_gos_own_table(gdb_json, parked_go):
    found = gdb_json(parked_go, STOOD + "do('stepi'); result = frames(do('rt0 back 1 goroutine 1 bt'))")
    assert found[:3] == ["main.ready", "main.main", "runtime.main"]


def test_of_an_earlier_stop_nothing_but_a_backtrace_is_shown(gdb_json, mirror_test):
    script = "result = do('rt0 back 0 goroutine 1 print 1')"
    assert "only a backtrace" in gdb_json(mirror_test("parked"), STOOD + script)


def test_of_many_a_stack_is_read_again_where_the_g_has_changed(gdb_json, mirror_test):
    script = """
from rt0lab.state import standing
standing.ALL = 0; old = history.kept.keep()
one, two = [g for g in rows if program.wait_reason(g) == 'chan receive'][:2]
for g in (one, two): gdb.selected_inferior().write_memory(g.get('sched.sp'), b'newbytes')
gdb.selected_inferior().write_memory(one.addr + one.layout.at['sched.ret'].offset, b'changed!')
new = history.kept.keep()
result = [new.stacks.read(g.get('sched.sp'), 8).decode('latin-1') == 'newbytes' for g in (one, two)], new.stacks.as_of
"""
    again, as_of = gdb_json(mirror_test("parked"), STOOD + script)
    assert (again, as_of) == ([True, False], 1)


def test_how_much_memory_stacks_take_is_said(gdb_json, mirror_test):
    shown = gdb_json(mirror_test("parked"), STOOD + "result = do('show rt0 history')")
    size, stacks = (int(word) for word in re.findall(r"\d+(?= KiB|;)", shown.split("kept")[1])[:2])
    assert 0 < stacks < size


# ---- the commands, by their data -----------------------------------------------------------------------------------

WALK = "for stage in ('ok', 'newproc', 'mstart', 'runtime.main', 'main.main'): until(stage)\n"
BOOT = WALK.replace(", 'main.main'", "")  # up to here one thread runs, and the same happens every time
JSON = "ask = lambda command: json.loads(do(command))\n"


def walked(gdb_json, program, script):
    return gdb_json(program, JSON + WALK + script)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """told(program, script, commands): what each command printed after the script, from one gdb for all of them."""
    known = {}

    def tell(program, script, commands):
        if script not in known:
            folder = tmp_path_factory.mktemp("told")
            body, answer = folder / "body.py", folder / "answer.json"
            body.write_text(
                PREAMBLE + script + f"\nresult = {{c: do(c) for c in {list(commands)!r}}}\n"
                f"with open({str(answer)!r}, 'w') as file: json.dump(result, file)\n"
            )
            run_gdb(program, "-ex", f"source {body}")
            known[script] = json.loads(answer.read_text())
        return known[script]

    return tell


def test_history_lists_every_stop_by_stage(gdb_json, either):
    stages = walked(gdb_json, either, "result = [row['stage'] for row in ask('rt0 history -json')]")
    assert stages == ["ok", "newproc", "mstart", "runtime.main", "main.main"]


def test_history_counts_what_changed(gdb_json, either):
    script = "result = [ask('rt0 history -json')[3]['changed'], len(ask('rt0 diff 3 4 -json')['changed'])]"
    counted, changed = walked(gdb_json, either, script)
    assert counted == changed > 0


def test_history_keeps_as_many_as_it_is_told(gdb_json, either):
    script = "do('set rt0 history 3')\n" + WALK + "result = [row['stop'] for row in ask('rt0 history -json')]"
    assert gdb_json(either, JSON + script) == [3, 4, 5]


def test_history_off_still_has_rt0_diff(gdb_json, either):
    texts = gdb_json(
        either, "do('set rt0 history 0')\n" + WALK + "result = [do('rt0 history'), do('rt0 back'), do('rt0 diff')]"
    )
    assert ["set rt0 history" in text for text in texts] == [True, True, False] and "m0.curg" not in texts[0]


def test_the_first_card_compares_with_the_stop_before_it(gdb_json, either):
    card = gdb_json(either, "do('break runtime.schedinit'); do('run'); result = do('rt0 next')")
    assert "  changed" in card and "no earlier stop" not in card


def test_back_shows_the_state_of_that_time(gdb_json, either):
    found = walked(
        gdb_json, either, "result = [[g['status'] for g in ask(f'rt0 back {n} -json')['gs']] for n in (1, 2, 3)]"
    )
    assert found == [["_Grunning"], ["_Grunnable"], []]


def test_back_says_why_a_goroutine_waited(gdb_json, either):
    """On one P bgsweep, which main waits for, has parked before main goes on."""
    script = (
        "do('set environment GOMAXPROCS 1')\n"
        + WALK
        + "do('stepi'); result = [g['reason'] for g in ask('rt0 back 1 -json')['gs']]"
    )
    assert "GC sweep wait" in gdb_json(either, JSON + script)


def test_back_takes_a_stops_number(gdb_json, either):
    assert walked(gdb_json, either, "result = ask('rt0 back @2 -json') == ask('rt0 back 3 -json')")


@pytest.mark.parametrize("command", ["rt0 dump all", "info goroutines", "info ms", "info ps"])
def test_a_command_in_the_past_prints_what_it_printed_then(gdb_json, either, command):
    script = (
        f"until('mstart'); then = do({command!r}); until('main.main'); result = [then, do('rt0 back 1 {command}'),"
        f" do({command!r})]"
    )
    then, back, now = gdb_json(either, script)
    assert back == then != now


def test_back_leaves_the_present_alone(gdb_json, either):
    script = (
        "before = do('rt0 dump all'); do('rt0 back 3'); do('rt0 back 3 info goroutines'); result = before == do('rt0"
        " dump all')"
    )
    assert walked(gdb_json, either, script)


def test_diff_of_two_stops_is_the_sum_of_those_between(gdb_json, hello):
    script = (
        "result = [ask(f'rt0 diff {pair} -json')['changed'].get('g1.status') for pair in ('2 3', '3 4', '2 4', '4 2')]"
    )
    none, ran, both, back = walked(gdb_json, hello, script)
    assert (none, ran, both, back) == ([None, "_Grunnable"], ["_Grunnable", "_Grunning"], [None, "_Grunning"], None)


def test_diff_of_a_stop_with_itself_is_empty(gdb_json, either):
    assert walked(gdb_json, either, "result = ask('rt0 diff 3 3 -json')['changed']") == {}


QUESTIONS = {
    "g1 -> running": [4],
    "g1 -> _Grunning": [4],
    "g1.status != running": [3],
    "p0.runnext": [2, 3, 4],
    "p0.runnext == g1": [3],
    "p0.runnext == nil": [2, 4],
    "m0.g0 == g0": [2],
    "m0.curg == &runtime.g1": [4],
    "m0.curg = g1": [4],
    "sched.maxmcount >= 10000": [2],
    "ncpu > 0": [2],
    "allglen": [3],
    "p0.schedtick < 1": [2],
    "stage -> mstart": [3],
    "tls_g == g1": [4],
    "thread == 1": [1],
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_when(told, hello, question):
    answer = told(hello, BOOT, [f"rt0 when {question} -json" for question in QUESTIONS])[f"rt0 when {question} -json"]
    assert [row["stop"] for row in json.loads(answer)] == QUESTIONS[question]


def test_when_a_queue_has_a_goroutine(gdb_json, mirror_program):
    script = """
ask = lambda command: json.loads(do(command))
until('newproc'); point = stops.Point(program.world().address('runtime.goready')); stops.go('continue')
queued = [(p['name'], g) for p in ask('rt0 panel -json')['ps'] for g in p['runq']]
result = [[row['stop'] for row in ask(f'rt0 when {p}.runq has {g} -json')] for p, g in queued]
"""
    assert all(found == [2] for found in gdb_json(mirror_program("sieve"), script))


WRONG = [
    "rt0 when",
    "rt0 when g1 ->",
    "rt0 when g1 is running",
    "rt0 when g99",
    "rt0 when g1.nosuch",
    "rt0 when m0",
    "rt0 when g1.sched",
    "rt0 when g1.status > 3",
    "rt0 when g1 has g2",
    "rt0 back 99",
    "rt0 back @0",
    "rt0 back @x",
    "rt0 back 1 print 1",
    "rt0 back -1",
    "rt0 diff 1",
    "rt0 diff 1 99",
    "rt0 diff a b",
    "rt0 history 3",
    "rt0 replay",
    "rt0 replay /nonexistent",
]


@pytest.mark.parametrize("command", WRONG)
def test_a_wrong_question_is_a_sentence(told, hello, command):
    text = told(hello, WALK + "pass", WRONG)[command].rstrip()
    assert text.endswith(".") and not any(mark in text for mark in ("Traceback", "rt0 itself failed", "gdb says"))


def test_the_past_outlives_the_process(gdb_json, either):
    script = (
        WALK
        + "until('exit'); stops.go('continue'); result = [program.alive(), [row['stop'] for row in ask('rt0 when g1 ->"
        " running -json')]]"
    )
    assert gdb_json(either, JSON + script) == [False, [4]]


BROKEN = """
import random, struct
until('newproc'); until('main.main')
s, inferior, seeds = snapshot.Snapshot(), gdb.selected_inferior(), random.Random(1)
things = [(item.addr, len(item.data)) for item in (s.g0, s.m0, s.sched, *s.gs, *s.ms, *s.ps)]
lists = ('allgs', 24), ('allp', 24), ('allm', 8)
things += [(program.world().address('runtime.' + name), size) for name, size in lists]
result = []
for _ in range(40):
    at, size = seeds.choice(things)
    word = at + seeds.randrange(size // 8) * 8
    before = bytes(inferior.read_memory(word, 8))
    value = seeds.choice([0, 1, 7, 0xdeadbeef, 1 << 63, (1 << 64) - 1, at, s.g0.addr])
    inferior.write_memory(word, struct.pack('<Q', value))
    history.kept.keep()
    inferior.write_memory(word, before)
    texts = [do(command) for command in ('rt0 back 0', 'rt0 back 0 -json', 'rt0 diff -json', 'rt0 back 0 info ps')]
    result += [text for text in texts if 'rt0 itself failed' in text or 'gdb says' in text or 'Traceback' in text]
"""


def test_broken_memory_is_kept_and_shown_without_an_error(gdb_json, either):
    assert gdb_json(either, BROKEN) == []


def test_looking_at_the_past_selects_nothing(gdb_json, hello):
    script = (
        "do('thread 2'); do('up'); do('rt0 panel'); do('rt0 back'); result = [gdb.selected_thread().num,"
        " gdb.selected_frame().level()]"
    )
    assert walked(gdb_json, hello, script) == [2, 1]


# ---- a recorded run ------------------------------------------------------------------------------------------------

CASES = {
    "g1 -> running": "_Grunning",
    "p0.runnext == g1": "g1",
    "sched.maxmcount > 0": 10000,
    "m0.curg == g1": "g1",
    "tls_g == g1": "g1",
}


@pytest.fixture
def replay(gdb_json, recorded, either):
    """replay(script): what a gdb without a program says of the recorded run."""
    return lambda script: gdb_json("/nonexistent", JSON + f"do('rt0 replay {recorded(either)}')\n" + script)


def test_a_replay_needs_no_program(replay):
    assert replay("result = [gdb.current_progspace().filename, ask('rt0 history -json')[0]['stage']]") == [
        None,
        "_rt0_amd64_linux",
    ]


def test_a_replay_has_every_recorded_stop(replay, recorded, either):
    stages = json.loads(recorded(either).read_text())["stages"]
    assert replay("result = len(ask('rt0 history -json'))") == len(stages)


@pytest.mark.parametrize("question", CASES)
def test_when_in_a_replay_finds_the_first_stop_that_has_it(told, recorded, either, question):
    command = f"rt0 when {question} -json"
    first = json.loads(
        told("/nonexistent", f"do('rt0 replay {recorded(either)}')", [f"rt0 when {q} -json" for q in CASES])[command]
    )[0]
    assert first["before"] != first["after"] == CASES[question]


def test_the_live_process_and_its_replay_agree(gdb_json, replay, either):
    script = "result = [[g['name'], g['status'], g['start']] for g in ask('rt0 back @%s -json')['gs']]"
    live = gdb_json(either, JSON + "until('mstart')\n" + script % 1)
    number = replay("result = ask('rt0 when stage -> mstart -json')[0]['stop']")
    assert replay(script % number) == live


def test_a_replay_says_what_a_stage_changed(replay):
    script = """
stop = ask('rt0 when stage -> "osinit returns" -json')[0]['stop']
result = list(ask(f'rt0 diff {stop - 1} {stop} -json')['changed'])
"""
    assert "ncpu" in replay(script)


def test_a_replay_shows_a_status_by_its_name_alone(replay):
    paths = replay("result = sorted(ask('rt0 diff 1 80 -json')['changed'])")
    assert [path for path in paths if path.startswith("g1.") and "status" in path] == ["g1.status"]


def test_replay_off_returns_to_the_process(replay):
    assert "no stop has been kept" in replay("do('rt0 replay off'); result = do('rt0 history')")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 1, "stages": [1], "program": "x", "runtime": "y"}',
        '{"format": 2, "stages": []}',
        '{"format": 1, "stages": [{"stage": "x"}], "program": "x", "runtime": "y"}',
    ],
)
def test_a_file_that_is_no_recorded_run_is_a_sentence(gdb_json, tmp_path, text):
    (tmp_path / "bad.json").write_text(text)
    assert "is no recorded run" in gdb_json("/nonexistent", f"result = do('rt0 replay {tmp_path}/bad.json')")


def test_what_it_costs_can_be_measured(gdb_json, hello):
    script = (
        f"exec(open({str(ROOT / 'tests/bench/gdb_history.py')!r}).read()); found = figure(1); result = [found['stops']"
        " > 50, found['unit']]"
    )
    assert gdb_json(hello, script) == [True, "us"]
