"""The exercises at the shell: list, next, goto, hint, check, reset, solution, in both languages, and how they fail."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from learners import ROOT
import runner  # noqa: F401  (puts our gdb package into the path)
from rt0lab.words import screen

sys.path.insert(0, str(ROOT / "tests" / "cli"))
from test_machine import PTRACE, refusing  # noqa: E402
from test_tour import session_members  # noqa: E402

RIGHT = "delta = 0\nframes = 1\ntop = {}\n"


def solved(learner):
    """The right answers to 02 for this learner: argc is one more than the words the seed gives."""
    from runner.exercises import seed

    learner.lab("goto", "2")
    learner.lab("check")  # makes the seed
    return RIGHT.format(len(seed.arguments(learner.state()["seed"])) + 1)


def one_line(result, status):
    assert (result.returncode, result.stdout) == (status, ""), result.stderr
    assert result.stderr.startswith("lab: ") and result.stderr.count("\n") == 1
    return result.stderr


def test_bare_lab_shows_the_introduction_first(learner):
    assert learner.lab().stdout.startswith("== 00 tour")


def test_bare_lab_names_the_exercise_that_is_next(learner):
    learner.lab()
    assert "Now: 00 tour" in learner.lab().stdout


@pytest.mark.parametrize("words", [["next"], ["run"], ["goto", "entry"], ["watch"]], ids=" ".join)
def test_nothing_begins_without_the_introduction(learner, words):
    assert learner.lab(*words).stdout.startswith("== 00 tour")


def test_what_is_open_fits_the_terminal(learner):
    wrong = dict.fromkeys(["base", "distance", "slot", "moves", "ways"], "77")
    entries = {"tour": {"status": "pass"}, "tls": {"wrong": wrong}}
    learner.file.write_text(json.dumps({"schema": 1, "seed": 5, "current": "tls", "exercises": entries}))
    left = learner.lab("run", typed="q\n").stdout.partition("Still open")[2]
    assert "(tried)" in left and max(map(len, left.splitlines())) < 80


def test_the_introduction_is_shown_once(learner):
    learner.lab("goto", "entry")
    assert "== 00" not in learner.lab("goto", "entry").stdout


def test_the_introduction_alone_is_no_pass(learner):
    learner.lab("next")
    assert (learner.entry("tour")["status"], learner.lab("list").stdout.count("PASS")) == ("shown", 0)


def test_the_tour_is_its_pass(learner):
    assert "PASS 00" in learner.lab("run").stdout and learner.entry("tour")["status"] == "pass"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_bare_lab_fits_a_terminal(learner, language):
    learner.lab()
    lines = learner.lab(LAB_LANG=language).stdout.replace(str(learner.folder), "").splitlines()
    assert len(lines) <= 23 and max(map(screen.width, lines)) <= 80


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_task_fits_a_terminal(learner, language):
    learner.lab()
    for name in ("tour", "entry", "jmp-not-call", "stack-bounds", "newproc"):
        lines = learner.lab("goto", name, LAB_LANG=language).stdout.splitlines()
        assert len(lines) <= 23 and max(map(screen.width, lines)) <= 80


@pytest.mark.parametrize(
    "environment, word",
    [
        ({"LAB_LANG": "zh"}, "现在"),
        ({"LAB_LANG": "", "LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "现在"),
        ({"LAB_LANG": "zh_CN.UTF-8"}, "现在"),
        ({"LAB_LANG": "en", "LANG": "zh_CN.UTF-8"}, "Now"),
        ({"LAB_LANG": "", "LANG": "de_DE"}, "Now"),
    ],
)
def test_language(learner, environment, word):
    learner.lab()
    assert word in learner.lab(**environment).stdout


def test_an_unknown_language_is_wrong_usage(learner):
    assert "none of en, zh" in one_line(learner.lab(LAB_LANG="xx"), 2)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_bare_lab_after_a_pass_says_what_comes_next(learner, language):
    learner.lab(), learner.lab("run")
    found = re.findall(r"^  (\./lab \w+)", learner.lab(LAB_LANG=language).stdout, re.MULTILINE)
    assert found[0] == "./lab next"


def test_bare_lab_after_a_pass_ends_no_chinese_sentence_in_english(learner):
    learner.lab(), learner.lab("run")
    assert "通过。" in learner.lab(LAB_LANG="zh").stdout


def test_list_shows_every_exercise(learner):
    there = sorted(path.parent.name[:2] for path in (ROOT / "labs").glob("*/exercise.toml"))
    assert re.findall(r"^.. (\d\d)", learner.lab("list").stdout, re.MULTILINE) == there


def test_next_passes_the_exercise_that_has_nothing_to_solve(learner):
    learner.lab()
    assert "PASS 00" in learner.lab("next").stdout and learner.entry("tour")["status"] == "pass"


def test_next_does_not_leave_an_open_exercise(learner):
    learner.lab("goto", "entry")
    assert "not passed yet" in one_line(learner.lab("next"), 1)


def at_the_last(learner, *left):
    """The learner has passed all exercises but these, and is at the last one."""
    ids = [path.parent.name[3:] for path in sorted((ROOT / "labs").glob("*/exercise.toml"))]
    entries = {name: {"status": "pass"} for name in ids if name not in left}
    progress = {"schema": 1, "seed": 5, "current": ids[-1], "exercises": entries}
    learner.file.write_text(json.dumps(progress))


def test_next_behind_the_last_exercise_goes_to_one_that_is_open(learner):
    at_the_last(learner, "entry")
    assert learner.lab("next").stdout.startswith("== 01 entry")


def test_when_all_are_passed_that_is_said(learner):
    at_the_last(learner)
    assert learner.lab("next").stdout == "Every exercise is passed. Well done.\n"


def test_when_all_are_passed_no_next_one_is_named(learner):
    at_the_last(learner)
    assert "./lab next" not in learner.lab().stdout


@pytest.mark.parametrize("word", ["entry", "1", "01", "01-entry"])
def test_goto(learner, word):
    learner.lab("goto", word)
    assert learner.state()["current"] == "entry"


def test_goto_an_unknown_exercise_names_those_there_are(learner):
    assert "tour, entry" in one_line(learner.lab("goto", "nonsense"), 2)


def test_names_in_a_chinese_sentence_have_chinese_commas(learner):
    assert "tour、entry、" in learner.lab("goto", "nonsense", LAB_LANG="zh").stderr


def test_hints_come_one_after_the_other_and_stay_at_the_last(learner):
    learner.lab("goto", "entry")
    heads = [learner.lab("hint").stdout.splitlines()[0].strip() for _ in range(5)]
    assert heads == [f"hint {n} of 4 for entry:" for n in (1, 2, 3, 4, 4)]


def test_a_hint_can_be_asked_for(learner):
    learner.lab("goto", "2")
    assert "hint 3 of 4 for top" in learner.lab("hint", "top", "3").stdout


@pytest.mark.parametrize("words", [["9"], ["nonsense"], ["0"]], ids=" ".join)
def test_a_hint_that_does_not_exist_is_wrong_usage(learner, words):
    learner.lab("goto", "entry")
    assert ": ./lab hint [entry] [1..4]" in one_line(learner.lab("hint", *words), 2)


def test_hints_that_were_used_are_kept(learner):
    learner.lab("goto", "entry")
    learner.lab("hint")
    assert learner.entry("entry")["hints_used"] == {"entry": 1}


def test_prev_goes_back(learner):
    learner.lab("goto", "entry"), learner.lab("prev")
    assert learner.state()["current"] == "tour"


def test_prev_at_the_first_exercise(learner):
    assert "the first exercise" in one_line(learner.lab("prev"), 1)


def test_check_without_answers_is_incomplete(learner):
    learner.lab("goto", "entry")
    assert "INCOMPLETE" in one_line(learner.lab("check"), 1)


def test_check_of_right_answers_passes(learner):
    learner.answers("02-jmp-not-call", solved(learner))
    assert learner.lab("check").returncode == 0 and learner.entry("jmp-not-call")["status"] == "pass"


def test_check_of_a_wrong_answer_gives_its_reply_and_not_the_value(learner):
    learner.answers("02-jmp-not-call", "delta = -8")
    learner.lab("goto", "2")
    result = learner.lab("check")
    assert result.returncode == 1 and "JMP pushes nothing" in result.stdout and "WRONG" in result.stdout
    assert "observed" not in result.stdout


@pytest.mark.parametrize(
    "words, mark", [([], "delta (tried), frames"), (["list"], "tried"), (["goto", "2"], "[~] 1. ")]
)
def test_a_question_that_was_answered_wrong_is_no_longer_merely_open(learner, words, mark):
    learner.answers("02-jmp-not-call", "delta = -8")
    learner.lab("goto", "2")
    learner.lab("check")
    assert mark in learner.lab(*words).stdout


def test_after_a_right_answer_it_is_not_said_that_a_wrong_one_was_there(learner):
    for text in ("delta = -8", solved(learner)):
        learner.answers("02-jmp-not-call", text)
        learner.lab("check")
    assert "[~]" not in learner.lab("goto", "2").stdout


def test_what_could_not_be_judged_was_not_tried(learner):
    learner.lab("goto", "entry")
    learner.answers("01-entry", "entry = 1")
    without_ptrace(learner, "check", before=("prlimit", "--core=0:0"))
    assert learner.entry("entry")["wrong"] == {}


def test_a_pass_names_the_solution(learner):
    learner.answers("02-jmp-not-call", solved(learner))
    assert "./lab solution" in learner.lab("check").stdout


def test_check_keeps_the_first_prediction(learner):
    right = solved(learner)
    for text in ("delta = -8", right):
        learner.answers("02-jmp-not-call", text)
        learner.lab("check")
    assert learner.entry("jmp-not-call")["predicted"]["delta"] == {"right": False, "value": "-8"}


def test_the_same_answers_twice_are_one_attempt(learner):
    learner.answers("02-jmp-not-call", "delta = -8")
    learner.lab("goto", "2")
    learner.lab("check"), learner.lab("check")
    assert learner.entry("jmp-not-call")["attempts"] == 1


def test_check_all_judges_every_exercise_with_answers(learner):
    learner.answers("01-entry", 'entry = "_rt0_amd64_linux"')
    learner.answers("10-newproc", 'goid = "g1"')
    text = learner.lab("check", "--all").stdout
    assert "01 entry" in text and "10 newproc" in text and "delta" not in text


@pytest.mark.parametrize("line", ["entry = _rt0_amd64_linux", "# mine\nentry = _rt0_amd64_linux  # the ELF file's"])
def test_a_name_in_a_file_of_answers_needs_no_quotes(learner, line):
    learner.answers("01-entry", line)
    learner.lab("goto", "1")
    assert "[x] entry" in learner.lab("check").stdout


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("delta = '$_shell(1)'", "no number, name"),
        ("delta = 1.5", "no number, name"),
        ("delta = [[1]]", "no number, name"),
        ("nonsense = 1", "no question nonsense"),
        ("delta =", "not TOML"),
        ("delta = a\nframes", "not TOML"),
        ("delta = a\ndelta = b", "not TOML"),
        ("delta = 9" + "9" * 6000, ""),
        ("delta = " + "[" * 30000, "not TOML"),
        ("x" * 70000, "larger than"),
        ("delta = 99999999999999999999999", "no number, name"),
        ("delta = 2024-01-01", "no number, name"),
    ],
    ids=lambda text: text[:20],
)
def test_a_bad_file_of_answers_is_one_line(learner, text, complaint):
    learner.answers("02-jmp-not-call", text)
    learner.lab("goto", "2")
    assert complaint in one_line(learner.lab("check"), 1)


def test_a_file_of_answers_that_is_no_file_is_one_line(learner):
    (learner.folder / "answers").mkdir()
    os.mkfifo(learner.folder / "answers" / "02-jmp-not-call.toml")
    learner.lab("goto", "2")
    assert "no regular file" in one_line(learner.lab("check"), 1)


def test_the_solution_is_closed_before_the_pass(learner):
    learner.lab("goto", "2")
    assert "opens after the pass" in one_line(learner.lab("solution"), 1)


def test_the_solution_is_open_after_the_pass(learner):
    learner.answers("02-jmp-not-call", solved(learner))
    learner.lab("check")
    assert "delta = 0" in learner.lab("solution").stdout


def test_reset_forgets_one_exercise_and_keeps_the_seed(learner):
    learner.lab(), learner.lab("next"), learner.lab("hint")
    seed = learner.state()["seed"]
    learner.lab("reset", "entry")
    assert (learner.state()["seed"], set(learner.state()["exercises"])) == (seed, {"tour"})


def test_reset_sets_the_answers_aside_and_says_where(learner):
    learner.answers("01-entry", "entry = 1")
    said = learner.lab("reset", "entry").stdout
    kept = learner.folder / "answers" / "01-entry.before-1.toml"
    assert (kept.read_text(), os.listdir(kept.parent)) == ("entry = 1", [kept.name]) and kept.name in said


def test_reset_of_all_sets_all_answers_aside(learner):
    learner.answers("01-entry", "entry = 1"), learner.answers("10-newproc", "goid = 1")
    learner.lab("reset", "--all")
    assert "nothing is answered" in one_line(learner.lab("check", "--all"), 1)


def test_where_answers_cannot_be_set_aside_nothing_is_forgotten(learner):
    learner.lab("goto", "entry"), learner.lab("hint")
    (learner.folder / "answers" / "01-entry.toml").mkdir(parents=True)
    one_line(learner.lab("reset", "entry"), 1)
    assert learner.entry("entry")["hints_used"] == {"entry": 1}


def test_what_was_forgotten_fits_the_terminal(learner):
    said = learner.lab("reset", "--all").stdout
    assert "broken-scheduler" in said and max(map(len, said.splitlines())) < 80


@pytest.mark.parametrize("words", [[], ["entry", "--all"]], ids=" ".join)
def test_reset_wants_to_know_what(learner, words):
    one_line(learner.lab("reset", *words), 2)


def test_a_damaged_progress_file_is_one_line_and_kept(learner):
    learner.file.write_text("{")
    result = learner.lab("list")
    assert result.returncode == 0 and result.stderr.count("\n") == 1 and "damaged-1" in result.stderr


def test_a_full_disk_is_one_line(learner):
    learner.lab("goto", "entry")
    before = learner.file.read_text()
    result = subprocess.run(
        ["prlimit", "--fsize=10", ROOT / "lab", "goto", "newproc"],
        capture_output=True,
        text=True,
        env=os.environ | learner.environment,
    )
    assert "cannot save your progress" in one_line(result, 1) and learner.file.read_text() == before


def without_ptrace(learner, *words, before=()):
    return subprocess.run(
        [*before, ROOT / "lab", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=os.environ | learner.environment,
        preexec_fn=refusing(PTRACE),
    )


def test_where_ptrace_is_refused_gdb_is_not_opened(learner):
    learner.lab("goto", "entry")
    said = one_line(without_ptrace(learner, "run"), 3)
    assert "refuses ptrace" in said and "answers/01-entry.toml" in said


def test_where_ptrace_is_refused_answers_are_judged(learner):
    learner.lab("goto", "entry")
    learner.answers("01-entry", 'entry = "_rt0_amd64_linux"')
    result = without_ptrace(learner, "check")
    assert result.returncode == 0 and "PASS" in result.stdout and "looked at in cores" in result.stdout


def test_where_the_kernel_leaves_no_core_either_it_is_inconclusive(learner):
    learner.lab("goto", "entry")
    learner.answers("01-entry", 'entry = "_rt0_amd64_linux"')
    result = without_ptrace(learner, "check", before=("prlimit", "--core=0:0"))
    assert result.returncode == 1 and "the kernel leaves no core" in " ".join(result.stdout.split())


def test_bare_lab_says_that_ptrace_is_refused(learner):
    learner.lab()
    result = without_ptrace(learner)
    assert result.returncode == 0 and "ptrace refused" in result.stdout


@pytest.mark.parametrize("why", ["there is no gdb here", "was built without Python"])
def test_no_gdb_that_can_do_it(monkeypatch, tmp_path, why):
    from runner import failure
    from runner.host import permits
    from runner.verbs import exercises

    def none(*_):
        raise failure.Failure(why, failure.MACHINE)

    monkeypatch.setattr(permits, "find_gdb", none)
    monkeypatch.setenv("RT0LAB_STATE", str(tmp_path / "state.json"))
    exercises.goto(type("Arguments", (), {"id": "entry"}))
    with pytest.raises(failure.Failure, match=why) as refused:
        exercises.run(None)
    assert refused.value.status == 3


def runs(pid, word):
    """Does this process's command line have this word?"""
    try:
        return word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:  # it has ended
        return False


def test_ctrl_c_ends_a_check_and_everything_it_started(learner, tmp_path):
    learner.answers("01-entry", "entry = 1")
    learner.lab("goto", "entry")
    gdb = tmp_path / "bin" / "gdb"  # one that takes its time, so that there is something to end
    gdb.parent.mkdir()
    gdb.write_text('#!/bin/sh\ncase "$*" in *PYTHON*) exec /usr/bin/gdb "$@";; esac\nexec sleep 1000.25\n')
    gdb.chmod(0o755)
    path = {"PATH": f"{gdb.parent}:{os.environ['PATH']}"}
    child = subprocess.Popen(
        [ROOT / "lab", "check"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | learner.environment | path,
    )
    while not any(runs(pid, b"1000.25") for pid in session_members(child.pid)) and child.poll() is None:
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGINT)
    assert child.communicate(timeout=30)[1] == "" and child.returncode == 130 and session_members(child.pid) == []
