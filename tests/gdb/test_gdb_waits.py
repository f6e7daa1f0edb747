"""`rt0 waits` and `rt0 holders`: who waits for whom, what a deadlock's proof says, what a lock does not tell."""

import json

import pytest

GO_DEADLOCK = """package main

import "sync"

func worker(a, b chan int, mu *sync.Mutex) {
	mu.Lock()
	a <- 1
	<-b
}

func main() {
	a, b := make(chan int), make(chan int)
	mu := new(sync.Mutex)
	mu.Lock()
	go worker(a, b, mu)
	<-a
}
"""
READY = "stops.toward({model.world().address('main.ready')}, 'run')\n"
DEAD = "stops.toward({model.world().address(s) for s in ('runtime.checkdead', 'runtime.throw', 'runtime.fatal') if model.world().address(s)}, 'run')\n"
WAITS = "waits = json.loads(do('rt0 waits -json'))\n"


@pytest.fixture(params=["mirror", "go"])
def deadlock(request):
    """A program that deadlocks at once."""
    if request.param == "go":
        return request.getfixturevalue("go_build")("deadlock", GO_DEADLOCK)
    return request.getfixturevalue("mirror_test")("deadlock")


def thing(waits, kind):
    return [t for t in waits["things"] if t["kind"] == kind]


def test_everybody_waiting_for_a_channel_stands_at_it(gdb_json, parked):
    waits = gdb_json(parked, READY + WAITS + "result = waits")
    assert sorted(len(t["waiting"]) for t in thing(waits, "chan")) in ([2, 5], [3, 5])


def test_the_sleeper_and_the_running_one_are_able(gdb_json, parked):
    found = gdb_json(parked, READY + WAITS + "gs = {g['id']: g for g in json.loads(do('info goroutines -json'))}\n"
                     "result = [waits['deadlock'], sorted(gs[g]['reason'] or gs[g]['status'] for g in waits['able'])]")  # fmt: skip
    assert found[0] is False and {"running", "sleep"} <= set(found[1]) <= {"running", "sleep", "syscall", "runnable"}


def test_a_deadlock_is_proved(gdb_json, deadlock):
    script = DEAD + """
for _ in range(40):
    waits = json.loads(do('rt0 waits -json'))
    if waits['deadlock'] or not model.alive(): break
    stops.toward({model.world().address(s) for s in ('runtime.checkdead', 'runtime.throw', 'runtime.fatal') if model.world().address(s)})
result = waits['deadlock'], len(waits['blocked']), waits['stuck'] == waits['blocked'], do('rt0 waits')
"""
    dead, blocked, stuck, text = gdb_json(deadlock, script)
    assert dead and blocked >= 1 and stuck and "Proof" in text


@pytest.mark.parametrize("world", ["mirror", "go"])
def test_a_mutex_tells_its_waiters_and_no_owner(gdb_json, request, world):
    if world == "go":
        program, name = request.getfixturevalue("go_build")("deadlock", GO_DEADLOCK), None
    else:
        program, name = request.getfixturevalue("mirror_test")("parked"), None
    script = (READY if world == "mirror" else DEAD) + """
for _ in range(40):
    locks = [item for g in json.loads(do('info goroutines -json')) for item in g['on'] if item['kind'] == 'Mutex']
    if locks or not model.alive(): break
    stops.toward({model.world().address(s) for s in ('runtime.checkdead', 'runtime.throw', 'runtime.fatal') if model.world().address(s)})
""" + (
        "result = json.loads(do('rt0 holders *(\\'sync.Mutex\\' *)' + hex(locks[0]['address']) + ' -json'))" if world == "go" else
        "result = json.loads(do('rt0 holders *(sync::Mutex *)' + hex(locks[0]['address']) + ' -json'))")  # fmt: skip
    found = gdb_json(program, "do('set language c') if model.world().is_go else None\n" + script)
    assert found["locked"] and found["holders"] == [] and len(found["waiting"]) >= 1


def test_a_free_runtime_lock_has_no_holder(gdb_json, either):
    found = gdb_json(either, "until('newproc'); result = json.loads(do('rt0 holders sched.lock -json'))")
    assert found["locked"] is False and found["holders"] == []


def test_a_lock_has_its_full_name_in_go(gdb_json, go_hello):
    found = gdb_json(go_hello, "until('newproc'); result = [do(f'rt0 holders {name}.lock') for name in ('sched', \"'runtime.sched'\")]")
    assert found[0] == found[1] and "unlocked" in found[0]


def test_the_only_m_with_locks_holds_a_locked_one(gdb_json, hello):
    script = """
until('newproc')
do('set var sched.lock.key = 1'); do('set var m0.locks = 1')
result = json.loads(do('rt0 holders sched.lock -json'))
"""
    assert gdb_json(hello, script)["holders"] == ["m0"]


@pytest.mark.parametrize("what", ["", "nosuch", "m0", "1"])
def test_what_is_no_lock_is_one_line(gdb_json, hello, what):
    text = gdb_json(hello, f"until('newproc'); result = do('rt0 holders {what}')")
    assert len(text.strip().splitlines()) == 1 and "Traceback" not in text and "rt0 itself" not in text


def test_waits_before_the_first_goroutine(gdb_json, either):
    assert "no goroutine" in gdb_json(either, "stops.start(); result = do('rt0 waits')")


def test_json_is_json(gdb_json, parked):
    assert json.dumps(gdb_json(parked, READY + WAITS + "result = sorted(waits)")) == json.dumps(
        ["able", "blocked", "circles", "deadlock", "doubts", "evidence", "forever", "not_searched", "searched", "stuck", "things", "timers",
         "unknown", "verdict"])  # fmt: skip


def test_each_goroutine_has_one_verdict(gdb_json, parked):
    found = gdb_json(parked, READY + WAITS + "own = [g['id'] for g in json.loads(do('info goroutines -json')) if not g['system']]\n"
                     "result = waits, sorted(i for group in waits['evidence'] for i in group['goroutines']), own")  # fmt: skip
    waits, judged, own = found
    assert sorted(waits["able"] + waits["stuck"] + waits["unknown"]) == judged and len(set(judged)) == len(judged) and set(judged) < set(own)
