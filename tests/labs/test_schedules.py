"""Schedules that a seed chooses: the healthy runtime keeps every promise, a broken one is caught, the same seed makes
the same run, and gdb is as it was afterwards."""

import json
import re
import subprocess

import pytest
from learners import ROOT  # noqa: F401  (puts the runner into the path)
from runner.exercises import ask, forms
from runner.exercises.making import workshop
from runner.host import build

SAID = re.compile(r"Seed \d+, stop \d+, thread \d+ at \w+: ")


def flat(text):
    """On one line, without the lab's mark."""
    return " ".join(text.replace("[lab]", "").split())


def test_the_healthy_runtime_holds_under_many_schedules(tmp_path):
    hunt = forms.load(forms.LABS / "14-broken-scheduler")
    words = ask.command(hunt, tmp_path, 1, batch=True, healthy=True)
    begin = f"python inside.begin({hunt.id!r}, 'en', {str(tmp_path / 'state.json')!r})"
    said = subprocess.run(
        [*words, "-ex", begin, "-ex", "lab sched 1-4"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Schedules: 4;" in flat(said.stdout)


def tried(folder, program, seeds, exercise):
    """The rows that gdb prints without a terminal."""
    job = {"exercise": str(exercise), "word": "mine", "program": str(program), "arguments": [], "seeds": list(seeds)}
    (folder / "job.json").write_text(json.dumps(job))
    words = [*workshop.gdb(), "-ex", f"python inside.schedule({str(folder / 'job.json')!r})"]
    said = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120).stdout
    return [json.loads(line.removeprefix("mine")) for line in said.splitlines() if line.startswith("mine")]


def test_a_program_is_tried_without_a_terminal(tmp_path):
    rows = tried(tmp_path, build.executable("pingpong"), [3, 5], forms.LABS / "14-broken-scheduler")
    assert [(row["seed"], row["place"], row["wrong"], row["unknown"]) for row in rows] == [
        (3, "exit", "", ""),
        (5, "exit", "", ""),
    ]


def test_what_an_exercise_says_of_every_place_is_looked_at(tmp_path, copied):
    folder = copied(
        "14-broken-scheduler",
        "exercise.toml",
        '[[invariant]]\nid = "who-is-parked-waits"\nat = "turn"\nexpr = "allgs.array[0]->atomicstatus == _Gwaiting"',
        '[[invariant]]\nid = "no-other-thread"\nexpr = "allm->id < 2"',
    )
    rows = tried(tmp_path, build.executable("pingpong"), [3], folder)
    assert [row["wrong"] for row in rows] == ["no-other-thread does not hold"]


def test_the_same_seed_makes_the_same_run(learner):
    said = SAID.findall(flat(learner.gdb("broken-scheduler", "lab sched 1-9", "lab sched 1-9")))
    assert len(said) == 2 and said[0] == said[1]


def test_gdb_is_as_it_was_afterwards(learner):
    asked = ("show scheduler-locking", "show environment GOMAXPROCS", "info breakpoints")
    said = learner.gdb("broken-scheduler", "b *'main.main'", *asked, "lab sched 3", *asked)
    settings = re.findall(r"(?m)Mode for .*|GOMAXPROCS = .*|breakpoint +keep y.*", said)
    assert len(settings) == 6 and settings[:3] == settings[3:]


def test_nothing_of_such_a_run_is_an_attempt(learner):
    learner.gdb("broken-scheduler", "lab predict next = first", "lab sched 3")
    assert learner.entry("broken-scheduler")["predicted"]["next"]["right"] is None


@pytest.mark.parametrize("argument", ["", "x", "1-", "1-500", "-1", "1 2", "٣", "1-2-3"])
def test_what_is_no_seed_starts_nothing(learner, argument):
    assert "give it a seed" in flat(learner.gdb("switch", f"lab sched {argument}"))
