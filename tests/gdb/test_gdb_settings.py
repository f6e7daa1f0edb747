"""What a user has set in gdb is for what gdb prints for him: lists say the same, and afterwards all is as he had it."""

import pathlib
import re

import pytest

PARKED = pathlib.Path(__file__).with_name("parked.go.txt")
# Each changes what gdb answers to us, were it not set aside.
SETTINGS = (
    "backtrace limit 2",
    "backtrace past-main off",
    "backtrace past-entry on",
    "language pascal",
    "case-sensitive off",
    "max-value-size 16",
    "print demangle off",
    "trust-readonly-sections on",
    "print elements 1",
    "print address off",
    "print frame-info location",
    "print frame-arguments none",
    "filename-display basename",
    "height 2",
    "width 20",
    "output-radix 16",
    "print symbol off",
    "print asm-demangle on",
    "demangle-style none",
    "print max-depth 0",
    "print frame-arguments all",
    "pagination on",
)
LISTS = (
    "info goroutines",
    "info goroutines -long -all",
    "info ms",
    "info ps",
    "info sched",
    "rt0 check",
    "rt0 waits",
    "rt0 dump all",
    "rt0 stages",
    "rt0 panel",
)
READY = "stops.toward({program.world().address('main.ready')}, 'run'); do('rt0')\n"
AGAIN = """
def seen():
    return {command: re.sub('in [0-9]+m?s|for [0-9]+m?s|[0-9]+m?s ', '', do(command)) for command in %r}
import re
""" % (
    LISTS,
)


@pytest.fixture(scope="module", params=["mirror", "go"])
def program(request):
    """A program whose goroutines wait for each kind of thing."""
    if request.param == "mirror":
        return request.getfixturevalue("mirror_test")("parked")
    return request.getfixturevalue("go_build")("parked", PARKED.read_text(), "-gcflags=all=-N -l")


def test_lists_say_the_same_whatever_is_set(gdb_json, program):
    script = (
        READY
        + AGAIN
        + f"""
truth, result = seen(), []
for setting in {SETTINGS!r}:
    name, _, value = setting.rpartition(' ')
    before = gdb.parameter(name); do('set ' + setting)
    now = seen()
    result += [(setting, command, now[command]) for command in truth if now[command] != truth[command]]
    do(f'set {{name}} ' + settings._text(before))
"""
    )
    assert gdb_json(program, script) == []


def test_the_first_look_is_under_the_users_settings(gdb_json, program):
    script = (
        READY.replace("do('rt0')", "truth = seen()")
        + "\n".join(f"do('set {setting}')" for setting in SETTINGS[:8])
        + "\nfirst = seen()\n"
    )
    names = "worlds._worlds.clear()\n"
    script = AGAIN + script.replace(
        "first = seen()", names + "result = [(c, t) for c, t in seen().items() if t != truth[c] and c != 'rt0 panel']"
    )
    assert gdb_json(program, script) == []


@pytest.mark.parametrize(
    "command",
    ["info goroutines", "info goroutines -foo", "goroutine 1 bt", "goroutine 1 nosuch", "rt0 nosuch", "rt0 check"],
)
def test_what_was_set_is_set_afterwards(gdb_json, program, command):
    sets = "\n".join(f"do('set {setting}')" for setting in SETTINGS)
    names = [setting.rpartition(" ")[0] for setting in SETTINGS]
    script = (
        f"{READY}{sets}\nbefore = [gdb.parameter(name) for name in {names!r}]; do({command!r})\nresult = before =="
        f" [gdb.parameter(name) for name in {names!r}]"
    )
    assert gdb_json(program, script) is True


def test_an_interrupt_leaves_no_setting_behind(gdb_json, program):
    script = (
        READY
        + """
do('set backtrace limit 2'); do('set language pascal')
def interrupted(*arguments): raise KeyboardInterrupt
console.snapshot.Snapshot = interrupted
said = do('info ms'); result = said.strip(), gdb.parameter('backtrace limit'), gdb.parameter('language')
"""
    )
    assert gdb_json(program, script) == ["interrupted.", 2, "pascal"]


LEAF = (
    "leaf = next(g['id'] for g in json.loads(do('info goroutines -json')) if (g['at'] or {}).get('function') =="
    " 'main.leaf')\n"
)


def test_a_goroutines_backtrace_has_as_many_frames_as_the_user_wants(gdb_json, program):
    script = (
        READY + LEAF + "do('set backtrace limit 2'); result = [line.split(' ')[0] for line in do(f'goroutine {leaf}"
        " bt').splitlines()]"
    )
    assert gdb_json(program, script) == ["#0", "#1", "#2"]


def test_all_backtraces_have_as_many_frames_as_the_user_wants(gdb_json, program):
    script = (
        READY
        + "do('set backtrace limit 2'); result = [line.split(' ')[0] for line in do('goroutine all bt').splitlines() if"
        " line[:1] == '#']"
    )
    assert set(gdb_json(program, script)) == {"#0", "#1", "#2"}


@pytest.mark.parametrize("setting, without", [("print address off", r"0x"), ("filename-display basename", r"at /")])
def test_all_backtraces_look_as_gdbs_do(gdb_json, program, setting, without):
    found = gdb_json(
        program,
        (
            f"{READY}do('set {setting}'); result = [line for line in do('goroutine all bt').splitlines() if line[:1] =="
            " '#']"
        ),
    )
    assert found and [line for line in found if re.search(without, line)] == []


def test_an_expression_is_read_in_the_users_language(gdb_json, program):
    script = READY + LEAF + "do('set language pascal'); result = do(f'goroutine {leaf} output 7 div 2')"
    assert gdb_json(program, script) == "3"
