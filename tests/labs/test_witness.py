"""Witnesses: what can be read of them, what hostile ones cost, and what they are worth on two programs."""

import pytest
from learners import ROOT  # noqa: F401  (puts the runner into the path)
from runner.exercises import forms, judging, witness

HUNT = "09-bad-schedinit"


@pytest.mark.parametrize(
    "text",
    [
        "allm == &m0",
        "m0.g0 == &g0 && g0.m == &m0",
        "!(allp[0].status == _Prunning) || sched.npidle > 0x1",
        "runtime.sched.runqhead == nil",
        "p0.runqtail - p0.runqhead <= 1",
        "allp[gomaxprocs - 1]->id != -1",
        "m0．p ＝＝ nil",
        "allglen　＜＝　５",
    ],
)
def test_it_can_be_read(text):
    witness.parse(text)


@pytest.mark.parametrize(
    "text, key, at",
    [
        ("", "witness-value", 0),
        ("m0.p", "witness-compares-nothing", 3),
        ("m0.p ==", "witness-value", 7),
        ("m0. == 1", "witness-field", 4),
        ("(m0.p == nil", "witness-missing", 12),
        ("allp[0 == 1", "witness-missing", 7),
        ("1 < 2 < 3", "witness-chain", 6),
        ("m0.p == nil)", "witness-left", 11),
        ("m0.p = nil", "witness-sign", 5),
        ("m0.p == `id`", "witness-sign", 8),
        ("&1 == 1", "witness-address", 0),
        ("m0.id == 99999999999999999999", "witness-number", 9),
        ("exit(1) == 0", "witness-left", 4),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, key, at):
    with pytest.raises(witness.BadWitness) as problem:
        witness.parse(text)
    assert (problem.value.key, problem.value.at) == (key, at)


@pytest.mark.parametrize("text", ["(" * 100_000, "!" * 100_000, "a[" * 100_000, "&" * 290, "(" * 290, "a.b" * 10**6])
def test_a_huge_or_deep_one_is_refused(text):
    with pytest.raises(witness.BadWitness):
        witness.parse(text)


@pytest.fixture(scope="module")
def verdict(tmp_path_factory):
    """verdict(QUESTION, ANSWER) for a learner whose P 0 is not acquired: what and reason."""
    exercise = forms.load(forms.LABS / HUNT)
    seed = next(seed for seed in range(1, 99) if exercise.patch(seed).stem == "p0-not-acquired")
    home = tmp_path_factory.mktemp("home")

    def of(question, *answers):
        cases = [(exercise, {question: answer}) for answer in answers]
        found = judging.verdicts(cases, home, seed)
        return [(one[question].what, one[question].reason) for one in found]

    return of


def test_every_witness_that_differs_is_right(verdict):
    answers = ["m0.p == nil", "m0.p == p0", "p0.m != &m0", "sched.npidle == ncpu", "m0.nextp == p0", "p0.status == 0"]
    assert verdict("proof", *answers) == [("pass", "")] * len(answers)


def test_one_that_says_the_same_of_both_is_none(verdict):
    answers = ["m0.p == m0.p", "g0.m == &m0", "1 == 2", "g0.m.g0.m.g0.m.g0.m == &m0"]
    assert verdict("proof", *answers) == [("wrong", "same-on-both")] * len(answers)


def test_one_that_cannot_be_evaluated_is_none(verdict):
    answers = ["m0.p.id == 0", "allp[4096].id == 0", "nowhere == 1", "m0.foo == 0", "allp == 1", "g99.goid == 1"]
    assert verdict("proof", *answers) == [("wrong", "cannot-be-read")] * len(answers)


@pytest.mark.parametrize("answer", ["procresize", "runtime.procresize", "proc.cpp:198", "runtime/proc.cpp:198"])
def test_a_place_is_a_line_of_the_function_or_its_name(verdict, answer):
    lines = (ROOT / "runtime" / "proc.cpp").read_text().splitlines()
    here = 1 + next(i for i, line in enumerate(lines) if line.startswith("p* procresize("))
    assert verdict("where", answer.replace("198", str(here + 20))) == [("pass", "")]


@pytest.mark.parametrize("answer", ["schedinit", "proc.cpp:1", "proc_m.cpp:198", "nproc.cpp:198", "cpp:198"])
def test_another_place_is_wrong(verdict, answer):
    assert verdict("where", answer)[0][0] != "pass"


def test_where_the_crash_is_has_a_reply_of_its_own(verdict):
    assert verdict("where", "gfget") == [("wrong", "crash-site-is-bug-site")]
