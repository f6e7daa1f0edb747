"""Bug hunts as a learner meets them: in gdb, in the file of answers, and what authors must prove."""

import shutil

import pytest
from learners import ROOT  # noqa: F401  (puts the runner into the path)
from runner.exercises import forms, proof

HUNT = "09-bad-schedinit"
AFTER = ("b *'runtime.schedinit'", "run", "finish")


@pytest.fixture
def hunter(learner):
    """A learner and the answers that are right for the bug that is theirs."""
    learner.lab("goto", "bad-schedinit")
    learner.lab("run")
    exercise = forms.load(forms.LABS / HUNT)
    return learner, exercise.tests()["right"][exercise.patch(learner.state()["seed"]).stem]


def test_a_hunt_can_be_passed_in_gdb(hunter):
    learner, right = hunter
    said = learner.gdb("bad-schedinit", *AFTER, *(f"lab answer {name} = {value}" for name, value in right.items()))
    assert "PASS 09" in said


def test_a_witness_is_told_what_it_was_on_both_programs(hunter):
    learner, _ = hunter
    assert "in your program it is true, in the healthy one true" in learner.gdb(
        "bad-schedinit", "lab answer proof = g0.m == &m0"
    )


def test_a_witness_that_is_none_is_no_attempt(hunter):
    learner, _ = hunter
    assert "place 9: `]` is missing here" in learner.gdb("bad-schedinit", "lab answer proof = allp[0 == 1")
    assert "bad-schedinit" not in learner.state()["exercises"]


def test_hostile_witnesses_cost_a_sentence_each(hunter):
    learner, _ = hunter
    texts = ["(" * 100_000, "$_shell(1) == 0", "m0.p == (1 ? 2 : 3)", "&&&&", "exit_(3) == 0"]
    said = learner.gdb("bad-schedinit", *(f"lab answer proof = {text}" for text in texts), "echo still here\\n")
    assert "Traceback" not in said and "still here" in said


def test_a_hunt_can_be_passed_with_a_file(hunter):
    learner, right = hunter
    learner.answers(HUNT, "".join(f'{name} = "{value}"\n' for name, value in right.items()))
    assert "PASS" in learner.lab("check").stdout


def test_lab_invariants_names_what_the_bug_breaks(hunter):
    learner, _ = hunter
    assert "does not hold: " in learner.gdb("bad-schedinit", *AFTER, "lab invariants")


def test_lab_invariants_without_a_process_says_so(hunter):
    learner, _ = hunter
    assert "there is no process" in learner.gdb("bad-schedinit", "lab invariants")


CHANGES = [  # to an exercise, and what dev check says
    ("exercise.toml", '"gomaxprocs == ncpu && allp.len == ncpu"', '"1"', "p-count: no invariant fails"),
    ("tests.toml", 'where = "schedinit"', 'where = "osinit"', "where = osinit: wrong  instead of pass"),
    ("tests.toml", '"gomaxprocs != ncpu"', '"ncpu > 0"', "ncpu > 0: wrong same-on-both instead of pass"),
]


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    """What dev check says of the exercise with all of these."""
    folder = tmp_path_factory.mktemp("labs") / HUNT
    shutil.copytree(forms.LABS / HUNT, folder)
    for file, old, new, _ in CHANGES:
        text = (folder / file).read_text()
        assert old in text
        (folder / file).write_text(text.replace(old, new))
    return "\n".join(proof.live_problems([forms.load(folder)]))


@pytest.mark.parametrize("complaint", [change[-1] for change in CHANGES])
def test_dev_check_holds_a_hunt_to_its_bugs(complaints, complaint):
    assert complaint in complaints


def test_dev_check_holds_the_healthy_program_to_the_invariants(copied):
    changed = copied(HUNT, "exercise.toml", '"m0.p == allp', '"m0.p != allp')
    assert any("the healthy program: m0-holds-p0" in problem for problem in proof.live_problems([forms.load(changed)]))
