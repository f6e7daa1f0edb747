"""Every command in every state of the program: a sentence or a table, never one of Python's errors."""

import subprocess

import pytest

from gdbrun import LOADER

COMMANDS = [
    "rt0",
    "rt0 stages",
    "rt0 run",
    "rt0 next",
    "rt0 until check",
    "rt0 dump",
    "rt0 dump all",
    "rt0 dump p0",
    "rt0 diff",
    "rt0 check",
    "rt0 record /tmp/nonexistent-folder/x",
    "info goroutines",
    "info goroutines -all -long",
    "info ms",
    "info ps",
    "info sched",
    "goroutine 1 bt",
    "goroutine all bt",
    "rt0 waits",
    "rt0 holders sched.lock",
    "print $stage()",
    "print $getg()",
    "print *$g(0)",
    "print *$g(77)",
    "print *$m(0)",
    "print *$p(0)",
    "help rt0 next",
]
STATES = {
    "before": "",
    "entry": "stops.start()",
    "live": "until('newproc')",
    "threads": "until('main.main')",
    "exited": "until('exit'); stops.go('continue')",
}


EVERY = f"\nresult = {{command: do(command) for command in {COMMANDS!r}}}"
MARKS = ("Traceback", "Python Exception", "rt0 itself failed", "gdb says")


def failures(answers):
    """The commands that answered with one of Python's errors or with nothing."""
    return {
        command: text for command, text in answers.items() if not text.strip() or any(mark in text for mark in MARKS)
    }


@pytest.mark.parametrize("state", STATES)
def test_every_command_in_a_state(gdb_json, either, state):
    # Those that run the program change the state, so each command begins anew.
    script = f"""
result = {{}}
for command in {COMMANDS!r}:
    if program.alive(): do('kill')
    {STATES[state] or 'pass'}
    result[command] = do(command)
"""
    assert failures(gdb_json(either, script)) == {}


@pytest.fixture
def core(gdb_json, hello, tmp_path):
    """A core file of a boot that stands at schedinit."""
    path = tmp_path / "core"
    gdb_json(hello, f"until('schedinit'); do('gcore {path}')")
    return path


def test_every_command_on_a_core(gdb_json, hello, core):
    assert failures(gdb_json(hello, EVERY, "-core", str(core))) == {}


def test_a_core_is_not_run(gdb_json, hello, core):
    commands = ["rt0 run", "rt0 next", "rt0 until ok", "rt0 tour", "rt0 record x"]
    answers = gdb_json(hello, f"result = [do(command) for command in {commands}]", "-core", str(core))
    assert ["core file" in text for text in answers] == [True] * len(commands)


def test_of_a_core_nobody_says_that_it_is_too_early_or_goes_on(gdb_json, hello, core):
    said = gdb_json(hello, f"do('core-file {core}'); result = do('rt0')")
    assert "yet" not in said and "rt0 next" not in said and "core file" in said


def test_who_killed_a_program_is_told_of_no_signal(gdb_json, hello):
    said = gdb_json(hello, "do('starti'); do('kill'); result = do('rt0')")
    assert said.startswith("the program has ended: ")


def test_a_core_shows_the_state(gdb_json, hello, core):
    found = gdb_json(
        hello,
        "s = snapshot.Snapshot(); result = [s.names.pointer(s.tls_g), s.names.pointer(s.g0.get('m'))]",
        "-core",
        str(core),
    )
    assert found == ["&runtime.g0", "&runtime.m0"]


def test_every_command_on_a_program_that_is_not_ours(gdb_json):
    assert failures(gdb_json("/bin/true", EVERY)) == {}


def test_a_stripped_program_says_so(gdb_json, hello, tmp_path):
    subprocess.run(["strip", "-o", tmp_path / "stripped", hello], check=True)
    assert "stripped" in gdb_json(tmp_path / "stripped", "result = do('rt0 next')")


def test_a_program_without_dwarf_says_so(gdb_json, hello, tmp_path):
    subprocess.run(["strip", "-g", "-o", tmp_path / "nodebug", hello], check=True)
    assert "debug information" in gdb_json(tmp_path / "nodebug", "result = do('rt0 next')")


def test_run_stops_at_the_elf_entry(gdb_json, either):
    assert gdb_json(either, "do('rt0 run'); result = program.register('rip') == program.world().elf.entry")


def test_next_begins_at_the_first_stage(gdb_json, either):
    assert gdb_json(either, "do('rt0 next'); result = stops.current()[0].name") == "_rt0_amd64_linux"


def test_next_goes_to_the_next_stage_of_the_tour(gdb_json, either):
    assert gdb_json(either, "for _ in range(3): do('rt0 next')\nresult = stops.current()[0].name") == "rt0_go"


def test_next_goes_on_where_until_stopped(gdb_json, either):
    assert gdb_json(either, "do('rt0 until osinit'); do('rt0 next'); result = stops.current()[0].name") == "schedinit"


def test_until_takes_a_symbol(gdb_json, either):
    assert gdb_json(either, "do('rt0 until runtime.schedinit'); result = stops.current()[0].name") == "schedinit"


def test_until_an_unknown_stage_is_a_sentence(gdb_json, hello):
    assert "rt0 stages" in gdb_json(hello, "result = do('rt0 until nosuch')")


def test_next_after_the_end_does_not_start_again(gdb_json, hello):
    assert "ended" in gdb_json(hello, "until('exit'); stops.go('continue'); result = do('rt0 next')")


def test_no_breakpoint_is_left_after_next(gdb_json, hello):
    assert (
        gdb_json(
            hello,
            (
                "do('rt0 next'); do('rt0 next'); result = len(gdb.execute('maint info breakpoints', to_string=True)"
                ".split('keep')) - 1 if gdb.breakpoints() else 0"
            ),
        )
        == 0
    )


def test_the_users_breakpoint_still_stops(gdb_json, hello):
    found = gdb_json(
        hello,
        (
            "gdb.Breakpoint('*(long)&\\'runtime.sysauxv\\''); do('rt0 until schedinit'); "
            "result = program.world().symbol_at(program.register('rip'))[0]"
        ),
    )
    assert found == "runtime.sysauxv"


def test_a_variable_is_not_said_to_be_of_a_package_that_nothing_names(gdb_json, hello):
    """The runtime's stackpoolmu is static, in C++ in no namespace."""
    found = gdb_json(hello, "result = program.world().symbol_at(int(gdb.parse_and_eval('(long)&stackpoolmu')))")
    assert found == ["stackpoolmu", 0]


def test_settings_are_put_back(gdb_json, hello):
    names = "['pagination', 'confirm', 'print thread-events']"
    assert gdb_json(
        hello,
        f"a = [gdb.parameter(n) for n in {names}]; do('rt0 next'); result = a == [gdb.parameter(n) for n in {names}]",
    )


def test_the_getg_function_is_the_current_g(gdb_json, either):
    assert gdb_json(either, "until('runtime.main'); result = int(gdb.parse_and_eval('$getg()')['goid'])") == 1


def test_m_and_p_by_id_point_at_each_other(gdb_json, hello):
    assert gdb_json(
        hello,
        "until('newproc'); result = [bool(gdb.parse_and_eval(e)) for e in ('$m(0)->p == $p(0)', '$p(0)->m == $m(0)')]",
    ) == [True, True]


def test_a_goroutine_by_id(gdb_json, either):
    assert gdb_json(either, "until('mstart'); result = int(gdb.parse_and_eval('$g(1)')['goid'])") == 1


def test_the_stage_function(gdb_json, either):
    assert gdb_json(either, "until('osinit'); result = gdb.parse_and_eval('$stage()').string()") == "osinit"


def test_diff_names_what_osinit_set(gdb_json, either):
    assert "ncpu: 0 → " in gdb_json(either, "until('osinit'); until('schedinit'); result = do('rt0 diff')")


def test_goroutines_at_the_first_instruction(gdb_json, either):
    text = gdb_json(either, "stops.start(); result = do('info goroutines')")
    assert text.startswith("* m0.g0 ") and "newproc" in text


def test_the_running_goroutine_shows_its_live_pc(gdb_json, either):
    lines = gdb_json(either, "until('main.main'); result = do('info goroutines')").splitlines()
    assert ["main.main" in line for line in lines if line.startswith("*")] == [True]


def test_no_ps_before_procresize(gdb_json, either):
    assert "procresize" in gdb_json(either, "until('schedinit'); result = do('info ps')")


def test_sourcing_twice_is_harmless(gdb_json, hello):
    assert (
        gdb_json(
            hello,
            (
                f"n = len(gdb.objfiles()[0].pretty_printers); do('source {LOADER}'); "
                "result = len(gdb.objfiles()[0].pretty_printers) - n"
            ),
        )
        == 0
    )


def test_looking_writes_nothing(gdb_json, hello):
    script = """
until('newproc')
before = [program.read(s.lo, s.hi - s.lo).hex() for s in program.world().elf.sections if s.writable
    and s.name != '.tbss']
regs = gdb.execute('info registers', to_string=True)
for command in ('rt0 dump all', 'rt0 check', 'info goroutines -all', 'info ms', 'info ps', 'print g0', 'bt',
                'goroutine all bt', 'rt0 waits'):
    do(command)
after = [program.read(s.lo, s.hi - s.lo).hex() for s in program.world().elf.sections if s.writable
    and s.name != '.tbss']
result = before == after and regs == gdb.execute('info registers', to_string=True)
"""
    assert gdb_json(hello, script)


def test_a_program_that_cannot_be_started_is_a_sentence(gdb_json, hello, tmp_path):
    path = tmp_path / "locked"
    path.write_bytes(hello.read_bytes())
    path.chmod(0o644)
    assert "could not be started" in gdb_json(path, "result = do('rt0 next')")


LOOKING = [
    "info goroutines",
    "info goroutines -json",
    "info goroutines -long",
    "info ms",
    "info ps",
    "info sched",
    "goroutine 1 bt",
    "goroutine all bt",
    "rt0",
    "rt0 dump all",
    "rt0 diff",
    "rt0 check",
    "rt0 waits",
    "rt0 holders sched.lock",
    "rt0 panel",
    "rt0 history",
    "rt0 threads",
]


def test_who_looks_keeps_the_frame(gdb_json, either):
    script = f"""
until('main.main')
do('up')
result = []
for command in {LOOKING!r}:
    do(command)
    if gdb.selected_frame().level() != 1: result.append(command); do('frame 1')
"""
    assert gdb_json(either, script) == []


# ---- arguments -------------------------------------------------------------------------------------------------------


def test_an_argument_that_is_not_stored_yet_is_not_shown(gdb_text, hello):
    text = gdb_text(hello, "set print frame-arguments all", "rt0 until newproc", "bt 1")
    assert 'newproc (siz="<not stored yet>", fn="<not stored yet>")' in text


@pytest.mark.parametrize("built, stop", [("debug", "runtime.newproc"), ("release", "*'runtime.newproc'")])
def test_an_argument_that_is_there_is_shown(gdb_text, mirror_program, built, stop):
    hello = mirror_program("hello", "runtime/programs", built)
    assert "#0  runtime.newproc (siz=0, fn=0x" in gdb_text(hello, f"break {stop}", "run", "bt 1")


# ---- what cards and lists name can be typed --------------------------------------------------------------------------


NAMED = """do('rt0 until main.main')
snap = console.so_far.snapshot()
"""


def test_whatever_has_a_name_can_be_dumped(gdb_json, either):
    script = NAMED + "result = {name: do(f'rt0 dump {name}') for name in map(names.plain, snap.names.exact.values())}"
    said = gdb_json(either, script)
    assert {"g1", "m0", "p0", "m1.g0"} <= said.keys()
    assert [name for name, text in said.items() if not text.startswith(name + "{")] == []


@pytest.mark.parametrize("spelt", ["$g1", "*$g1", "allp[0]", "&runtime.m0", "runtime.sched"])
def test_a_name_may_be_spelt_as_in_an_expression(gdb_json, hello, spelt):
    plain = spelt.lstrip("*$&").removeprefix("runtime.").replace("allp[0]", "p0")
    one, other = gdb_json(hello, NAMED + f"result = [do('rt0 dump {spelt}'), do('rt0 dump {plain}')]")
    assert one == other and "{" in one


def test_a_name_that_nothing_has_is_answered_with_those_there_are(gdb_json, hello):
    said = gdb_json(hello, NAMED + "result = do('rt0 dump g99')")
    assert all(name in said for name in ("g0", "sched", "g1", "p0", "m1"))


def test_each_g_m_and_p_is_a_variable_of_its_name(gdb_json, either):
    script = (
        NAMED
        + """address = lambda name: int(gdb.convenience_variable(name))
shown = {names.plain(name): at for at, name in snap.names.exact.items()}
result = {name: [at, address(name)] for name, at in shown.items() if '.' not in name}
result['sched'] = [snap.sched.addr, address('sched')]"""
    )
    said = gdb_json(either, script)
    assert {"g0", "g1", "m0", "m1", "p0", "sched"} <= said.keys()
    assert [name for name, (where, points) in said.items() if where != points] == []


def test_a_variable_is_printed_as_the_structure(gdb_json, hello):
    assert "{goid 1, _Grunning" in gdb_json(hello, NAMED + "result = do('print *$g1')")


def test_the_user_s_own_variable_stays(gdb_json, hello):
    script = "do('set $g1 = 7')\n" + NAMED + "result = [int(gdb.convenience_variable(n)) for n in ('g1', 'g2')]"
    mine, theirs = gdb_json(hello, script)
    assert mine == 7 and theirs > 7


def test_variables_end_with_the_program(gdb_json, hello):
    script = NAMED + "do('kill'); result = [gdb.convenience_variable(name) for name in ('g1', 'm0', 'p0', 'sched')]"
    assert gdb_json(hello, script) == [None] * 4
