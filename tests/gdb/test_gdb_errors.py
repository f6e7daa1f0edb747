"""What is typed wrong gets one line that says what would be right; Python's traceback comes only with `set rt0 debug
on`."""

import pytest

from gdbrun import run_gdb

WRONG = (
    "info goroutines -foo",
    "info goroutines x",
    "info goroutines 999999",
    "info goroutines 5-",
    "info goroutines -limit",
    "info goroutines -limit -3",
    "info goroutines -with x",
    "info goroutines -with colour=1",
    "info goroutines -group colour",
    "info goroutines 'x",
    "info ms 1",
    "info ps -x",
    "info sched -json x",
    "goroutine",
    "goroutine x",
    "goroutine x bt",
    "goroutine 999999 bt",
    "goroutine 3-1 bt",
    "goroutine 1,,2 bt",
    "goroutine -1 bt",
    "goroutine m99.g0 bt",
    "goroutine 1 step",
    "goroutine all continue",
    "goroutine 1 nosuch",
    "rt0 nosuch",
    "rt0 waits x",
    "rt0 waits -foo",
    "rt0 holders",
    "rt0 holders nosuch",
    "rt0 holders 1",
    "rt0 dump x",
    "rt0 dump g0 m0",
    "rt0 until",
    "rt0 until nosuch",
    "rt0 record",
    "rt0 record /nonexistent/trace.json",
    "print $g(999999)",
    "print $m(99)",
    "print $p(-1)",
    "print $g()",
    "print $p(1, 2)",
    'print $m("x")',
    "set rt0 debug maybe",
)
USAGE = (
    "info goroutines -foo",
    "info goroutines 999999",
    "info goroutines -limit",
    "info goroutines -with x",
    "info goroutines -group colour",
    "info ms 1",
    "info ps -x",
    "goroutine",
    "goroutine 999999 bt",
    "rt0 waits x",
    "rt0 holders",
)


@pytest.fixture(scope="module", params=["mirror", "go"])
def program(request):
    """Each world's hello."""
    return request.getfixturevalue("hello" if request.param == "mirror" else "go_hello")


def test_an_error_is_one_line(gdb_json, program):
    found = gdb_json(program, f"until('main.main'); result = {{command: do(command) for command in {WRONG!r}}}")
    assert [
        (c, text)
        for c, text in found.items()
        if len(text.strip().splitlines()) != 1 or "rt0 itself" in text or "Python" in text
    ] == []


def test_gdbs_colours_are_no_part_of_a_sentence(gdb_json, hello):
    script = """
class Fails(console.Command):
    "Fails."
    name = 'fails-in-colour'
    def run(self, argument):
        raise gdb.error('no \\x1b[33;49;22mplace\\x1b[m')
Fails()
result = do('fails-in-colour')
"""
    assert gdb_json(hello, script) == "gdb says: no place"


def test_it_ends_the_command(gdb_json, program):
    script = f"""
until('main.main'); result = []
for command in {WRONG!r}:
    try:
        gdb.execute(command, to_string=True)
        result.append(command)
    except gdb.error:
        pass
"""
    assert gdb_json(program, script) == []


def test_wrong_options_show_the_usage(gdb_json, program):
    found = gdb_json(program, f"until('main.main'); result = {{command: do(command) for command in {USAGE!r}}}")
    assert [(c, text) for c, text in found.items() if "Usage: " not in text] == []


@pytest.mark.parametrize("setting, shown", [("off", False), ("on", True)])
def test_a_traceback_is_for_those_who_ask(hello, setting, shown):
    done = run_gdb(hello, "-ex", f"set rt0 debug {setting}", "-ex", "rt0 dump nosuch")
    assert ("Traceback" in done.stdout + done.stderr) is shown
