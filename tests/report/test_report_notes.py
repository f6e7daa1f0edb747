"""Notes on moments: a file of them is taken note by note, refused in one sentence, and never does anything."""

import json

import pytest
from runner.failure import Failure
from runner.report import notes, page

STOPS = [{"stage": f"s{n}", "kind": "entry", "thread": 1, "delta": [], "changed": [], "telling": 0} for n in range(4)]
FILM = {"runs": [{"program": "p", "runtime": "r", "build": "b", "paths": [], "values": [None], "stops": STOPS}]}
FILE = {"format": 1, "program": "p", "runtime": "r", "build": "b", "notes": [{"moment": "s2/entry", "text": "two"}]}


def taken(node, **changes):
    return node(FILM, f"rt0.notesIn(run, {json.dumps(json.dumps(FILE | changes))})")


def texts(node, *given):
    return [
        note["text"] for note in taken(node, notes=[{"moment": "s1/entry", "text": text} for text in given])["notes"]
    ]


def test_a_note_comes_back_from_its_file(node):
    assert node(FILM, "rt0.notesIn(run, rt0.notesFile(run, rt0.noted(run, [], 's1/entry', 'one')))") == {
        "notes": [{"moment": "s1/entry", "stop": 1, "text": "one"}],
        "left": 0,
        "other": False,
    }


@pytest.mark.parametrize(
    "changes, error",
    [
        ({"format": 2}, "notes_broken"),
        ({"notes": "x"}, "notes_broken"),
        ({"program": "q"}, "notes_program"),
        ({"notes": [{"moment": "nowhere", "text": "x"}]}, "notes_none"),
        ({"notes": [None, 1, [], {"moment": {}, "text": []}]}, "notes_none"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_a_reason(node, changes, error):
    assert taken(node, **changes) == {"error": error}


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "[" * 100000])
def test_a_broken_file_is_refused(node, text):
    assert node(FILM, f"rt0.notesIn(run, {json.dumps(text)})") == {"error": "notes_broken"}


def test_notes_that_do_not_fit_are_left_out_and_counted(node):
    found = taken(node, notes=[*FILE["notes"], {"moment": "9", "text": "x"}, {"moment": "1", "text": "x" * 2001}])
    assert ([note["text"] for note in found["notes"]], found["left"]) == (["two"], 2)


def test_no_more_than_so_many_notes_are_taken(node):
    found = taken(node, notes=[{"moment": "1", "text": str(i)} for i in range(1000)])
    assert (len(found["notes"]), found["left"]) == (200, 800)


def test_a_full_notebook_takes_no_more(node):
    full = "Array.from({length: 200}, (_, i) => ({stop: 1, text: String(i)}))"
    assert node(FILM, f"rt0.noted(run, {full}, '1', 'x')") is None


def test_notes_of_another_recording_are_taken_and_that_is_said(node):
    assert taken(node, build="c")["other"] is True


def test_the_same_note_is_not_kept_twice(node):
    assert texts(node, "one", "one") == ["one"]


def test_a_text_cannot_hide_or_turn_itself(node):
    assert texts(node, "a\u202eb\u200b\0") == ["a\\u202eb\\u200b\\u0000"]


def test_notes_stand_in_the_order_of_the_run(node):
    found = taken(node, notes=[{"moment": "3", "text": "c"}, {"moment": "s0", "text": "a"}])["notes"]
    assert [note["stop"] for note in found] == [0, 3]


def written(tmp_path, text):
    (tmp_path / "notes.json").write_text(text)
    return str(tmp_path / "notes.json")


def test_a_teacher_s_notes_are_read(tmp_path):
    assert notes.read(written(tmp_path, json.dumps(FILE)), "p") == FILE


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 1}', '{"format": 2, "notes": []}', "[" * 100000])
def test_a_file_without_notes_cannot_be_given_away(tmp_path, text):
    with pytest.raises(Failure, match="has no notes of format 1"):
        notes.read(written(tmp_path, text), "p")


def test_notes_on_another_program_cannot_be_given_away(tmp_path):
    with pytest.raises(Failure, match="another program"):
        notes.read(written(tmp_path, json.dumps(FILE)), "q")


def test_a_file_of_notes_that_is_no_file_is_not_opened():
    with pytest.raises(Failure, match="no regular file"):
        notes.read("/dev/zero", "p")


def test_nothing_of_a_note_but_its_texts_goes_into_the_film(tmp_path):
    text = '{"format": 1, "program": "p", "notes": [{"moment": "1", "text": 7, "x": NaN}, NaN]}'
    assert notes.read(written(tmp_path, text), "p")["notes"] == [{"moment": "1"}, {}]


def test_a_note_cannot_end_the_data(recorded):
    given = FILE | {"notes": [{"moment": "1", "text": "</script><script>alert(1)</script>"}]}
    assert page.html(recorded | {"notes": given}, "en").count("</script>") == 2
