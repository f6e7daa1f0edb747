"""`rt0 waits` and `rt0 holders`: who waits for whom, what a deadlock's proof says, what a lock does not tell."""

import json
import pathlib
import re

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
READY = "stops.toward({program.world().address('main.ready')}, 'run')\n"
DEAD = (
    "stops.toward({program.world().address(s) for s in ('runtime.checkdead', 'runtime.throw', 'runtime.fatal') if"
    " program.world().address(s)}, 'run')\n"
)
WAITS = "waits = json.loads(do('rt0 waits -json'))\n"


@pytest.fixture(scope="session", params=["mirror", "go"])
def deadlock(request):
    """A program that deadlocks at once."""
    if request.param == "go":
        return request.getfixturevalue("go_build")("deadlock", GO_DEADLOCK)
    return request.getfixturevalue("mirror_program")("deadlock")


def thing(waits, kind):
    return [t for t in waits["things"] if t["kind"] == kind]


def test_everybody_waiting_for_a_channel_stands_at_it(gdb_json, parked):
    waits = gdb_json(parked, READY + WAITS + "result = waits")
    assert sorted(len(t["waiting"]) for t in thing(waits, "chan")) in ([2, 5], [3, 5])


def test_the_sleeper_and_the_running_one_are_able(gdb_json, parked):
    found = gdb_json(
        parked,
        READY + WAITS + "gs = {g['id']: g for g in json.loads(do('info goroutines -json'))}\n"
        "result = [waits['deadlock'], sorted(gs[g]['reason'] or gs[g]['status'] for g in waits['able'])]",
    )
    assert found[0] is False and {"running", "sleep"} <= set(found[1]) <= {"running", "sleep", "syscall", "runnable"}


# To where the program is dead: Go looks for it more than once.
TO_DEATH = (
    DEAD
    + """
for _ in range(40):
    waits = json.loads(do('rt0 waits -json'))
    if waits['deadlock'] or not program.alive(): break
    stops.toward({program.world().address(s) for s in ('runtime.checkdead', 'runtime.throw', 'runtime.fatal')
        if program.world().address(s)})
"""
)


def test_a_deadlock_is_proved(gdb_json, deadlock):
    dead, blocked, stuck, text = gdb_json(
        deadlock,
        TO_DEATH
        + "result = waits['deadlock'], len(waits['blocked']), waits['stuck'] == waits['blocked'], do('rt0 waits')",
    )
    assert dead and blocked >= 1 and stuck and "Proof" in text


DOUBTS = {  # what makes a proof none: how to write it, and what is said
    "a status that is none": ("put('g', row.addr, 'atomicstatus', 77)", "status 77?"),
    "a held P": (
        "put('p', program.all_p_addresses()[0], 'status', program.world().constant('_Prunning'))",
        "p0 is held",
    ),
    "a goroutine that cannot be read": ("word(program.variable('allgs').get('array'), 8)", "cannot be read"),
    "a goroutine of the runtime's that is ready": (
        "put('g', system.addr, 'atomicstatus', program.world().constant('_Grunnable'))",
        "runtime's own goroutine",
    ),
    "a goroutine that is being parked": (
        "put('g', row.addr, 'm', census.ms[0].addr); put('m', census.ms[0].addr, 'curg', row.addr)",
        "at this moment",
    ),
    "a goroutine with a strange M": (
        "put('g', row.addr, 'm', census.ms[0].addr); put('m', census.ms[0].addr, 'curg', 0)",
        "does not run them",
    ),
    "C code": ("put_variable('iscgo', 1)", "C code"),
    "a thread that is no M": ("put('m', census.ms[0].addr, 'procid', 1 << 30)", ""),
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_a_proof_with_a_doubt_is_none(gdb_json, deadlock, doubt):
    change, said = DOUBTS[doubt]
    script = (
        TO_DEATH
        + f"""
from rt0lab.goroutines import wakers
census = wakers.Graph().census
row = next(row for row in census.rows if row.goid == waits['blocked'][-1])
system = next(row for row in census.rows[len(census.system_rows):]
              if row.goid not in waits['blocked'] and row.status not in census.ended)
def word(address, value, size=8):
    gdb.selected_inferior().write_memory(address, value.to_bytes(size, 'little'))
def put(kind, address, path, value):
    leaf = program.world().layout(kind).at[path]
    word(address + leaf.offset, value, leaf.size)
def put_variable(name, value):
    address, layout = program.world().variable(name)
    word(address, value, layout.size)
{change if 'iscgo' not in change else f"if program.world().variable('iscgo'): {change}"}
found = json.loads(do('rt0 waits -json'))
doubts = ' '.join(found['doubts'])
result = program.world().variable('iscgo') is not None, found['verdict'], found['stuck'], doubts, do('rt0 waits')
"""
    )
    has_c, verdict, stuck, doubts, text = gdb_json(deadlock, script)
    if doubt == "C code" and not has_c:
        return
    if doubt == "a thread that is no M":  # on a machine whose threads gdb numbers otherwise nothing can be said of them
        assert verdict in ("unknown", "deadlock")
        return
    assert verdict == "unknown" and said in doubts and "Deadlock" not in text


@pytest.mark.parametrize("world", ["mirror", "go"])
def test_a_mutex_tells_its_waiters_and_whose_code_has_it(gdb_json, request, world):
    if world == "go":
        program = request.getfixturevalue("go_build")("deadlock", GO_DEADLOCK)
    else:
        program = request.getfixturevalue("mirror_test")("parked")
    script = (
        (READY if world == "mirror" else DEAD)
        + """
for _ in range(40):
    locks = [item for g in json.loads(do('info goroutines -json')) for item in g['on'] if item['kind'] == 'Mutex']
    if locks or not program.alive(): break
    stops.toward({program.world().address(s) for s in ('runtime.checkdead', 'runtime.throw', 'runtime.fatal')
        if program.world().address(s)})
"""
        + (
            "result = json.loads(do('rt0 holders *(\\'sync.Mutex\\' *)' + hex(locks[0]['address']) + ' -json'))"
            if world == "go"
            else "result = json.loads(do('rt0 holders *(sync::Mutex *)' + hex(locks[0]['address']) + ' -json'))"
        )
    )
    found = gdb_json(program, "do('set language c') if program.world().is_go else None\n" + script)
    assert found["locked"] and [each["goroutine"] for each in found["holders"]] == [1] and len(found["waiting"]) >= 1


def test_a_free_runtime_lock_has_no_holder(gdb_json, either):
    found = gdb_json(either, "until('newproc'); result = json.loads(do('rt0 holders sched.lock -json'))")
    assert found["locked"] is False and found["holders"] == []


def test_a_lock_has_its_full_name_in_go(gdb_json, go_hello):
    found = gdb_json(
        go_hello,
        "until('newproc'); result = [do(f'rt0 holders {name}.lock') for name in ('sched', \"'runtime.sched'\")]",
    )
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
        [
            "able",
            "blocked",
            "circles",
            "deadlock",
            "doubts",
            "evidence",
            "forever",
            "not_searched",
            "searched",
            "stuck",
            "things",
            "timers",
            "unknown",
            "verdict",
            "woken",
        ]
    )


def test_each_goroutine_has_one_verdict(gdb_json, parked):
    found = gdb_json(
        parked,
        READY + WAITS + "own = [g['id'] for g in json.loads(do('info goroutines -json')) if not g['system']]\n"
        "result = waits, sorted(i for group in waits['evidence'] for i in group['goroutines']), own",
    )
    waits, judged, own = found
    assert (
        sorted(waits["able"] + waits["woken"] + waits["stuck"] + waits["unknown"]) == judged
        and len(set(judged)) == len(judged)
        and set(judged) < set(own)
    )


# ---- every verdict is true: programs that debuggers go wrong on ------------------------------------------------------

# Of those of a case's goroutines that stand in a function how many there are, the verdict, and the beginning of why.
CASES = {
    "afterfunc": {
        "main.waiter": (1, "outside", "a timer will call"),
        "main.waitc": (1, "outside", "a timer will call"),
        "main.main": (1, "woken", "a variable leads"),
        "main.main.func2": (1, "able", "a timer sends"),
    },
    "big-global": {"main.wait": (3, "woken", "a variable leads"), "main.main": (1, "able", "a timer wakes")},
    "c-wakes-go": {"main.waitForC": (1, "outside", "a variable leads")},
    "conds": {
        "main.(*q).get": (5, "woken", "goroutines that may go on"),
        "main.main.func2": (1, "woken", "goroutines that may go on"),
        "main.main": (1, "able", "a timer wakes"),
    },
    "crossed-locks": {
        "main.transfer": (2, "circle", "they wait for each other in a circle"),
        "main.main": (1, "circle", "only goroutines that are stuck themselves"),
    },
    "deep-holder": {"main.user": (2, "woken", "goroutines that may go on"), "main.deep": (1, "able", "a timer wakes")},
    "forever": {
        "main.none": (1, "never", "nobody ever"),
        "main.receive": (2, "never", ""),
        "main.send": (1, "never", "nobody ever"),
    },
    "healthy": {
        "main.(*server).worker": (10, "woken", "a variable leads"),
        "main.(*queue).get": (10, "woken", "a variable leads"),
        "main.request": (10, "outside", "a timer will call"),
        "main.(*server).subscriber": (10, "woken", "a variable leads"),
        "main.idle": (10, "able", "a timer sends"),
        "os.(*File).read": (10, "able", "the network"),
        "main.(*server).collector": (1, "woken", "a variable leads"),
        "main.(*server).reader": (1, "woken", "a variable leads"),
        "main.(*server).writer": (1, "woken", "a variable leads"),
        "main.main": (1, "woken", "a variable leads"),
    },
    "struct-mutex": {
        "main.(*Server).holder": (1, "woken", "goroutines that may go on"),
        "main.(*Server).user": (5, "woken", "goroutines that may go on"),
        "main.(*Server).closer": (1, "able", "a timer wakes"),
    },
    "timers-wake": {
        "main.main.func1": (1, ("outside", "woken"), ("a timer will call", "goroutines that may go on")),
        "main.main.func2": (1, "able", "a timer sends"),
        "main.main.func3": (1, "able", "a timer sends"),
        "main.main": (1, "woken", "a variable leads"),
    },
}

GO_ON = """
import collections, os
def go_on():  # to where somebody ticks
    do('continue' if program.alive() else 'run')
def gs():
    return [g for g in json.loads(do('info goroutines -json')) if not g['system'] and g['at']]
do('break main.tick'); do('break tick')
"""
# Lets the program run until all who are expected stand where they are; then looks, and looks again in a core.
LOOK = (
    GO_ON
    + """
def settled():
    waiting = [g for g in gs() if g['status'] == 'waiting' and g['reason']]
    stand = collections.Counter((g['at']['function'], g['reason'] == 'sleep') for g in waiting)
    return all(stand[function, sleeps] >= count for function, count, sleeps in expected)
def holders(waits):
    do('set language c')
    return [json.loads(do(f"rt0 holders *('sync.Mutex' *){thing['address']} -json")) for thing in waits['things']
        if thing['kind'] == 'Mutex']
def look():
    waits, at = json.loads(do('rt0 waits -json')), {g['id']: g['at']['function'] for g in gs()}
    why = {i: (at[i], group['verdict'], group['why']) for group in waits['evidence'] for i in group['goroutines']}
    return waits, why, do('rt0 waits'), holders(waits)
for _ in range(300):
    go_on()
    if settled(): break
live = look()
do('gcore core'); do('kill'); do('core-file core')
result = live, look()
os.unlink('core')
"""
)


_looked = {}  # what was found, by case


@pytest.fixture
def looked(gdb_json, go_build):
    """looked(case): [(`rt0 waits -json`, {id: (function, verdict, why)}, `rt0 waits`, `rt0 holders` of its mutexes)] of
    it, as it runs and as a core."""

    def look(name):
        if name not in _looked:
            source = pathlib.Path(__file__).with_name("cases") / f"{name}.go"
            expected = [(function, count, why == "a timer wakes") for function, (count, _, why) in CASES[name].items()]
            _looked[name] = gdb_json(
                go_build(name, source.read_text(), "-gcflags=all=-N -l"), f"expected = {expected!r}" + LOOK
            )
        return _looked[name]

    return look


@pytest.mark.parametrize("case", CASES)
def test_every_verdict_is_true(looked, case):
    for waits, verdicts, text, _ in looked(case):
        for function, (count, verdict, why) in CASES[case].items():
            found = [tuple(rest) for at, *rest in verdicts.values() if at == function]
            assert len(found) == count and all(v in (verdict or v) and w.startswith(why or "") for v, w in found), (
                function,
                found,
            )
        assert not waits["deadlock"] and waits["verdict"] == ("unknown" if case == "c-wakes-go" else "no deadlock")
        assert waits["stuck"] == [int(i) for i, (_, verdict, _) in verdicts.items() if verdict in ("never", "circle")]
        assert max(map(len, text.splitlines())) <= 80


# ---- where there are many -------------------------------------------------------------------------------------------


@pytest.fixture
def alike(gdb_json, go_build):
    """{arguments of `rt0 waits`: what it prints} of a program with many who wait in the same way."""
    if "alike" not in _looked:
        source = pathlib.Path(__file__).with_name("cases") / "alike.go"
        each = "result = {how: do('rt0 waits ' + how) for how in ('', '-all', '-json')}"
        _looked["alike"] = gdb_json(go_build("alike", source.read_text(), "-gcflags=all=-N -l"), READY + each)
    return _looked["alike"]


def channels(alike):
    return [thing for thing in json.loads(alike["-json"])["things"] if thing["kind"] == "chan"]


def test_things_of_which_the_same_is_to_be_said_are_told_of_as_one(alike):
    together = [int(count) for count in re.findall(r"^(\d+) such as chan 0x\w+ 0/0$", alike[""], re.M)]
    assert sum(together) + len(re.findall(r"^chan 0x", alike[""], re.M)) == len(channels(alike)) and max(together) > 6


def test_as_one_they_are_waited_for_by_all_who_wait_for_one(alike):
    waiting = {str(goid) for thing in channels(alike) for goid in thing["waiting"]}
    assert set(" ".join(re.findall(r"^  chan receive: (.*)$", alike[""], re.M)).split()) == waiting


def test_each_is_told_of_if_that_is_asked_for(alike):
    assert len(re.findall(r"^chan 0x", alike["-all"], re.M)) == 10


def test_the_rest_of_the_sleepers_are_counted_and_it_is_said_how_to_see_them(alike):
    assert "and 10 more sleep: `rt0 waits -all` shows them." in alike[""]


def test_every_sleeper_is_told_of_if_that_is_asked_for(alike):
    assert len(re.findall(r"^timer, in ", alike["-all"], re.M)) == 30


# ---- and what else is said of them -----------------------------------------------------------------------------------


def named(verdicts, ids):
    return sorted(verdicts[str(i)][0] for i in ids)


def test_a_variable_of_32_mib_is_searched(looked):
    waits, _, _, _ = looked("big-global")[0]
    assert [thing["globals"] for thing in waits["things"]] == [["main.table"]] * 3


def test_a_stack_is_searched_to_its_end(looked):
    waits, verdicts, _, _ = looked("deep-holder")[0]
    (lock,) = [thing for thing in waits["things"] if thing["kind"] == "Mutex"]
    assert named(verdicts, set(lock["stacks"]) - set(lock["waiting"])) == ["main.deep"]


def test_who_waits_crosswise_is_called_a_circle(looked):
    waits, verdicts, text, _ = looked("crossed-locks")[0]
    (circle,) = waits["circles"]
    assert [named(verdicts, [each["goroutine"]]) for each in circle] == [["main.transfer"]] * 2 and "A circle" in text
    assert sorted(each["goroutine"] for each in circle) == sorted(i for each in circle for i in each["on_stacks_of"])


@pytest.mark.parametrize("case, function", [("struct-mutex", "main.(*Server).holder"), ("deep-holder", "main.deep")])
def test_a_lock_tells_who_holds_it(looked, case, function):
    for _, verdicts, _, (lock,) in looked(case):
        holding = [each["goroutine"] for each in lock["holders"]]
        assert (lock["locked"], named(verdicts, holding), lock["candidates"]) == (True, [function], [])


def test_a_lock_tells_who_has_an_address_shortly_before_it(looked):
    _, verdicts, _, (lock,) = looked("struct-mutex")[0]
    assert "main.(*Server).closer" in named(verdicts, lock["near"])


def test_nobody_is_said_to_unlock_or_not_to(looked):
    assert [
        text
        for _, _, _, locks in looked("crossed-locks")
        for lock in locks
        for text in lock["known"]
        if "be unlocked" in text
    ] == []


def test_a_function_that_a_timer_will_call_is_named(looked):
    waits, _, text, _ = looked("afterfunc")[0]
    assert (
        any("main.main.func1" in thing["calls"] for thing in waits["things"])
        and "a timer will call main.main.func1" in text
    )


def test_a_thread_of_cs_may_call(looked):
    waits, _, text, _ = looked("c-wakes-go")[0]
    assert ["C code" in doubt for doubt in waits["doubts"]] == [True] and "not known" in text


def test_a_cond_is_found_by_its_list(looked):
    waits, verdicts, _, _ = looked("conds")[0]
    assert [named(verdicts, thing["waiting"]) for thing in waits["things"] if thing["kind"] == "Cond"] == [
        ["main.(*q).get"] * 5
    ]


def test_where_go_says_that_all_are_asleep_so_do_we(gdb_json, go_build, tmp_path):
    source = pathlib.Path(__file__).with_name("cases") / "cond-deadlock.go"
    found = gdb_json(
        go_build("cond-deadlock", source.read_text()),
        """
do('break runtime.fatalthrow'); do('run')
found = [json.loads(do('rt0 waits -json'))]
do('gcore core'); do('kill'); do('core-file core')
found.append(json.loads(do('rt0 waits -json')))
result = [(waits['verdict'], waits['stuck']) for waits in found]
""",
    )
    (tmp_path / "core").unlink()
    assert found == [["deadlock", [1]]] * 2


# As many as the argument says wait on one channel, on as many channels, or in one select.
COUNT = (
    GO_ON
    + """
import sys
from rt0lab.goroutines import wakers
def lines_for(number):
    do('set args ' + arguments.format(number=number))
    for _ in range(300):
        go_on()
        on = [g['on'] for g in gs() if g['reason'] in ('chan receive', 'select')]
        if sum(map(len, on)) == number: break
    lines = 0
    def line(frame, event, _):
        nonlocal lines
        lines += event == 'line'
        return line
    wakers.Graph()  # what is found out only once
    sys.settrace(line)
    graph = wakers.Graph()
    sys.settrace(None)
    do('kill')
    return lines, sum(len(thing.waiting) for thing in graph.things.values())
result = [lines_for(number) for number in (300, 600)]
"""
)


@pytest.mark.parametrize(
    "name, arguments", [("many-waiters", "{number}"), ("wide", "channels {number}"), ("wide", "select {number}")]
)
def test_twice_as_many_cost_twice_as_much(gdb_json, go_build, name, arguments):
    source = (pathlib.Path(__file__).with_name("cases") / f"{name}.go").read_text()
    (few, some), (more, twice) = gdb_json(go_build(name, source), f"arguments = {arguments!r}" + COUNT)
    assert (some, twice) == (300, 600) and more < 2.5 * few


def test_long_stacks_with_the_same_frames_are_one(gdb_json, go_build):
    source = (pathlib.Path(__file__).with_name("cases") / "many-waiters.go").read_text()
    script = """from rt0lab.goroutines.census import Census
for command in ("set args 200", "break main.tick", "ignore 1 5", "run"): do(command)
census = Census()
found = census.stacks(census.rows).values()
result = [len({id(one) for one in found}), len({tuple(one.sites) for one in found})]"""
    stacks, kinds = gdb_json(go_build("many-waiters", source, "-gcflags=all=-N -l"), script)
    assert stacks == kinds
