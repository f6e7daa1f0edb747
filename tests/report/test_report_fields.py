"""Fields of the film: the one that somebody means is found, and its life is that of the recording."""

import json

import pytest

RUN = {
    "paths": ["m0.curg", "m1.curg", "g1.status", "globals.runtime.ncpu", "a.curgoal"],
    "values": [None, 0, "g1", "_Grunnable", 2],
    "stops": [
        {"stage": "a", "kind": "entry", "delta": [0, 1, 1, 1, 3, 4, 4, 1], "changed": [], "telling": 0},
        {"stage": "b", "kind": "entry", "delta": [0, 2, 2, 3, 4, 2], "changed": [0, 1, 2, 2, 0, 3], "telling": 1},
        {"stage": "c", "kind": "entry", "delta": [0, 1, 4, 1], "changed": [0, 2, 1], "telling": 1},
    ],
}
FILM = {"runs": [RUN]}


@pytest.mark.parametrize(
    "typed, path",
    [("m0.curg", "m0.curg"), ("curg", "m0.curg"), (" G1 ", "g1.status"), ("ncpu", "globals.runtime.ncpu")],
)
def test_a_field_is_found_by_what_people_type(node, typed, path):
    assert node(FILM, f"rt0.suggested(run, {json.dumps(typed)}, 9).found[0].path") == path


def test_a_field_is_found_by_a_value_with_where_it_had_it(node):
    found = node(FILM, "rt0.suggested(run, '_grunnable', 9).found")
    assert [(each["path"], each["stop"], each["value"]) for each in found] == [("g1.status", 1, "_Grunnable")]


def test_what_is_left_out_of_the_suggestions_is_counted(node):
    suggested = node(FILM, "rt0.suggested(run, 'curg', 1)")
    assert (len(suggested["found"]), suggested["left"]) == (1, 2)


def test_nothing_typed_suggests_nothing(node):
    assert node(FILM, "rt0.suggested(run, '  ', 9).found") == []


def test_a_life_is_cut_and_says_how_much_is_left(node):
    life = node(FILM, "rt0.lived(run, 'm0.curg', 2)")
    assert [(each["stop"], each["value"]) for each in life["values"]] == [(0, 0), (1, "g1")] and life["left"] == 1


def test_the_telling_changes_stand_apart(node):
    told = node(FILM, "rt0.told(run, 1)")
    assert [change[0] for change in told["first"]] == ["m0.curg"]
    assert [change[0] for change in told["others"]] == ["g1.status"]


def test_a_strip_has_a_mark_for_each_change(node):
    assert node(FILM, "rt0.toText(rt0.strip(run, 'm0.curg', 1, 'x'))").count('class="strip-change"') == 3


def test_a_life_names_the_line_that_wrote_a_value(recorded, node):
    life = node(recorded, "rt0.lived(run, 'm0.g0', 9).values")
    assert life[-1]["value"] == "&runtime.g0" and life[-1]["writer"]["function"] == "runtime.rt0_go"
