"""Judging without a debugger's rights: cores of the moments say what breakpoints say."""

import shutil

import pytest
from learners import ROOT  # noqa: F401  (puts the runner into the path)

from runner.exercises import forms, judging, literals, types
from runner.host import permits

SEED = 7
EXERCISES = [e for e in forms.load_all() if e.questions and not (e.go or e.written)]
GROUPS = [[e for e in EXERCISES if not e.variants], *([e] for e in EXERCISES if e.variants)]
LATER = {("switch", "again"), ("yield", "yields"), ("yield", "again"), ("broken-scheduler", "turn")}  # as for `when`


@pytest.fixture(autouse=True)
def refused(monkeypatch):
    monkeypatch.setattr(permits, "ptrace_permitted", lambda: False)


def judged(exercises, home, answers):
    """{exercise id: {question id: the verdict's word}}"""
    found = judging.verdicts([(exercise, answers(exercise)) for exercise in exercises], home, SEED)
    return {e.id: {name: verdict.what for name, verdict in one.items()} for e, one in zip(exercises, found)}


def right(exercise):
    """The right answers for the learner with this seed."""
    variant = next((v.name for v in exercise.variants if v.patch == exercise.patch(SEED)), None)
    answers = exercise.tests()["right"]
    kinds = {question.id: types.TYPES[question.type] for question in exercise.questions}
    return {
        name: value if isinstance(value, dict) else literals.written(kinds[name].of_toml(value))
        for name, value in (answers[variant] if variant in answers else answers).items()
    }


def can_be_seen(exercise, question):
    """A place of the code can be seen at any time, all else at a place's first time; what changed, where the stack does
    not move between two runs."""
    if question.form == "changed" and not permits.randomisation_can_be_off():
        return False
    return question.type == "line" or (exercise.id, question.at) not in LATER


@pytest.mark.parametrize("exercises", GROUPS, ids=lambda exercises: exercises[-1].id)
def test_every_right_answer_passes_that_can_be_seen(tmp_path, exercises):
    expected = {e.id: {q.id: "pass" if can_be_seen(e, q) else "inconclusive" for q in e.questions} for e in exercises}
    assert judged(exercises, tmp_path, right) == expected


def test_what_cannot_be_seen_says_why(tmp_path):
    switch = next(e for e in EXERCISES if e.id == "switch")
    found = judging.verdicts([(switch, right(switch))], tmp_path, SEED)[0]["count"]
    assert "later time at this place" in found.reason and "./lab doctor" in found.reason


def test_what_differs_between_two_runs_by_itself_is_not_taken_for_a_change(tmp_path):
    """From runtime.main on m0 holds its thread's id."""
    folder = tmp_path / "08-what-changed"
    shutil.copytree(forms.LABS / folder.name, folder)
    text = (folder / "exercise.toml").read_text()
    text = text.replace('"fn:runtime.osinit"', '"fn:runtime.main"')
    text = text.replace('"return:runtime.osinit"\nfrom = "runtime.rt0_go"', '"fn:main.main"')
    (folder / "exercise.toml").write_text(text)
    changed = forms.load(folder)
    assert judged([changed], tmp_path, right)[changed.id]["osinit"] == "inconclusive"


def test_a_wrong_answer_does_not(tmp_path):
    entry = next(e for e in EXERCISES if e.id == "entry")
    assert judged([entry], tmp_path, lambda _: {"entry": "main.main"}) == {"entry": {"entry": "wrong"}}
