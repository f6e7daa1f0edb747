"""Verdicts: the truth passes, a misconception is named, names people use count before what they happen to be called."""

import pytest

from learners import ROOT  # noqa: F401  (puts the runner into the path)
from runner.exercises import forms, judge, literals


class Program:
    """A program with two functions and one enumerator."""

    def addresses(self, name):
        return {"runtime.main": {100}, "main": {100}, "main.main": {200}}.get(name, set())

    def constants(self, name):
        return {"_Grunning": {2}, "_Gidle": {0}}.get(name, set())


def question(kind, *wrong):
    return forms.Question("q", kind, 1, False, "here", "expr", "x", [forms.Misconception(*w) for w in wrong])


def verdict(kind, text, seen, *wrong):
    found = judge.judge(question(kind, *wrong), text and literals.parse(text), seen, Program())
    return found.what, found.reason


SEEN = judge.Seen(100, {"M": 200})


@pytest.mark.parametrize("text", ["runtime.main", "100", "0x64"])
def test_a_symbol_is_its_name_or_its_address(text):
    assert verdict("symbol", text, SEEN) == ("pass", "")


@pytest.mark.parametrize("text", ["main.main", "200"])
def test_a_misconception_is_named(text):
    assert verdict("symbol", text, SEEN, ("M", "y", ())) == ("wrong", "M")


def test_names_people_use_come_before_the_value():
    assert verdict("symbol", "main", SEEN, ("M", "", ("main",))) == ("wrong", "M")


def test_another_wrong_answer_has_no_name():
    assert verdict("symbol", "nonsense", SEEN, ("M", "y", ())) == ("wrong", "")


def test_enumerators_count_as_numbers():
    assert verdict("int", "_Grunning", judge.Seen(2)) == ("pass", "")


@pytest.mark.parametrize("text", ["running", "Grunning", "_Grunning", "_running", "runtime._Grunning"])
def test_a_constant_has_every_name_that_a_screen_shows(text):
    asked = question("int")
    asked.prefix = "_G"
    assert judge.judge(asked, literals.parse(text), judge.Seen(2), Program()).what == "pass"


def test_the_prefix_does_not_make_another_constant_of_a_name():
    asked = question("int")
    asked.prefix = "_G"
    assert not judge.fits(asked, literals.parse("_Prunning"), Program())


def test_functions_do_not_count_as_numbers():
    assert verdict("int", "runtime.main", SEEN) == ("wrong", "")


@pytest.mark.parametrize("text", ["g7", "7", "goroutine 7", "&runtime.g7"])
def test_a_goroutine_is_its_number(text):
    assert verdict("goid", text, judge.Seen(7)) == ("pass", "")


def test_nothing_said_is_incomplete():
    assert verdict("int", None, SEEN) == ("incomplete", "")


def test_nothing_seen_is_inconclusive():
    assert verdict("int", "1", None) == ("inconclusive", "not-reached")


def test_trouble_is_inconclusive_and_says_why():
    assert verdict("int", "1", judge.Seen(trouble="why")) == ("inconclusive", "why")


def test_a_list_is_no_number():
    assert verdict("int", "[100]", SEEN) == ("wrong", "")


@pytest.mark.parametrize(
    "kind, text, fits",
    [
        ("int", "word", False),
        ("int", "_Grunning", True),
        ("symbol", "word", True),
        ("int", "[1]", False),
        ("goid", "g3", True),
    ],
)
def test_what_can_be_an_answer(kind, text, fits):
    assert judge.fits(question(kind), literals.parse(text), Program()) == fits
