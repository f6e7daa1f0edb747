"""The format of an exercise: it carries six kinds, and says what is wrong with a file."""

import re

import pytest

from learners import ROOT
from runner.exercises import forms

README = (ROOT / "labs" / "README.md").read_text()
SAMPLES = {re.search(r'kind = "(.*)"', text)[1]: text for text in re.findall(r"```toml\n(.*?)```", README, re.DOTALL)}
NEEDED = 'format = 1\nid = "x"\nkind = "observe"\nminutes = 1\n'
POINT = '[[checkpoint]]\nname = "a"\nat = "entry"\n'

QUESTION = '[[question]]\nid = "q"\ntype = "set"\npoints = 1\ntruth = {}\n'


@pytest.fixture
def exercise(tmp_path):
    """exercise(TEXT): loads an exercise.toml of this text."""

    def load(text):
        name = re.search(r'id = "(.*)"', text)
        folder = tmp_path / f"07-{name[1] if name else 'x'}"
        folder.mkdir()
        (folder / "exercise.toml").write_text(text)
        return forms.load(folder)

    return load


@pytest.mark.parametrize("kind", [kind for kind in forms.KINDS if kind not in forms.JUDGED_KINDS])
def test_the_format_carries_the_kinds_that_are_not_judged_yet(exercise, kind):
    assert (exercise(SAMPLES[kind]).kind, forms.load_all() != []) == (kind, True)


def test_a_type_can_be_known_and_not_judged_yet(exercise):
    sample = SAMPLES["find-bug"].replace('truth = { at = "after" }', "")
    assert not exercise(sample.replace('"line"', '"free"').replace('"witness"', '"free"')).judged


def test_every_exercise_here_is_judged():
    assert [e.id for e in forms.load_all() if not e.judged] == []


def test_the_readme_names_every_key():
    tables = [
        value
        for name, value in vars(forms).items()
        if name.startswith("_") and isinstance(value, dict) and name.isupper()
    ]
    assert [
        key
        for table in tables
        for key in table
        if f"`{key}`" not in README and f"[{key}]" not in README and f".{key}]" not in README
    ] == []


@pytest.mark.parametrize(
    "text, complaint",
    [
        (NEEDED.replace("format = 1", "format = 2"), "reads format 1"),
        (NEEDED.replace('kind = "observe"', ""), "kind is missing"),
        (NEEDED + "nonsense = 1", "no key nonsense"),
        (NEEDED.replace("minutes = 1", 'minutes = "1"'), "not of type int"),
        (NEEDED.replace("observe", "quiz"), "'quiz' is none of"),
        (NEEDED + POINT.replace("entry", "here"), "is no moment"),
        (NEEDED + POINT + POINT, "used twice"),
        (NEEDED + POINT.replace("entry", "return:f"), "needs `from`"),
        (NEEDED + '[[question]]\nid = "q"\ntype = "int"\npoints = 1\n', "truth is missing"),
        (
            NEEDED + '[[question]]\nid = "q"\ntype = "int"\npoints = 1\ntruth = { at = "a", expr = "1" }',
            "no checkpoint a",
        ),
        (NEEDED + '[[question]]\nid = "q"\ntype = "essay"\npoints = 1\n', "'essay' is none of"),
        (NEEDED + POINT.replace('"entry"', '"insn:+1"'), "an earlier checkpoint"),
        (NEEDED + QUESTION.replace("{}", '{ at = "a", expr = "1", text = "2" }'), "truth has 2 of"),
        (NEEDED + POINT + QUESTION.replace("{}", '{ at = "a", changed = "b" }'), "no checkpoint b"),
        (NEEDED + '[grade]\npartial = "half"\n', "'half' is none of"),
        (NEEDED + '[[question]]\nid = "q"\ntype = "made"\npoints = 1\ntried = "twice"\n', "'twice' is none of"),
        (NEEDED + POINT + QUESTION.replace("{}", '{ at = "a", expr = "1" }') + 'tried = "alone"\n', "there is a truth"),
        ("format = [", "at end of document"),
    ],
)
def test_what_is_wrong_is_said(exercise, text, complaint):
    with pytest.raises(forms.BadForm, match=re.escape(complaint)):
        exercise(text)
