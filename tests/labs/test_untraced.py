"""Judging without a debugger's rights: cores of the moments say what breakpoints say."""

import pytest
from learners import ROOT  # noqa: F401  (puts the runner into the path)

from runner.exercises import forms, judging, literals
from runner.host import permits

EXERCISES = [
    e
    for e in forms.load_all()
    if e.kind in ("observe", "predict", "order") and e.questions and not (e.go or e.variants)
]

AT_ONCE = {("yield", "back")}  # where `when` is true the first time already


@pytest.fixture(autouse=True)
def refused(monkeypatch):
    monkeypatch.setattr(permits, "ptrace_permitted", lambda: False)


def judged(exercises, home, answers):
    """{exercise id: {question id: the verdict's word}}"""
    found = judging.verdicts([(exercise, answers(exercise)) for exercise in exercises], home, 7)
    return {e.id: {name: verdict.what for name, verdict in one.items()} for e, one in zip(exercises, found)}


def right(exercise):
    return {
        name: value if isinstance(value, dict) else literals.written(literals.from_toml(value))
        for name, value in exercise.tests()["right"].items()
    }


def can_be_seen(exercise, question):
    """Not what changed within one process, nor what is there when a place is reached another time than the first."""
    later = {c.name for c in exercise.checkpoints if c.when and (exercise.id, c.name) not in AT_ONCE}
    return question.form != "changed" and question.at not in later


def test_every_right_answer_passes_that_can_be_seen(tmp_path):
    expected = {e.id: {q.id: "pass" if can_be_seen(e, q) else "inconclusive" for q in e.questions} for e in EXERCISES}
    assert judged(EXERCISES, tmp_path, right) == expected


def test_a_wrong_answer_does_not(tmp_path):
    entry = next(e for e in EXERCISES if e.id == "entry")
    assert judged([entry], tmp_path, lambda _: {"entry": "main.main"}) == {"entry": {"entry": "wrong"}}
