"""`rt0 why`: which instruction wrote a field, found by running the same boot once more."""

import json
import os

import pytest
from rt0lab.formats import elf
from rt0lab.rerun import stepper

READY = """
from rt0lab.rerun import launches, present, stepper, writes
from rt0lab.program import names
"""

# What is not the same in two runs: times, what is drawn by lot, the kernel's numbers.
OTHERWISE = {
    *"procid fastrand lastpoll procresizetime trackingSeq tracking stamp cheaprand chacha8 seed".split(),
    *"runnableStamp trackingStamp runnableTime".split(),  # of one goroutine in eight
}


def test_each_field_that_has_changed_has_its_writer(gdb_json, either):
    script = """
stops.start(); first = snapshot.Snapshot(); found = writes.of_program(); result = []
for stage in ('schedinit', 'newproc', 'mstart', 'runtime.main'):
    until(stage)
    step = present.of(found).step
    for path, was, now in changes.diff_all(first, snapshot.Snapshot()):
        write = found.last(path, step)
        result.append([stage, path, names.plain(now), names.plain(write.after) if write else 'nobody'])
"""
    said = gdb_json(either, READY + script)
    assert [each for each in said if each[2] != each[3] and not set(each[1].split(".")) & OTHERWISE] == []
    assert len({path for _, path, _, _ in said}) > 60


# What gdb sees as a watchpoint stops: the values, and in which function the instruction before is; from two places on.
WATCHED = """
do('set language c'); stops.start(); found, result = writes.of_program(), []
symbol = lambda pc: names.function(program.world().symbol_at(pc)[0])
for start, paths in PLACES:
    if start: until(start)
    here = present.of(found).step
    later = [(path, next(w for w in found.of(path) if w.step >= here)) for path in paths]
    for path, write in sorted(later, key=lambda each: each[1].step):
        at = next(a for s, a, _, _ in found.replay.changes if s == write.step and a)
        watch = gdb.Breakpoint(f'*(unsigned long *) {at:#x}', gdb.BP_WATCHPOINT, gdb.WP_WRITE, True)
        do('continue')
        gone, now = program.register('rip') - 1, present.of(found).step
        result.append([path, write.function, symbol(gone), write.step + 1, now])
        watch.delete()
"""
PLACES = [
    ("", ["g0.stack.lo", "g0.m", "argc", "ncpu", "sched.maxmcount", "sched.npidle"]),
    ("newproc1", ["g1.stackguard0", "g1.sched.pc", "g1.startpc", "g1.status", "allgs.len", "p0.runnext"]),
]


def test_gdb_stops_behind_the_same_instruction(gdb_json, either):
    said = gdb_json(either, READY + f"PLACES = {PLACES!r}" + WATCHED)
    assert [each for each in said if each[1] != each[2] or each[3] != each[4]] == [] and len(said) == 12


def test_an_answer_names_the_last_write_before_the_present(gdb_json, hello):
    script = """
until('osinit'); early = json.loads(do('rt0 why sched.mnext -json')); until('newproc')
result = [early['writer'], json.loads(do('rt0 why sched.npidle -json'))['writer']]
"""
    early, late = gdb_json(hello, script)
    assert early is None and (late["before"], late["after"]) == (0, 1) and late["function"] == "runtime.pidleput"


def test_all_writes_are_told_in_their_order(gdb_json, hello):
    script = "until('newproc'); result = json.loads(do('rt0 why g1.status -all -json'))['writes']"
    said = gdb_json(hello, script)
    assert [each["after"] for each in said] == ["_Gdead", "_Grunnable", "_Grunning"]
    assert sorted(said, key=lambda each: each["step"]) == said


def test_what_came_later_is_told_between_two_stops(gdb_json, hello):
    script = "until('runtime.main'); until('main.main'); result = json.loads(do('rt0 why allglen -json'))"
    said = gdb_json(hello, script)
    assert said["writer"] is None and said["between"]["to"] - said["between"]["from"] == 1


def test_the_session_stays_as_it_is(gdb_json, hello):
    script = """
until('newproc'); before = [program.pid(), program.register('rip'), len(gdb.inferiors())]
do('rt0 why g0.m'); result = [before, [program.pid(), program.register('rip'), len(gdb.inferiors())]]
"""
    before, after = gdb_json(hello, script)
    assert before == after


def test_no_process_is_left(gdb_json, hello):
    script = """
import os; until('newproc'); do('rt0 why g0.m')
own = {str(os.getpid()), str(program.pid())}
def parent(pid):
    try: return open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[1]
    except OSError: return ''
result = [pid for pid in os.listdir('/proc') if pid.isdecimal() and pid not in own and parent(pid) in own]
"""
    assert gdb_json(hello, script) == []


def test_who_has_written_to_a_field_is_told_that_the_rest_is_not_known(gdb_json, hello):
    script = "until('newproc'); do('set variable sched.maxmcount = 7'); result = do('rt0 why sched.maxmcount')"
    assert "somebody has written to it" in gdb_json(hello, script)


def test_what_was_written_before_the_first_stop_that_is_kept_is_not_laid_to_the_boot(gdb_json, hello):
    script = """
do('tbreak main.main'); do('run')
result = [json.loads(do(f'rt0 why {each} -json'))['writer'] for each in ('allglen', 'allgs.len', 'allm')]
"""
    assert gdb_json(hello, script) == [None] * 3


WRITES_AS_IT_STOPS = """
class Writes(gdb.Breakpoint):
    def stop(self): gdb.execute('set variable sched.maxmcount = 0'); return True
"""


def test_what_became_again_what_it_had_been_is_not_laid_to_chance(gdb_json, hello):
    script = """
stops.start(); Writes('main.main'); do('continue')
result = [json.loads(do('rt0 why sched.maxmcount -json')), do('rt0 why sched.maxmcount')]
"""
    data, text = gdb_json(hello, WRITES_AS_IT_STOPS + script)
    assert data["writer"] is None and [data["between"][k] for k in ("from", "before", "after")] == [1, 10000, 0]
    assert "second thread" in text and "chance" not in text


def test_what_no_stop_was_kept_before_is_told_since_the_second_thread(gdb_json, hello):
    script = "do('tbreak main.main'); do('run'); result = json.loads(do('rt0 why allglen -json'))['between']"
    said = gdb_json(hello, script)
    assert (said["from"], said["before"], said["to"]) == (None, 1, 1)


def test_where_the_boot_has_gone_another_way_its_value_is_none_of_this_process(gdb_json, hello):
    script = """
until('newproc'); do('set variable sched.maxmcount = 7'); do('stepi'); do('tbreak main.main'); do('continue')
result = json.loads(do('rt0 why sched.maxmcount -json'))
"""
    said = gdb_json(hello, script)
    assert said["writer"] is None and "written to it" in said["problem"]
    assert [said["between"][key] for key in ("from", "to", "before", "after")] == [1, 2, 10000, 7]


def test_what_only_lies_beside_a_time_is_none(gdb_json, hello):
    script = """
until('newproc'); found = writes.of_program(); at = program.world().variable('sched')[0]
place = lambda name: at + program.world().layout('schedt').at[name].offset
one, other = place('npidle'), place('nmspinning'); assert one & ~7 == other & ~7
word = found.replay.within(found.replay.image(found.steps), one & ~7, 8)
changed = bytearray(word); changed[one & 7] ^= 1
found.replay.volatile.clear(); found.replay.volatile[one & ~7] = int.from_bytes(changed, 'little')
result = [found.is_volatile('sched.npidle'), found.is_volatile('sched.nmspinning')]
"""
    assert gdb_json(hello, READY + script) == [True, False]


def test_what_was_written_by_hand_has_no_two_stops(gdb_json, hello):
    script = "until('newproc'); do('set variable sched.npidle = 7'); result = do('rt0 why sched.npidle')"
    said = gdb_json(hello, script)
    assert "in gdb" in said and "→" not in said


@pytest.mark.parametrize("thing", ["p0", "p0.status", "&runtime.allp[0]"])
def test_a_p_has_the_name_of_its_status(gdb_json, hello, thing):
    script = f"until('newproc'); result = json.loads(do('rt0 why {thing} -json'))"
    said = gdb_json(hello, script)
    assert (said["field"], said["writer"]["after"]) == ("p0.status", "_Prunning")


def test_of_a_p_that_was_not_watched_nothing_is_said(gdb_json, hello):
    script = """
from rt0lab.rerun import replay; replay.MOST_BYTES = 0; do('set environment GOMAXPROCS 3')
stops.start(); first = do('rt0 why p2.runnext'); until('newproc')
result = [first, json.loads(do('rt0 why allp_status -json'))['writer']['after']]
"""
    first, statuses = gdb_json(hello, READY + script)
    assert "not watched" in first and statuses == [1, 0, 0]


@pytest.mark.parametrize("field", ["p0.runq", "sched.runq", "sched.runqsize"])
def test_what_is_never_written_is_one_sentence(gdb_json, hello, field):
    said = gdb_json(hello, f"until('newproc'); do('rt0 why ncpu'); result = do('rt0 why {field} -all')")
    assert said == f"{field}: the boot does not write to it.\n"


@pytest.mark.parametrize("whole", ["sched", "m0"])
def test_of_a_whole_thing_the_fields_are_named(gdb_json, hello, whole):
    said = gdb_json(hello, f"until('newproc'); result = do('rt0 why {whole}')")
    assert said.startswith(f"{whole} is no single value")


def test_no_write_is_missed_at_an_instruction_that_is_not_looked_behind(hello, monkeypatch):
    seen, sections = [], elf.Elf(str(hello)).sections
    pieces = stepper.merged([(each.lo, each.hi - each.lo) for each in sections if each.writable])
    for every in (False, True):
        if every:
            monkeypatch.setattr(stepper, "may_write", lambda code: True)
        again = stepper.Tracee(os.fsencode(hello), [b"hello"], [], b"/")
        columns = again.step(pieces, 1 << 20)[2]
        again.kill()
        seen.append([(columns[0][step], at) for step, at in zip(columns[2][::4], columns[2][1::4])])
    assert seen[0] == seen[1] and len(seen[0]) > 200


def test_a_process_that_has_ended_is_answered_for(gdb_json, hello):
    script = "until('newproc'); do('kill'); result = json.loads(do('rt0 why sched.npidle -json'))['writer']['function']"
    assert gdb_json(hello, script) == "runtime.pidleput"


@pytest.mark.parametrize("field", ["g1.nothing", "g1.sched", "nobody.x", "g77.status", "x[", "-1"])
def test_what_is_no_field_is_one_sentence(gdb_json, hello, field):
    said = gdb_json(hello, f"until('newproc'); result = do('rt0 why ' + {field!r})")
    assert said and "rt0 itself failed" not in said


def test_gdbs_own_python_does_where_there_is_no_other(gdb_json, hello):
    script = """
import os; from rt0lab.rerun import helper; helper._PYTHONS = ()
until('newproc'); said = do('rt0 why sched.npidle -json'); result = [os.readlink('/proc/self/exe'), said]
"""
    gdb, said = gdb_json(hello, script)
    if "gdb" not in os.path.basename(gdb):
        pytest.skip("this gdb is started by another program, which is all that is known of it")
    assert json.loads(said)["writer"]["function"] == "runtime.pidleput"


def test_where_nothing_may_be_traced_a_sentence_says_so(gdb_json, hello, tmp_path):
    refusing = tmp_path / "refusing.py"
    refusing.write_text("""input(); print('{"failed": "ptrace", "errno": 1, "bytes": 0}')""")
    script = f"""
import pathlib; from rt0lab.rerun import helper; helper._SCRIPT = pathlib.Path({str(refusing)!r})
until('newproc'); result = do('rt0 why sched.npidle')
"""
    assert "may not be traced here" in gdb_json(hello, script)


def test_a_core_has_nothing_to_run_again(gdb_json, hello, tmp_path):
    script = f"""
until('newproc'); do('generate-core-file {tmp_path}/core'); do('kill'); do('core-file {tmp_path}/core')
program.world().own('launch', dict).clear()  # as if the process had not been here
result = do('rt0 why sched.npidle')
"""
    assert "cannot be run once more" in gdb_json(hello, script)
