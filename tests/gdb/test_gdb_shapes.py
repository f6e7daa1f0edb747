"""What another version of Go calls otherwise, or has not, costs what is said of it and nothing else."""

import pathlib

import pytest

READY = "import shapes; stops.toward({program.world().address('main.ready')}, 'run')\n"
PARTS = 2


@pytest.fixture(scope="module", params=["mirror", "go"])
def program(request):
    """A program whose goroutines wait for each kind of thing."""
    if request.param == "mirror":
        return request.getfixturevalue("mirror_test")("parked")
    source = pathlib.Path(__file__).with_name("parked.go.txt").read_text()
    return request.getfixturevalue("go_build")("parked", source, "-gcflags=all=-N -l")


@pytest.mark.parametrize("part", range(PARTS))
def test_a_field_that_is_not_there_ends_no_list(gdb_json, program, part):
    assert gdb_json(program, f"{READY}result = shapes.without_fields({part}, {PARTS})") == {}


def test_a_type_that_is_not_there_ends_no_list(gdb_json, program):
    assert (
        gdb_json(program, READY + "result = shapes.without('type', ('sudog', 'hchan', 'timer', 'mutex', 'stktop'))")
        == {}
    )


def test_a_variable_that_is_not_there_ends_no_list(gdb_json, program):
    assert gdb_json(program, READY + "result = shapes.without('variable', shapes.VARIABLES)") == {}


def test_constants_that_are_not_there_end_no_list(gdb_json, program):
    assert gdb_json(program, READY + "result = shapes.without('constant', ('*',))") == {}


def test_a_needed_field_is_named(gdb_json, program):
    script = (
        "with shapes.instead(program.Layout, '__init__', lambda real, *rest: shapes._cut(real, *rest, 'g', 'goid')):\n"
    )
    script += "    worlds._worlds.clear(); result = do('info goroutines')"
    assert gdb_json(program, READY + script).strip() == "this program's type `g` has no field `goid`, which this needs."


@pytest.mark.parametrize(
    "field, column", [("sudog.c", "chan 0x"), ("g.waitreason", "chan receive"), ("g.startpc", "began with")]
)
def test_it_costs_its_column(gdb_json, program, field, column):
    kind, top = field.split(".")
    script = f"""
before = do('info goroutines -long')
with shapes.instead(program.Layout, '__init__', lambda real, *rest: shapes._cut(real, *rest, {kind!r}, {top!r})):
    worlds._worlds.clear(); after = do('info goroutines -long')
count = lambda text: sum(line[:1] == ' ' and line[2:3].isdigit() or line[:1] == '*' for line in text.splitlines())
result = count(before) == count(after) > 3, {column!r} in before, {column!r} in after
"""
    assert gdb_json(program, READY + script) == [True, True, False]
