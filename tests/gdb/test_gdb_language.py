"""The learner's language in gdb: chosen by the environment or by `set rt0 language`, in answers and help, not in data;
and lines of Chinese that gdb's pager leaves whole."""

import json
import re

import gdbrun
import pexpect
import pytest
from gdbrun import GDB, LOADER, environment, run_gdb
from rt0lab.words import screen

ASK = "rt0 nxet"  # there is no such command, and gdb says so
NO, NO_ZH = "there is no `rt0 nxet`", "没有 `rt0 nxet`"


@pytest.fixture
def said(hello, monkeypatch):
    """said(COMMAND..., NAME=VALUE...): what gdb says to these commands where these settings are in its environment."""

    def ask(*commands, **settings):
        monkeypatch.setattr(gdbrun, "environment", lambda: environment() | settings)
        done = run_gdb(hello, *(word for command in commands for word in ("-ex", command)))
        return done.stdout + done.stderr

    return ask


@pytest.mark.parametrize("settings", [{"LAB_LANG": "zh"}, {"LANG": "zh_CN.UTF-8", "LC_ALL": "", "LC_CTYPE": "C.UTF-8"}])
def test_the_environment_chooses(said, settings):
    assert NO_ZH in said(ASK, **settings)


def test_english_is_what_is_said_otherwise(said):
    assert NO in said(ASK)


def test_another_language_is_named_once(said):
    told = said(f"source {LOADER}", ASK, LAB_LANG="klingon")
    assert told.count("klingon") == 1 and NO in told


def test_a_terminal_without_chinese_gets_english(said):
    told = said(ASK, "set rt0 language zh", "show rt0 language", LAB_LANG="zh", LANG="C", LC_ALL="C")
    assert NO in told and "is en." in told


def test_set_changes_answers_and_help(said):
    told = said("set rt0 language zh", ASK, "help rt0 run")
    assert NO_ZH in told and "ELF 的入口" in told


@pytest.mark.parametrize("name", ["goid", "getg"])
def test_set_changes_the_help_of_functions(said, name):
    assert "线程" in said("set rt0 language zh", f"help function {name}")


def test_set_leaves_every_command_where_it_was(said):
    told = said("set rt0 language zh", "set rt0 language en", "help rt0 run", "help rt0")
    assert "very first instruction" in told and told.count("\nrt0 ") == said("help rt0").count("\nrt0 ") > 15


def test_data_stay_english(said):
    english, chinese = (said("rt0 compat -json", LAB_LANG=language) for language in ("en", "zh"))
    assert json.loads(english) == json.loads(chinese)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_fits_the_terminal(said, language):
    listed = said("help rt0", LAB_LANG=language)
    names = re.findall(r"^(rt0 [\w ]+?) -- ", listed, re.MULTILINE)
    ours = [*names, "info goroutines", "info ms", "info ps", "info timers", "goroutine"]
    each = said(*(f"help {name}" for name in ours), LAB_LANG=language)
    lines = (listed + each).splitlines()
    assert len(lines) > 100 and [line for line in lines if screen.width(line) > screen.WIDTH] == []


def test_the_pager_breaks_no_character(hello):
    words = ["-nx", "-q", "-iex", "set auto-load off", str(hello), "-ex", f"source {LOADER}"]
    settings = environment() | {"LAB_LANG": "zh", "TERM": "xterm", "NO_COLOR": "1"}
    gdb = pexpect.spawn(GDB, words, env=settings, dimensions=(6, 80), timeout=120)
    prompt = r"\(gdb\) $"  # there are others within help
    gdb.expect(prompt)
    told = b""
    gdb.sendline("help rt0")
    while gdb.expect([prompt, "--Type <RET>"]):
        told += gdb.before
        gdb.sendline("")
    (told + gdb.before).decode()
    gdb.sendline("show width")
    gdb.expect_exact("in a line is 80.")
    gdb.close(force=True)
