"""Who holds a lock: what the code on stacks and deferred calls say of it, and nothing more; who waits in a circle."""

import pathlib

import pytest

CASE = pathlib.Path(__file__).with_name("cases") / "holders.go"
WAITING = 18  # goroutines of it, beside main's
LOOK = f"""
import collections
from rt0lab.goroutines import holders, wakers
from rt0lab.program import settings
do('break main.tick')
for _ in range(300):
    do('continue' if program.alive() else 'run')
    rows = [g for g in json.loads(do('info goroutines -json')) if not g['system'] and g['status'] == 'waiting']
    if len(rows) >= {WAITING}: break
at = {{g['id']: g['at']['function'].removeprefix('main.') for g in rows if g['at']}}
with settings.looking():
    graph = wakers.Graph()
    found = holders.Holders(graph.census, graph.rows, 60)
    held, perhaps = collections.defaultdict(list), []
    locks = set(found._found) | set(found._perhaps)
    for lock in locks:
        for each in found.of(lock):
            held[at.get(each.row.goid, '')].append((each.kind, each.plain()['evidence'], each.where))
        perhaps += [at.get(row.goid) for row in found.perhaps(lock)]
    def named(circle):
        return sorted([at[row.goid], [at[other.goid] for other in rows]] for row, _, rows in circle)
    circles = [named(circle) for circle in holders.circles(holders.stuck(graph, found))]
    # for those who wait on channels
    byname = {{at.get(row.goid): row for row in graph.rows}}
"""


@pytest.fixture(scope="module", params=["optimized", "not optimized"])
def program(request, go_build):
    """The case in both builds."""
    return go_build("holders", CASE.read_text(), *(["-gcflags=all=-N -l"] if request.param != "optimized" else []))


_seen = {}


@pytest.fixture
def seen(program, gdb_json):
    """(what each holds, who may hold something, the circles, the lines of each function)"""
    if program not in _seen:
        _seen[program] = gdb_json(
            program,
            LOOK + "result = held, perhaps, circles, [json.loads(do(\"rt0 holders 'main.global' -json\")),"
            " json.loads(do(\"rt0 holders 'main.rw' -json\"))]",
        )
    return _seen[program]


HELD = {
    "plain": "write",
    "inner": "write",
    "inGlobal": "write",
    "deferred": "write",
    "literal": "write",
    "reader": "read",
    "deferring": "read",
    "writer": "write",
    "twice": "write",
}


@pytest.mark.parametrize("function", HELD)
def test_who_has_taken_a_lock_holds_it(seen, function):
    assert [kind for kind, *_ in seen[0][function]] == [HELD[function]]


@pytest.mark.parametrize("function", HELD)
def test_it_is_said_where_it_was_taken(seen, function):
    lines = CASE.read_text().splitlines()
    ((_, _, where),) = seen[0][function]
    assert f"func {function}(" in lines[int(where.rpartition(":")[2].rstrip(")")) - 1] and f"main.{function} " in where


def test_a_loop_of_deferred_calls_holds_them_all(seen):
    assert [each[:2] for each in seen[0]["inLoop"]] == [["write", "deferred"]] * 2


@pytest.mark.parametrize("function", ["released", "perhaps", "literalPerhaps", "away"])
def test_who_may_have_given_it_back_is_no_holder(seen, function):
    assert function not in seen[0]


@pytest.mark.parametrize("function", ["perhaps", "literalPerhaps"])
def test_who_has_it_on_some_ways_only_may_hold_it(seen, function):
    assert function in seen[1]


def test_who_wait_crosswise_for_globals_are_a_circle(seen):
    assert [["cross", ["cross"]]] * 2 in seen[2]


def test_who_locks_twice_waits_for_himself(seen):
    assert [["twice", ["twice"]]] in seen[2]


def test_a_reader_behind_a_writer_behind_him_is_a_circle(seen):
    assert [["readsAgain", ["writes"]], ["writes", ["readsAgain"]]] in seen[2]


def test_there_are_no_other_circles(seen):
    assert len(seen[2]) == 3


def test_the_command_names_the_holder(seen):
    lock = seen[3][0]
    assert [(each["kind"], "inGlobal" in each["where"]) for each in lock["holders"]] == [("write", True)]


def test_a_channel_is_part_of_a_circle_if_it_is_known_who_could_send(program, gdb_json):
    """As if somebody waited for inGlobal's lock, and nobody else could wake inGlobal."""
    circle = gdb_json(
        program,
        LOOK
        + """
    first, second = byname['cross'], byname['inGlobal']
    mine = next(lock for lock in locks if any(each.row is second for each in found.of(lock)))
    item = next(item for item in graph.on[first.addr])
    graph.on[first.addr] = (type(item)(mine, 'Mutex', mine),)
    wakers_of = lambda row: (row is second, [first] if row is second else [])
    result = [named(each) for each in holders.circles(holders.stuck(graph, found, wakers_of))]
""",
    )
    assert [["cross", ["inGlobal"]], ["inGlobal", ["cross"]]] in circle


@pytest.mark.parametrize("flags", ([], ["-gcflags=all=-N -l"]), ids=["optimized", "not optimized"])
def test_who_waits_for_a_lock_that_others_unlock_is_in_no_circle(go_build, gdb_json, flags):
    """A lock may be a signal, of which one locks it twice and somebody else unlocks it."""
    source = CASE.with_name("signal-locks.go").read_text()
    script = LOOK.partition("at = {")[0].replace(f">= {WAITING}", ">= 8")
    waits = gdb_json(go_build("signal-locks", source, *flags), script + "result = json.loads(do('rt0 waits -json'))")
    assert len(waits["blocked"]) == 4 and waits["circles"] == []


GIVEN = """package main

import (
	"sync"
	"time"
)

type pair struct {
	pad int
	sync.Mutex
}

var a, b, kept sync.Mutex
var several [4]sync.Mutex
var inside pair
var pointer = &kept

func crosswise(x, y *sync.Mutex) {
	x.Lock()
	time.Sleep(50 * time.Millisecond)
	y.Lock()
	y.Unlock()
	x.Unlock()
}

//go:noinline
func free(l *sync.Mutex) { l.Unlock() }

//go:noinline
func call(f func()) { f() }

//go:noinline
func freeLocker(l sync.Locker) { l.Unlock() }

//go:noinline
func (p *pair) free() { p.pad++; p.Unlock() }

//go:noinline
func tick() {}

func later(i int) {
	time.Sleep(time.Hour)
	RELEASE
}

func main() {
	go crosswise(&LOCK, &b)
	go crosswise(&b, &LOCK)
	go later(0)
	time.Sleep(200 * time.Millisecond)
	tick()
}
"""
GIVES = {
    "to a function": ("a", "free(&a)"),
    "as an interface": ("a", "freeLocker(&a)"),
    "with its method": ("a", "call(a.Unlock)"),
    "in an array": ("several[0]", "several[i].Unlock()"),
    "in a structure": ("inside.Mutex", "inside.free()"),
    "by a variable": ("kept", "pointer.Unlock()"),
}


def circles_of(path, gdb_json):
    """How many circles `rt0 waits` finds where this stands in tick."""
    return len(
        gdb_json(path, "do('break main.tick'); do('run'); result = json.loads(do('rt0 waits -json'))['circles']")
    )


@pytest.mark.parametrize("how", GIVES)
def test_who_is_given_a_variables_lock_may_unlock_it(go_build, gdb_json, how):
    lock, unlock = GIVES[how]
    path = go_build("given", GIVEN.replace("LOCK", lock).replace("RELEASE", unlock))
    assert circles_of(path, gdb_json) == 0


def test_whom_nobody_unlocks_otherwise_is_in_a_circle(go_build, gdb_json):
    source = GIVEN.replace("LOCK", "a").replace("RELEASE", "several[i].Lock()")
    assert circles_of(go_build("given", source), gdb_json) == 1


def test_who_has_the_lock_in_hand_and_goes_on_may_unlock_it(go_build, gdb_json):
    """A Cond's lock is taken and given back through an interface, of which its code alone does not tell."""
    source = GIVEN.replace("LOCK", "a").replace("time.Sleep(time.Hour)", "lock := cond.L\n\ttime.Sleep(time.Hour)")
    source = source.replace("var inside", "var cond = sync.NewCond(&a)\nvar inside").replace("RELEASE", "lock.Unlock()")
    assert circles_of(go_build("given", source), gdb_json) == 0


def test_gdb_is_not_asked_for_a_variable_that_is_none(program, gdb_json):
    """It crashes of that where Go's own script for it is loaded."""
    script = """
from rt0lab.goroutines import locks
do('break main.tick'); do('run')
asked, ask = [], gdb.parse_and_eval
gdb.parse_and_eval = lambda text: asked.append(text) or ask(text)
try: do('rt0 holders main.nosuch')
except gdb.error: pass
gdb.parse_and_eval = ask
result = [text for text in asked if text == 'main.nosuch'], int(locks.value_of('main.global').address) > 0
"""
    assert gdb_json(program, script) == [[], True]
