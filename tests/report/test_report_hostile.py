"""Traces that no recorder wrote: one line, or a page that shows what there is and does nothing else."""

import copy
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runner.report import film, page, sources

ROOT = page.HERE.parents[3]
TEXTS = (
    "",
    "</script>",
    "\x1b[31m",
    "\u202eabc",
    "\ud800",
    "x" * 5000,
    "__proto__",
    "constructor",
    "toString",
    "g1",
    "m0",
)
POINTERS = (
    "allp[0]",
    "&runtime.m0",
    "g1.stack.hi-40",
    "g0.stack.hi-99999999999",
    "0x" + "f" * 50,
    "runtime.main+1",
    "_Grunning",
)
NUMBERS = (None, True, -1, 1 << 70, -(1 << 80), 1.5, float("nan"), float("inf"), 2**53)
NESTS = ([], {}, [[1]], ["g1", {}], {"__proto__": 1, "a": {"b": {"c": {"d": {"e": 1}}}}}, list(range(100)))
KEYS = ("__proto__", "constructor", "hasOwnProperty", "x" * 5000, "\ud800", "")

# Calls all of the page's scripts that need no page, for every stop of both runs.
EVERYTHING = """(() => {
  const t = rt0.speaker(film.words.en);
  film.runs.forEach((_, side) => {
    const run = rt0.runOf(film, side);
    rt0.lanes(run), rt0.wakes(run), rt0.tour(run, film.stages), rt0.questions(run, film.stages, 1);
    rt0.suggested(run, "constructor", 5);
    for (const view of ["m", "p", "g"]) rt0.toText(rt0.wholeRun(run, view, { width: 800, t }).tree);
    for (let n = 0; n < run.length; n++) {
      for (const view of ["m", "p", "g"]) rt0.toText(rt0.around(run, view, { at: n, width: 400, t }).tree);
      for (const draw of Object.values(rt0.pictures)) rt0.toText(draw(film, side, n, { language: "zh" }));
      rt0.sentence(run, n, t), rt0.spGoes(run, n), run.named(run.moment(n));
      [...run.backtrace(n), ...run.words(n)].map(rt0.shown);
      for (const [path] of run.changes(n))
        run.writer(n, path), rt0.lived(run, path, 10), rt0.toText(rt0.strip(run, path, n, "x"));
      for (const value of run.state(n).values()) rt0.shown(value);
    }
  });
  if (!film.pairs) return true;
  const all = new rt0.Pairs(film, film.runs.map((_, side) => rt0.runOf(film, side)));
  film.pairs.forEach((_, k) => {
    all.changes(k), all.reason(k, -1), all.differing(k).forEach(({ field }) => all.reason(k, field));
  });
  all.runs.forEach((run, side) =>
    run.data.stops.forEach((_, n) => (all.partner(side, n) ?? all.why(side, n), all.next(side, n, 1))));
  return true;
})()"""


@pytest.fixture(scope="module")
def small(boot):
    """A few stops of hello's boot, far apart."""
    return boot | {"stages": boot["stages"][:: len(boot["stages"]) // 4][:4]}


def places(node, path=()):
    """The way to each thing in a trace."""
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield (*path, key)
        yield from places(node[key], (*path, key))


def damaged(trace, damages):
    """A copy of a trace with something put in the place of some of its values and names."""
    trace = copy.deepcopy(trace)
    for number, value in damages:
        found = list(places(trace))
        *way, last = found[number % len(found)]
        node = trace
        for key in way:
            node = node[key]
        if isinstance(node, dict) and number % 7 == 0:
            node[KEYS[number % len(KEYS)]] = node.pop(last)
        else:
            node[last] = copy.deepcopy(value)
    return trace


def test_of_whatever_a_trace_holds_a_film_is_made_and_no_script_throws(small, oracle, node):
    right = oracle | {"stages": oracle["stages"][::30]}
    films = []
    damage = st.lists(
        st.tuples(st.integers(0, 1 << 20), st.sampled_from(TEXTS + POINTERS + NUMBERS + NESTS)), min_size=1, max_size=40
    )

    @settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(damage, st.booleans())
    def try_one(damages, beside):
        trace = damaged(small, damages)
        if not isinstance(trace.get("stages"), list):
            return  # is refused when it is read
        made = film.of([(each, sources.finder("rt0lab")) for each in ([trace, right] if beside else [trace])])
        text = page.html(made, "en")
        assert text.encode() and len(text) < 2_000_000
        films.append(made)

    try_one()
    script = f"film.list.map((film) => {EVERYTHING}).length"
    assert node({"list": films}, script) == len(films) > 10


def test_a_status_that_is_no_text_stops_no_script(node):
    stops = [{"stage": "check", "kind": "entry", "allgs": [{"name": "g1", "status": status}]} for status in (True, 7)]
    assert node(film.of([({"stages": stops}, sources.finder(""))]), EVERYTHING) is True


def test_nothing_that_turns_a_line_round_or_rules_a_terminal_reaches_the_page():
    trace = {"program": "\u202e\x1b[1m\ud800", "stages": [{"stage": "\u200b", "m0": {"\u202e": "\x07"}}]}
    text = page.html(film.of([(trace, sources.finder(""))]), "en")
    assert [c for c in ("\u202e", "\\u202e", "\x1b", "\\u001b", "\u200b", "\ud800", "\\ud800") if f'"{c}' in text] == []


def report(*arguments):
    return subprocess.run([ROOT / "lab", "report", *map(str, arguments)], capture_output=True, text=True, timeout=300)


BAD = {
    "empty": "",
    "none": "hello",
    "array": "[1]",
    "format": '{"format": 2, "stages": [{}]}',
    "nothing": '{"format": 1, "stages": []}',
    "rows": '{"format": 1, "stages": [1, null]}',
    "cut": '{"format": 1, "stages": [{"stage": "ch',
    "deep": '{"format": 1, "stages": ' + "[" * 100000,
    "digits": '{"format": 1, "stages": [' + "9" * 10000 + "]}",
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_trace_is_said_in_one_line_that_names_the_file(tmp_path, name):
    from runner.failure import USAGE, Failure
    from runner.host import traces

    file = tmp_path / "bad.json"
    file.write_text(BAD[name])
    with pytest.raises(Failure) as failure:
        traces.read(str(file))
    assert failure.value.status == USAGE and str(file) in str(failure.value)


def test_the_verb_ends_with_that_line(tmp_path):
    (tmp_path / "bad.json").write_text("{")
    result = report(tmp_path / "bad.json", "-o", tmp_path / "x.html")
    assert (result.returncode, result.stderr.count("\n")) == (2, 1) and not (tmp_path / "x.html").exists()


def test_a_trace_that_says_nothing_gives_a_page(tmp_path):
    (tmp_path / "bare.json").write_text('{"format": 1, "stages": [{}]}')
    result = report(tmp_path / "bare.json", "--against", tmp_path / "bare.json", "-o", tmp_path / "x.html")
    assert (result.returncode, result.stderr) == (0, "")


def test_a_disk_that_is_full_is_one_line(tmp_path):
    (tmp_path / "bare.json").write_text('{"format": 1, "stages": [{}]}')
    result = report(tmp_path / "bare.json", "-o", "/dev/full")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
