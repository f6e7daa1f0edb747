"""The file for Perfetto keeps to the trace-event format, and says what the film's lanes say."""

import json

import pytest
from runner.report import film, perfetto, sources


@pytest.fixture(scope="module")
def events(recorded):
    return json.loads(perfetto.text(recorded))["traceEvents"]


def of(events, phase):
    return [each for each in events if each["ph"] == phase]


def within(slices, event):
    """Whether a slice of its track is there when an event happens."""
    return any(
        (each["pid"], each["tid"]) == (event["pid"], event["tid"])
        and each["ts"] <= event["ts"] < each["ts"] + each["dur"]
        for each in slices
    )


def test_every_event_has_what_its_kind_must_have(events):
    wanted = {"M": {"args"}, "X": {"dur"}, "i": {"s"}, "s": {"id", "cat"}, "f": {"id", "cat", "bp"}}
    assert {each["ph"] for each in events} == wanted.keys()
    assert all({"name", "pid", "tid", "ts"} | wanted[each["ph"]] <= each.keys() for each in events)
    numbers = [each[key] for each in events for key in ("pid", "tid", "ts", "dur") if key in each]
    assert all(isinstance(number, int) and number >= 0 for number in numbers)


def test_slices_of_a_track_do_not_overlap(events):
    tracks = {}
    for each in sorted(of(events, "X"), key=lambda each: each["ts"]):
        end = tracks.get((each["pid"], each["tid"]), 0)
        assert each["dur"] > 0 and each["ts"] >= end
        tracks[each["pid"], each["tid"]] = each["ts"] + each["dur"]


def test_every_track_has_a_name(events):
    named = {(each["pid"], each["tid"]) for each in of(events, "M") if each["name"] == "thread_name"}
    assert {(each["pid"], each["tid"]) for each in events if each["ph"] != "M"} <= named
    names = {each["args"]["name"] for each in of(events, "M") if each["name"] == "thread_name"}
    assert {"m0", "m1", "g1", "g2"} <= names


def test_an_arrow_leads_from_a_slice_to_a_later_one(events):
    ends = {each["id"]: each for each in of(events, "f")}
    starts = of(events, "s")
    assert starts and len(ends) == len(starts) and all(each["ts"] < ends[each["id"]]["ts"] for each in starts)
    assert all(within(of(events, "X"), each) for each in starts + of(events, "f"))


def test_every_stop_is_an_instant_at_its_number(recorded, events):
    stops = recorded["runs"][0]["stops"]
    assert [(each["ts"], each["name"]) for each in of(events, "i")] == [
        (n, f"{stop['stage']} {stop['kind']}") for n, stop in enumerate(stops)
    ]


def test_the_names_of_the_tracks_say_what_the_clock_is(events):
    assert all("1 us" in each["args"]["name"] for each in of(events, "M") if each["name"] == "process_name")


def test_names_of_fields_stay_names():
    trace = {"program": "__proto__", "stages": [{"stage": "a", "changed": {"__proto__": [0, 1]}}, {}]}
    made = json.loads(perfetto.text(film.of([(trace, sources.finder(""))])))
    assert of(made["traceEvents"], "i")[0]["args"]["changed"]["__proto__"] == "0 -> 1"
