"""The learner's language, and the sentences in it."""

import pytest
from learners import ROOT  # noqa: F401  (puts the runner into the path)

import runner  # noqa: F401  (puts our gdb package into the path)
from rt0lab import words
from rt0lab.words import catalogue, chosen

CHINESE = ["zh", "ZH", "zh_CN", "zh-Hans", "zh_CN.UTF-8", "zh_TW.Big5", "zh@pinyin", " zh "]


@pytest.mark.parametrize("name", CHINESE)
def test_chinese_has_many_names(name):
    assert chosen.asked({"LAB_LANG": name, "LANG": "en_US.UTF-8"}) == "zh"


@pytest.mark.parametrize("name", ["en", "EN", "en_US.UTF-8", "C", "POSIX", "C.UTF-8"])
def test_english_has_many_names(name):
    assert chosen.asked({"LAB_LANG": name, "LANG": "zh_CN.UTF-8"}) == "en"


@pytest.mark.parametrize(
    "settings, language",
    [
        ({}, None),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB"}, "en"),
        ({"LANG": "en_GB", "LC_MESSAGES": "en_GB", "LC_ALL": "zh_CN.GBK"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, None),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "zh_CN:zh"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LANGUAGE": "de:en:zh"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LANGUAGE": ":"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LANGUAGE": "de"}, None),
        ({"LANGUAGE": "zh", "LC_ALL": "C"}, "en"),
        ({"LAB_LANG": "xx", "LANG": "zh_CN.UTF-8"}, None),
    ],
)
def test_the_machine_s_own_settings_count_without_one(settings, language):
    assert chosen.asked(settings) == language


def test_another_language_is_said_in_one_line():
    assert words.complaint({"LAB_LANG": "klingon\n" * 99}).count("\n") == 0


@pytest.mark.parametrize("settings", [{}, {"LAB_LANG": ""}, {"LAB_LANG": "zh_CN"}, {"LANG": "de_DE"}])
def test_there_is_nothing_to_say_of_a_known_one(settings):
    assert words.complaint(settings) == ""


# ---- sentences -------------------------------------------------------------------------------------------------------

KNOWN = "there is no `rt0 {word}`: `help rt0` lists what there is."


@pytest.fixture
def chinese():
    """All is said in Chinese while this lasts."""
    words.choose("zh")
    yield
    words.choose("en")


@pytest.fixture(autouse=True)
def english():
    """Nothing here depends on who runs the tests."""
    words.choose("en")


def test_english_is_what_stands_in_the_code():
    assert words.tr(KNOWN, word="{x}") == "there is no `rt0 {x}`: `help rt0` lists what there is."


def test_english_reads_no_catalogue(monkeypatch):
    monkeypatch.setattr(catalogue, "_sentences", None)
    assert words.tr("braces {stay}") == "braces {stay}"


def test_chinese_comes_from_the_catalogue(chinese):
    assert words.tr(KNOWN, word="nxet").startswith("没有 `rt0 nxet`")


def test_what_has_no_chinese_is_said_in_english(chinese):
    assert words.trn("{n} thing", "{n} things", 2) == "2 things"


def test_names_in_a_row_stand_as_the_language_has_them(chinese):
    said = words.in_a_row(["a", 1])
    words.choose("en")
    assert (said, words.in_a_row(["a", 1])) == ("a、1", "a, 1")


def test_english_has_a_form_for_one():
    assert (words.trn("{n} thing", "{n} things", 1), words.trn("{n} thing", "{n} things", 0)) == ("1 thing", "0 things")


def test_the_format_is_gettext_s():
    text = '# c\nmsgid ""\n"a\\n"\n"b"\nmsgid_plural "cs"\nmsgstr[0] "d"\n\nmsgid "e"\nmsgstr "\\"f"\n'
    assert list(catalogue.entries(text)) == [
        {"msgid": "a\nb", "msgid_plural": "cs", "msgstr": "d"},
        {"msgid": "e", "msgstr": '"f'},
    ]
