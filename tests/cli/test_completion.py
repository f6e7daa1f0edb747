"""Completion in the shells themselves, the manual page in man itself: both come from the parser."""

import os
import shutil
import subprocess

import pexpect
import pytest

from runner.tree import ROOT

PROMPT = "rdy>"
START = {
    "bash": (["--norc", "--noprofile", "-i"], f"PS1='{PROMPT}'; bind 'set bell-style none'; "),
    "zsh": (["-f", "-i"], f"PS1='{PROMPT}'; autoload -Uz compinit; compinit -D; "),
    "fish": (["--no-config", "-i"], f"function fish_prompt; echo -n '{PROMPT}'; end; "),
}
LOAD = {"fish": "./lab completion fish | source"}


@pytest.fixture(params=START)
def typed(request, tmp_path):
    """typed(TEXT, ANSWER): types into each shell that is here what ends in TAB, and waits for the answer."""
    name = request.param
    if not shutil.which(name):
        pytest.skip(f"there is no {name}: `./lab setup` brings one")
    words, prompt = START[name]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "xterm", "LANG": "C.UTF-8", "LAB_LANG": "en"}
    shell = pexpect.spawn(name, words, cwd=ROOT, env=environment, encoding="utf-8", timeout=60, dimensions=(40, 200))
    shell.sendline(prompt + LOAD.get(name, f'eval "$(./lab completion {name})"') + "; echo loa''ded")
    shell.expect("loaded")

    def complete(text, answer):
        shell.send(text)
        shell.expect_exact(answer)

    yield complete
    shell.close(force=True)


@pytest.mark.parametrize(
    "text, answer",
    [
        ("./lab docto\t", "doctor"),
        ("./lab tour --rel\t", "ease"),
        ("./lab goto jmp\t", "-not-call"),
        ("./lab path pingp\t", "ong"),
        ("./lab trace -o CONTRIB\t", "UTING.md"),
    ],
    ids=str.strip,
)
def test_a_shell_completes(typed, text, answer):
    typed(text, answer)


def test_candidates_behind_an_option_that_wants_a_value():
    from runner import cli
    from runner.verbs import completion

    assert [word for word, _ in completion.candidates(cli.parser(), ["bench", "--json"])] == [completion.FILES]


def test_man_has_nothing_to_say_against_the_page(lab):
    made = subprocess.run(
        ["man", "-l", "-"],
        input=lab("man").stdout,
        capture_output=True,
        text=True,
        env=os.environ | {"MANPAGER": "cat"},
    )
    assert (made.returncode, made.stderr) == (0, "") and "dev check" in made.stdout
