"""Damaged memory and damaged files: no command shows a Python exception, hangs, or loses a goroutine that is whole."""

import os
import pathlib
import shutil
import subprocess

import pytest

SEED = 1010
BEGIN = "import damage\n"
# A signal by which Go from 1.14 on preempts, just then, leads the step astray: gdb waits where the thread never comes.
READY = (
    BEGIN
    + "do('set environment GODEBUG asyncpreemptoff=1'); stops.toward({program.world().address('main.ready')}, 'run');"
    " do('stepi')\n"
)
# What has to be answered whatever there is to look at.
ANY = (
    "info goroutines -json",
    "info goroutines",
    "info ms",
    "info ps",
    "info sched",
    "info ms -json",
    "info ps -json",
    "info sched -json",
    "goroutine 1 bt",
    "goroutine all bt",
    "goroutine all print 1",
    "rt0 waits",
    "rt0 waits -json",
    "rt0 holders sched.lock",
    "rt0 dump all",
    "rt0 check",
    "rt0 diff",
    "rt0",
    "rt0 stages",
    "bt",
    "info locals",
    "print $getg()",
    "print *$g(1)",
    "print *$m(0)",
    "print *$p(0)",
    "print $stage()",
    "complete goroutine 1",
    "complete info goroutines -w",
)


@pytest.fixture(scope="module", params=["mirror", "go"])
def program(request):
    """A program whose goroutines wait for each kind of thing, unoptimised."""
    if request.param == "mirror":
        return request.getfixturevalue("mirror_test")("parked")
    source = pathlib.Path(__file__).with_name("parked.go.txt").read_text()
    return request.getfixturevalue("go_build")("parked", source, "-gcflags=all=-N -l")


@pytest.mark.parametrize("part", range(2))
def test_damaged_memory(gdb_json, program, part):
    """A draw of them: `damage.live(1000, SEED)` in a gdb tries as many as one likes."""
    found = gdb_json(program, READY + f"result = damage.live(60, {SEED}, {part}, 2)")
    assert (found["faults"], found["mutations"], found["whole"]) == ([], 30, True)


def test_what_the_checks_say_is_so(gdb_json, program):
    found = gdb_json(program, READY + "result = damage.Damage(0).untruths()")
    assert (found["untruths"], found["damages"]) == ([], 64)


def test_frames_in_a_circle(gdb_json, program):
    found = gdb_json(program, READY + "result = damage.shaped('circle of')")
    assert (found["faults"], found["mutations"], found["whole"]) == ([], 6, True)


def test_damaged_core(gdb_json, program, tmp_path):
    found = gdb_json(program, READY + f"result = damage.core({str(tmp_path / 'core')!r}, 20, {SEED})")
    (tmp_path / "core").unlink()
    assert (found["faults"], found["mutations"], found["whole"]) == ([], 20, True)


def test_a_core_that_was_cut(gdb_json, program, tmp_path):
    core = str(tmp_path / "core")
    script = (
        READY
        + f"""
import os
do('gcore {core}'); do('kill')
result = []
for part in (0.9, 0.5, 0.3, 0.05, 0):
    do('core-file'); do('core-file ' + damage.cut({core!r}, part))
    assert program.alive()
    result += [(part, *fault) for fault in damage.faults({ANY!r}, ())]
    result += [(part, command, said) for command in {ANY!r} if command != 'rt0' and ' yet' in (said := do(command))]
for part in (0.9, 0.001):  # gdb takes neither for a core
    os.truncate({core!r}, int(os.path.getsize({core!r}) * part))
    do('core-file'); do('core-file {core}')
    result += [(part, *fault) for fault in damage.faults({ANY!r}, ())]
os.unlink({core!r})
"""
    )
    assert gdb_json(program, script) == []


def test_a_core_of_another_program(gdb_json, program, either, tmp_path):
    core = str(tmp_path / "core")
    script = (
        READY
        + f"""
do('gcore {core}'); do('kill'); do('file {either}'); do('core-file {core}')
result = damage.faults({ANY!r}, ())
"""
    )
    found = gdb_json(program, script)
    os.unlink(core)
    assert found == []


@pytest.mark.parametrize("flag", ["--strip-debug", "--strip-all"])
@pytest.mark.parametrize("running", [False, True])
def test_without_debug_information(gdb_json, program, tmp_path, flag, running):
    if not shutil.which("strip"):
        pytest.skip("there is no strip: `apt-get install binutils` brings one")
    subprocess.run(["strip", flag, "-o", tmp_path / "bare", program], check=True)
    script = BEGIN + ("do('starti')\n" if running else "") + f"result = damage.faults({ANY!r}, ())"
    assert gdb_json(tmp_path / "bare", script) == []


def test_an_argument_that_cannot_be_read(gdb_json, pingpong):
    """At a function's first instruction its frame is not made yet, and what is passed by reference is nowhere."""
    script = """
player = next(at for name, (at, _) in program.world().elf.symbols.items() if 'player' in name)
stops.toward({player}, 'run'); do('set print frame-arguments all')
sp, bp = (int(gdb.parse_and_eval(f'(long)${name}')) for name in ('rsp', 'rbp'))
for word in range(sp - 256, bp, 8):  # where the frame will be something may stand by chance
    if word != sp: gdb.selected_inferior().write_memory(word, bytes(8))
result = do('bt')
"""
    text = gdb_json(pingpong, script)
    assert 'in="<unreadable 0x0>"' in text and "runtime.goexit" in text
