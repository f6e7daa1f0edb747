"""Several programs in one gdb, one after the other and side by side: what is said of each is its own."""

import pathlib
import shutil

import pytest

CASES = pathlib.Path(__file__).with_name("cases")
FLAGS = "-gcflags=all=-N -l"
LOOK = """
def functions(text):
    return [line.split(' (')[0].split()[-1] for line in text.splitlines() if line.startswith('#')]
def where(goid):
    row = next((row for row in json.loads(do('info goroutines -json')) if row.get('id') == goid), None)
    return row and [row['at']['function'], row['at']['line']]
"""
IN_CHILD = ["main.inChild", "main.child", "main.main", "runtime.main", "runtime.goexit"]
IN_MAIN = ["main.main", "runtime.main", "runtime.goexit"]


@pytest.fixture(scope="module")
def forks(go_build):
    """A Go program that starts itself once more as a child, or becomes that child."""
    return go_build("exec", (CASES / "exec.go").read_text(), FLAGS)


@pytest.fixture(scope="module")
def moved(go_build):
    """The same, wherever the kernel puts it."""
    return go_build("moved", (CASES / "exec.go").read_text(), FLAGS, "-buildmode=pie")


@pytest.fixture(scope="module")
def host_and_plugin(go_build):
    """A Go program and the plugin that it loads."""
    host = go_build("host", (CASES / "plugin" / "main.go").read_text(), FLAGS)
    return host, go_build("plug", (CASES / "plugin" / "plug" / "plug.go").read_text(), FLAGS, "-buildmode=plugin")


def test_loading_makes_gdb_read_no_types(gdb_json, go_hello):
    """Of a Go program it reads all with the first one: what loading is to cost is decided here."""
    assert "compunit_symtab" not in gdb_json(go_hello, "result = do('maint info symtabs')")


# ---- one takes the place of another ----------------------------------------------------------------------------------


def test_after_an_exec_backtraces_end_at_their_root(gdb_json, forks):
    script = (
        "do('break main.main'); do('run exec'); do('break main.inChild'); do('continue'); do('continue'); result ="
        " functions(do('bt'))"
    )
    assert gdb_json(forks, LOOK + script) == IN_CHILD


def test_an_exec_begins_a_history_of_its_own(gdb_json, forks):
    script = (
        "do('break main.main'); do('run exec'); do('stepi'); do('continue'); result = [row['stop'] for row in"
        " json.loads(do('rt0 history -json'))]"
    )
    assert gdb_json(forks, script) == [1]


def test_what_a_shell_becomes_is_known(gdb_json, hello):
    script = (
        "before = do('rt0'); do('break main.main'); do('set breakpoint pending on'); do('tbreak main.main'); do('''run"
        f" -c 'exec {hello}' '''); "
    )
    found = gdb_json("/bin/sh", LOOK + script + "result = before, where(1)[0], functions(do('bt'))")
    assert "neither an rt0lab nor a Go program" in found[0] or "no symbols" in found[0]
    assert found[1:] == ["main.main", IN_MAIN]


def test_file_shows_the_other_program(gdb_json, hello, forks):
    script = (
        f"until('main.main'); do('kill'); do('file {forks}'); do('break main.inChild'); do('run child'); result ="
        " functions(do('bt')), where(1)"
    )
    assert gdb_json(hello, LOOK + script) == [IN_CHILD, ["main.inChild", 21]]


def test_file_brings_back_the_first(gdb_json, hello, forks):
    script = (
        f"do('file {forks}'); do('break main.inChild'); do('run child'); do('kill'); do('file {hello}');"
        " until('main.main'); result = functions(do('bt'))"
    )
    assert gdb_json(hello, LOOK + script) == IN_MAIN


def test_a_rebuilt_program_is_read_anew_or_said_to_be_another(gdb_json, go_build, tmp_path):
    source = "package main\n%s\nfunc main() {\n\tstop()\n}\n\n//go:noinline\nfunc stop() {}\n"
    one, two = (
        go_build("rebuilt", source % lines, FLAGS)
        for lines in ("", "\n\nvar table [9999]int\n\nfunc init() { table[0] = len(table) }\n")
    )
    shutil.copy2(one, tmp_path / "program")
    script = f"""
import os, shutil
do('break main.stop'); do('run'); before = where(1)
shutil.copy2({str(two)!r}, 'new'); os.utime('new', (2e9, 2e9)); os.replace('new', 'program')
do('run'); said = ' '.join(do('info ms').split())
result = before, where(1), functions(do('bt'))[1:], 'it was built anew since' in said
"""
    found = gdb_json(tmp_path / "program", LOOK + script)
    # Newer gdbs keep what they had read of it: then that is said, and what they make of its code is theirs.
    assert found == [["main.stop", 8], ["main.stop", 13], IN_MAIN, False] or found[3]


# ---- what is kept, and how long --------------------------------------------------------------------------------------

KEPT = """
made, world = [], program.world
ask = lambda kept: getattr(world(), kept)('of a test', lambda: made.append(kept) or len(made))
def asked(kept, *commands):
    made.clear()
    return [ask(kept), ask(kept), *((do(command), ask(kept))[1] for command in commands)]
"""


@pytest.mark.parametrize(
    "kept, found", [("own", [1, 1, 1, 1, 2]), ("cached", [1, 1, 1, 1, 2]), ("still", [1, 1, 2, 3, 4])]
)
def test_what_is_kept_goes_with_what_it_is_true_of(gdb_json, hello, kept, found):
    script = f"until('main.main'); result = asked({kept!r}, 'set var ncpu = 7', 'stepi', 'file {hello}')"
    assert gdb_json(hello, KEPT + script) == found


def test_a_source_file_is_read_anew_with_its_program(gdb_json, hello, tmp_path):
    script = f"""
def read(text):
    with open('file.go', 'w') as file:
        file.write(text)
    return program.world().source('file.go')
result = [read('one'), read('two')]
do('file {hello}')
result.append(read('three'))
"""
    assert gdb_json(hello, script) == [["one"], ["one"], ["three"]]


def test_nothing_else_can_be_kept_by_a_world(gdb_json, hello):
    script = """
try:
    program.world().mine = 1
except AttributeError as error:
    result = str(error)
"""
    assert "mine" in gdb_json(hello, script)


# ---- side by side ----------------------------------------------------------------------------------------------------


def test_a_child_and_its_parent_are_each_their_own(gdb_json, forks):
    script = """
do('break main.beforeFork'); do('run'); do('set follow-fork-mode child'); do('set detach-on-fork off')
do('break main.inChild'); do('continue')
child = functions(do('goroutine 1 bt')), where(1)
do('inferior 1'); parent = functions(do('goroutine 1 bt'))[-3:], where(1)[0]
do('inferior 2'); again = functions(do('goroutine 1 bt')), where(1); result = [*again], [*child], parent
"""
    assert gdb_json(forks, LOOK + script) == [[IN_CHILD, ["main.inChild", 21]]] * 2 + [[IN_MAIN, "os.startProcess"]]


@pytest.fixture(scope="module")
def beside(forks):
    """The script that runs a Go program beside the one that gdb was started on."""
    return (
        f"until('main.main'); do('add-inferior -exec {forks}'); do('inferior 2'); do('break main.inChild'); do('run"
        " child')\n"
    )


def test_two_programs_have_their_own_goroutines(gdb_json, hello, beside):
    script = "two = where(1)[0]; do('inferior 1'); one = where(1)[0]; do('inferior 2'); result = one, two, where(1)[0]"
    assert gdb_json(hello, LOOK + beside + script) == ["main.main", "main.inChild", "main.inChild"]


def test_two_programs_have_their_own_backtraces(gdb_json, hello, beside):
    script = "two = functions(do('bt')); do('inferior 1'); result = functions(do('bt')), two"
    assert gdb_json(hello, LOOK + beside + script) == [IN_MAIN, IN_CHILD]


def test_two_programs_have_their_own_names(gdb_json, hello, beside):
    script = (
        "two = do('output *$g(1)'); do('inferior 1'); one = do('output *$g(1)'); do('inferior 2'); result = one[:3],"
        " two[:3], two == do('output *$g(1)')"
    )
    assert gdb_json(hello, LOOK + beside + script) == ["g1{", "g1{", True]


def test_two_programs_have_their_own_stages(gdb_json, hello, beside):
    script = (
        "stops.walk.refresh(); do('inferior 1'); stops.walk.refresh(); one = stops.walk.last.name; do('inferior 2');"
        " stops.walk.refresh(); result = one, stops.walk.last"
    )
    assert gdb_json(hello, LOOK + beside + script) == ["main.main", None]


def test_two_programs_have_their_own_history(gdb_json, hello, beside):
    script = (
        "two = do('rt0 history'); do('inferior 1'); one = do('rt0 history'); do('inferior 2'); result = 'main.main' in"
        " one, two == do('rt0 history')"
    )
    assert gdb_json(hello, LOOK + beside + script) == [True, True]


def test_the_end_of_one_is_not_that_of_the_other(gdb_json, hello, beside):
    script = (
        "do('inferior 1'); do('continue'); ended = console.so_far.ended; do('inferior 2'); result = ended,"
        " console.so_far.ended"
    )
    assert gdb_json(hello, beside + script) == [True, False]


# ---- one file at several addresses -----------------------------------------------------------------------------------


def test_one_file_at_two_addresses_in_turn(gdb_json, moved):
    script = (
        "do('set disable-randomization off'); do('break main.inChild')\n"
        + """
seen = []
for _ in range(2):
    do('run child')
    seen.append((program.world().slide, functions(do('bt')), where(1), do('goroutine 1 bt') == do('bt'))); do('kill')
result = seen[0][0] != seen[1][0], [each[1:] for each in seen]
"""
    )
    assert gdb_json(moved, LOOK + script) == [True, [[IN_CHILD, ["main.inChild", 21], True]] * 2]


def test_one_file_at_two_addresses_at_once(gdb_json, moved):
    script = (
        "do('set disable-randomization off'); do('break main.inChild'); do('run child'); do('add-inferior -exec"
        f" {moved}')\n"
        + """
do('inferior 2'); do('run child'); two = program.world().slide, functions(do('goroutine 1 bt')), where(1)
do('inferior 1'); one = program.world().slide, functions(do('goroutine 1 bt')), where(1)
do('inferior 2'); now = program.world().slide, functions(do('goroutine 1 bt')), where(1)
result = one[0] != two[0], one[1:] == two[1:], two == now, one[1:]
"""
    )
    assert gdb_json(moved, LOOK + script) == [True, True, True, [IN_CHILD, ["main.inChild", 21]]]


def test_a_core_after_the_process_that_left_it(gdb_json, moved, tmp_path):
    script = (
        f"do('set disable-randomization off'); do('break main.inChild'); do('run child'); do('gcore {tmp_path}/core');"
        " first = where(1)\n"
        + """
one = program.world().slide; do('kill'); do('run child'); two = program.world().slide; do('kill')
"""
        + f"do('core-file {tmp_path}/core'); result = one != two, program.world().slide == one, first == where(1),"
        " functions(do('bt'))"
    )
    found = gdb_json(moved, LOOK + script)
    (tmp_path / "core").unlink()
    assert found == [True, True, True, IN_CHILD]


# ---- plugins ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def in_plugin(host_and_plugin):
    """The script that comes to where the plugin's code runs."""
    return f"do('set breakpoint pending on'); do('break plug.go:18'); do('run {host_and_plugin[1]}')\n"


def test_a_plugins_function_and_line_are_known(gdb_json, host_and_plugin, in_plugin):
    function, line = gdb_json(host_and_plugin[0], LOOK + in_plugin + "result = where(1)")
    assert function.endswith(".inner") and line == 18


def test_a_plugins_goroutines_are_where_they_are(gdb_json, host_and_plugin, in_plugin):
    script = (
        "result = [row['start']['function'] for row in json.loads(do('info goroutines -json')) if 'plug.go' in"
        " row['start']['file']]"
    )
    assert {name.partition(".")[2] for name in gdb_json(host_and_plugin[0], LOOK + in_plugin + script)} & {
        "Begin.func1",
        "(*Box[...]).Wait",
        "Begin.func2",
    }


def test_a_hosts_functions_have_one_name(gdb_json, host_and_plugin):
    assert gdb_json(
        host_and_plugin[0], LOOK + "until('main.main'); result = where(1)[0], functions(do('goroutine all bt'))[:3]"
    ) == ["main.main", IN_MAIN]
