"""`rt0 check`: never a false alarm, and each check can fail (see test_gdb_corruption, too)."""

import pytest

BROKEN = "[r.name for r in checks.run(snapshot.Snapshot()) if r.verdict == checks.BROKEN]"


def test_no_false_alarm_at_any_stage(gdb_json, either):
    script = f"""
result = []
outcome = stops.start()
while outcome.what == 'stage':
    result += [(outcome.stage.name, name) for name in {BROKEN}]
    targets = {{p.address for p in stops.places().values() if p.address is not None and p.stage.name not in stops.walk.reached}}
    outcome = stops.toward(targets)
"""
    assert gdb_json(either, script) == []


def test_no_false_alarm_at_any_instruction_of_rt0_go(gdb_json, hello):
    script = f"""
result = []
until('rt0_go')
while model.register('rip') != model.world().address('runtime.check'):
    result += {BROKEN}
    gdb.execute('stepi', to_string=True)
"""
    assert gdb_json(hello, script) == []


def test_no_false_alarm_in_a_thread_that_clone_has_just_made(gdb_json, either):
    assert gdb_json(either, f"newborn(); result = {BROKEN}") == []


def test_all_is_ok_at_main_main(gdb_json, either):
    script = "until('main.main'); result = [r.name for r in checks.run(snapshot.Snapshot()) if r.verdict != checks.OK]"
    assert gdb_json(either, script) == []


@pytest.mark.parametrize("damage, name", [
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
])  # fmt: skip
def test_damage_is_found(gdb_json, hello, damage, name):
    script = f"until('runtime.main'); do({'set var ' + damage!r}); result = {BROKEN}"
    assert name in gdb_json(hello, script)
