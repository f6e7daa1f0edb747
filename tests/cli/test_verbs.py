"""The command line itself: verbs, wrong usage, and the verbs that only look."""

import os
import shutil
import subprocess
from pathlib import Path

import pexpect
import pytest
from runner import cli

from rt0lab.words import screen  # the runner has just said where it is

ROOT = Path(__file__).resolve().parent.parent.parent


def test_bare_lab_says_what_next(lab):
    assert "./lab tour" in lab().stdout


def test_bare_lab_fits_eighty_columns(lab):
    assert max(map(len, lab().stdout.replace(str(ROOT), "").splitlines())) <= 80


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["tour", "--nonsense"], ["trace", "hello"], ["path"], ["bench", "nonsense"], ["compare", "a", "b"]],
    ids=" ".join,
)
def test_wrong_usage_is_2(lab, arguments):
    assert lab(*arguments).returncode == 2


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["rnu"], "did you mean run?"),
        (["run", "03"], "./lab goto 03 first"),
        (["check", "03-argv"], "./lab goto 03-argv first"),
        (["completion"], "wants bash|zsh|fish ("),
        (["tour", "--relase"], "did you mean --release?"),
        (["dev", "chek"], "did you mean check?"),
        (["path"], "wants PROGRAM"),
        (["bench", "nonsense"], "there are: startup"),
        (["answer", "goid", "=", "3"], "typed in gdb, which ./lab run opens: lab answer goid = 3"),
        (["diff"], "typed in gdb"),
        (["info", "goroutines"], "./lab gdb opens it"),
        (["help", "nonsense"], "no verb nonsense"),
    ],
    ids=" ".join,
)
def test_what_was_meant_is_said_in_one_line(lab, one_line, arguments, said):
    assert said in one_line(lab(*arguments), 2)


def test_an_answer_at_the_shell_names_the_file_it_can_be_written_to(lab, one_line, tmp_path):
    settings = os.environ | {"RT0LAB_STATE": str(tmp_path / "state.json")}
    lab("goto", "entry", env=settings)
    assert "answers/01-entry.toml" in one_line(lab("answer", "entry", "=", "1", env=settings), 2)


def every_verb(parser=None):
    """Each verb and each part of one."""
    for verb in (parser or cli.parser()).verbs().values():
        yield verb
        yield from every_verb(verb)


def test_every_verb_says_what_it_is_for_and_has_an_example():
    assert [verb.prog for verb in every_verb() if not (verb.description and verb.purpose and verb.example)] == []


def test_no_help_is_wider_than_a_terminal():
    lines = [line for verb in every_verb() for line in verb.format_help().splitlines()]
    assert [line for line in lines if screen.width(line) > screen.WIDTH] == []


@pytest.mark.parametrize("arguments", [["gdb", "-h"], ["help", "gdb"]], ids=" ".join)
def test_help_of_a_verb_that_passes_its_arguments_on(lab, arguments):
    assert "RT0LAB_GDB" in lab(*arguments).stdout


def test_a_failure_is_folded_for_whoever_reads_it_on_a_terminal():
    words = ["answer", "question", "=", "a long answer " * 9]
    child = pexpect.spawn(str(ROOT / "lab"), words, env=os.environ | {"LAB_LANG": "en"}, encoding="utf-8", timeout=60)
    lines = child.read().splitlines()
    assert len(lines) > 1 and max(map(len, lines)) <= 79


def test_version(launched):
    assert launched("--version").stdout.startswith("rt0lab ")


def test_runs_from_another_folder(launched, tmp_path):
    assert launched("path", "hello", cwd=tmp_path).stdout == f"{ROOT}/build/debug/runtime/programs/hello\n"


def test_runs_through_a_link(lab, tmp_path):
    (tmp_path / "lab").symlink_to(ROOT / "lab")
    assert str(ROOT) in os.popen(f"{tmp_path}/lab").read()


def test_another_python_first_in_path_changes_nothing(launched, tmp_path):
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 77\n")
    (tmp_path / "python3").chmod(0o755)
    assert launched(env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}).returncode == 0


@pytest.mark.parametrize("build", ["debug", "release"])
def test_path_is_an_executable(lab, build):
    result = lab("path", "hello", *(["--release"] if build == "release" else []))
    assert os.access(result.stdout.strip(), os.X_OK) and f"build/{build}/" in result.stdout


def test_path_of_an_unknown_program_names_the_known_ones(lab, one_line):
    assert ", hello, " in one_line(lab("path", "nonsense"), 2)


def test_python_is_the_systems(launched):
    assert launched("python", "-c", "import sys; print(sys.executable)").stdout == "/usr/bin/python3\n"


def test_doctor_finds_everything_that_is_essential(lab):
    result = lab("doctor")
    assert result.returncode == 0 and "missing" not in result.stdout


def test_doctor_names_gdbs_python(lab):
    assert "with Python 3." in lab("doctor").stdout


def test_trace_without_a_folder_for_its_file(lab, one_line, tmp_path):
    assert "no such directory" in one_line(lab("trace", "-o", tmp_path / "no" / "trace.json"), 2)


def test_trace_onto_a_folder(lab, one_line, tmp_path):
    assert "cannot write to" in one_line(lab("trace", "-o", tmp_path), 2)


def test_setup_with_nothing_missing_is_quick(launched):
    launched("setup")
    before = sum(os.times()[2:4])  # of the processor's time, as others may have the processor
    result = launched("setup")
    assert "nothing to do" in result.stdout and sum(os.times()[2:4]) - before < 2  # it takes 0.2 s


def test_compare_takes_only_go_programs(lab, one_line):
    assert "is no Go program" in one_line(lab("compare", "hello"), 2)


@pytest.mark.parametrize(
    "words, said", [(["entries", "/dev/null"], "is no regular file"), (["moved", "/"], "a directory")]
)
def test_what_is_measured_are_files(lab, one_line, words, said):
    assert said in one_line(lab("dev", *words), 2)


def test_launcher_without_python_and_without_apt(tmp_path):
    launcher = tmp_path / "lab"
    launcher.write_text((ROOT / "lab").read_text().replace("/usr/bin/python3", str(tmp_path / "python3")))
    (tmp_path / "bin").mkdir()
    for tool in ("readlink", "dirname", "id"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    result = subprocess.run(
        ["/bin/sh", launcher, "tour"], env={"PATH": str(tmp_path / "bin")}, capture_output=True, text=True
    )
    assert result.returncode == 3 and "as root: apt-get install python3" in result.stderr


@pytest.mark.parametrize(
    "words", [["rnu"], ["path", "hello"], ["gdb", "-batch", "-ex", "python import os; print(os.environ)"]]
)
def test_a_lab_that_was_forked_is_as_one_that_was_started(lab, launched, words, tmp_path):
    forked, started = (each(*words, cwd=tmp_path) for each in (lab, launched))
    assert (forked.stdout, forked.stderr, forked.returncode) == (started.stdout, started.stderr, started.returncode)
