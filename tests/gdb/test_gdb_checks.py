"""`rt0 check`: never a false alarm, and each check can fail (see test_gdb_corruption, too)."""

import pathlib
import shutil

import pytest

CASES = pathlib.Path(__file__).with_name("cases")
BROKEN = "[r.name for r in checks.run(snapshot.Snapshot()) if r.verdict == verdicts.BROKEN]"


def test_no_false_alarm_at_any_stage(gdb_json, either):
    script = f"""
result = []
outcome = stops.start()
while outcome.what == 'stage':
    result += [(outcome.stage.name, name) for name in {BROKEN}]
    targets = {{p.address for p in stops.places().values()
               if p.address is not None and p.stage.name not in stops.walk.reached}}
    outcome = stops.toward(targets)
"""
    assert gdb_json(either, script) == []


def test_no_false_alarm_at_any_instruction_of_rt0_go(gdb_json, hello):
    script = f"""
result = []
until('rt0_go')
while program.register('rip') != program.world().address('runtime.check'):
    result += {BROKEN}
    gdb.execute('stepi', to_string=True)
"""
    assert gdb_json(hello, script) == []


def test_no_false_alarm_in_a_thread_that_clone_has_just_made(gdb_json, either):
    assert gdb_json(either, f"newborn(); result = {BROKEN}") == []


def test_all_is_ok_at_main_main(gdb_json, either):
    script = (
        "until('main.main'); result = [r.name for r in checks.run(snapshot.Snapshot()) if r.verdict != verdicts.OK]"
    )
    assert gdb_json(either, script) == []


@pytest.mark.parametrize(
    "damage, name",
    [
        ("m0.g0 = 0", "g0 and m0 point at each other"),
        ("g0.m = (m*)&g0", "g0 and m0 point at each other"),
        ("*(long*)($fs_base-8) = 0x1234", "TLS holds a g"),
        ("allgs.array[0]->stack.hi = allgs.array[0]->stack.lo + 8", "SP is inside the current g's stack"),
        ("m0.curg = &g0", "m.curg and g.m agree"),
        ("m0.p->m = 0", "m.p and p.m agree"),
        ("allgs.array[0]->atomicstatus = 77", "goroutine statuses fit"),
        ("allglen = 77", "allgs and allglen agree"),
        ("m0.p->runnext = &g0", "queued goroutines are runnable"),
        ("sched.runqsize = 7", "sched.runqsize counts the global queue"),
        ("sched.npidle = 7", "sched.npidle counts the idle Ps"),
        ("sched.nmidle = 7", "sched.nmidle counts the idle Ms"),
        ("m0.id = 1", "allm holds every M once"),
        ("allm = 0", "allm holds every M once"),
        ("allgs.len = 0", "allgs and allglen agree"),
        ("allglen = 0", "allgs and allglen agree"),
        ("allgs.array[0] = &g0", "allgs and allglen agree"),
        ("m0.gsignal = allgs.array[0]", "each M has its own g0 and gsignal"),
        ("allgs.array[0]->sched.g = &g0", "goroutine statuses fit"),
        ("allp.array[0]->status = 77", "m.p and p.m agree"),
        ("gomaxprocs = 9", "allp holds every P once"),
    ],
)
def test_damage_is_found(gdb_json, hello, damage, name):
    script = f"until('runtime.main'); do({'set var ' + damage!r}); result = {BROKEN}"
    assert name in gdb_json(hello, script)


# ---- who excuses what ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage, name",
    [
        ("allp.array[1]->m = &m0", "m.p and p.m agree"),
        ("sched.npidle = 7", "sched.npidle counts the idle Ps"),
        ("allglen = 0", "allgs and allglen agree"),
        ("allgs.array[0]->atomicstatus = 77", "goroutine statuses fit"),
    ],
)
def test_who_is_in_a_function_that_changes_links_excuses_no_other(gdb_json, hello, damage, name):
    script = f"until('execute'); do({'set var ' + damage!r}); result = {BROKEN}"
    assert name in gdb_json(hello, script)


def test_who_changes_one_p_excuses_no_other(gdb_json, hello):
    script = """
from rt0lab.state import movers
until('main.main'); do('tbreak *' + hex(program.world().address('runtime.entersyscall'))); do('continue')
snap = snapshot.Snapshot()
mine = snap.m_of_thread().get('p')
result = all(bool(movers.Threads(snap).mover(("entersyscall",), p.addr)) == (p.addr == mine) for p in snap.ps)
"""
    assert gdb_json(hello, script)


def test_a_lock_that_nobody_holds_excuses_nothing(gdb_json, hello):
    script = (
        f"until('runtime.main'); do('set var sched.lock.key = 1'); do('set var sched.npidle = 7'); result = {BROKEN}"
    )
    assert "sched.npidle counts the idle Ps" in gdb_json(hello, script)


def test_the_thread_that_makes_the_link_excuses_it(gdb_json, hello):
    script = """
until('mpreinit')
result = [(r.verdict, r.detail) for r in checks.run(snapshot.Snapshot()) if r.name == 'allm holds every M once']
"""
    assert gdb_json(hello, script) == [
        ["moving", "allm is empty, although sched.mnext is 1, but thread 1 is in schedinit"]
    ]


# ---- the healthy -----------------------------------------------------------------------------------------------------

# Go marks a goroutine as waiting while its M works for it, hands Ps and Ms over, and does all this in many functions.
CHANGING = """
    casgstatus execute dropg park_m ready wirep acquirep releasep stopTheWorldWithSema startTheWorldWithSema gcDrain
    gcMarkTermination scanstack gcstopm handoffp startm mput mget globrunqput
""".split()
STEPPING = """
import contextlib
do('set environment GODEBUG asyncpreemptoff=1'); do('handle SIGURG nostop noprint pass')
places = [next(filter(None, [program.world().address('runtime.' + name + more) for more in ('', '.abi0')]), None)
    for name in NAMES]
result = []
def alarms():
    for step in range(16):
        try:
            found = [(r.name, r.detail) for r in checks.run(snapshot.Snapshot()) if r.verdict == verdicts.BROKEN]
        except program.Problem as problem:
            found = [str(problem)]
        # another thread has just ended the process, maybe amid the checks
        if not program.alive() or not program.variable('g0'):
            return
        result.extend((names.plain(gdb.selected_frame().name()), step, each) for each in found)
        do('stepi')
"""


def test_no_false_alarm_where_links_change(gdb_json, go_build):
    program = go_build("gcstops", (CASES / "gc-stops.go").read_text(), "-gcflags=all=-N -l")
    script = """
until('main.main')
for place in filter(None, places):
    gdb.Breakpoint(f'*{place}', temporary=True)
    do('continue')
    alarms()
assert sum(map(bool, places)) >= 12, places
"""
    assert gdb_json(program, f"NAMES = {CHANGING!r}" + STEPPING + script) == []


@pytest.mark.parametrize("name", ["chans", "selects", "lockthread"])
def test_no_false_alarm_where_the_mirror_changes_links(gdb_json, mirror_test, name):
    """In one run of the program, which need not come to all of them: gdb 13 that runs a program again and again, each
    run ended amid its threads, hangs now and then."""
    more = """
        send recv chansend chanrecv closechan selectgo goready stoplockedm startlockedm newproc1
        goexit0 entersyscall exitsyscall allgadd gfput acquirep1 mcommoninit procresize
    """.split()
    script = """
waiting = [gdb.Breakpoint(f'*{place}', temporary=True) for place in filter(None, places)]
do('run')
with contextlib.suppress(gdb.error):  # gdb may think that a program is there whose threads have just gone
    while program.alive():
        alarms()
        gdb.execute('continue', to_string=True)
assert sum(not each.is_valid() for each in waiting) >= 24, [each.location for each in waiting if each.is_valid()]
"""
    assert gdb_json(mirror_test(name), f"NAMES = {CHANGING + more!r}" + STEPPING + script) == []


@pytest.fixture(scope="module")
def with_c(go_build):
    """with_c(case): a program with C in it."""
    if not shutil.which("gcc"):
        pytest.skip("there is no C compiler: `apt-get install gcc` brings one")
    return lambda name: go_build(name.replace("-", ""), (CASES / f"{name}.go").read_text(), "-gcflags=all=-N -l")


ALL = (
    "[(thread.num, r.verdict, r.name, r.detail) for thread in gdb.selected_inferior().threads() if [thread.switch()]"
    " for r in checks.run(snapshot.Snapshot()) if r.verdict == verdicts.BROKEN or 'TLS' in r.name]"
)


def test_g_is_found_where_cs_thread_local_variables_moved_it(gdb_json, with_c):
    script = f"do('break main.stopHere'); do('run'); result = {ALL}, do('info goroutines')"
    found, text = gdb_json(with_c("tls-slot"), script)
    assert [each for each in found if each[1] == "BROKEN"] == [] and any(
        "-0xc0(FS) holds g1" in each[3] for each in found
    )
    assert "* " in text


def test_no_false_alarm_with_cs_threads_and_ms_to_spare(gdb_json, with_c):
    found = gdb_json(with_c("callback"), f"do('break main.breakHere'); do('run'); result = {ALL}")
    assert [each for each in found if each[1] == "BROKEN"] == [] and found


def test_no_false_alarm_in_a_thread_that_c_made(gdb_json, with_c):
    """No M is on it, so there is no g to find."""
    found = gdb_json(with_c("c-wakes-go"), f"do('break work'); do('run'); result = {ALL}")
    assert [each for each in found if each[1] == "BROKEN"] == [] and "unknown" in [each[1] for each in found]
