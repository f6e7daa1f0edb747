"""Moments of a run and the forms of a truth: an exercise made of all of them is read out of one run of the program."""

import dataclasses
import os

import pytest
from learners import ROOT
from runner.exercises import ask, forms, judging, seed

SEED = 3
TEXT = """
format = 1
id = "moments"
kind = "observe"
minutes = 1
grade = { partial = "jaccard" }
"""
MOMENTS = {  # checkpoint: its lines
    "entry": 'at = "fn:_rt0_amd64"',
    "next": 'at = "insn:+1"\nfrom = "entry"\nkeep = { pc = "(long)$pc" }',
    "osinit": 'at = "fn:runtime.osinit"',
    "counted": 'at = "return:runtime.osinit"\nfrom = "runtime.rt0_go"',
    "stored": 'at = "body:runtime.newproc"',
    "main": 'at = "fn:runtime.main"',
    "again": 'at = "fn:runtime.newproc"\nwhen = "$main_reached"\nkeep = { siz = "$rdi" }',
    "never": 'at = "fn:runtime.check"\nwhen = "$main_reached"',
    "end": 'at = "event:exit"',
}
TRUTHS = {  # question: (type, truth)
    "further": ("int", '{ at = "next", expr = "(long)$pc - (long)&_rt0_amd64" }'),
    "word": ("choice", '{ at = "entry", text = "*(char**)($rsp + 16)" }'),
    "changed": ("set", '{ at = "counted", changed = "osinit" }'),
    "argument": ("bool", """{ at = "stored", expr = "*(long*)fn == (long)&'runtime.main'" }"""),
    "which": ("set", '{ at = "counted", each = { yes = "ncpu > 0", no = "ncpu < 1", late = "$main_reached" } }'),
    "order": ("order", '{ at = "end", order = ["main", "again", "never", "osinit"] }'),
    "status": ("int", '{ at = "end", expr = "$_exitcode" }'),
}


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """{question: what was seen}, and "verdict": of a set that is right in part."""
    folder = tmp_path_factory.mktemp("labs") / "50-moments"
    folder.mkdir()
    moments = "".join(f'[[checkpoint]]\nname = "{name}"\n{lines}\n' for name, lines in MOMENTS.items())
    asked = "".join(
        f'[[question]]\nid = "{name}"\ntype = "{kind}"\npoints = 1\ntruth = {truth}\n'
        for name, (kind, truth) in TRUTHS.items()
    )
    (folder / "exercise.toml").write_text(TEXT + moments + asked)
    exercise = forms.load(folder)
    result = ask.judged([exercise], [(exercise, {"changed": "ncpu, g0"})], folder.parent, SEED)
    return {name: found["truth"] for name, found in result["seen"]["moments"].items()} | {
        "verdict": result["verdicts"][0]["changed"]
    }


@pytest.mark.parametrize(
    "question, truth",
    [
        ("further", len(b"\x48\x8b\x3c\x24")),  # mov 0(%rsp), %rdi
        ("word", seed.arguments(SEED)[0]),
        ("changed", ["ncpu"]),
        ("argument", 1),
        ("which", ["yes"]),
        ("order", ["osinit", "main", "again"]),
        ("status", os.EX_OK),
    ],
)
def test_a_truth_is_read_at_its_moment(seen, question, truth):
    assert seen[question] == truth


def test_a_set_that_is_right_in_part_earns_a_share(seen):
    what, _, _, share, *_ = seen["verdict"]
    assert (what, share) == ("wrong", 1 / 2)


def test_what_is_started_with_other_variables_is_another_run(tmp_path, monkeypatch):
    """Exercises on one program share a run, but not where one of them wants another number of Ps, say."""
    asked = []
    monkeypatch.setattr(
        judging, "_looked_at", lambda cases, home, number: asked.append(len(cases)) or [{}] * len(cases)
    )
    one = forms.load(ROOT / "labs" / "10-newproc")
    other = dataclasses.replace(one, env={"GOMAXPROCS": "1"})
    judging.verdicts([(one, {}), (other, {}), (one, {})], tmp_path, SEED)
    assert sorted(asked) == [1, 2]
