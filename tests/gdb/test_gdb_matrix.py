"""Every way to look at a program, in both worlds: the same commands give the same values, or say in a line why there
are none."""

import pathlib
import shutil

import pytest

READY = "stops.toward({program.world().address('main.ready')}, 'run')\n"
# How gdb comes to look at the program where its goroutines are parked.
WITH_STATE = {
    "live": READY,
    "non-stop": "do('set non-stop on')\n" + READY,
    # It stops as soon as gdb leaves it, before it can go on and end.
    "attached": (
        READY + "import os, signal; pid = gdb.selected_inferior().pid; os.kill(pid, signal.SIGSTOP); do('detach');"
        " do(f'attach {pid}')\n"
    ),
    "core": READY + "do(f'gcore {folder}/core'); do('kill'); do(f'core-file {folder}/core')\n",
    "gdbserver": (
        "do(f'target remote | gdbserver --once - {path} 2>/dev/null');"
        " stops.toward({program.world().address('main.ready')})\n"
    ),
}
WITHOUT = {"not started": "", "exited": READY + "do('signal SIGKILL')\n"}
LOOK = """
gs, ms, ps, sched, waits = (json.loads(do(c + ' -json'))
    for c in ('info goroutines', 'info ms', 'info ps', 'info sched', 'rt0 waits'))
leaves = [g for g in gs if (g['at'] or {}).get('function') == 'main.leaf']
bt = do(f"goroutine {leaves[0]['id']} bt") if leaves else ''
result = {
    'leaves': len(leaves), 'reasons': sorted({g['reason'] for g in leaves}),
    'channel': sorted({(item['len'], item['cap']) for g in leaves for item in g['on']}),
    'together': [sum(g['id'] in thing['waiting'] for g in leaves) for thing in waits['things']
        if leaves[0]['id'] in thing['waiting']],
    'bt': [name for name in ('runtime.gopark', 'main.leaf', 'main.middle', 'runtime.goexit') if name in bt],
    'ps': len(ps) == sched['gomaxprocs'] > 0, 'ms': len({m['thread'] for m in ms}) == len(ms) > 1,
    'm0': do('rt0 dump m0').startswith('m0{id 0, thread '), 'deadlock': waits['deadlock'],
}
do('kill')
"""
SAME = {
    "leaves": 4,
    "reasons": ["chan receive"],
    "channel": [[0, 0]],
    "together": [4],
    "ps": True,
    "ms": True,
    "m0": True,
    "deadlock": False,
    "bt": ["runtime.gopark", "main.leaf", "main.middle", "runtime.goexit"],
}
COMMANDS = (
    "info goroutines",
    "info ms",
    "info ps",
    "info sched",
    "goroutine 1 bt",
    "goroutine all bt",
    "rt0 waits",
    "rt0 check",
    "rt0 diff",
    "rt0",
)


@pytest.fixture(scope="module", params=["mirror", "mirror-O2", "go"])
def program(request):
    """A program whose goroutines wait for each kind of thing."""
    if request.param == "go":
        source = pathlib.Path(__file__).with_name("parked.go.txt").read_text()
        return request.getfixturevalue("go_build")("parked", source, "-gcflags=all=-N -l")
    debug = request.getfixturevalue("mirror_test")("parked")
    return debug if request.param == "mirror" else pathlib.Path(str(debug).replace("/debug/", "/release/"))


@pytest.mark.parametrize("way", WITH_STATE)
def test_values_are_the_same(gdb_json, program, tmp_path, way):
    if way == "gdbserver" and not shutil.which("gdbserver"):
        pytest.skip("there is no gdbserver: `apt-get install gdbserver` brings one")
    found = gdb_json(program, f"path, folder = {str(program)!r}, {str(tmp_path)!r}\n{WITH_STATE[way]}{LOOK}")
    (tmp_path / "core").unlink(missing_ok=True)
    assert found == SAME


@pytest.mark.parametrize("way", WITHOUT)
def test_what_there_is_not_is_said_in_a_line(gdb_json, program, way):
    found = gdb_json(program, f"{WITHOUT[way]}result = {{command: do(command) for command in {COMMANDS!r}}}")
    assert [
        (c, text) for c, text in found.items() if len(text.strip().splitlines()) != 1 or "`rt0 run`" not in text
    ] == []


@pytest.mark.parametrize("way", WITHOUT)
def test_no_process_is_an_empty_list(gdb_json, program, way):
    lists = [f"{c} -json" for c in ("info goroutines", "info ms", "info ps", "info sched")]
    assert gdb_json(program, f"{WITHOUT[way]}result = [json.loads(do(command)) for command in {lists!r}]") == [
        [],
        [],
        [],
        [],
    ]


# In non-stop mode sysmon's thread is stopped and the first one, which gdb stays with, runs on. Each step lets gdb see
# to the other threads, too; some gdbs hang when they kill a process that has just made one.
NON_STOP = """
do('set non-stop on')
def settle(ready):
    next(t for t in gdb.selected_inferior().threads() if t.is_stopped()).switch()
    while not ready(): do('stepi')
    do('thread 1')
def all_begun():
    return sum(g.get('status') == 'waiting' for g in json.loads(do('info goroutines -json'))) > 20
def spins():
    return program.read(program.world().address('main.spinning'), 1)[0]
"""
RUNS_ON = NON_STOP + "do(f'tbreak *{program.world().address(\"runtime.sysmon\"):#x}'); do('run')\n"


@pytest.fixture(params=["mirror", "go"])
def standing(request):
    """A program that stays as it is once all its goroutines have begun."""
    return (
        request.getfixturevalue("mirror_test")("standing")
        if request.param == "mirror"
        else request.getfixturevalue("go_standing")
    )


def test_goroutines_are_listed_from_a_thread_that_runs_on(gdb_json, standing):
    gs = gdb_json(standing, RUNS_ON + "settle(all_begun); result = json.loads(do('info goroutines -json')); do('kill')")
    assert 1 in [g["id"] for g in gs] and [g["id"] for g in gs if g["current"]] == []


def test_the_thread_that_stops_at_a_stage_is_looked_at(gdb_json, standing):
    script = (
        "until('sysmon'); result = program.selected_thread().is_running(), stops.current()[0].name; settle(all_begun);"
        " do('kill')"
    )
    assert gdb_json(standing, NON_STOP + script) == [False, "sysmon"]


def test_frames_are_not_made_up_while_their_thread_runs(gdb_json, mirror_test):
    script = RUNS_ON + "settle(spins); result = do('goroutine 1 bt'); do('kill')"
    assert gdb_json(mirror_test("spinning"), script).startswith(
        "goroutine 1 is running and its thread is not stopped here"
    )
