"""Frames where one of a Go program's stacks goes on in another, and lines of what was interrupted: as Go's own
traceback has them, live and on a core."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest
from gdbrun import PREAMBLE, run_gdb

CASES = pathlib.Path(__file__).with_name("cases")
# Before a test's script: what each goroutine shows, by its id, in its own walk and as gdb's.
ASK = """
import os
for signal in ('SIGSEGV', 'SIGABRT', 'SIGQUIT', 'SIGURG', 'SIGUSR1'):
    do(f'handle {signal} nostop noprint pass')
def place(function, file, line):
    return [function, os.path.basename(file or ''), line]
def own():
    return [place(*frame[:3]) for frame in roots.frames(200)]
def listed(command):  # what `bt` prints, without arguments
    found = []
    for text in do(command).splitlines():
        if text.startswith('#'):
            head, _, at = text.partition(' at ')
            file, _, line = at.rpartition(':')
            name = head.split(None, 1)[1].partition(' in ')[2] or head.split(None, 1)[1]
            found.append(place(name.partition(' (')[0], file, int(line) if line.isdigit() else 0))
    return found
def parked(*statuses):
    known = census.Census()
    rows = [row for row in known.rows if known.is_parked(row) and known.status[row.status] in statuses]
    stacks = known.stacks(rows)
    return {row.goid: [place(f.function, f.file, f.line) for f in stacks[row.addr].shown] for row in rows}
def standing():
    known = census.Census()
    return {row.goid: frame and place(frame.function, frame.file, frame.line)
            for row in known.rows for frame in known.standing([row]).values()}
def settle(there, move='next'):  # other threads go on, too
    for _ in range(1000):
        if there(): break
        do(move)
def both(ask):  # live, and on a core that is made of it
    live = ask(); do('gcore core'); do('kill'); do('core-file core')
    return [live, ask()]
"""


@pytest.fixture(scope="session")
def case(go_build):
    """case(name, flag...): one of the programs beside this file, built once a worker."""
    known = {}

    def build(name, *flags):
        if (name, flags) not in known:
            known[name, flags] = go_build(name, (CASES / f"{name}.go").read_text(), *flags)
        return known[name, flags]

    return build


BUILDS = {"params": [(), ("-gcflags=all=-N -l",)], "ids": ["default", "-N -l"]}
WHEN = pytest.mark.parametrize("when", [0, 1], ids=["live", "core"])
C = pytest.mark.skipif(not shutil.which("gcc"), reason="cgo wants a C compiler: `apt-get install gcc` brings one")


def answers(factory, program, script):
    """What a script leaves in `result`, once for all tests that ask."""
    folder = factory.mktemp("gdb")
    (folder / "body.py").write_text(f"{PREAMBLE}{ASK}{script}\nwith open('answer', 'w') as f: json.dump(result, f)\n")
    done = run_gdb(program, "-ex", "source body.py", cwd=folder)
    assert (folder / "answer").exists(), done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads((folder / "answer").read_text())


def line_of(name, text):
    """The number of the first line of a program that holds a text."""
    lines = (CASES / f"{name}.go").read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def tail(frames, function):
    """The names from a function on."""
    names = [name for name, _, _ in frames]
    return names[names.index(function) :] if function in names else names


def told(text):
    """{goroutine: its frames} of a traceback of Go's."""
    found = {}
    for head, *lines in (block.splitlines() for block in text.split("\n\n")):
        number = re.match(r"goroutine (\d+) ", head)
        pairs = re.findall(r"(?m)^(\S.*)\((?:[^()]*)\)\n\t(.+):(\d+)", "\n".join(lines)) if number else []
        if pairs:
            found[int(number[1])] = [[name, file.rpartition("/")[2], int(line)] for name, file, line in pairs]
    return found


# ---- signals ---------------------------------------------------------------------------------------------------------

PANIC = """
do('set environment GOTRACEBACK crash'); do('break runtime.dieFromSignal'); do('run 2> said')
do('continue')  # it is there a second time in SIGABRT's handler
result = both(lambda: [own(), listed('bt'), standing(), parked('waiting')])
result.append(open('said').read())
"""


@pytest.fixture(scope="session", **BUILDS)
def panicking(request, case, tmp_path_factory):
    """[live, on the core, what Go said]: of panic-core.go, in the handler of the signal by which it ends itself."""
    return answers(tmp_path_factory, case("panic-core", *request.param), PANIC)


@WHEN
def test_a_panic_is_unwound_through_the_signal_s_frame(panicking, when):
    assert tail(panicking[when][0], "main.handle") == ["main.handle", "main.main.func2", "runtime.goexit"]


@WHEN
def test_bt_shows_the_same_frames(panicking, when):
    def name(frames):
        return [name for name, _, _ in frames if "signal handler" not in name and "sigreturn" not in name]

    assert name(panicking[when][1]) == [n for n in name(panicking[when][0]) if "__restore_rt" not in n]


@WHEN
def test_who_panics_stands_in_the_user_s_function(panicking, when):
    assert ["main.handle", "panic-core.go", line_of("panic-core", "nil map")] in panicking[when][2].values()


@WHEN
def test_every_waiting_goroutine_s_frames_are_those_that_go_tells(panicking, when):
    said = told(panicking[2])
    ours = {int(goid): frames for goid, frames in panicking[when][3].items() if int(goid) in said}
    assert len(ours) >= 4 and ours == {goid: said[goid] for goid in ours}


@pytest.fixture(scope="session", **BUILDS)
def interrupted(request, case, tmp_path_factory):
    """[live, on the core]: of signal-on-running.go, whose main goroutine was interrupted in a loop."""
    script = """
do('break runtime.sighandler if gp.goid == 1'); do('run')
settle(lambda: 'main.caller' in [name for name, _, _ in own()], 'continue')
from rt0lab.goroutines import threads
def thread():
    return program.world().symbol_at(threads.threads()[0].registers['rip'])[0]
result = both(lambda: [own(), listed('goroutine 1 bt'), standing()[1], listed('goroutine 1 frame')[0], thread()])
"""
    return answers(tmp_path_factory, case("signal-on-running", *request.param), script)


@WHEN
def test_a_goroutine_under_a_handler_is_where_the_signal_came(interrupted, when):
    function, file, line = interrupted[when][2]
    assert function in ("main.hot", "main.caller") and file == "signal-on-running.go" and line


@WHEN
def test_a_goroutine_under_a_handler_shows_its_own_frames(interrupted, when):
    assert tail(interrupted[when][1], "main.main") == ["main.main", "runtime.main", "runtime.goexit"]


@WHEN
def test_commands_look_at_what_a_handler_interrupted(interrupted, when):
    assert interrupted[when][3][:2] == interrupted[when][2][:2]


@WHEN
def test_a_goroutine_under_a_handler_is_a_thread_that_has_not_come_there(interrupted, when):
    assert interrupted[when][4] in ("main.hot", "main.caller")


# ---- what was interrupted stands at its pc ---------------------------------------------------------------------------


@pytest.fixture(scope="session", params=["fault-line", "first"])
def faulted(request, case, tmp_path_factory):
    """[at the fault, its goroutine once it waits, its `bt`], where it was: of fault-line.go, and of first.go, where it
    is a function's very first instruction."""
    program = request.param
    script = """
do('break runtime.sigpanic'); do('run'); at = own()
do('delete'); do('break main.stop'); do('continue')
found = parked('waiting', 'runnable').items()
goid, waiting = next((g, frames) for g, frames in found if 'main.safe' in [name for name, _, _ in frames])
result = [at, waiting, listed(f'goroutine {goid} bt')]
"""
    line = line_of(program, "return *p")
    return answers(tmp_path_factory, case(program), script), ["main.read", f"{program}.go", line]


WALKS = pytest.mark.parametrize("walk", [0, 1, 2], ids=["at the fault", "our walk", "bt"])


@WALKS
def test_a_fault_s_line_is_that_of_the_instruction(faulted, walk):
    frames, read = faulted
    assert read in frames[walk]


@WALKS
def test_nothing_is_lost_below_a_fault(faulted, walk):
    assert faulted[0][walk][-1][0] == "runtime.goexit"


def test_the_kernel_s_code_was_called_by_whom_it_was(gdb_json, case):
    """In the vdso, at each instruction from there on."""
    script = f"""{ASK}
do('break main.tick'); do('run'); do('delete'); do('set scheduler-locking on')
while program.world().section_at(program.register('rip')): gdb.execute('stepi', to_string=True)
result = []
while len(result) < 40:
    result.append(own()); gdb.execute('stepi', to_string=True)
"""
    found = gdb_json(case("first"), script)
    assert [
        f for f in found if tail(f, "main.tick") != ["main.tick", "main.main", "runtime.main", "runtime.goexit"]
    ] == []


def test_a_signal_at_a_function_s_first_instruction_is_of_that_function(gdb_json, case):
    script = f"""{ASK}
do(f'break *{{program.world().address("main.tick"):#x}}'); do('run'); do('delete'); do('set scheduler-locking on')
do('break runtime.sighandler if sig == 23'); do('signal SIGURG'); result = own()
"""
    found = gdb_json(case("first"), script)
    assert tail(found, "main.tick") == ["main.tick", "main.main", "runtime.main", "runtime.goexit"]


def test_go_s_table_says_how_large_frames_are(gdb_json, case):
    script = """
from rt0lab.frames import switching
from rt0lab.program import pclntab
do('break runtime.newstack'); do('break runtime.gopark'); do('run'); result = []
while program.alive() and len(result) < 200:
    for frame, name, inlined in roots.walk(40):
        if not inlined and frame.level() and name not in switching.ROOTS:
            size = int(frame.older().read_register('rsp')) - int(frame.read_register('rsp')) - 8
            result.append([name, size, pclntab.frame_size(frame.pc() - 1)])
    do('continue')
"""
    found = gdb_json(case("first"), script)
    assert len(found) > 20 and [row for row in found if row[1] != row[2]] == []


# ---- C ---------------------------------------------------------------------------------------------------------------

BELOW_C = ["runtime.asmcgocall", "runtime.cgocall"]
BOTTOM = ["runtime.main", "runtime.goexit"]


def without_glue(names):
    """Names of what cgo makes have its hash in them."""
    return [name for name in names if not name.startswith("_cgo_")]


@pytest.fixture(scope="session", **BUILDS)
def crashing(request, case, tmp_path_factory):
    """[live, on the core]: of crash-in-c.go, in the handler of the signal by which it ends itself."""
    script = """
do('set environment GOTRACEBACK crash'); do('break runtime.dieFromSignal'); do('run 2> said'); do('continue')
result = both(lambda: [own(), listed('goroutine 1 bt'), standing()[1]])
"""
    return answers(tmp_path_factory, case("crash-in-c", *request.param), script)


@C
@WHEN
@pytest.mark.parametrize("walk", [0, 1], ids=["own", "goroutine 1 bt"])
def test_a_crash_in_c_shows_c_s_frames_and_go_s(crashing, when, walk):
    names = without_glue(tail(crashing[when][walk], "leaf"))
    go = ["main._Cfunc_outer", "main.callsC", "main.main", *BOTTOM]
    assert names == ["leaf", "middle", "outer", *BELOW_C, *go]


@C
@WHEN
def test_a_crash_in_c_has_the_line_of_c(crashing, when):
    assert crashing[when][2] == ["leaf", "crash-in-c.go", line_of("crash-in-c", "leaf(")]


@pytest.fixture(scope="session")
def in_handler(case, tmp_path_factory):
    """[the first frame that commands look at, the function where it is as a thread]: of the same when the signal has
    come."""
    script = """
from rt0lab.goroutines import threads
do('break runtime.sighandler if sig == 11'); do('run')
found = program.world().symbol_at(threads.threads()[0].registers['rip'])[0]
result = [listed('goroutine 1 frame')[0], found]
"""
    return answers(tmp_path_factory, case("crash-in-c"), script)


@C
def test_under_a_handler_commands_look_at_a_goroutine_s_go_frames(in_handler):
    assert in_handler[0] == ["main.callsC", "crash-in-c.go", line_of("crash-in-c", "C.outer(nil)")]


@C
def test_under_a_handler_a_goroutine_is_a_thread_in_c(in_handler):
    assert in_handler[1] == "outer"


@pytest.fixture(scope="session", **BUILDS)
def calling_back(request, case, tmp_path_factory):
    """[live, on the core]: of callback.go, where Go was called by C, which Go had called."""
    script = """
do('break main.breakHere'); do('run'); do('delete')
settle(lambda: {('main.inC', 'syscall'), ('main.goBack', 'waiting')} <= {
    ((standing()[row.goid] or [''])[0], known.status[row.status]) for known in [census.Census()] for row in known.rows})
def ask():
    stand = standing()
    deep = next(g for g, f in stand.items() if f and f[0] == 'main.inC')
    waits = next(g for g, f in stand.items() if f and f[0] == 'main.goBack')
    return [own(), parked('waiting')[waits], listed(f'goroutine {waits} bt'), listed(f'goroutine {deep} bt')]
result = both(ask)
"""
    return answers(tmp_path_factory, case("callback", *request.param), script)


@C
@WHEN
@pytest.mark.parametrize("walk", [0, 1, 2], ids=["running", "parked: our walk", "parked: bt"])
def test_go_called_by_c_shows_the_whole_of_it(calling_back, when, walk):
    names = without_glue(tail(calling_back[when][walk], "runtime.cgocallback"))
    below = [
        "main._Cfunc_there",
        *(["main.running", "main.main", *BOTTOM] if walk == 0 else ["main.parked", "runtime.goexit"]),
    ]
    assert names == ["runtime.cgocallback", "crosscall2", "goBack", "inner", "there", *BELOW_C, *below]


@C
@WHEN
def test_a_goroutine_in_c_shows_c_s_frames_and_go_s(calling_back, when):
    names = without_glue(tail(calling_back[when][3], "runtime.asmcgocall"))
    assert names == [*BELOW_C, "main._Cfunc_longC", "main.inC", "runtime.goexit"]


@C
@WHEN
def test_above_go_s_frames_are_those_of_the_call_of_c(calling_back, when):
    assert any("sleep" in name for name, _, _ in calling_back[when][3][:4])


@pytest.fixture(scope="session", **BUILDS)
def nested(request, case, tmp_path_factory):
    """[live, on the core]: of nested.go, where Go was called by C, which Go had called, which C had called, again."""
    script = """
do('break main.breakHere'); do('run'); do('delete')
settle(lambda: any(f and f[0] == 'main.goSecond' for g, f in standing().items() if g != 1))
def ask():
    waits = next(g for g, f in standing().items() if f and f[0] == 'main.goSecond' and g != 1)
    return [own(), parked('waiting')[waits], listed(f'goroutine {waits} bt')]
result = both(ask)
"""
    return answers(tmp_path_factory, case("nested", *request.param), script)


@C
@WHEN
@pytest.mark.parametrize("walk", [0, 1, 2], ids=["running", "parked: our walk", "parked: bt"])
def test_each_of_c_s_calls_inside_one_another_is_shown(nested, when, walk):
    names = without_glue(name for name, _, _ in nested[when][walk])
    called = [name for name in names if name in ("goSecond", "innerC", "middleC", "goFirst", "outerC", "main.again")]
    assert called == ["goSecond", "innerC", "middleC", "main.again", "goFirst", "outerC"]


@C
@WHEN
@pytest.mark.parametrize("walk", [0, 1, 2], ids=["running", "parked: our walk", "parked: bt"])
def test_below_c_s_outermost_call_is_the_goroutine_s_beginning(nested, when, walk):
    names = without_glue(name for name, _, _ in nested[when][walk])
    below = ["main.running", "main.main", *BOTTOM] if walk == 0 else ["main.parked", "runtime.goexit"]
    assert tail([[n] * 3 for n in names], "outerC") == ["outerC", *BELOW_C, "main._Cfunc_outerC", *below]


@C
def test_where_c_s_frames_cannot_be_followed_go_s_are_shown(gdb_json, case):
    script = f"""{ASK}
from rt0lab.formats import ehframe
ehframe.row_at = lambda *_: None
do('break main.breakHere'); do('run'); result = own()
"""
    assert [name for name, _, _ in gdb_json(case("nested"), script)][-4:] == ["main.running", "main.main", *BOTTOM]


@C
def test_c_has_its_registers_back_below_go(gdb_json, case):
    script = """
from rt0lab.frames import joins
do(f'break *{program.world().address("crosscall2"):#x}'); do('break main.breakHere'); do('run')
kept = {}
while program.name_of(gdb.newest_frame()) == 'crosscall2':
    kept[gdb.selected_thread().num] = {name: program.register(name) for name in joins.PRESERVED}
    do('continue')
frame = gdb.newest_frame()
while program.name_of(frame) != 'crosscall2': frame = frame.older()
result = [kept[gdb.selected_thread().num], {name: program.register(name, frame.older()) for name in joins.PRESERVED}]
"""
    was, found = gdb_json(case("nested"), script)
    assert found == was


@C
def test_each_frame_knows_its_thread(gdb_json, case):
    script = """
do('break main.breakHere'); do('run')
result = [program.register('fs_base', frame) for frame, _, _ in roots.walk(100)]
"""
    found = gdb_json(case("nested"), script)
    assert found[0] and set(found) == {found[0]}


@C
def test_c_that_is_called_on_g0_was_called_by_the_runtime(gdb_json, case):
    found = gdb_json(case("nested"), f"{ASK}\ndo('break x_cgo_thread_start'); do('run'); result = own()")
    names = [name for name, _, _ in found]
    assert names[names.index("runtime.asmcgocall") + 1] == "runtime.newm1"


@C
def test_c_s_frames_are_where_gdb_unwinds_them_to(gdb_json, case):
    """At each instruction of a function of C's that saves registers."""
    script = """
from rt0lab.formats import ehframe
do('break *goSecond'); do('run'); do('delete'); do('set scheduler-locking on')
table = next(s.lo for s in program.world().elf.sections if s.name == '.eh_frame_hdr')
result = []
while program.name_of(gdb.newest_frame()) == 'goSecond':
    frame = gdb.newest_frame()
    row = ehframe.row_at(program.read, table, frame.pc())
    ours = program.register(row.base) + row.cfa
    registers = {name: program.read_word(ours + at) for name, at in row.saved.items()}
    theirs = {name: program.register(name, frame.older()) for name in registers}
    result.append([ours, program.register('rsp', frame.older()), registers, theirs])
    gdb.execute('stepi', to_string=True)
"""
    found = gdb_json(case("nested"), script)
    assert len(found) > 3 and [row for row in found if row[0] != row[1] or row[2] != row[3]] == []


CXX = """namespace app { struct Widget { int n; int spin(int k); }; }
int app::Widget::spin(int k) { volatile int *p = &n; return *p + k; }
extern "C" int entry(int k) { app::Widget w = {k}; return w.spin(k) + 1; }
"""
CALLS_CXX = """package main

/*
#cgo LDFLAGS: {object}
extern int entry(int);
*/
import "C"

func main() {{ println(C.entry(5)) }}
"""


@pytest.mark.skipif(not shutil.which("g++"), reason="C++ wants a compiler: `apt-get install g++` brings one")
def test_c_plus_plus_s_frames_have_its_names(gdb_json, go_build, tmp_path):
    (tmp_path / "w.cpp").write_text(CXX)
    subprocess.run(["g++", "-g", "-c", "w.cpp"], cwd=tmp_path, check=True)
    program = go_build("cxx", CALLS_CXX.format(object=tmp_path / "w.o"))
    script = (
        f"{ASK}\ndo('break app::Widget::spin'); do('run'); result = [own(), listed('bt'), listed('goroutine 1 bt')]"
    )
    found = [[name.partition("(")[0] for name, _, _ in frames[:2]] for frames in gdb_json(program, script)]
    assert found == [["app::Widget::spin", "entry"]] * 3
