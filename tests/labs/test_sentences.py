"""What learners are told: each sentence of ours has its Chinese, in the same places, and goes through `tr`."""

import ast
import re
import string

import pytest
import sentences
from learners import ROOT

import runner  # noqa: F401  (puts our gdb package into the path)
from rt0lab.words import catalogue

# Files with texts that are the same in every language, and why.
SAME = {
    "commands/goroutine.py": "a command for gdb",
    "goroutines/blockers.py": "`nil chan`, Go's own word",
    "goroutines/wakers.py": "the verdict among data",
    "program/lists.py": "a wait reason that has no name",
    "program/memory.py": "a value, in gdb's notation",
    "program/names.py": "an address as people say it, the same in traces",
    "show/backtrace.py": "frames, in gdb's notation",
    "show/errors.py": "what Go's errors say of themselves",
    "show/go_values.py": "values, in gdb's notation",
    "show/interfaces.py": "values, in gdb's notation",
    "show/lines.py": "fields, in gdb's notation",
    "show/panicked.py": "a value, in gdb's notation",
    "show/printers.py": "values, in gdb's notation",
    "show/times.py": "values, in gdb's notation",
    "words/chosen.py": "who asks for a language that is not there is told in English",
}

# Files that count what is never one.
ALWAYS_MANY = {
    "formats/untrusted.py": "characters of what is too long",
    "gdb/inside/facts/leak.py": "said where there is not one",
    "gdb/inside/facts/waits.py": "said where there is not one",
    "runner/exercises/proof.py": "more lines than a screen has",
    "runner/pages/claims.py": "more lines than a page has",
    "runner/verbs/dev.py": "seeds, of which there are several",
    "runner/verbs/setup.py": "packages, of which there are several",
    "show/table.py": "said where there is not one",
}

TREES = {path: ast.parse(path.read_text("utf-8")) for path in sentences.SOURCES}
OURS = {path: tree for path, tree in TREES.items() if sentences.HOUSE in path.parents}
IN_GDB = OURS | {path: tree for path, tree in TREES.items() if ROOT / "labs" / "gdb" in path.parents}
GIVEN = sentences.given(TREES)
TOLD = {one: where for (one, _), where in GIVEN.items()} | sentences.help_texts(IN_GDB) | sentences.in_data()
FILES = sorted((sentences.HOUSE / "words" / "zh").glob("*.po"))
ENTRIES = [entry for path in FILES for entry in catalogue.entries(path.read_text("utf-8")) if entry["msgid"]]
CHINESE = {entry["msgid"]: entry["msgstr"] for entry in ENTRIES}


def places(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_sentences_were_found():
    assert len(GIVEN) > 100 and len(sentences.help_texts(IN_GDB)) > 20


def test_each_sentence_has_its_chinese():
    assert {where: text for text, where in TOLD.items() if not CHINESE.get(text)} == {}


def test_no_chinese_is_left_of_a_sentence_that_is_gone():
    assert sorted(CHINESE.keys() - TOLD.keys() - sentences.all_texts_in_data()) == []


def test_no_sentence_has_two_translations():
    both = {(entry["msgid"], entry["msgstr"]) for entry in ENTRIES}
    assert sorted(one for one, _ in both if sum(other == one for other, _ in both) > 1) == []


def test_the_chinese_has_the_same_places():
    filled = [one for one, _ in GIVEN if places(one)]
    assert [one for one in filled if one in CHINESE and places(one) != places(CHINESE[one])] == []


def test_plurals_are_those_of_the_code():
    plurals = {entry["msgid"]: entry.get("msgid_plural") for entry in ENTRIES}
    assert {one: many for one, many in GIVEN if many and plurals.get(one) != many} == {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_has_nothing_that_is_not_read(path):
    keyword = r'(?:(?:msgid|msgid_plural|msgstr|msgstr\[0\]) )?"(?:[^"\\]|\\.)*"'
    assert [line for line in path.read_text("utf-8").splitlines() if not re.fullmatch(rf"{keyword}|#.*|", line)] == []


def test_no_chinese_text_touches_code():
    """`code` in running Chinese has a space on both sides, but for punctuation."""
    han = "[\u4e00-\u9fff]"
    glued = re.compile(rf"{han}`[^`]+`|`[^`]+`{han}|[A-Za-z0-9]{han}|{han}[A-Za-z0-9]")
    assert [text for text in CHINESE.values() if glued.search(text)] == []


def test_whatever_a_person_is_told_goes_through_tr():
    said = [(sentences.place(path, node), text) for path, tree in OURS.items() for node, text in sentences.bare(tree)]
    assert [each for each in said if each[0].partition(":")[0] not in SAME] == []


def test_each_exception_is_still_needed():
    said = {
        sentences.place(path, node).partition(":")[0] for path, tree in OURS.items() for node, _ in sentences.bare(tree)
    }
    assert SAME.keys() - said == set()


# Rooms and files of the command line that no learner reads.
FOR_AUTHORS = ("runner/bench/", "runner/pages/", "runner/exercises/forms.py", "runner/host/suites.py")
FOR_AUTHORS += (
    "runner/exercises/skeleton.py",
    "runner/exercises/patches.py",
    "runner/exercises/patched.py",
    "runner/exercises/guide.py",
)


def test_whatever_the_command_line_says_goes_through_tr():
    said = [
        (sentences.place(path, node), text)
        for path, tree in TREES.items()
        if ROOT / "labs" / "runner" in path.parents
        for node, text in sentences.bare_in_runner(tree)
    ]
    assert [each for each in said if not each[0].startswith(FOR_AUTHORS)] == []


def test_a_sentence_of_the_command_line_that_does_not_would_be_found():
    tree = ast.parse(
        'verb.add_argument("-x", help="what it is")\nraise Failure(f"there is no {x}")\nprint(tr("said in both"))'
    )
    assert [text for _, text in sentences.bare_in_runner(tree)] == ["what it is", "there is no "]


BARE = """
def say(n):
    console.say("no stop is kept")
    raise program.Problem(f"there is no goroutine {n}")
    yield ("  and more" if n else "") + tr("said in both")
    return tr("a {place}", place="not a sentence")
"""


def test_a_sentence_that_does_not_would_be_found():
    assert [text for _, text in sentences.bare(ast.parse(BARE))] == [
        "no stop is kept",
        "there is no goroutine ",
        "  and more",
    ]


def glued(tree):
    """(node, text) of names that a sentence gets joined as English has them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("tr", "trn", "say"):
            yield from ((node, text) for each in node.keywords if "', '.join" in (text := ast.unparse(each.value)))


def test_names_in_a_sentence_are_joined_as_its_language_has_them():
    assert [(sentences.place(path, node), text) for path, tree in TREES.items() for node, text in glued(tree)] == []


def test_names_that_are_not_would_be_found():
    assert [text for _, text in glued(ast.parse("tr('there are {n}', n=', '.join(names))"))] == ["', '.join(names)"]


RUNTIME = re.compile(r"(?<![\w./`'])runtime(?![\w./'(]| 点)")  # the word, not a symbol or a folder


def test_chinese_texts_of_the_exercises_have_a_chinese_runtime():
    texts = [path.read_text("utf-8") for path in (ROOT / "labs").glob("*/*.zh.*")]
    assert [line for text in texts for line in text.splitlines() if RUNTIME.search(line)] == []


def counted(tree):
    """(node, text) of each text with a number of things, in the plural alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and re.search(r"\{len\([^{}]*\)\} [a-z]+s\b", ast.unparse(node)):
            yield node, ast.unparse(node)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "tr" and isinstance(node.args[0], ast.Constant):
            numbers = [each.arg for each in node.keywords if ast.unparse(each.value).startswith("len(")]
            if any(re.search(rf"\{{{name}\}} [a-z]+s\b", node.args[0].value) for name in numbers):
                yield node, node.args[0].value


def test_of_what_is_counted_there_may_be_one():
    found = [(sentences.place(path, node), text) for path, tree in TREES.items() for node, text in counted(tree)]
    assert [each for each in found if each[0].partition(":")[0] not in ALWAYS_MANY] == []
