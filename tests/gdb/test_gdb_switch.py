"""Backtraces at every instruction of the switches from a goroutine's stack to g0's and back: gogo, mcall, systemstack,
morestack. And of the return to who has waited in a channel, which is a jump."""

import itertools
import json

import pytest

from gdbrun import PREAMBLE, run_gdb

PRODCONS = """package main

import "sync"

func main() {
	var wg sync.WaitGroup
	c := make(chan int)
	go func() {
		for i := 0; i < 100; i++ {
			c <- i
		}
		close(c)
	}()
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range c {
			}
		}()
	}
	wg.Wait()
}
"""

# Steps one thread, instruction by instruction where it switches, from one such function to the next elsewhere, until
# all were seen. result: [(function, on whose stack SP is, the frames that bt shows)]
STEPS = """
from gdb.frames import execute_frame_filters
from rt0lab.program import bulk
NAMES = ('gogo', 'gogo.call', 'mcall', 'systemstack', 'morestack', 'leave', 'jump_fcontext', 'make_fcontext',
    'gosave_systemstack_switch')
def base(name):
    return name.removeprefix('runtime.').removesuffix('.abi0')
def here():
    return base((world.symbol_at(program.register('rip')) or ('?',))[0])
def side():
    sp, word = program.register('rsp'), program.tls_g()[1]
    m = program.read_struct('m', program.read_struct('g', word).get('m'))
    gs = [program.read_struct('g', m.get('g0')), *(program.read_struct('g', g) for g in bulk.allgs()[0])]
    return next((f"g{g.get('goid')}" for g in gs if g.get('stack.lo') <= sp < g.get('stack.hi')), 'nowhere')
def shown():
    # An inlined function is left by no switch, and by any instruction.
    frames = execute_frame_filters(gdb.newest_frame(), 0, -1) or ()
    return [base(str(frame.function())) for frame in frames if frame.inferior_frame().type() != gdb.INLINE_FRAME]
def go_on():
    places, frame = set(entries), gdb.newest_frame().older()
    while frame is not None and base((world.symbol_at(frame.pc()) or ('?',))[0]) not in NAMES:
        frame = frame.older()
    points = [stops.Point(address) for address in places | ({frame.pc()} if frame is not None else set())]
    for point in points:
        point.thread = gdb.selected_thread().num
    do('continue')
    for point in points:
        point.delete()
do('handle SIGURG nostop noprint pass'), do('set environment GOMAXPROCS=1')
do('set environment GODEBUG=asyncpreemptoff=1'), do('tbreak main.main'), do('run')
world = program.world()
symbols = {name: world.address(name) for name in world.elf.symbols if base(name) in NAMES}
entries = set(filter(None, symbols.values()))
result = []
both = {(name, stack) for name in ('gogo', 'mcall', 'systemstack') for stack in (True, False)}
def missing():
    return not both <= {(name, g == 'g0') for name, g, _ in result}
while program.alive() and (len(result) < 500 or len(result) < 5000 and missing()):
    if here() not in NAMES:
        go_on()
        continue
    result.append((here(), side(), shown()))
    do('set scheduler-locking on'), do('stepi'), do('set scheduler-locking off')
    if program.alive() and here() not in NAMES:
        result.append((here(), side(), shown()))
"""
SWITCHES = set(
    """
    gogo gogo.call mcall systemstack morestack leave jump_fcontext make_fcontext gosave_systemstack_switch
""".split()
)
ON_G0 = {"mcall", "systemstack", "morestack", "gogo", "mstart", "mstart0", "rt0_go", "clone"}


@pytest.fixture(scope="module", params=["mirror", "mirror-O2", "go", "go-O2"])
def steps(request, tmp_path_factory):
    """[(function, g on whose stack SP is, what `bt` shows)] at some hundred instructions, and at the first one after
    each switch."""
    if request.param.startswith("go"):
        flags = [] if request.param.endswith("O2") else ["-gcflags=all=-N -l"]
        program = request.getfixturevalue("go_build")("prodcons", PRODCONS, *flags)
    else:
        program = request.getfixturevalue("mirror_program")(
            "prodcons", build="release" if request.param.endswith("O2") else "debug"
        )
    folder = tmp_path_factory.mktemp("switch")
    body, answer = folder / "body.py", folder / "answer.json"
    body.write_text(PREAMBLE + STEPS + f"\nwith open({str(answer)!r}, 'w') as file: json.dump(result, file)\n")
    done = run_gdb(program, "-ex", f"source {body}", cwd=folder)
    assert answer.exists(), f"the script did not end:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    found = json.loads(answer.read_text())
    # leave's own frame stays on g0's stack when SP has gone to the goroutine that it leaves.
    return [(function, g, names) for function, g, names in found if function != "leave" or g == "g0"]


def below(names):
    """The frames under those that switch."""
    return list(itertools.dropwhile(SWITCHES.__contains__, names))


def test_every_switch_was_stepped_through_on_both_stacks(steps):
    seen = {(function, g == "g0") for function, g, _ in steps}
    assert {
        ("gogo", True),
        ("gogo", False),
        ("mcall", True),
        ("mcall", False),
        ("systemstack", True),
        ("systemstack", False),
    } <= seen


def test_each_backtrace_ends_at_the_bottom_of_its_stack(steps):
    assert [step for step in steps if step[2][-1] not in (ON_G0 if step[1] == "g0" else {"goexit"})] == []


def test_the_frames_below_a_switch_are_the_same_at_each_instruction_on_a_stack(steps):
    pairs = [(a, b) for a, b in itertools.pairwise(steps) if {a[0], b[0]} <= SWITCHES and a[1] == b[1]]
    assert pairs and [(a, b) for a, b in pairs if below(a[2]) != below(b[2])] == []


def test_the_frames_below_a_switch_are_those_that_are_there_after_it(steps):
    pairs = [(a, b) for a, b in itertools.pairwise(steps) if a[0] in SWITCHES and b[0] not in SWITCHES and a[1] == b[1]]
    assert pairs and [(a, b) for a, b in pairs if b[2][len(b[2]) - len(below(a[2])) :] != below(a[2])] == []


# To where chansend returns after a wait, and on from there to its caller. result: what a backtrace shows, each time
RETURN = """
def shown():
    frame, found = gdb.newest_frame(), []
    while frame is not None:
        if frame.type() != gdb.INLINE_FRAME:
            found.append(frame.name())
        frame = frame.older()
    return found
do('set environment GOMAXPROCS=1'), do('tbreak main.main'), do('run')
do("tbreak *&'__x86_return_thunk' if $al == 2"), do('continue')
do('set scheduler-locking on')
result = [shown()]
while result[-1][0] == '__x86_return_thunk':
    do('stepi')
    result.append(shown())
"""


@pytest.mark.parametrize("build", ["debug", "release"])
def test_who_has_waited_comes_back_to_its_caller_by_a_jump(build, mirror_program, tmp_path):
    body, answer = tmp_path / "body.py", tmp_path / "answer.json"
    body.write_text(PREAMBLE + RETURN + f"\nwith open({str(answer)!r}, 'w') as file: json.dump(result, file)\n")
    done = run_gdb(mirror_program("prodcons", build=build), "-ex", f"source {body}", cwd=tmp_path)
    assert answer.exists(), f"the script did not end:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    *inside, after = json.loads(answer.read_text())
    assert len(inside) == 4 and [frames for frames in inside if frames[1:] != after] == []
