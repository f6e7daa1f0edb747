"""`lab dev mutate`: who notices a change is told, the tree stays as it is, and what can go wrong in a line of the
runtime is known."""

import os
import select
import signal
import subprocess
import time

import pytest
from runner.failure import Failure
from runner.mutation import decisions, every, own, tests
from test_verbs import ROOT  # conftest beside it has the runner in the path

SOURCE = ROOT / "runtime" / "sema.cpp"
FIRST = SOURCE.read_text().splitlines()[0]  # a comment: nobody can notice
CASE = tests.CASE.format("two_take_turns_in_the_lock")


@pytest.fixture
def mutate(monkeypatch, tmp_path, capsys):
    """mutate(old, new): what is printed of this change where there is but one test, and the exit status."""
    monkeypatch.setattr(every, "FOLDER", tmp_path / "mutate")
    monkeypatch.setattr(tests, "all_of", lambda: [CASE])

    def run(old, new, file="sema.cpp"):
        (tmp_path / "list.toml").write_text(
            f"[[decision]]\nname = 'it'\nfile = '{file}'\nreason = 'So.'\n"
            f"old = '''{old}'''\nnew = '''{new}'''\n"
            f"test = '{CASE}'\n"
        )
        monkeypatch.setattr(decisions, "LIST", tmp_path / "list.toml")
        status = every.run([])
        return capsys.readouterr().out, status

    return run


def test_a_change_that_its_test_notices_is_right(mutate, monkeypatch):
    monkeypatch.setattr(tests, "said", lambda copy, test: tests.Verdict(test == CASE, "a fault"))
    said, status = mutate(FIRST, "//")
    assert (status, "two_take_turns_in_the_lock: a fault" in said) == (0, True)


def test_a_change_that_nobody_notices_is_the_exit_status(mutate):
    said, status = mutate(FIRST, "//")
    assert (status, "NOT by its own test: nobody noticed" in said) == (1, True)


def test_a_change_to_a_header_is_in_the_program(mutate):
    """Whoever includes it is compiled with it."""
    said, status = mutate("\n    uint64 qcount; ", "\n    uint64 gone; ", "runtime2.hpp")
    assert (status, "qcount" in said) == (1, True)


def test_a_change_to_a_header_that_nobody_can_notice(mutate):
    """A program that is not there fails, too, and once that was taken for noticed."""
    first = (ROOT / "runtime" / "chan.hpp").read_text().splitlines()[0]
    said, status = mutate(first, "//", "chan.hpp")
    assert (status, "NOT by its own test: nobody noticed" in said) == (1, True)


def test_a_text_that_is_not_there_is_told(mutate):
    said, status = mutate("no such text", "//")
    words = " ".join(said.split())
    assert (status, "its old text stands in runtime/sema.cpp 0 times, not once" in words) == (1, True)


def test_a_row_fits_the_terminal(mutate, monkeypatch):
    monkeypatch.setattr(tests, "said", lambda copy, test: tests.Verdict(True, "so many words " * 20))
    said, _ = mutate(FIRST, "//")
    assert max(map(len, said.splitlines())) < 80


def test_what_does_not_compile_is_told(mutate):
    said, status = mutate(FIRST, "none of it;")
    assert (status, "does not compile: " in " ".join(said.split())) == (1, True)


def test_the_source_and_the_build_stay_as_they_are(mutate):
    built = ROOT / "build/debug/tests/explore"
    paths = [SOURCE, built / "explore", built / "libexplored.a", *built.glob("*.p/*sema*")]
    before = {path: path.stat().st_mtime_ns for path in paths}
    mutate(FIRST, "//")
    assert {path: path.stat().st_mtime_ns for path in paths} == before


@pytest.mark.parametrize(
    "words", [("nonesuch",), ("--own", "0"), ("--own", "x"), ("sema.cpp:1:none",), ("sema.cpp", "sema.cpp:1:none")]
)
def test_a_word_that_chooses_nothing_is_said_in_a_line(lab, one_line, words):
    assert one_line(lab("dev", "mutate", *words), 2)


def test_ctrl_c_leaves_nothing_behind():
    """Where a change is tried, its folder stands in the command line of whatever runs."""
    process = subprocess.Popen([ROOT / "lab", "dev", "mutate"], stdout=subprocess.DEVNULL, start_new_session=True)
    end = time.monotonic() + 60
    while not any(every.FOLDER.glob("*/debug")) and time.monotonic() < end:
        select.select([], [], [], 0.02)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) not in (0, 1)
    assert not every.FOLDER.exists()
    assert subprocess.run(["pgrep", "-f", f"{every.FOLDER}/"], stdout=subprocess.DEVNULL).returncode == 1


TEXT = """\
static int x;

/// Of all forms.
void f(int* a, s* p) {
    static_assert(1 < 2);
    int b = 1;  // a < b
    if (b < 1 && p) return;
    p->x = 1;
    p->y = "a < b";
    g(b);
    if (p->a) {
        h();
    } else {
        p->n++;
    }
}
"""


def test_what_can_go_wrong_in_a_line(monkeypatch, tmp_path):
    (tmp_path / "a.cpp").write_text(TEXT)
    monkeypatch.setattr(own, "RUNTIME", tmp_path)
    names = [change.name for change in own.changes("a.cpp")]
    assert names == [
        *("a.cpp:7:not", "a.cpp:7:drop", "a.cpp:7:turn", "a.cpp:7:turn.2"),
        *("a.cpp:8:drop", "a.cpp:8:return", "a.cpp:8:swap", "a.cpp:9:drop", "a.cpp:9:return"),
        *("a.cpp:10:drop", "a.cpp:10:return", "a.cpp:11:not", "a.cpp:12:drop", "a.cpp:12:return", "a.cpp:13:else"),
        *("a.cpp:14:drop", "a.cpp:14:return", "a.cpp:14:turn"),
    ]


def can_be_made(change):
    try:
        return decisions.changed(change) != decisions.text(change.file)
    except Failure:
        return False


def test_each_of_our_own_changes_can_be_made():
    drawn = own.drawn(own.files(), 1)
    assert len(drawn) > 1000
    assert [change.name for change in drawn if not can_be_made(change)] == []


def test_what_is_explained_stands_in_the_source():
    assert all(text != decisions.text(file) for file, text in decisions.explained())


def test_the_tests_of_the_same_function_come_first():
    change = next(one for one in decisions.load() if one.test)
    assert every.named_for(change)[0] in {one.test for one in decisions.load() if one.file == change.file and one.test}
