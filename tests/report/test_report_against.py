"""Two runs beside each other: which stops, fields and values belong together, and what is said of their differences."""

import json

import pytest
from browsing import until
from runner.likeness import comparison, fields
from runner.report import against, film


class _Nowhere:
    def around(self, places):
        return {}


def filmed(*traces):
    return film.of([(trace, _Nowhere()) for trace in traces])


@pytest.fixture(scope="module")
def beside(boot, oracle):
    """hello's boot beside Go 1.10.2's."""
    return filmed(boot, oracle)


PAIRS = "new rt0.Pairs(film, film.runs.map((each) => new rt0.Run(each)))"


def stop(stage, kind="entry", thread=1, **more):
    return {"stage": stage, "kind": kind, "thread": thread} | more


def run(*stops, runtime="go1.19", **more):
    return {"format": 1, "runtime": runtime, "program": "p", "stages": list(stops)} | more


def test_every_stop_stands_in_one_pair(beside):
    for side in (0, 1):
        found = [pair[side] for pair in beside["pairs"] if pair[side] is not None]
        assert sorted(found) == list(range(len(beside["runs"][side]["stops"])))


def test_stops_that_belong_together_have_one_name(beside):
    left, right = (each["stops"] for each in beside["runs"])
    both = [pair for pair in beside["pairs"] if None not in pair]
    assert len(both) > 100 and all(fields.key(left[i]) == fields.key(right[j]) for i, j in both)


def test_what_compare_calls_a_difference_is_one_here(boot, oracle, beside, node):
    rows = comparison.comparison(oracle, boot)["fields"]
    wanted = {(row["stage"], row["path"]) for row in rows if row["verdict"] != "same" and row["path"] != "(stop)"}
    said = node(
        beside,
        f"(() => {{ const all = {PAIRS}; return all.pairs.flatMap(([i], k) => i === null ? [] : all.changes(k)"
        ".filter((row) => row.mark !== 'same')"
        ".map(({ names }) => [all.runs[0].stop(i).stage + ' ' + all.runs[0].stop(i).kind, names.find(Boolean)])); })()",
    )
    assert wanted - {tuple(each) for each in said} == set()


def test_a_written_reason_stands_beside_its_difference(beside, node):
    n = next(n for n, each in enumerate(beside["runs"][0]["stops"]) if fields.key(each) == "malg return")
    field = beside["alike"]["names"].index("m0.fastrand.0")
    said = node(beside, f"(() => {{ const all = {PAIRS}; return all.reason(all.pair(0, {n}), {field}); }})()")
    assert said["en"].startswith("Go's first heap allocation") and said["zh"] != said["en"]


def test_beside_a_go_that_is_no_mirror_nothing_is_explained():
    assert filmed(run(stop("check")), run(stop("check")))["alike"]["reasons"] == []


@pytest.mark.parametrize("was, now", [("sched.runqhead", "sched.runq.head"), ("p1.gfree", "p1.gFree.head")])
def test_a_field_with_another_name_is_one_field(was, now):
    assert against.today(was) == against.today(now) == now


def test_of_a_renamed_field_is_said_in_which_gos_it_was():
    old = stop("check", p0=None, allp=[{"gfreecnt": 0}])
    new = stop("check", p0=None, allp=[{"gFree": {"size": 0}}])
    alike = filmed(run(old), run(new))["alike"]
    assert alike["renamed"] == {alike["names"].index("p0.gFree.size"): "1.12, 1.25"}


def test_what_no_two_runs_share_is_compared_as_zero_or_not(node):
    left, right = (run(stop("check", sched={"lastpoll": time})) for time in (3, 4))
    assert node(filmed(left, right), f"{PAIRS}.differing(0)") == []


def why(node, left, right, n):
    return node(filmed(left, right), f"{PAIRS}.why(0, {n})")


def test_a_stop_that_was_not_watched_for_is_no_stop_that_was_not_reached(node):
    left = run(stop("check"), stop("args"))
    assert why(node, left, run(stop("check")), 1) == "pairs_never"
    assert why(node, left, run(stop("check"), not_watched=["args entry"]), 1) == "pairs_unwatched"


def test_where_a_recorder_left_out_stops_it_is_not_said_that_there_were_none(node):
    left = run(stop("check"), stop("args"), stop("exit"))
    assert why(node, left, run(stop("check", seq=4), stop("exit", seq=9)), 1) == "pairs_left"


def test_where_nothing_is_known_there_is_no_next_difference(node):
    left = run(stop("check"), stop("args"), stop("exit"))
    assert node(filmed(left, run(stop("check", seq=4), stop("exit", seq=9))), f"{PAIRS}.next(0, 0, 1)") is None
    assert node(filmed(left, run(stop("check"), stop("exit"))), f"{PAIRS}.next(0, 0, 1)") == 1


def test_what_a_recorder_never_writes_is_no_difference(node):
    left, right = run(stop("check"), stop("args", allp=[{}, {"id": 1}])), run(stop("check"), stop("args"))
    assert node(filmed(left, right), f"{PAIRS}.next(0, 0, 1)") is None


def test_a_p_s_status_is_one_whether_written_as_number_or_name(node):
    left, right = run(stop("check", p0={"status": 1})), run(stop("check", p0={"status": "_Prunning"}))
    assert node(filmed(left, right), f"{PAIRS}.differing(0)") == []


def test_after_the_end_of_a_recording_nothing_is_said_of_what_was_reached(node):
    left = run(stop("check"), stop("args"))
    assert why(node, left, run(stop("check"), truncated=True), 1) == "pairs_over"


def test_the_next_difference_is_where_the_two_did_not_do_the_same(node):
    left, right = (run(stop("check", tls_g=0), stop("args", tls_g=0), stop("exit", tls_g=g)) for g in ("g1", "g2"))
    assert node(filmed(left, right), f"{PAIRS}.next(0, 0, 1)") == 2


def test_what_went_back_to_what_it_was_is_no_change(node):
    left = run(stop("check", tls_g=0), stop("sysmon", thread=2, tls_g="g1"), stop("args", tls_g=0))
    assert node(filmed(left, run(stop("check", tls_g=0), stop("args", tls_g=0))), f"{PAIRS}.changes(2)") == []


def test_runs_too_long_to_be_laid_side_by_side_are_paired_by_turns(monkeypatch):
    monkeypatch.setattr(against, "MOST", 0)
    found = filmed(run(stop("a"), stop("b"), stop("a")), run(stop("a"), stop("c"), stop("a")))["pairs"]
    assert sorted(found, key=json.dumps) == [[0, 0], [1, None], [2, 2], [None, 1]]


@pytest.fixture
def opened(browser, beside, tmp_path):
    from runner.report import page

    file = tmp_path / "beside.html"
    file.write_text(page.html(beside, "en"), "utf-8")
    browser.get(f"{file.as_uri()}#schedinit/return")
    until(browser, lambda b: b.execute_script("return rt0.app.film !== null"))
    return browser


def test_the_other_run_is_walked_from_the_stop_that_belongs_to_this_one(opened):
    opened.find_element("id", "side-1").click()
    assert opened.execute_script("return [rt0.app.side, rt0.app.run.moment(rt0.app.at)]") == [1, "schedinit/return"]
    opened.find_element("id", "side-0").click()
    assert opened.execute_script("return [rt0.app.side, rt0.app.run.moment(rt0.app.at)]") == [0, "schedinit/return"]


def test_pictures_of_both_runs_are_drawn_when_they_are_wanted(opened):
    for drawn in (4, 0):  # a fold tells that it was opened or closed a while later
        opened.find_element("id", "pairs-pictures").click()
        until(opened, lambda b: len(b.find_elements("css selector", "#panel-pairs svg.picture")) == drawn)


def test_a_stop_that_only_one_run_has_says_why(opened, beside):
    n = next(n for n, each in enumerate(beside["runs"][0]["stops"]) if each["stage"] == "gostartcallfn")
    opened.execute_script("rt0.app.go(arguments[0])", n)
    said = opened.find_element("id", "panel-pairs").text
    assert "never stops there" in said and "inlined gostartcallfn" in said and "false" not in said


def test_the_page_goes_to_the_next_difference_and_back(opened):
    here = opened.execute_script("return rt0.app.at")
    opened.find_element("id", "pairs-next").click()
    assert opened.execute_script("return rt0.app.at") > here
    opened.find_element("id", "pairs-earlier").click()
    assert opened.execute_script("return rt0.app.at") <= here


@pytest.mark.parametrize("path", [("ms", "m1", "procid"), ("allp", "p1", "sysmontick", "schedwhen")])
def test_what_tells_of_the_machine_is_compared_as_zero_or_not_of_every_m_and_p(path, node):
    key, name, *fields_of = path

    def boot(value, runtime):
        for field in reversed(fields_of):
            value = {field: value}
        return run(stop("a", **{key: [{"id": 0}, {"id": 1} | value]}), runtime=runtime)

    row = f"{PAIRS}.differing(0).map(({{names}}) => names[0])"
    made = [filmed(boot(7, "go1.19"), boot(other, "go1.27")) for other in (9, 0)]
    assert [name + "." + ".".join(fields_of) in node(each, row) for each in made] == [False, True]
