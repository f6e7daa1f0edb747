"""Steps stay with their goroutine: on whatever thread it goes on, through panics, moved stacks and the goroutine's
end."""

import re

import pytest

from moves import SOURCES, Moves, built

# One P: who takes the thread of the goroutine that is stepped certainly makes it go on on another one.
BEFORE = """
from rt0lab.commands import step
from rt0lab.goroutines import following
do('set environment GOMAXPROCS 1')
stops_told = []
gdb.events.stop.connect(lambda event: stops_told.append(type(event).__name__))
def at():
    who, frame = following.current(), gdb.newest_frame()
    return [who.goid if who else 0, frame.find_sal().line, gdb.selected_thread().num]
def steps(*commands):
    found = []
    for command in commands:
        do(command)
        found.append(at())
    return found
"""


@pytest.fixture(scope="session", params=["mirror", "go"])
def moves(request):
    """The program that moves about, in both worlds."""
    return built(request, request.param)


@pytest.fixture(scope="session", params=["mirror", "go"])
def optimised(request):
    """The same, as compilers make it for use: its lines are in no order."""
    return built(request, request.param, optimised=True)


@pytest.fixture
def moved(gdb_json):
    """moved(moves, script): the script's result, with `at()` and `steps()`."""
    return lambda moves, script: gdb_json(moves.program, BEFORE + script)


def test_next_ends_where_the_goroutine_goes_on(moved, moves):
    found = moved(moves, f"do('tbreak {moves.at('begins')}'); do('run'); result = [at(), *steps('next')]")
    (goid, line, thread), (goid_after, line_after, thread_after) = found
    assert (goid_after, line_after) == (goid, line + 1) and thread_after != thread


def test_next_goes_past_a_prologue_and_to_the_first_statement(moved, mirror_program):
    """What ours asks of the stack stands before gdb's frame of the function does."""
    script = (
        "do('tbreak main.main'); do('run'); first = at()[1]; result = [steps('next')[0][1] - first, len(stops_told)]"
    )
    assert moved(Moves("mirror", mirror_program("prodcons")), script) == [1, 2]


def test_next_goes_past_a_prologue_that_adds_a_segment(moved, mirror_program):
    script = """
do('break deep'); do('run')
found = []
for _ in range(40):
    line, lo = at()[1], program.read_struct('g', following.current().addr).get('stack.lo')
    do('next')
    found.append((at()[1] - line, program.read_struct('g', following.current().addr).get('stack.lo') != lo))
    do('continue')
result = [sorted({moved for moved, _ in found}), sum(grown for _, grown in found)]
"""
    lines, grown = moved(Moves("mirror", mirror_program("moves", "tests/runtime")), script)
    assert lines == [1] and grown >= 2


def test_an_interrupt_ends_the_wait(gdb_json, go_build):
    source = """package main

import "syscall"

func main() {
	never := make(chan int)
	go func() {
		syscall.Kill(syscall.Getpid(), syscall.SIGINT)
		select {}
	}()
	<-never // waits
}
"""
    script = (
        BEFORE
        + """
signals = []
gdb.events.stop.connect(lambda event: signals.append(getattr(event, 'stop_signal', None)))
do('tbreak waiting.go:11'); do('run'); do('next')
result = [signals[-1], step._step is None, [point.number for point in gdb.breakpoints()]]
"""
    )
    assert gdb_json(go_build("waiting", source, "-gcflags=all=-N -l"), script) == ["SIGINT", True, []]


def test_next_goes_on_elsewhere_in_optimised_code_too(moved, optimised):
    script = f"""
do('tbreak {optimised.at('begins')}'); do('run')
before = at()
do('next'); do('next')
result = [before, at(), gdb.newest_frame().function().name]
"""
    (goid, _, thread), (goid_after, _, thread_after), function = moved(optimised, script)
    assert goid_after == goid and thread_after != thread and function in ("main.main", "main_main")


def test_only_the_step_s_end_is_told(moved, moves):
    script = f"do('tbreak {moves.at('begins')}'); do('run'); stops_told.clear(); do('next'); result = stops_told"
    assert len(moved(moves, script)) == 1


def test_history_counts_one_stop_a_step(moved, moves):
    script = f"""
do('tbreak {moves.at('begins')}'); do('run')
before = history.kept.moments[-1].number
do('next')
result = history.kept.moments[-1].number - before
"""
    assert moved(moves, script) == 1


def test_finish_returns_on_another_thread(moved, moves):
    found = moved(moves, f"do('tbreak {moves.at('receives')}'); do('run'); result = [at(), *steps('finish')]")
    (goid, _, thread), (goid_after, line, thread_after) = found
    assert (goid_after, line) == (goid, moves.line("begins")) and thread_after != thread


def test_finish_has_the_value_that_was_returned(gdb_json, mirror_program):
    moves = Moves("mirror", mirror_program("moves", "tests/runtime"))
    script = BEFORE + f"do('tbreak {moves.at('receives')}'); do('run'); do('finish'); result = int(gdb.history(0))"
    assert gdb_json(moves.program, script) == 2


def test_a_deeper_call_of_the_same_function_does_not_end_it(moved, moves):
    script = f"""
do('tbreak {moves.at('climbs')} if n == 3'); do('run')
sp = program.register('rsp')
do('next')
result = [gdb.newest_frame().find_sal().line, program.register('rsp') == sp, program.world().is_go]
"""
    line, same_frame, is_go = moved(moves, script)
    assert line == moves.line("climbed") and (same_frame or is_go)


def test_others_on_the_same_lines_do_not_end_it(moved, moves):
    found = moved(moves, f"do('tbreak {moves.at('counts')}'); do('run'); result = [at(), *steps(*['next'] * 7)]")
    lines = [line for _, line, _ in found]
    assert len({goid for goid, *_ in found}) == 1 and lines.count(moves.line("yields")) >= 2


def test_a_stack_that_is_copied_does_not_lose_it(moved, moves):
    found = moved(moves, f"do('tbreak {moves.at('grows')}'); do('run'); result = [at(), *steps('next')]")
    assert [line for _, line, _ in found] == [moves.line("grows"), moves.line("panics")]


def test_a_recovered_panic_that_leaves_the_function_ends_it_further_out(moved, moves):
    script = f"""
do('tbreak {moves.at('divides')}'); do('run')
for _ in range(6):
    before = gdb.newest_frame().function().name
    do('next')
    name = gdb.newest_frame().function().name
    if name != before: break
result = [name, following.current().goid]
"""
    name, goid = moved(moves, script)
    assert ("safe" in name or "main" in name) and goid == 1


def test_a_signal_that_puts_the_goroutine_off_between_instructions_ends_no_step(moved, go_build):
    """The call that it puts in may lie on the stack where the stepped function lay, and its caller called nothing."""
    source = SOURCES["go"].with_name("spinning.go")
    line = {
        name: i for i, text in enumerate(source.read_text().splitlines(), 1) for name in re.findall(r"// (\w+)$", text)
    }
    script = "do('handle SIGURG nostop noprint pass'); do('break main.leaf'); do('run'); do('delete'); do('next'); "
    found = moved(
        Moves("go", go_build("spinning", source.read_text(), "-gcflags=all=-N -l")),
        script + "result = [each[1] for each in steps(*['next'] * 30)]",
    )
    assert found == [line["takes"], line["adds"], line["calls"]] * 10


def test_a_goroutine_s_end_is_told(gdb_text, moves):
    last = ["next"] * 8
    text = gdb_text(moves.program, "set environment GOMAXPROCS 1", f"tbreak {moves.at('ends')}", "run", *last)
    assert len(re.findall(r"^goroutine \d+ has ended\.$", text, re.M)) == 1


def test_nexti_ends_behind_the_call(moved, moves):
    script = f"""
do('tbreak {moves.at('receives')}'); do('run')
arch = gdb.newest_frame().architecture()
for _ in range(40):
    one = arch.disassemble(gdb.newest_frame().pc())[0]
    do('nexti')
    if one['asm'].startswith('call') and 'recv' in one['asm']: break
result = [gdb.newest_frame().pc() - one['addr'] - one['length'], following.current().goid]
"""
    assert moved(moves, script) == [0, 1]


def test_step_goes_into_functions_as_ever(moved, moves):
    script = f"""
do('tbreak {moves.at('begins')}'); do('run')
do('step')
result = gdb.newest_frame().function().name
"""
    assert "receive" in moved(moves, script)


def test_until_leaves_a_loop_with_its_goroutine(moved, moves):
    script = (
        f"do('tbreak {moves.at('yields')}'); do('run'); goid, _, _ = at(); result = [goid, *steps('until', 'until',"
        " 'until')[-1]]"
    )
    goid, goid_after, line, _ = moved(moves, script)
    assert goid_after == goid and line >= moves.line("last")


def test_advance_reaches_a_place_with_its_goroutine(moved, moves):
    script = (
        f"do('tbreak {moves.at('counts')}'); do('run'); goid, _, _ = at(); result = [goid, *steps('advance"
        f" {moves.at('last')}')[0]]"
    )
    goid, goid_after, line, _ = moved(moves, script)
    assert (goid_after, line) == (goid, moves.line("last"))


def test_until_a_place_does_not_stop_in_a_deeper_call(moved, moves):
    script = (
        f"do('tbreak {moves.at('climbs')} if n == 3'); do('run'); do('until {moves.at('climbed')}'); result ="
        " int(gdb.parse_and_eval('n'))"
    )
    assert moved(moves, script) == 3


def test_advance_without_a_goroutine_follows_the_thread(gdb_json, hello):
    script = (
        BEFORE + "until('rt0_go'); do('advance runtime.schedinit'); result ="
        " [program.world().symbol_at(program.register('rip'))[0], at()[0]]"
    )
    assert gdb_json(hello, script) == ["runtime.schedinit", 0]


def test_advance_tells_where_it_ended_though_there_is_one_thread(gdb_text, hello):
    text = gdb_text(hello, "rt0 until rt0_go", "advance runtime.schedinit")
    assert re.findall(r"^(?:0x\w+ in )?runtime.schedinit \(\) at \S+$", text, re.M)


def test_a_breakpoint_elsewhere_ends_the_step(moved, moves):
    script = f"""
do('tbreak {moves.at('begins')}'); do('run')
do('break {moves.at('received')}'); do('next')
result = [at()[1], gdb.breakpoints()[-1].hit_count, step._step is None,
    [p.number for p in gdb.breakpoints() if p.number < 0]]
"""
    assert moved(moves, script) == [moves.line("received"), 1, True, []]


def test_a_breakpoint_where_the_goroutine_comes_back_is_the_user_s_stop(moved, moves):
    script = f"""
do('tbreak {moves.at('begins')}'); do('run')
code = gdb.newest_frame().architecture().disassemble(gdb.newest_frame().pc(), count=30)
call = next(one for one in code if one['asm'].startswith('call') and 'receive' in one['asm'])
behind = call['addr'] + call['length']
do(f'break *{{behind}}'); do('next')
result = [gdb.newest_frame().pc() == behind, gdb.breakpoints()[-1].hit_count]
"""
    assert moved(moves, script) == [True, 1]


def test_nothing_is_left_after_a_step(moved, moves):
    script = f"do('tbreak {moves.at('begins')}'); do('run'); do('next'); result = [p.number for p in gdb.breakpoints()]"
    assert moved(moves, script) == []


@pytest.mark.parametrize("shortage", ["set can-use-hw-watchpoints 0", "four"])
def test_it_works_without_a_free_debug_register(moved, moves, shortage):
    take = (
        f"do({shortage!r})"
        if shortage != "four"
        else """
do('set language c')
for i in range(4): do(f'watch -l *(unsigned long *) {program.world().address("runtime.g0") + 8 * i:#x}')
do('set language auto')
"""
    )
    script = f"do('tbreak {moves.at('begins')}'); do('run')\n{take}\nresult = [at(), *steps('next')]"
    (goid, line, thread), (goid_after, line_after, thread_after) = moved(moves, script)
    assert (goid_after, line_after) == (goid, line + 1) and thread_after != thread


def test_the_user_s_own_hook_runs_once_a_stop(moved, moves):
    script = f"""
gdb.execute('define hook-stop\\nset $mine = $mine + 1\\nend')
do('set $mine = 0')
do('tbreak {moves.at('begins')}'); do('run'); do('next'); do('next')
result = [int(gdb.convenience_variable('mine')), at()[1]]
"""
    assert moved(moves, script) == [3, moves.line("grows")]


def test_follow_off_leaves_steps_to_gdb(moved, moves):
    script = (
        f"do('set rt0 follow off'); do('tbreak {moves.at('counts')}'); do('run'); step.begin('next'); result ="
        " step._step is None"
    )
    assert moved(moves, script) is True


def test_steps_of_the_boot_follow_the_thread(gdb_json, either):
    script = (
        BEFORE
        + """
until('schedinit')
frame = gdb.newest_frame()
result = []
for _ in range(4):
    do('next')
    result.append([program.world().symbol_at(program.register('rip'))[0], at()[0]])
"""
    )
    assert gdb_json(either, script) == [["runtime.schedinit", 0]] * 4


def test_goid_serves_in_conditions(moved, moves):
    script = f"""
do('break {moves.at('receives')} if $goid() != 1')
do('break {moves.at('received')} if $goid() == 1'); do('run')
result = [following.current().goid, int(gdb.parse_and_eval('$goid()')),
    [point.hit_count for point in gdb.breakpoints()]]
"""
    assert moved(moves, script) == [1, 1, [0, 1]]


def test_goid_is_none_s_during_the_boot(gdb_json, either):
    assert gdb_json(either, "until('schedinit'); result = int(gdb.parse_and_eval('$goid()'))") == 0


@pytest.mark.parametrize("program", ["hello", "prodcons", "pingpong", "sieve"])
@pytest.mark.parametrize("build", ["debug", "release"])
def test_ten_steps_from_main_are_the_same_every_time(gdb_json, mirror_program, program, build):
    script = (
        BEFORE
        + """
result = []
for procs in 1, 2, 2:
    do(f'set environment GOMAXPROCS {procs}')
    do('tbreak main.main'); do('run')
    found = []
    for _ in range(10):
        do('next')
        if not gdb.selected_thread(): break
        found.append(at()[:2])
    result.append(found)
    if gdb.selected_thread(): do('kill')
"""
    )
    first, second, third = gdb_json(mirror_program(program, build=build), script)
    assert first == second == third and len(first) >= 3 and {goid for goid, _ in first} == {1}


def test_steps_into_functions_go_past_prologues_that_yield(gdb_json, mirror_program):
    script = (
        BEFORE
        + "do('tbreak main.main'); do('run'); found = steps(*['step'] * 12); result = [gdb.newest_frame().name(),"
        " len(found)]"
    )
    name, _ = gdb_json(mirror_program("prodcons"), script)
    assert "morestack" not in name


PREEMPTED = """package main

import "runtime"

var stop bool

func spin() {
	for !stop {
	}
}

//go:noinline
func hot(n int) int {
	sum := 0
	for i := 0; i < n; i++ { sum += i }
	return sum
}

func main() {
	runtime.GOMAXPROCS(1)
	go spin()
	println(hot(300))
}
"""


def test_a_step_goes_on_at_the_instruction_where_the_goroutine_was_put_off(gdb_json, go_build):
    # gdb steps through the loop by instructions, and the other goroutine wants the only P every 10 ms.
    script = """
do('break main.hot'); do('run'); do('delete')
for _ in range(5):
    if gdb.newest_frame().find_sal().line == 16: break
    do('next')
result = gdb.newest_frame().name(), gdb.newest_frame().find_sal().line, do('output sum'); do('kill')
"""
    program = go_build("preempted", PREEMPTED, "-gcflags=all=-N -l")
    assert gdb_json(program, script) == ["main.hot", 16, str(300 * 299 // 2)]
