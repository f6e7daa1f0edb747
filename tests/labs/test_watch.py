"""`lab watch`: judges at every save, however an editor saves; stops after a pass; ends cleanly."""

import os
import re
import signal
import subprocess
import sys

import pytest
from learners import ROOT

RIGHT = 'entry = "_rt0_amd64_linux"\n'


@pytest.fixture(params=["told", "polling"])
def watching(request, learner, tmp_path):
    """A `lab watch` on exercise 01, with inotify and without; said(PATTERN) waits until it has said that."""
    learner.lab("goto", "entry")
    learner.answers("01-entry", "")
    words = [ROOT / "lab", "watch"]
    if request.param == "polling":
        hide = "import sys; sys.modules['inotify'] = None; sys.path.insert(0, 'labs'); from runner.cli import main"
        words = [sys.executable, "-c", f"{hide}; sys.exit(main(['watch']))"]
    child = subprocess.Popen(
        words,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | learner.environment,
    )
    read = []

    def said(pattern):
        for line in child.stdout:
            read.append(line)
            if re.search(pattern, line):
                return True
        return False

    child.said, child.read = said, read
    yield child
    child.kill()
    child.wait()


def in_place(path, text):
    path.write_text(text)


def by_renaming(path, text):
    other = path.with_name(".swap")
    other.write_text(text)
    other.replace(path)


@pytest.mark.parametrize("save", [in_place, by_renaming])
def test_a_save_is_judged_and_a_pass_waits(watching, learner, save):
    assert watching.said("nothing is answered yet")
    save(learner.folder / "answers" / "01-entry.toml", RIGHT)
    assert watching.said("Enter goes on") and learner.state()["current"] == "entry"
    watching.stdin.write("\n"), watching.stdin.flush()
    assert watching.said("== 02")


def test_polling_says_so(watching):
    watching.said("nothing is answered yet")
    assert any("every second" in line for line in watching.read) == ("-c" in watching.args)


def test_ctrl_c_ends_it_without_a_word(watching):
    watching.said("nothing is answered yet")
    watching.send_signal(signal.SIGINT)
    assert watching.communicate(timeout=30)[0] == "" and watching.returncode == 130


def test_q_ends_it(watching):
    watching.said("nothing is answered yet")
    assert watching.communicate("q\n", timeout=30)[0] == "" and watching.returncode == 0
