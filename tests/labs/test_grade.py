"""Grading a class: what each submission comes to, and that the reports are what course systems read."""

import csv
import json
import os
import subprocess
from xml.etree import ElementTree

import pytest
from handed import Class
from learners import ROOT
from runner import cli
from runner.classes import entries
from runner.classes.grading import Grader
from runner.exercises import ask, forms, golang, judge, judging
from runner.exercises import seed as seeds
from runner.host import needs, permits, sandbox

HOSTILE = {
    "not-json.json": b"{",
    "deep.json": b"[" * 200_000,
    "huge.json": b" " * (2 << 20),
    "twice.json": b'{"format": 1, "format": 1}',
    "control.json": b'{"format": 1, "student": "\x1b[31m"}',
    "new\nline.json": b"{}",
    "=1+1.json": b"{}",
    "note.txt": b"my homework",
    "\udcff.json".encode("utf-8", "surrogateescape"): b"{}",
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of good, odd and hostile submissions, graded once."""
    made = Class(tmp_path_factory.mktemp("class"), *"alice bob carol dave erin frank gina henry".split())
    made.hand_in("alice.json", made.work("alice"))
    wrong = made.work("bob")
    wrong["exercises"]["entry"]["answers"] = {"entry": "main"}
    wrong["exercises"]["newproc"]["answers"] = {"goid": "g0", "curg": '$_shell("id")'}
    made.hand_in("bob.json", wrong)
    made.hand_in("carol.json", made.work("carol", seed=made.course.seed("alice")))
    made.hand_in("dave.json", made.work("dave", seed=12345))
    made.hand_in("erin.json", wrong | made.work("erin", runtime="other", exercises=wrong["exercises"]))
    (made.inbox / "frank").mkdir()
    made.hand_in("frank/anything.json", made.work("frank", student="bob"))
    made.hand_in("stranger.json", made.work("alice", student="nobody"))
    for name, data in HOSTILE.items():
        with open(os.path.join(os.fsencode(made.inbox), os.fsencode(name)), "wb") as file:
            file.write(data)
    (made.inbox / "link.json").symlink_to(made.inbox / "alice.json")
    (made.inbox / "place").symlink_to("/")
    os.mkfifo(made.inbox / "fifo.json")
    (made.inbox / "gina").mkdir()
    os.mkfifo(made.inbox / "gina" / "fifo.json")
    done = made.grade("--format", "csv", "--out", str(made.folder / "out.csv"), "--jobs", "2")
    assert (done.returncode, done.stderr) == (0, "")
    return made


def whats(graded, student):
    """{exercise.question: verdict, with its reason}"""
    marks = graded.results()[student]["marks"]
    return {f"{m['exercise']}.{m['question']}": f"{m['what']} {m['reason']}".strip() for m in marks}


def rows(graded):
    with open(graded.folder / "out.csv", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_right_answers_pass(graded):
    assert set(whats(graded, "alice").values()) == {"pass"}


def test_a_wrong_answer_has_its_misconception(graded):
    found = whats(graded, "bob")
    assert (found["entry.entry"], found["newproc.goid"]) == ("wrong main-is-entry", "wrong new-g-is-g0")


def test_what_is_no_value_was_not_answered(graded):
    assert whats(graded, "bob")["newproc.curg"] == "incomplete"


def test_the_seed_of_another_student_is_recognised(graded):
    assert set(whats(graded, "carol").values()) == {"inconclusive seed"}
    assert "another student, alice" in graded.results()["carol"]["remarks"][0]


def test_a_seed_that_nobody_has_is_recognised(graded):
    assert "nobody in the class" in graded.results()["dave"]["remarks"][0]


def test_what_is_wrong_with_another_runtime_is_inconclusive(graded):
    assert whats(graded, "erin")["entry.entry"] == "inconclusive build"


def test_who_handed_in_is_whose_folder_it_is(graded):
    assert set(whats(graded, "frank").values()) == {"pass"}
    assert graded.results()["frank"]["remarks"] == ["the file says it is bob's"]


def test_who_handed_in_nothing_has_a_row(graded):
    assert rows(graded)["henry"]["remarks"] == "nothing was handed in"


@pytest.mark.parametrize(
    "student, remark",
    [
        ("not-json", "not JSON"),
        ("deep", "not JSON"),
        ("huge", "larger than"),
        ("twice", "says a thing twice"),
        ("control", "not JSON"),
        ("new\\nline", "no file of"),
        ("\\xff", "no file of"),
        ("'=1+1", "no file of"),
        ("note.txt", "no .json"),
        ("link", "links are not followed"),
        ("place", "links are not followed"),
        ("fifo", "no regular file"),
        ("gina", "no regular file"),
        ("stranger", "not in the class"),
    ],
)
def test_a_bad_submission_costs_its_row(graded, student, remark):
    row = rows(graded)[student]
    assert remark in row["remarks"] and row["points"] == "0"


def test_nothing_but_results_is_left(graded):
    kept = os.listdir(graded.folder / "out.csv.results")
    assert all(name.endswith(".json") for name in kept) and len(kept) == len(os.listdir(graded.inbox))


def test_graded_again_from_nothing_it_is_the_same(graded):
    graded.grade("--format", "csv", "--out", str(graded.folder / "again.csv"), "--jobs", "4")
    assert (graded.folder / "again.csv").read_bytes() == (graded.folder / "out.csv").read_bytes()


def test_a_plan_spread_and_merged_is_the_same(graded):
    spread, merged = graded.folder / "spread", graded.folder / "merged.csv"
    plan = graded.grade("--plan", "--results", str(spread))
    lines = plan.stdout.splitlines()
    assert len(lines) == len(os.listdir(graded.inbox))
    engine = ["parallel", "-j2"] if needs.ALL["parallel"][0]() else ["sh"]
    subprocess.run(engine, input="\n".join(reversed(lines)), text=True, check=True)
    assert graded.grade("--plan", "--results", str(spread)).stdout == ""
    graded.grade("--merge", "--results", str(spread), "--format", "csv", "--out", str(merged))
    assert merged.read_bytes() == (graded.folder / "out.csv").read_bytes()


def test_a_merge_says_what_is_missing(graded):
    none = graded.folder / "none"
    done = graded.grade("--merge", "--results", str(none), "--format", "csv", "--out", str(graded.folder / "no.csv"))
    assert done.returncode == 1 and "have no result" in done.stderr


def report(graded, format, out):
    results = str(graded.folder / "out.csv.results")
    done = graded.grade("--format", format, "--out", str(graded.folder / out), "--results", results)
    assert done.returncode == 0
    return graded.folder / out


def test_junit_tells_failures_from_errors(graded):
    suites = {suite.get("name"): suite for suite in ElementTree.parse(report(graded, "junit", "out.xml")).getroot()}
    assert suites["alice"].get("failures") == suites["alice"].get("errors") == "0"
    assert suites["bob"].get("failures") == "6" and suites["carol"].get("errors") == "6"


def test_gradescope_has_a_score_and_the_reply(graded):
    found = json.loads((report(graded, "gradescope", "scope") / "bob.json").read_text())
    entry = next(test for test in found["tests"] if test["name"] == "entry: entry")
    assert (entry["number"], entry["score"], entry["max_score"], entry["status"]) == ("01.1", 0.0, 4, "failed")
    assert entry["output"] and found["stdout_visibility"] == "hidden"


def test_exercism_has_a_status(graded):
    folder = report(graded, "exercism", "exercism")
    found = {name: json.loads((folder / f"{name}.json").read_text())["status"] for name in ("alice", "bob", "carol")}
    assert found == {"alice": "pass", "bob": "fail", "carol": "error"}


def test_a_changed_submission_is_graded_again(tmp_path):
    made = Class(tmp_path, "alice")
    made.hand_in("alice.json", b"{}")
    made.grade("--format", "csv", "--out", str(tmp_path / "out.csv"))
    made.hand_in("alice.json", made.work("alice"))
    made.grade("--format", "csv", "--out", str(tmp_path / "out.csv"))
    assert made.results()["alice"]["marks"][0]["what"] == "pass"


def test_one_submission_and_whose_it_is(tmp_path):
    made = Class(tmp_path, "alice")
    made.hand_in("upload.json", made.work("alice", student="somebody"))
    made.grade("--format", "gradescope", "--out", str(tmp_path / "results.json"), "--student", "alice")
    assert json.loads((tmp_path / "results.json").read_text())["score"] == 14


def test_one_student_may_hand_in_no_second_file(tmp_path):
    made = Class(tmp_path, "alice")
    made.hand_in("one.json", made.work("alice"))
    made.hand_in("two.json", made.work("alice"))
    done = made.grade("--format", "gradescope", "--out", str(tmp_path / "results.json"), "--student", "alice")
    found = json.loads((tmp_path / "results.json").read_text())
    assert done.returncode == found["score"] == 0 and "more than one" in found["output"]


def test_nobody_is_graded_who_is_not_in_the_class(tmp_path):
    made = Class(tmp_path, "alice")
    made.hand_in("one.json", made.work("alice"))
    done = made.grade("--format", "gradescope", "--out", str(tmp_path / "results.json"), "--student", "mallory")
    assert done.returncode == 2 and not (tmp_path / "results.json").exists()


def test_the_same_source_is_listed(tmp_path):
    made = Class(tmp_path, "alice", "bob", "carol", ids=("impl-newproc",))
    for student, text in (("alice", "int f() { return 1; }"), ("bob", "int f()\n{ return 1; }\n"), ("carol", "x")):
        work = made.work(student)
        work["exercises"]["impl-newproc"]["file"] = text
        made.hand_in(f"{student}.json", work)
    made.grade("--format", "csv", "--out", str(tmp_path / "out.csv"), "--similar", str(tmp_path / "similar.csv"))
    assert (tmp_path / "similar.csv").read_text() == "exercise,what,students\nimpl-newproc,source,alice; bob\n"


def test_sources_that_all_mend_alike_are_not_listed(tmp_path):
    made = Class(tmp_path, "alice", "bob", ids=("repair",))
    for student in ("alice", "bob"):
        work = made.work(student)
        work["exercises"]["repair"]["file"] = "x"
        made.hand_in(f"{student}.json", work)
    made.grade("--format", "csv", "--out", str(tmp_path / "out.csv"), "--similar", str(tmp_path / "similar.csv"))
    assert (tmp_path / "similar.csv").read_text() == "exercise,what,students\n"


@pytest.mark.parametrize("hints, points", [({}, 14.0), ({"entry": 1}, 14.0), ({"entry": 4}, 12.0)])
def test_hints_cost_what_the_class_says(tmp_path, hints, points):
    made = Class(tmp_path, "alice")
    policy = tmp_path / "class" / "class.toml"
    policy.write_text(policy.read_text().replace("[0.0, 0.0, 0.0, 0.0]", "[0, 0, 0.25, 0.5]"))
    work = made.work("alice")
    work["exercises"]["entry"]["hints"] = hints
    made.hand_in("alice.json", work)
    made.grade("--format", "gradescope", "--out", str(tmp_path / "results.json"))
    assert json.loads((tmp_path / "results.json").read_text())["score"] == points


def test_the_report_does_not_lie_among_the_submissions(tmp_path):
    made = Class(tmp_path, "alice")
    done = made.grade("--format", "csv", "--out", str(made.inbox / "out.csv"))
    assert done.returncode == 2 and os.listdir(made.inbox) == []


def test_the_class_must_be_one(tmp_path):
    done = subprocess.run(
        [ROOT / "lab", "grade", tmp_path, "--class", tmp_path, "--format", "csv", "--out", tmp_path / ".." / "o.csv"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "class new" in done.stderr


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What came of files of source: a right one, one that does not compile, one that never ends."""
    made = Class(tmp_path_factory.mktemp("written"), "right", "broken", "alone", "loops", "none", ids=("impl-newproc",))
    for student in ("right", "broken", "alone", "loops", "none"):
        work = made.work(student)
        text = work["exercises"]["impl-newproc"]["file"]
        begins = "{\n"
        at = text.index(begins, text.index("newproc1")) + len(begins)
        missing = 'extern "C" int elsewhere();\nint uses = elsewhere();\n'
        changed = {
            "broken": text + "nonsense;\n",
            "alone": text + missing,
            "loops": f"{text[:at]}    for (;;) {{}}\n{text[at:]}",
            "none": "",
        }
        work["exercises"]["impl-newproc"]["file"] = changed.get(student, text)
        made.hand_in(f"{student}.json", work)
    done = made.grade("--format", "gradescope", "--out", str(made.folder / "out"))
    assert (done.returncode, done.stderr) == (0, "")
    return made


def verdicts(written, student):
    return {mark["what"] for mark in written.results("out.results")[student]["marks"]}


@pytest.mark.skipif(not sandbox.possible()[0], reason="there is no sandbox here")
@pytest.mark.parametrize(
    "student, what", [("right", {"pass"}), ("broken", {"incomplete"}), ("none", {"incomplete"})], ids=lambda v: str(v)
)
def test_a_file_of_source_is_judged(written, student, what):
    assert verdicts(written, student) == what


@pytest.mark.skipif(not sandbox.possible()[0], reason="there is no sandbox here")
def test_a_file_of_source_that_never_ends_does_not_pass(written):
    assert "pass" not in verdicts(written, "loops")


@pytest.mark.skipif(not sandbox.possible()[0], reason="there is no sandbox here")
def test_the_student_is_told_what_the_compiler_says(written):
    found = json.loads((written.folder / "out" / "broken.json").read_text())
    assert "11-impl-newproc.cpp:" in found["tests"][0]["output"] and "nonsense" in found["tests"][0]["output"]


@pytest.mark.skipif(not sandbox.possible()[0], reason="there is no sandbox here")
def test_what_the_linker_says_is_the_same_every_time(written):
    said = json.loads((written.folder / "out" / "alone.json").read_text())["tests"][0]["output"]
    assert "elsewhere" in said and "/build/tmp" not in said


def test_without_a_sandbox_nothing_of_a_students_runs(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "possible", lambda: (False, "no bubblewrap"))
    made = Class(tmp_path, "right", ids=("impl-newproc",))
    made.hand_in("right.json", made.work("right"))
    (found,) = entries.load(made.inbox)
    result = Grader(made.course, forms.load_all(), tmp_path / "programs").grade(found)
    assert {(mark.what, mark.reason) for mark in result.marks} == {("inconclusive", "no bubblewrap")}


def test_where_ptrace_is_refused_answers_are_graded_from_cores(monkeypatch, tmp_path):
    made = Class(tmp_path, "alice")
    made.hand_in("alice.json", made.work("alice"))
    monkeypatch.setattr(permits, "ptrace_permitted", lambda: False)
    words = made.command("--format", "csv", "--out", tmp_path / "out.csv")[1:]
    assert cli.run(list(map(str, words))) == 0
    assert set(mark["what"] for mark in made.results()["alice"]["marks"]) == {"pass"}


def test_what_takes_too_long_is_judged_once_more_and_that_is_recorded(monkeypatch, tmp_path):
    made = Class(tmp_path, "alice")
    made.hand_in("alice.json", made.work("alice"))
    (found,) = entries.load(made.inbox)
    really, asked = judging.verdicts, []

    def slow(cases, home, seed):
        asked.append([exercise.id for exercise, _ in cases])
        if len(asked) > 1:
            return really(cases, home, seed)
        late = judge.Verdict(judge.INCONCLUSIVE, f"{ask.LATE} 20 s")
        return [{"entry": late}, {"goid": judge.Verdict(judge.PASS)}]

    monkeypatch.setattr(judging, "verdicts", slow)
    result = Grader(made.course, forms.load_all(), tmp_path / "programs").grade(found)
    assert asked == [["entry", "newproc"], ["entry"]]
    assert result.retried == ["entry"] and result.marks[0].what == judge.PASS


def test_a_core_that_was_judged_is_not_kept(tmp_path):
    stuck = next(exercise for exercise in forms.load_all() if exercise.core)
    folder = tmp_path / "build" / "go" / f"{stuck.folder.name}-1234"
    folder.mkdir(parents=True)
    for seed in (1, 2):
        (folder / f"{seeds.derived(seed, stuck.id)}.core").write_bytes(b"")
    golang.forget(stuck, tmp_path, 1)
    assert os.listdir(folder) == [f"{seeds.derived(2, stuck.id)}.core"]
