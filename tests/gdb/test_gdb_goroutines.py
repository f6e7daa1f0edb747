"""`info goroutines` and `goroutine N CMD` on a program whose goroutines wait for each kind of thing, in both worlds,
-O0 and -O2."""

import json
import pathlib
import shutil

import pytest

from gdbrun import run_gdb

START = """
def said(command):
    return json.loads(do(command))
stops.toward({program.world().address('main.ready')}, 'run')
gs = said('info goroutines -json')
leaf = [g['id'] for g in gs if (g['at'] or {}).get('function') == 'main.leaf'][0]
"""
_facts = {}


@pytest.fixture
def facts(gdb_json, parked):
    """One look at the program, by which most tests here judge."""
    if parked not in _facts:
        _facts[parked] = gdb_json(
            parked,
            START
            + """
def registers():
    return do('info registers rip rsp rbp rax rbx')
def bottom():
    frame = gdb.newest_frame()
    while frame.older() is not None:
        frame = frame.older()
    return frame
before = registers(), do('bt'), gdb.selected_thread().num, gdb.selected_frame().level()
result = {
    'gs': gs, 'leaf': leaf,
    'all': said('info goroutines -all -json'),
    'chan': said('info goroutines -with reason=chan* -json'),
    'without': said('info goroutines -without fn=main.leaf -json'),
    'group': do('info goroutines -with reason=chan* -group where'),
    'limit': said('info goroutines -limit 2 -json'),
    'text': do('info goroutines'),
    'timers': said('info timers -json'),
    'bt': do(f'goroutine {leaf} bt'),
    'all bt': do('goroutine all bt'),
    'n in middle': do(f'goroutine {leaf} frame function main.middle'),
    'up': (do(f'goroutine {leaf} frame 1'), do(f'goroutine {leaf} up'), do(f'goroutine {leaf} info frame'))[2],
    'frame 0': do(f'goroutine {leaf} frame 0'),
    'pcs': do(f'goroutine {leaf} frame apply all -q output $pc'),
    'rax': do(f'goroutine {leaf} output $rax'),
    'g': do(f'goroutine {leaf} print/x {"(long)" * (not program.world().is_go)} $getg()'),
    'of leaves': do('goroutine -with fn=main.leaf output $pc'),
    'of none': do('goroutine -with fn=nosuch bt'),
    'no word of a command': do(f'goroutine {leaf} frame apply all -q output start'),
    'bottom': bottom().pc(),
    'locks': [(item, said(f'rt0 holders {item["address"]:#x} -json')) for g in gs for item in g['on']
              if item['kind'] == 'Mutex'],
    'refused': {c: do(f'goroutine {leaf} {c}') for c in (
        'step', 's', 'next', 'finish', 'fin', 'c', 'continue', 'until', 'jump 1', 'call 1', 'set var $pc=1',
        'print $pc=1', 'frame apply all finish', 'frame apply level 1-2 -q step',
        'faas kill', 'fr ap 1 !true', 'with print pretty on -- step', 'pipe step | cat', 'kill', 'thread 1',
        'shell true',
        '!true', 'python 1', 'py 1', 'eval "step"')},
    'bad': {c: do(c) for c in (
        'goroutine', 'goroutine x bt', 'goroutine 99999 bt', 'goroutine 2-1 bt', 'info goroutines -foo',
        'info goroutines -with x', 'info goroutines -with foo=1', 'info goroutines -group foo',
        'info goroutines -limit x', 'info goroutines -limit -1', 'info ms x', "info goroutines -with 'x")},
    'complete': {c: do('complete ' + c).splitlines() for c in (
        'goroutine a', f'goroutine {leaf} info loc', 'info goroutines -wi', 'info goroutines -with rea',
        'info goroutines -group st')},
    'ps': said('info ps -json'), 'ms': said('info ms -json'), 'sched': said('info sched -json'),
}
do(f'goroutine {leaf} up')
result['same'] = before == (registers(), do('bt'), gdb.selected_thread().num, gdb.selected_frame().level())
""",
        )
    return _facts[parked]


def by_function(facts, name):
    return [g for g in facts["gs"] if g["at"] and g["at"]["function"] == name]


def waiting_for(facts, kind):
    return [g for g in facts["gs"] if any(item["kind"] == kind for item in g["on"])]


def test_goroutines_stand_in_their_own_code(facts):
    assert len(by_function(facts, "main.leaf")) == 4


def test_the_line_is_that_of_the_call(facts):
    g = by_function(facts, "main.leaf")[0]
    with open(g["at"]["file"], encoding="utf-8") as file:
        assert ("<-c" in (line := file.read().splitlines()[g["at"]["line"] - 1])) or "recv" in line


def test_the_running_one_stands_at_the_threads_pc(facts):
    assert [g["at"]["function"] for g in facts["gs"] if g["current"]] == ["main.ready"]


def test_a_receiver_waits_on_its_channel(facts):
    assert {(item["len"], item["cap"]) for g in by_function(facts, "main.leaf") for item in g["on"]} == {(0, 0)}


def test_a_sender_waits_on_a_full_channel(facts):
    assert {(i["len"], i["cap"]) for g in facts["gs"] if g["reason"] == "chan send" for i in g["on"]} == {(3, 3)}


def test_a_select_waits_on_both_channels(facts):
    assert [len(g["on"]) for g in facts["gs"] if g["reason"] == "select"] == [2]


def test_two_wait_for_the_same_mutex(facts):
    assert (
        len({item["address"] for g in waiting_for(facts, "Mutex") for item in g["on"]}) == 1
        and len(waiting_for(facts, "Mutex")) == 2
    )


def test_a_reader_waits_for_the_rwmutex(facts):
    assert len(waiting_for(facts, "RWMutex")) == 1


def test_the_sleeper_has_most_of_an_hour_left(facts):
    assert [3e12 < g["on"][0]["in_ns"] < 3.7e12 for g in facts["gs"] if g["reason"] == "sleep"] == [True]


def test_the_sleepers_timer_is_listed(facts):
    sleepers = [g["id"] for g in facts["gs"] if g["reason"] == "sleep"]
    assert [timer["wakes"] for timer in facts["timers"] if timer["does"] == "wakes"] == [sleepers]


def test_who_made_them(facts):
    assert {g["creator"]["function"] for g in by_function(facts, "main.leaf")} == {"main.main"}


def test_each_go_statement_has_a_line_of_its_own(facts):
    lines = [g["creator"]["line"] for g in facts["gs"] if (g["creator"] or {}).get("function") == "main.main"]
    assert len(set(lines)) == len(lines) - 3 > 6  # one stands in a loop and made four


def test_nobodys_go_statement_made_goroutine_1(facts):
    assert [g["creator"] for g in facts["gs"] if g["id"] == 1] == [None]


def test_what_they_began_with(facts):
    started = {g["start"]["function"] for g in by_function(facts, "main.leaf")}
    assert started in ({"main.main.func1"}, {"main.main.gowrap1"})  # so Go calls it from 1.22 on


def test_where_what_they_began_with_is_written(facts):
    """In one line with the go statement; not in the runtime, where C++ has the function that calls a lambda."""

    def places(what):
        return {(g[what]["file"], g[what]["line"]) for g in by_function(facts, "main.leaf")}

    assert places("start") == places("creator")


def test_the_running_one_has_m_p_and_thread(facts):
    g = next(g for g in facts["gs"] if g["current"])
    assert g["status"] == "running" and None not in (g["m"], g["p"], g["thread"])


def test_with_keeps_only_what_matches(facts):
    assert {g["reason"] for g in facts["chan"]} == {"chan receive", "chan send"}


def test_without_leaves_out_what_matches(facts):
    assert {g["id"] for g in facts["gs"]} - {g["id"] for g in facts["without"]} == {
        g["id"] for g in by_function(facts, "main.leaf")
    }


def test_groups_count(facts):
    assert [line.split()[:2] for line in facts["group"].splitlines()][0] == ["4", "main.leaf"]


def test_limit(facts):
    assert len(facts["limit"]) == 2


def test_all_adds_g0_and_gsignal(facts):
    assert {"m0.g0", "m0.gsignal"} <= {g["name"] for g in facts["all"] if g["system"]}


def test_in_a_pipe_no_place_is_cut(facts):
    places = [f"{g['at']['function']} ({pathlib.Path(g['at']['file']).name}:{g['at']['line']})" for g in facts["gs"]]
    assert [line.endswith(place) for line, place in zip(facts["text"].splitlines(), places)] == [True] * len(places)


def test_a_backtrace_goes_from_gopark_to_goexit(facts):
    names = [
        word
        for line in facts["bt"].splitlines()
        for word in ("runtime.gopark", "main.leaf", "main.middle", "runtime.goexit")
        if word in line
    ]
    assert list(dict.fromkeys(names)) == ["runtime.gopark", "main.leaf", "main.middle", "runtime.goexit"]


def test_the_thread_whose_frame_is_claimed_is_not_shown(facts):
    assert facts["bt"].startswith("#0  <parked: chan receive>") and "main.ready" not in facts["bt"]


def test_the_fast_backtrace_is_gdbs(facts):
    def pcs(text):
        return [
            line.split()[1] for line in text.splitlines() if line.startswith("#") and line.split()[1].startswith("0x")
        ]

    mine = next(part for part in facts["all bt"].split("\n\n") if "main.leaf" in part)
    assert pcs(mine) == pcs(facts["bt"]) and len(pcs(mine)) > 3


def test_up_goes_to_the_caller(facts):
    assert facts["up"].startswith("Stack level 2")


def test_the_frame_above_parking_is_not_one(facts):
    assert "nothing below it" in facts["frame 0"]


def test_frame_apply_shows_no_pc_of_the_thread(facts):
    assert facts["pcs"] and "main.ready" not in facts["pcs"]


def test_a_register_that_was_not_kept_is_not_faked(facts):
    assert facts["rax"] == "<not saved>"


def test_what_moves_is_refused(facts):
    assert [command for command, text in facts["refused"].items() if "would move" not in text] == []


def test_looking_leaves_thread_frame_and_registers(facts):
    assert facts["same"]


def test_what_is_wrong_with_a_command_is_one_line(facts):
    assert [
        c
        for c, text in facts["bad"].items()
        if not text or "\n" in text.strip() or "Traceback" in text or "rt0 itself" in text or "says" in text
    ] == []


def test_unknown_options_show_the_usage(facts):
    assert [
        "Usage: info goroutines" in facts["bad"][c] for c in ("info goroutines -foo", "info goroutines -limit x")
    ] == [True, True]


def test_completion(facts):
    found = facts["complete"]
    assert found["goroutine a"] == ["goroutine all"] and found["info goroutines -wi"] == [
        "info goroutines -with",
        "info goroutines -without",
    ]
    assert (
        found["info goroutines -with rea"] == ["info goroutines -with reason="]
        and len(found["info goroutines -group st"]) == 3
    )
    assert [line.endswith("info locals") for c, lines in found.items() if "loc" in c for line in lines] == [True]


def test_ps_ms_and_sched_agree(facts):
    running = [p for p in facts["ps"] if p["status"] == "_Prunning"]
    assert all(p["id"] == next(m["p"] for m in facts["ms"] if m["id"] == p["m"]) for p in running) and running
    assert len(facts["sched"]["pidle"]) == facts["sched"]["npidle"]


def test_arguments_of_a_parked_frame(gdb_json, parked):
    if "release" in str(parked):
        pytest.skip("the argument lives in no register that outlives the call")
    script = (
        START
        + """
result = sorted(do(f"goroutine {g['id']} output n") for g in gs if g['at'] and g['at']['function'] == 'main.leaf')
"""
    )
    found = gdb_json(parked, script)
    assert found in (["0", "1", "2", "3"], ["<optimized out>"] * 4)


def test_a_core_shows_the_same(gdb_json, parked, tmp_path):
    live = gdb_json(parked, START + f"do('gcore {tmp_path}/core'); result = gs")
    dead = gdb_json(
        parked,
        "result = json.loads(do('info goroutines -json')), do('goroutine all bt')",
        "-core",
        str(tmp_path / "core"),
    )
    assert [(g["id"], g["reason"], g["on"] and g["on"][0].get("address"), g["at"]) for g in dead[0]] == [
        (g["id"], g["reason"], g["on"] and g["on"][0].get("address"), g["at"]) for g in live
    ]
    assert "main.middle" in dead[1]


def test_a_damaged_g_is_one_bad_row(gdb_json, parked):
    script = (
        START
        + """
array = program.variable('allgs').get('array')
gdb.selected_inferior().write_memory(array + 16, (0x1234560).to_bytes(8, 'little'))
after = said('info goroutines -json')
result = [len(gs), len(after), [hex(g['address']) for g in after if g.get('unreadable')], do('info goroutines')]
"""
    )
    before, after, bad, text = gdb_json(parked, script)
    assert after == before and bad == ["0x1234560"] and "<unreadable 0x1234560>" in text


def test_a_damaged_stack_costs_only_its_own_backtrace(gdb_json, parked):
    script = (
        START
        + """
layout = program.world().layout('g')
g = next(g for g in gs if g['id'] == leaf)
for path in ('sched.bp', 'sched.sp'):
    gdb.selected_inferior().write_memory(g['address'] + layout.at[path].offset, (0xdead0000).to_bytes(8, 'little'))
after = said('info goroutines -json')
leaves = sum((g['at'] or {}).get('function') == 'main.leaf' for g in after)
result = len(after) == len(gs), leaves, 'Traceback' in do('goroutine all bt')
"""
    )
    assert gdb_json(parked, script) == [True, 3, False]


def test_one_that_runs_something_on_g0_stands_in_its_own_code(gdb_json, parked):
    """A go statement: newproc goes to g0 for newproc1."""
    script = """
stops.toward({program.world().address('main.main')}, 'run')
do('break runtime.newproc1'); do('continue')
found = json.loads(do('info goroutines 1 -json'))[0]
result = [found['status'], found['at']['function'],
    [name for name in ('main.main', 'runtime.goexit') if name in do('goroutine 1 bt')]]
"""
    assert gdb_json(parked, script) == ["running", "main.main", ["main.main", "runtime.goexit"]]


def test_a_lambda_has_the_package_of_the_function_it_is_in(gdb_json, mirror_program):
    script = (
        "do('break runtime.gopanic'); do('run'); result = json.loads(do('info goroutines 1"
        " -json'))[0]['at']['function']"
    )
    assert gdb_json(mirror_program("panic"), script) == "main.divide.func1"


def test_one_that_has_not_begun_stands_at_its_function(gdb_json, pingpong):
    """With one P, and without sysmon, nothing but main runs until it waits."""
    script = """
do('set environment GOMAXPROCS 1')
stops.toward({program.world().address('main.main')}, 'run')
do('set scheduler-locking on'); do('break runtime.gopark'); do('continue')
result = [(g['at']['function'], os.path.basename(g['at']['file']))
    for g in json.loads(do('info goroutines -with status=runnable -with start=main.* -json'))]
"""
    assert gdb_json(pingpong, "import os" + script) == [
        ["main.main.func1", "pingpong.cpp"],
        ["main.main.func2", "pingpong.cpp"],
    ]


def test_before_the_first_goroutine(gdb_json, either):
    found = gdb_json(
        either, "stops.start(); result = do('info goroutines'), do('info goroutines -json'), do('goroutine all bt')"
    )
    assert "newproc" in found[0] and json.loads(found[1])[0]["name"] == "m0.g0" and "Traceback" not in found[2]


def test_a_thread_that_clone_has_just_made_is_on_no_g(gdb_json, either):
    """It still has its creator's FS, or none of its own g there. What the others do meanwhile does not matter."""
    gs = gdb_json(either, "newborn(); result = json.loads(do('info goroutines -system -json'))")
    threads = {g["thread"] for g in gs}
    assert [1 in threads, 2 in threads, any(g["current"] for g in gs)] == [True, False, False]


def test_a_goroutine_that_has_not_run_shows_its_first_function(gdb_json, either):
    text = gdb_json(either, "until('mstart'); result = do('goroutine 1 bt')")
    assert "runtime.main" in text and "runtime.goexit" in text


def test_through_gdbserver(parked, tmp_path):
    if not shutil.which("gdbserver"):
        pytest.skip("there is no gdbserver: `apt-get install gdbserver` brings one")
    done = run_gdb(
        parked,
        "-ex",
        "target remote | gdbserver --once - " + str(parked) + " 2>/dev/null",
        "-ex",
        "break main.ready",
        "-ex",
        "continue",
        "-ex",
        "info goroutines -json",
        cwd=tmp_path,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("[{"))
    assert sum((g["at"] or {}).get("function") == "main.leaf" for g in json.loads(line)) == 4


def test_the_current_g_is_the_goroutine_in_whose_frames_one_asks(facts):
    asked = [g["address"] for g in facts["gs"] if g["id"] == facts["leaf"]]
    assert [int(facts["g"].split()[-1], 0)] == asked


def test_a_command_for_those_that_are_chosen(facts):
    assert facts["of leaves"].count("goroutine ") == 4


def test_a_command_for_none(facts):
    assert facts["of none"].startswith("no goroutine is one of those")


def test_a_word_in_a_command_is_no_command(facts):
    assert "would move" not in facts["no word of a command"]


def test_there_is_nothing_beyond_a_goroutines_first_frame(facts):
    assert facts["bottom"] != 0


def test_a_lock_is_known_by_the_address_that_is_shown(facts):
    assert [found["address"] for _, found in facts["locks"]] == [item["address"] for item, _ in facts["locks"]] != []
