"""Verdicts: the truth passes, a misconception is named, names people use count before what they happen to be called."""

import pytest

from learners import ROOT  # noqa: F401  (puts the runner into the path)
from runner.exercises import forms, judge, literals, types


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


@pytest.mark.parametrize("text", ["-16", "18446744073709551600", "0xfffffffffffffff0"])
def test_less_than_nothing_may_be_written_without_a_sign(text):
    assert verdict("int", text, judge.Seen(-16)) == ("pass", "")


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
    assert verdict("int", "1", None) == ("inconclusive", "the program never came to the moment that this is about")


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


# ---- sets, orders, choices -------------------------------------------------------------------------------------------

SET = judge.Seen(frozenset({"ncpu", "physPageSize"}))
ORDER = judge.Seen(("args", "osinit", "schedinit"))


def named(kind, text, seen, partial="per-question", **wrong):
    """The verdict on a list; what is wrong with it may be an idea that is known by its names."""
    asked = forms.Question("q", kind, 1, False, "here", "each", {}, [types.Misconception("M", **wrong)], (), partial)
    return judge.judge(asked, types.TYPES[kind].read(text), seen, Program())


@pytest.mark.parametrize("text", ["physPageSize ncpu", "runtime.ncpu, runtime·physPageSize", "NCPU, physpagesize"])
def test_a_set_is_its_names_in_whatever_order(text):
    assert named("set", text, SET).what == "pass"


def test_a_set_with_one_too_many_is_wrong():
    assert named("set", "ncpu, physPageSize, g0", SET).what == "wrong"


def test_an_order_is_its_names_in_theirs():
    assert [named("order", text, ORDER).what for text in ("args osinit schedinit", "osinit args schedinit")] == [
        "pass",
        "wrong",
    ]


@pytest.mark.parametrize("text, what", [("60, 12", "pass"), ("main.go:60, 12", "pass"), ("60, 13", "wrong")])
def test_a_number_is_a_line_of_the_file_asked_about(text, what):
    assert named("set", text, judge.Seen(frozenset({"main.go:12", "main.go:60"}))).what == what


@pytest.mark.parametrize("lines", [{"main.go:12", "pool.go:12"}, {"12"}])
def test_a_number_is_no_line_where_there_are_several_files_or_none(lines):
    assert named("set", "12", judge.Seen(frozenset(lines))).what == ("pass" if lines == {"12"} else "wrong")


def test_a_number_is_the_line_of_a_choice():
    assert named("choice", "60", judge.Seen("main.go:60")).what == "pass"


@pytest.mark.parametrize("text", ["nobody", "nil", "没有", "没人"])
def test_nobody_is_no_goroutine(text):
    assert named("goid", text, judge.Seen(0)).what == "pass"


def test_a_choice_is_one_name():
    assert [named("choice", text, judge.Seen("stack")).what for text in ("stack", "registers")] == ["pass", "wrong"]


@pytest.mark.parametrize("text", ["g7 -> g9", "[7>9]"])
def test_a_pair_may_leave_out_what_goroutines_begin_with(text):
    assert named("set", text, judge.Seen(frozenset({"g7>g9"}))).what == "pass"


@pytest.mark.parametrize(
    "kind, text, wrong",
    [
        ("set", "ncpu, allp", {"has": ("allp",)}),
        ("set", "ncpu", {"names": ("ncpu",)}),
        ("order", "schedinit, args, osinit", {"before": ("schedinit", "osinit")}),
        ("choice", "heap", {"names": ("heap",)}),
    ],
)
def test_an_idea_is_known_by_names(kind, text, wrong):
    assert named(kind, text, {"set": SET, "order": ORDER, "choice": judge.Seen("stack")}[kind], **wrong).reason == "M"


@pytest.mark.parametrize(
    "kind, partial, text, share",
    [
        ("set", "jaccard", "ncpu, g0", 1 / 3),
        ("set", "jaccard", "none", 0),
        ("set", "lcs", "ncpu", 0),
        ("set", "per-question", "ncpu", 0),
        ("order", "lcs", "schedinit, args, osinit", 2 / 3),
        ("order", "lcs", "args, args, args, args", 1 / 4),
        ("choice", "jaccard", "heap", 0),
    ],
)
def test_what_is_partly_right_earns_a_part(kind, partial, text, share):
    seen = {"set": SET, "order": ORDER, "choice": judge.Seen("stack")}[kind]
    assert named(kind, text, seen, partial).share == pytest.approx(share)


@pytest.mark.parametrize(
    "kind, text, fits",
    [
        ("set", "a", True),
        ("set", "none", True),
        ("set", "a, d", False),
        ("order", "c a b", True),
        ("order", "a, b", False),
        ("order", "a, b, b", False),
        ("choice", "b", True),
        ("choice", "a b", False),
    ],
)
def test_a_list_is_made_of_what_there_is_to_choose_from(kind, text, fits):
    asked = forms.Question("q", kind, 1, False, "here", "each", {}, [], ("a", "b", "c"))
    assert judge.fits(asked, types.TYPES[kind].read(text), Program()) == fits


@pytest.mark.parametrize("text", ["SIGURG", "sigurg", "URG", "23"])
def test_a_signal_has_the_names_that_gdb_and_the_shell_give_it(text):
    asked = forms.Question("q", "choice", 1, False, "here", "fact", "x", [], ("SIGURG", "SIGALRM"))
    given = types.TYPES["choice"].read(text)
    fits, found = judge.fits(asked, given, Program()), judge.judge(asked, given, judge.Seen("SIGURG"), Program())
    assert (fits, found.what) == (True, "pass")


def test_a_number_is_no_signal_where_none_is_asked_for():
    asked = forms.Question("q", "choice", 1, False, "here", "fact", "x", [], ("urgent", "23"))
    assert judge.judge(asked, types.TYPES["choice"].read("23"), judge.Seen("23"), Program()).what == "pass"


def test_what_a_goroutine_waits_in_says_what_it_does():
    asked = forms.Question("q", "choice", 1, False, "here", "fact", "x", [], ("receive", "send"))
    given = types.TYPES["choice"].read("chan receive")
    assert judge.fits(asked, given, Program())
    assert judge.judge(asked, given, judge.Seen("receive"), Program()).what == "pass"
