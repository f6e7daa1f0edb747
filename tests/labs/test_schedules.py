"""Schedules that a seed chooses: the healthy runtime keeps every promise, a broken one is caught, the same seed makes
the same run, and gdb is as it was afterwards."""

import json
import re
import shutil
import subprocess

import pytest
from learners import ROOT  # noqa: F401  (puts the runner into the path)
from runner.exercises import ask, forms, patches, variant
from runner.exercises.making import workshop
from runner.host import build

FIRST = sorted((forms.LABS / "14-broken-scheduler").glob("*.patch"))
SECOND = sorted((forms.LABS / "16-repair").glob("*.patch"))
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


@pytest.fixture(scope="module", params=SECOND, ids=lambda patch: patch.stem)
def raced(request, tmp_path_factory):
    """pingpong with a bug that one P does not show."""
    return variant.program("pingpong", tmp_path_factory.mktemp("raced"), 1, request.param)


def test_a_bug_that_needs_two_threads_shows_under_a_schedule(raced, tmp_path):
    rows = tried(tmp_path, raced, range(1, 11), forms.LABS / "14-broken-scheduler")
    assert rows[-1]["wrong"]


@pytest.mark.parametrize("patch", FIRST, ids=lambda patch: patch.stem)
def test_the_seed_that_a_hint_names_shows_each_bug(patch, tmp_path):
    program = variant.program("pingpong", tmp_path, 1, patch)
    [row] = tried(tmp_path, program, [1], forms.LABS / "14-broken-scheduler")
    assert row["wrong"]


def test_where_the_runtime_gives_up_the_stack_still_shows_who_noticed(tmp_path):
    lost = next(patch for patch in FIRST if patch.stem == "lost-g")
    program = variant.program("pingpong", tmp_path, 1, lost)
    [row] = tried(tmp_path, program, [1], forms.LABS / "14-broken-scheduler")
    assert row["place"] == "throw"


def test_with_one_p_it_does_not_show(raced):
    said = subprocess.run([raced], env={"GOMAXPROCS": "1"}, capture_output=True, text=True, timeout=60)
    assert (said.returncode, said.stdout.splitlines()[-1]) == (0, "game over")


def test_it_goes_with_each_bug_that_one_p_shows(tmp_path):
    failed = []
    (tmp_path / "runtime").mkdir()
    for pair in [(a, b) for one in FIRST for two in SECOND for a, b in ((one, two), (two, one))]:
        text = "".join(patch.read_text() for patch in pair)
        for file in patches.changed_files("both", text):
            shutil.copy(ROOT / file, tmp_path / "runtime")
        words = ["patch", "--strip=1", "--fuzz=0", "--batch", "--forward", "--reject-file=-"]
        said = subprocess.run(words, cwd=tmp_path, input=text, capture_output=True, text=True)
        failed += [pair] if said.returncode else []
    assert len(FIRST) == 6 and SECOND and not failed


@pytest.mark.parametrize("patch", SECOND, ids=lambda patch: patch.stem)
def test_its_lines_stand_where_those_of_the_healthy_runtime_do(patch):
    lines = patch.read_text().splitlines()[2:]
    assert sum(line.startswith("+") for line in lines) == sum(line.startswith("-") for line in lines)


def test_what_an_exercise_says_of_every_place_is_looked_at(tmp_path, copied):
    folder = copied(
        "14-broken-scheduler",
        "exercise.toml",
        '[[invariant]]\nid = "who-is-parked-waits"\nat = "turn"\nexpr = "allgs.array[0]->atomicstatus == _Gwaiting"',
        '[[invariant]]\nid = "no-other-thread"\nexpr = "allm->id < 2"',
    )
    rows = tried(tmp_path, build.executable("pingpong"), [3], folder)
    assert [row["wrong"] for row in rows] == ["no-other-thread does not hold"]


def test_the_same_seed_makes_the_same_run(tmp_path):
    rows = tried(tmp_path, build.executable("pingpong"), [3, 4, 3, 4, 3, 4], forms.LABS / "14-broken-scheduler")
    assert len(rows) == 6 and rows[:2] * 3 == rows


def test_the_learner_is_told_where_something_is_wrong(learner):
    assert SAID.search(flat(learner.gdb("broken-scheduler", "lab sched 1-9")))


def test_gdb_is_as_it_was_afterwards(learner):
    asked = ("show scheduler-locking", "show environment GOMAXPROCS", "info breakpoints")
    said = learner.gdb("broken-scheduler", "b *'main.main'", *asked, "lab sched 3", *asked)
    settings = re.findall(r"(?m)Mode for .*|GOMAXPROCS = .*|breakpoint +keep y.*", said)
    assert len(settings) == 6 and settings[:3] == settings[3:]


def test_nothing_of_such_a_run_is_an_attempt(learner):
    learner.gdb("broken-scheduler", "lab predict next = first", "lab sched 3")
    assert learner.entry("broken-scheduler")["predicted"]["next"]["right"] is None


def test_where_the_learner_writes_a_file_there_is_no_such_run(learner):
    (learner.folder / "answers").mkdir()
    shutil.copy(forms.LABS / "07-ginfo" / "solution.py", learner.folder / "answers" / "07-ginfo.py")
    assert "give it a seed" in flat(learner.gdb("ginfo", "lab sched 3"))


def test_a_program_that_crashes_is_told_by_its_signal(tmp_path):
    crashes = variant.program("hello", tmp_path, 1, forms.LABS / "13-never-returns" / "mstart-returns.patch")
    [row] = tried(tmp_path, crashes, [1], forms.LABS / "14-broken-scheduler")
    assert row["wrong"] == "signal SIGSEGV"


def test_the_word_of_a_judge_is_gone_before_the_program_runs(tmp_path):
    tried(tmp_path, build.executable("pingpong"), [], forms.LABS / "14-broken-scheduler")
    assert not (tmp_path / "job.json").exists()


def test_what_is_no_seed_starts_nothing(learner):
    asked = [f"lab sched {argument}" for argument in ("", "x", "1-", "1-500", "-1", "1 2", "٣", "1-2-3")]
    assert flat(learner.gdb("switch", *asked)).count("give it a seed") == len(asked)
