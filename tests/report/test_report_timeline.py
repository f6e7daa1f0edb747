"""Which M, P and G a stop is of, who woke whom, and the pictures of that: what a run says, and what it does not."""

import json
import xml.etree.ElementTree as ElementTree

import pytest

from runner.report import film, sources


def run_of(*rows):
    """The film of a run of these stops."""
    trace = {"program": "p", "runtime": "go0", "args": [], "stages": [row | {"seq": n} for n, row in enumerate(rows)]}
    return film.of([(trace, sources.finder("go0"))])


def stop(thread, tls="&runtime.g0", stage="schedule", kind="entry", bt=(), gs=(), allm=("&runtime.m0",), **fields):
    """A stop; `gs` is {name: status} or {name: [status, m]}."""
    allgs = [{"name": name, "status": status, "m": 0, **fields.pop(name, {})} for name, status in dict(gs).items()]
    row = {"stage": stage, "kind": kind, "thread": thread, "tls_g": tls, "bt": [*bt], "allgs": allgs, "allm": [*allm]}
    return row | {"m0": {"curg": 0, "p": 0}} | fields


@pytest.fixture(scope="module")
def gos(oracle):
    """The film of Go 1.10.2's boot."""
    return film.of([(oracle, sources.finder("go1.10.2"))])


def test_a_new_thread_is_not_the_m_whose_tls_it_still_has(node):
    run = run_of(stop(1), stop(2), stop(2, tls=0), stop(2, tls="m1.g0"))
    assert node(run, "rt0.lanes(run).stops.map((s) => s.m)") == ["m0", "m1", "m1", "m1"]


def test_on_whose_stack_a_new_thread_is_is_not_known_before_it_has_a_g(node):
    run = run_of(stop(1), stop(2), stop(2, tls=0), stop(2, tls="m1.g0"))
    assert node(run, "rt0.lanes(run).stops.map((s) => s.on)") == ["g0", "unknown", "none", "g0"]


def test_of_two_threads_that_claim_one_m_the_first_to_do_so_has_it(node):
    run = run_of(stop(1), stop(2, tls="m1.g0"), stop(1, tls="m1.g0"))
    assert node(run, "rt0.lanes(run).lane.m") == ["unknown", "m1", "unknown"]


def test_a_goroutine_s_stack_and_the_g0_s_are_told_apart(gos, node):
    asked = "['runtime.main/entry', 'main.func1'].map((m) => rt0.lanes(run).stops[run.named(m)])"
    main, func1 = node(gos, asked)
    assert (main["on"], main["g"], main["p"]) == ("user", "g1", "p0")
    assert (func1["on"], func1["g"], func1["curg"]) == ("g0", None, "g1")


def test_what_an_m_without_fields_does_is_not_known(gos, node):
    assert node(gos, "rt0.lanes(run).lanes.m.find((l) => l.name === 'm1').spans.map((s) => s[2])") == ["unknown"]


@pytest.mark.parametrize("view", ["m", "p", "g"])
def test_each_stop_is_in_a_lane_that_is_drawn(recorded, node, view):
    asked = f"rt0.lanes(run).lane.{view}.filter((name) => !rt0.lanes(run).lanes.{view}.some((l) => l.name === name))"
    assert node(recorded, asked) == []


@pytest.mark.parametrize("view", ["m", "p", "g"])
def test_a_value_that_makes_no_sense_costs_no_lane(node, view):
    run = run_of(stop(1, tls="<b>", m0={"curg": "</svg>", "p": ["x"]}, allm=["&runtime.m0", 5, "m1\n"]), stop(None))
    assert {each["name"] for each in node(run, f"rt0.lanes(run).lanes.{view}")} <= {"m0", "none", "unknown"}


# ---- who woke whom -------------------------------------------------------------------------------------------------


def test_go_s_first_goroutine_was_made_ready_in_newproc1_and_ran_at_gogo(gos, node):
    (wake,) = node(gos, "rt0.wakes(run)")
    stops = gos["runs"][0]["stops"]
    assert (wake["g"], stops[wake["at"]]["stage"], stops[wake["ran"]]["stage"]) == ("g1", "runqput", "gogo")
    assert (wake["by"]["m"], wake["by"]["maker"], wake["by"]["callers"]) == (
        "m0",
        "runtime.newproc1",
        ["runtime.rt0_go"],
    )


IN = ["runtime.newproc1 (proc.go:1)", "runtime.rt0_go (asm:1)"]
TWO = ["m1", "&runtime.m0"]
READY = {"g1": "_Grunnable"}


def makers(node, *rows):
    return [wake["by"] for wake in node(run_of(*rows), "rt0.wakes(run)")]


def test_of_two_that_were_inside_newproc1_neither_is_named(node):
    other = stop(2, "m1.g0", bt=IN, allm=TWO)
    ends = [stop(1, bt=IN, gs=READY, allm=TWO), stop(2, "m1.g0", bt=IN, gs=READY, allm=TWO)]
    assert makers(node, stop(1, bt=IN, allm=TWO), other, *ends) == [None]


def test_one_that_was_seen_to_have_left_newproc1_is_not_named(node):
    left = stop(1, stage="newproc1", kind="return", bt=IN[1:], allm=TWO)
    assert makers(node, stop(1, bt=IN, allm=TWO), left, stop(2, "m1.g0", gs=READY, allm=TWO)) == [None]


def test_one_whose_next_stop_is_elsewhere_is_not_named(node):
    assert makers(node, stop(1, bt=IN, allm=TWO), stop(1, gs=READY, allm=TWO)) == [None]


def test_the_only_m_is_named(node):
    (by,) = makers(node, stop(1), stop(1, gs=READY))
    assert (by["m"], by["why"]) == ("m0", "alone")


def test_a_goroutine_that_waited_is_woken_from_what_it_waited_for(node):
    ready = ["runtime.goready (proc.go:1)", "runtime.send (chan.go:1)", "main.main (m.go:1)"]
    slept = stop(1, bt=ready, gs={"g2": "_Gwaiting"}, g2={"waitreason": "chan receive"}, allm=TWO)
    woken = stop(1, stage="goready", kind="return", bt=ready[1:], gs={"g2": "_Grunnable"}, allm=TWO)
    runs = stop(1, gs={"g2": "_Grunning"}, g2={"m": "m1"}, allm=TWO)
    (wake,) = node(run_of(slept, woken, runs), "rt0.wakes(run)")
    assert (wake["what"], wake["reason"], wake["at"], wake["ran"], wake["ranOn"]) == (
        "woken",
        "chan receive",
        1,
        2,
        "m1",
    )
    assert wake["by"]["callers"] == ["runtime.send", "main.main"]


SENT = ["runtime.goready (proc.go:1)", "runtime.send (chan.go:1)"]
ON_G0 = ["runtime.ready (proc.go:1)", "runtime.goready.func1 (proc.go:1)", "runtime.systemstack (asm:1)"]


def test_a_call_goes_on_while_its_g0_works_for_it(node):
    slept = stop(1, "g1", stage="goready", bt=SENT, gs={"g2": "_Gwaiting"}, allm=TWO)
    on_g0 = stop(1, stage="runqput", bt=ON_G0, gs={"g2": "_Grunnable"}, allm=TWO)
    (by,) = makers(node, slept, on_g0)
    assert (by["maker"], by["callers"], by["call"]) == ("runtime.goready", ["runtime.send"], 0)


def test_of_two_that_one_call_would_have_woken_neither_is_said_to_be_its(node):
    slept = stop(1, "g1", stage="goready", bt=SENT, gs={"g2": "_Gwaiting", "g3": "_Gwaiting"}, allm=TWO)
    states = ({"g2": "_Grunnable", "g3": "_Gwaiting"}, {"g2": "_Grunnable", "g3": "_Grunnable"})
    assert makers(node, slept, *(stop(1, stage="runqput", bt=ON_G0, gs=gs, allm=TWO) for gs in states)) == [None, None]


def test_a_goroutine_that_was_preempted_was_not_woken(node):
    run = run_of(stop(1), *(stop(1, gs={"g1": status}) for status in ("_Grunnable", "_Grunning", "_Grunnable")))
    assert [wake["at"] for wake in node(run, "rt0.wakes(run)")] == [1]


# ---- walking and pictures ------------------------------------------------------------------------------------------


def test_the_tour_stops_once_at_each_of_its_stages(recorded, node):
    stages = node(recorded, "rt0.tour(run, film.stages).map((n) => run.stop(n).stage)")
    assert len(stages) == len(set(stages)) and set(stages) <= {n for n, s in recorded["stages"].items() if "tour" in s}


def long(recorded, times):
    """A film of as many stops more."""
    run = recorded["runs"][0]
    return recorded | {"runs": [run | {"stops": run["stops"] * times}]}


COUNT = """((count) => count(PICTURE))(function count(t) {
    return t.children ? t.children.reduce((sum, child) => sum + count(child), 1) : 0;
})"""


@pytest.mark.parametrize(
    "picture", ["wholeRun(run, 'm', {width: 900, t: String})", "around(run, 'm', {at: 9, width: 900, t: String})"]
)
def test_more_stops_need_no_more_elements(recorded, node, picture):
    asked = COUNT.replace("PICTURE", f"rt0.{picture}.tree")
    assert node(long(recorded, 5), asked) < node(recorded, asked) + 60


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_whole_boot_is_a_picture_that_stands_alone(recorded, node, language):
    text = node(recorded, f"rt0.toText(rt0.pictures.timeline(film, 0, 0, {{language: '{language}'}}))")
    shown = {each.text for each in ElementTree.fromstring(text).iter("{http://www.w3.org/2000/svg}text")}
    assert {"rt0_go", "schedinit", "main.main", "m1 sysmon", "g1", "g2"} <= shown
    assert recorded["words"][language]["legend_g0"] in shown and "var(" not in text


def test_a_picture_to_a_stop_shows_nothing_of_what_came_later(recorded, node):
    asked = "rt0.toText(rt0.pictures.timeline(film, 0, run.named('runtime.main/entry'), {language: 'en'}))"
    shown = {
        each.text for each in ElementTree.fromstring(node(recorded, asked)).iter("{http://www.w3.org/2000/svg}text")
    }
    assert {"runtime.main", "g1"} <= shown and not {"main.main", "m1 sysmon", "g2"} & shown


def test_a_picture_of_hostile_names_is_only_text(node):
    run = run_of(*(stop(1, stage='"/><script>\x1b]0;x\x07') for _ in range(3)))
    run["stages"] = {row["stage"]: {"why": {}, "tour": True} for row in run["runs"][0]["stops"]}
    text = json.dumps(node(run, "rt0.toText(rt0.pictures.timeline(film, 0, 1, {language: 'en'}))"))
    assert "<script" not in text and "\\u001b" not in text
