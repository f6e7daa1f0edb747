"""Classes: a roster however it was written, seeds nobody can guess, what a student hands in."""

import csv
import json
import os
import stat

import pytest
from learners import ROOT  # noqa: F401  (puts the runner into the path)
from runner.classes import course, roster, submission
from runner.exercises.making import source
from runner.failure import Failure

HARMLESS = {
    "one column": b"alice\nbob\n",
    "a header": b"id\nalice\nbob\n",
    "more columns": b"name,id,group\nA,alice,1\nB,bob,2\n",
    "a mark in front": b"\xef\xbb\xbfid,name\nalice,A\nbob,B\n",
    "carriage returns": b"id,name\r\nalice,A\r\nbob,B\r\n",
    "quotes": b'"id","name"\n"alice","A, the first"\n"bob","B\nof two lines"\n',
    "semicolons": b"id;name\nalice;A, the first\nbob;B\n",
    "tabs": b"ID\tName\nalice\tA\nbob\tB\n",
    "empty lines": b"\nid,name\n\nalice,A\n,\nbob,B\n\n",
    "blanks": b" id , name\n alice , A\n bob , B\n",
}


def written(tmp_path, data):
    path = tmp_path / "list.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("shape", HARMLESS)
def test_a_list_of_any_shape_is_read(tmp_path, shape):
    assert [student.id for student in roster.read(written(tmp_path, HARMLESS[shape]))] == ["alice", "bob"]


def test_names_stay_what_they_are(tmp_path):
    found = roster.read(written(tmp_path, "学号,姓名\n2021001,张三\n".encode()))
    assert found == [roster.Student("2021001", "张三")]


@pytest.mark.parametrize(
    "data, says",
    [
        (b"", "no student"),
        (b"id,name\n", "no student"),
        (b"a,b\nc,d\n", "no column is called"),
        (b"id\nalice\nAlice\n", "rows 2 and 3 have the same id"),
        (b"id,name\n../x,A\n", "row 2: '../x' cannot"),
        (b"id,name\n,A\n", "row 2: '' cannot"),
        (b"id\n\x1b[31m\n", "cannot be a student's id"),
        (b'id\n"a\nb"\n', "cannot be a student's id"),
        (b'id,name\n"alice,A\n', "no CSV file"),
        (b"id\n\xff\n", "not UTF-8"),
        (b"x" * (roster.MAX_BYTES + 1), "larger than"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_a_list_that_is_none_says_where(tmp_path, data, says):
    with pytest.raises(Failure, match=says):
        roster.read(written(tmp_path, data))


@pytest.fixture
def made(tmp_path):
    folder = tmp_path / "os"
    course.make(folder, [roster.Student("alice", "A"), roster.Student("2021001", "张三")])
    return folder


def test_the_key_is_for_nobody_else(made):
    assert stat.S_IMODE(os.stat(made / "key").st_mode) == 0o600


def test_a_key_that_others_can_read_is_refused(made):
    (made / "key").chmod(0o644)
    with pytest.raises(Failure, match="chmod 600"):
        course.load(made)


def test_a_seed_follows_from_key_and_id(made):
    again = course.load(made)
    assert again.seed("alice") == course.load(made).seed("alice") != again.seed("2021001")


def test_another_class_has_other_seeds(made, tmp_path):
    course.make(tmp_path / "other", [roster.Student("alice")])
    assert course.load(made).seed("alice") != course.load(tmp_path / "other").seed("alice")


def test_a_new_list_keeps_the_seeds(made):
    before = course.load(made).seed("alice")
    assert not course.make(made, [roster.Student("alice"), roster.Student("late")])
    assert course.load(made).seed("alice") == before and course.load(made).student("late")


def test_the_roster_has_a_token_for_each(made):
    with open(made / "roster.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    found = [course.membership(row["token"]) for row in rows]
    assert found == [course.Membership("os", row["id"], int(row["seed"])) for row in rows]


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: t[:-1] + "A", lambda t: "rt0-", lambda t: "\x1b" + t])
def test_a_token_with_a_slip_is_none(spoil):
    with pytest.raises(Failure, match="no token"):
        course.membership(spoil(course.token("os", "alice", 5)))


@pytest.mark.parametrize(
    "line", ["format = 2", "hints = [1, 2, 3, 4]", 'language = "fr"', "seconds = true", 'nonsense = "x"', "[[[["]
)
def test_a_policy_that_makes_no_sense_is_refused(made, line):
    (made / "class.toml").write_text(f'name = "os"\n{line}\n' + ("" if "format" in line else "format = 1\n"))
    with pytest.raises(Failure, match="class.toml"):
        course.load(made)


# ---- a student's side ------------------------------------------------------------------------------------------------


def test_a_student_who_joins_has_the_seed_of_the_class(learner):
    learner.lab("class", "join", course.token("os", "alice", 77))
    assert learner.state()["seed"] == 77


def test_what_was_done_before_is_kept_aside(learner):
    learner.lab("hint")
    learner.lab("goto", "entry")
    learner.lab("hint")
    learner.lab("class", "join", course.token("os", "alice", 77))
    aside = json.loads((learner.folder / "state.json.before-class-1").read_text())
    assert aside["exercises"]["entry"]["hints_used"] and learner.state()["exercises"] == {}


def test_who_joins_again_keeps_what_they_did(learner):
    learner.lab("class", "join", course.token("os", "alice", 77))
    learner.lab("goto", "entry")
    learner.lab("hint")
    learner.lab("class", "join", course.token("os", "alice", 77))
    assert learner.entry("entry")["hints_used"]


def test_what_the_system_says_stands_in_a_sentence_of_the_learners_language(learner):
    assert "系统报告“No such file" in learner.lab("class", "new", "missing.csv", LAB_LANG="zh").stderr


def test_what_is_handed_in_is_what_was_answered(learner):
    learner.lab("class", "join", course.token("os", "alice", 77))
    learner.answers("01-entry", 'entry = "main"\n')
    done = learner.lab("export", "-o", str(learner.folder / "out.json"))
    found = submission.read(learner.folder / "out.json")
    assert (done.returncode, found.student, found.seed) == (0, "alice", 77)
    assert found.exercises["entry"].answers == {"entry": "main"}


def test_a_file_of_source_is_handed_in_as_text(learner):
    learner.answers("11-impl-newproc", "")
    (learner.folder / "answers" / "11-impl-newproc.cpp").write_text("int f();\n")
    learner.lab("export", "--student", "alice", "-o", str(learner.folder / "out.json"))
    assert submission.read(learner.folder / "out.json").exercises["impl-newproc"].file == "int f();\n"


def test_nobody_in_particular_can_hand_nothing_in(learner):
    done = learner.lab("export")
    assert done.returncode == 2 and "class join" in done.stderr


GOOD = {
    "format": 1,
    "student": "alice",
    "class": "os",
    "seed": 5,
    "made": "",
    "runtime": "",
    "versions": {"compiler": "", "gdb": "", "python": ""},
    "exercises": {
        "entry": {
            "form": "",
            "answers": {"entry": "main"},
            "file": "",
            "attempts": 1,
            "hints": {},
            "predicted": {},
            "first_pass": "",
        }
    },
}


def changed(**change):
    return json.dumps(GOOD | {"exercises": {"entry": GOOD["exercises"]["entry"] | change}})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[" * 100000,
        '{"a":' * 100000,
        "\0",
        "\xff",
        "9" * 9999,
        " " * (submission.MAX_BYTES + 1),
        '{"format": 1, "format": 1}',
        json.dumps(GOOD).replace('"seed": 5', '"seed": 5, "seed": 6'),
        json.dumps(GOOD).replace('"seed": 5', '"seed": NaN'),
        *(
            json.dumps(GOOD | change)
            for change in ({"format": True}, {"seed": -1}, {"seed": "5"}, {"student": 1}, {"exercises": []})
        ),
        json.dumps(GOOD | {"exercises": {str(n): {} for n in range(submission.MAX_ITEMS + 1)}}),
        changed(answers={"entry": 1}),
        changed(answers={"entry": "x" * (submission.MAX_TEXT + 1)}),
        changed(answers={"entry": "\ud800"}),
        changed(hints={"entry": -1}),
        changed(file="x" * (source.MAX_BYTES + 1)),
        changed(file=None),
    ],
    ids=lambda text: repr(text[-30:]),
)
def test_what_is_no_submission_is_told_apart(tmp_path, text):
    (tmp_path / "x.json").write_text(text, "utf-8" if text != "\xff" else "latin-1")
    with pytest.raises(submission.Malformed):
        submission.read(tmp_path / "x.json")


def test_the_one_that_the_others_were_made_from_is_one(tmp_path):
    (tmp_path / "x.json").write_text(json.dumps(GOOD))
    assert submission.read(tmp_path / "x.json").exercises["entry"].attempts == 1
