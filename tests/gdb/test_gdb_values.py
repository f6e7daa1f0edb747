"""A Go program's own values: strings, slices, maps and channels of all sorts, as long as gdb's user wants them."""

import pathlib
import re

import pytest

SOURCE = pathlib.Path(__file__).with_name("cases") / "values.go"
SHOWN = {
    "units": "chan struct {} = {{}, {}}",
    "set": 'map[string]struct {} = {["x"] = {}, ["y"] = {}}',
    "bigs": "map[int]main.big = {[7] = {1, 2, 3, 0 <repeats 37 times>}}",
    "mofm": 'map[string]map[string]int = {["o"] = map[string]int = {["i"] = 1}}',
    "nm": 'main.named = {["n"] = 1}',
    "is": "main.ids = {4, 5, 6}",
    "q": "main.queue = {9}",
    "tx": '"typed"',
    "empties": '""',
    "nilmap": "map[string]int",
    "nilch": "chan int",
    "nilslice": "[]int",
    "empty": "[]int",
    "nested": '[][]string = {[]string = {"a", "b"}, []string, []string}',
    "ro": "<-chan int = {2, 3, 4}",
    "so": "chan<- int = {2, 3, 4}",
    "fake": '"<unreadable 0x0>"',
    "binary": r'"a\x00b\xff\xfe\x1b[31m\r\n\t\"q\"\\"',
    "arr": '{"p", "q", "r"}',
    "matrix": "{{1, 2, 3}, {4, 5, 6}}",
}
LONG = {"long": 100, "manych": 150, "m": 100}  # how many elements
_answers = {}


@pytest.fixture(scope="module")
def values(go_build):
    """A Go program with a variable of each sort."""
    return go_build("values", SOURCE.read_text(), "-gcflags=all=-N -l")


@pytest.fixture
def printed(gdb_json, values):
    """{(limit, name): what `output` prints where `print elements` is so}"""
    if not _answers:
        script = f"""
do('break main.stop'); do('run'); do('up'); result = []
for limit in ('200', '201', '4', 'unlimited'):
    do(f'set print elements {{limit}}')
    result += [(limit, name, do(f'output {{name}}')) for name in {[*SHOWN, *LONG, "longtext", "utf"]!r}]
"""
        _answers.update({(limit, name): text for limit, name, text in gdb_json(values, script)})
    return _answers


@pytest.mark.parametrize("name", SHOWN)
def test_it_is_shown_as_it_is(printed, name):
    assert {printed["200", name], _reversed(printed["200", name])} & {SHOWN[name]}


def _reversed(text):
    """A map's two elements may come in either order."""
    return re.sub(r'\{(\["x"\].*), (\["y"\].*)\}$|\{(\["y"\].*), (\["x"\].*)\}$', r"{\4, \3}", text)


def elements(text):
    """How many there are, and whether there are more."""
    inner = text.partition(" = {")[2]
    return len(re.findall(r"\[\"\w+\"\] = \d+|\b\d+(?=[,}.])", inner)), text.endswith("...}")


@pytest.mark.parametrize("name", LONG)
# where just as many are left as it prints, gdb takes it that there are more
@pytest.mark.parametrize("limit", ["201", "unlimited"])
def test_nothing_is_cut_below_the_limit(printed, name, limit):
    assert elements(printed[limit, name]) == (LONG[name], False)


@pytest.mark.parametrize("name, count", [("long", 4), ("manych", 4), ("m", 2)])
def test_what_is_cut_has_dots(printed, name, count):
    assert elements(printed["4", name]) == (count, True)


@pytest.mark.parametrize(
    "limit, shown",
    [("200", '"' + 200 * "x" + '"...'), ("4", '"xxxx"...'), ("unlimited", '"' + 300 * "x" + '"')],
    ids=["200", "4", "unlimited"],
)
def test_a_string_is_as_long_as_the_user_wants(printed, limit, shown):
    assert printed[limit, "longtext"] == shown


def test_no_half_character_is_shown(printed):
    assert printed["4", "utf"] == '"grü"...'


def test_a_claim_without_end_ends(gdb_json, values):
    script = """
do('break main.stop'); do('run'); do('up'); do('set print elements unlimited')
go_values._MAX_ELEMENTS = 50
do('set var units.qcount = 0xffffffffff'); do('set var units.dataqsiz = 0xffffffffff')
do('set var long.len = 0xfffffffff'); do('set var long.cap = 0xfffffffff')
result = [do('output units')[-60:], do('output long')[-60:]]
"""
    assert [text for text in gdb_json(values, script) if "more are claimed, and not shown>" not in text] == []
