"""A newcomer's whole first session on a terminal of 80 by 24, in each language: from ./lab to the first pass, wrong
answer included."""

import os
import re
import signal
import sys
import time

import pexpect
import pytest

from learners import ROOT
import runner  # noqa: F401  (puts our gdb package into the path)
from rt0lab.words import screen

sys.path.insert(0, str(ROOT / "tests" / "cli"))
from test_tour import session_members  # noqa: E402

SHELL, LAB = "here> $", r"\(lab \d\d\) $"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
WORDS = {
    "en": (
        "== 00 tour",
        "PASS 00",
        "very first instruction",
        "nearly the last thing",
        "hint 1 of 4",
        "PASS 01",
        "02 jmp-not-call",
    ),
    "zh": ("== 00 tour", "通过 00", "第一条指令上", "几乎是最后才开始的", "第 1 条", "通过 01", "02 jmp-not-call"),
}


class Terminal:
    """A shell on a terminal of 80 by 24, and everything it showed."""

    def __init__(self, learner, language):
        self.child = pexpect.spawn(
            "/bin/bash",
            ["--norc", "-i"],
            dimensions=(24, 80),
            encoding="utf-8",
            timeout=60,
            cwd=ROOT,
            env=os.environ | learner.environment | {"LAB_LANG": language, "TERM": "xterm", "PS1": "here> "},
        )
        self.screens = []
        self.child.expect(SHELL)

    def type(self, line, prompt=LAB):
        """Types a line, waits for the prompt, and returns what was shown in between."""
        self.child.sendline(line)
        self.child.expect(prompt)
        shown = ESCAPES.sub("", self.child.before).replace("\r", "")
        self.screens.append(shown)
        return shown


@pytest.fixture
def terminal(learner):
    opened = []

    def start(language):
        opened.append(Terminal(learner, language))
        return opened[-1]

    yield start
    for one in opened:
        one.child.close(force=True)


def first_session(this):
    """From ./lab to the first pass and the next exercise; returns what was said at each point of interest."""
    said = [this.type("./lab", SHELL), this.type("./lab next", SHELL)]
    this.type("./lab run")
    address = re.search(r"Entry point: (0x\w+)", this.type("info files"))[1]
    this.type(f"b *{address}")
    said += [this.type("run"), this.type("lab answer entry = main"), this.type("lab hint")]
    said += [this.type("lab answer entry = _rt0_amd64_linux"), this.type("lab next")]
    this.type("q", SHELL)
    return [re.sub(r"\n\s*", "" if "。" in text else " ", text) for text in said]


@pytest.mark.parametrize("language", WORDS)
def test_the_first_session(terminal, learner, language):
    said = first_session(terminal(language))
    assert [word for word, text in zip(WORDS[language], said) if word not in text] == []
    assert learner.entry("entry")["status"] == "pass" and learner.entry("entry")["attempts"] == 2


@pytest.mark.parametrize("language", WORDS)
def test_every_screen_of_it_fits(terminal, language):
    this = terminal(language)
    first_session(this)
    ours = [text for text in this.screens if "Reading symbols" not in text and "Local exec file" not in text]
    assert [text for text in ours if len(text.splitlines()) > 24] == []
    assert [
        line
        for text in ours
        for line in text.splitlines()
        if screen.width(line) > 80 and str(ROOT) not in line and "/tmp/" not in line
    ] == []


def test_the_introduction_waits_before_the_exercise_asked_for(terminal):
    this = terminal("en")
    this.type("./lab goto entry", "Enter shows the exercise")
    assert "== 01 entry" in this.type("", SHELL)


def test_the_tour_can_be_left_for_later(terminal, learner):
    this = terminal("en")
    this.type("./lab run", "leaves it for later")
    this.type("q", SHELL)
    assert learner.entry("tour")["status"] == "shown"


def test_leaving_and_coming_back(terminal):
    this = terminal("en")
    this.type("./lab", SHELL), this.type("./lab goto entry", SHELL)
    this.type("./lab run")
    this.type("starti")
    assert "Still open: entry" in this.type("q", SHELL)
    assert "Now: 01 entry" in this.type("./lab", SHELL)


def test_ctrl_c_at_the_prompt_changes_nothing(terminal):
    this = terminal("en")
    this.type("./lab", SHELL), this.type("./lab goto entry", SHELL)
    this.type("./lab run")
    this.child.sendintr()
    this.child.expect(LAB)
    assert "ok 1/2" in this.type("starti")


def test_ctrl_d_leaves(terminal):
    this = terminal("en")
    this.type("./lab", SHELL), this.type("./lab goto entry", SHELL)
    this.type("./lab run")
    this.child.sendeof()
    this.child.expect(SHELL)
    assert "Still open" in this.child.before


def test_sigterm_ends_gdb_and_the_program(learner):
    learner.lab("goto", "entry")
    child = pexpect.spawn(
        str(ROOT / "lab"), ["run"], env=os.environ | learner.environment, encoding="utf-8", timeout=60
    )
    child.expect(LAB)
    child.sendline("starti")
    child.expect(LAB)
    os.kill(child.pid, signal.SIGTERM)
    child.expect(pexpect.EOF)
    child.wait()
    assert (child.exitstatus, session_members(child.pid)) == (143, [])


def test_the_terminal_going_away_leaves_nothing_running(terminal):
    this = terminal("en")
    this.type("./lab", SHELL), this.type("./lab goto entry", SHELL)
    this.type("./lab run")
    this.type("starti")
    this.child.close(force=True)
    deadline = time.monotonic() + 20
    while session_members(this.child.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert session_members(this.child.pid) == []
