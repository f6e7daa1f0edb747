"""Progress: whole or not at all, never lost, whatever the file has become."""

import fcntl
import json
import os
import random
import resource
import threading
from pathlib import Path

import pytest
from learners import ROOT  # noqa: F401  (puts the runner into the path)
from runner.exercises import state
from runner.failure import Failure

GOOD = {"schema": 1, "seed": 5, "current": "entry", "exercises": {}}
RECORD = {"answers": {"q": "1"}, "predicted": {"q": {"value": "1", "right": None}}, "hints_used": {"q": 2}}


@pytest.fixture
def said():
    return []


@pytest.fixture
def store(tmp_path, said):
    return state.Store(tmp_path / "state.json", said.append)


def test_a_new_learner_has_a_seed_of_their_own(store):
    assert store.read()["seed"] != store.read()["seed"]


def test_reading_writes_nothing(store):
    store.read()
    assert not store.path.exists()


def test_the_seed_is_kept_from_the_first_change_on(store):
    with store.change() as progress:
        seed = progress["seed"]
    assert store.read()["seed"] == seed


def test_unknown_ids_and_keys_are_kept(store):
    store.path.write_text(json.dumps(GOOD | {"more": 1, "exercises": {"of-the-future": {"new": [1]}}}))
    with store.change() as progress:
        progress["current"] = "newproc"
    kept = json.loads(store.path.read_text())
    assert (kept["more"], kept["exercises"]["of-the-future"]["new"]) == (1, [1])


def test_nothing_but_the_file_stays_behind(store):
    with store.change():
        pass
    assert sorted(os.listdir(store.home)) == [".lock", "state.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"x"',
        "[" * 100000,
        '{"a":' * 50000,
        "9" * 9999,
        "\0" * 100,
        "\xff",
        " " * (state.MAX_BYTES + 1),
        *(
            json.dumps(GOOD | change)
            for change in (
                {"schema": "1"},
                {"schema": True},
                {"seed": -1},
                {"seed": 1.5},
                {"seed": 1 << 70},
                {"current": 5},
                {"exercises": []},
                {"exercises": {"entry": 5}},
                {"exercises": {"entry": {"best": "4"}}},
                {"exercises": {"entry": {"answers": {"q": 1}}}},
                {"exercises": {"entry": {"answers": {"q": '$_shell("id")'}}}},
                {"exercises": {"entry": {"predicted": {"q": 1}}}},
                {"exercises": {"entry": {"predicted": {"q": {"value": "x y", "right": None}}}}},
                {"exercises": {"entry": {"hints_used": {"q": -9}}}},
            )
        ),
        '{"schema": 1, "seed": NaN, "current": "", "exercises": {}}',
    ],
    ids=lambda text: repr(text[:40]),
)
def test_a_damaged_file_is_set_aside_and_said_once(store, said, text):
    store.path.write_text(text, "utf-8")
    assert store.read()["exercises"] == {} and len(said) == 1 and "\n" not in said[0]
    assert (store.home / "state.json.damaged-1").read_text("utf-8") == text


def test_the_second_damaged_file_does_not_replace_the_first(store):
    for text in ("one", "two"):
        store.path.write_text(text)
        store.read()
    assert [Path(store.home, f"state.json.damaged-{n}").read_text() for n in (1, 2)] == ["one", "two"]


@pytest.mark.parametrize(
    "make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/null")], ids=["folder", "fifo", "device"]
)
def test_what_is_no_file_is_left_where_it_is(store, make):
    """Whoever names /dev/null, or a folder, must not lose it."""
    make(store.path)
    with pytest.raises(Failure, match="no regular file"):
        store.read()
    assert os.listdir(store.home) == ["state.json"]


@pytest.mark.parametrize(
    "text",
    ['"\\ud800"', '"\U0001f600"', "1e308", "[" * 15 + "]" * 15],
    ids=["half a character", "emoji", "large", "deep"],
)
def test_whatever_is_kept_can_be_written_again(store, said, text):
    store.path.write_text('{"schema": 1, "seed": 5, "current": "", "exercises": {}, "more": %s}' % text)
    with store.change() as progress:
        progress["current"] = "newproc"
    assert (store.read()["more"], said) == (json.loads(text), [])


@pytest.mark.parametrize("text", ["1e999", "-1e999", "[" * 300 + "]" * 300], ids=["infinite", "minus infinite", "deep"])
def test_what_could_not_be_written_again_is_set_aside(store, said, text):
    store.path.write_text('{"schema": 1, "seed": 5, "current": "", "exercises": {}, "more": %s}' % text)
    store.read()
    assert len(said) == 1 and (store.home / "state.json.damaged-1").exists()


def test_many_damaged_files_replace_none(store, said):
    for n in range(1, 1000):
        (store.home / f"state.json.damaged-{n}").write_text(str(n))
    store.path.write_text("damaged")
    with pytest.raises(Failure, match="remove some"):
        store.read()
    assert store.path.read_text() == "damaged" and (store.home / "state.json.damaged-999").read_text() == "999"


def test_whoever_waits_for_another_lab_says_so(store, said, monkeypatch):
    monkeypatch.setattr(state, "WAIT", 1)
    with open(store.home / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(
            Failure, match=rf"another lab \(process {os.getpid()}\) still is changing your progress; nothing"
        ):
            with store.change():
                pass
    assert said == [f"another lab (process {os.getpid()}) is changing your progress; waiting for it, 1 s at most"]


def test_a_lock_that_is_a_fifo_is_one(store):
    os.mkfifo(store.home / ".lock")
    with store.change() as progress:
        progress["current"] = "newproc"
    assert store.read()["current"] == "newproc"


VERBS = [[], ["list"], ["goto", "newproc"], ["hint"], ["check"], ["solution"], ["next"], ["reset", "--all"]]
ATOMS = [
    "",
    "x",
    "\ud800",
    "\x1b[31m\n",
    0,
    -1,
    1 << 62,
    1 << 70,
    1.5,
    True,
    None,
    [],
    {},
    [[]],
    {"": {}},
    "newproc",
    "pass",
]


def mutated(value, rng):
    """A copy of a JSON value with one place changed."""
    inner = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    if not inner or rng.random() < 0.3:
        return rng.choice(ATOMS)
    key = rng.choice(list(inner))
    copy = dict(value) if isinstance(value, dict) else list(value)
    if rng.random() < 0.2:
        copy.pop(key)
    else:
        copy[key] = mutated(copy[key], rng)
    return copy


FULL = {
    "schema": 1,
    "seed": 5,
    "current": "newproc",
    "exercises": {
        name: {
            "status": "open",
            "best": 1,
            "attempts": 2,
            "hints_used": {"q": 2},
            "predicted": {"q": {"value": "1", "right": None}},
            "first_pass": "",
            "answers": {"q": "1"},
            "answers_sha": "",
            "reached": ["stop"],
        }
        for name in ("entry", "newproc", "of-the-future")
    },
}


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: " ".join(verb) or "lab")
def test_every_verb_answers_whatever_the_file_has_become(tmp_path, monkeypatch, capsys, verb):
    """A status, no traceback, one line for what was wrong, and a damaged file is still there, byte by byte."""
    from runner import cli
    from runner.host import permits

    monkeypatch.setattr(permits, "ask_gdb", lambda path: ("13", "3.11"))
    monkeypatch.setattr(permits, "ptrace_permitted", lambda: True)
    rng = random.Random(str(verb))
    for number in range(150):
        home = tmp_path / str(number)
        home.mkdir()
        monkeypatch.setenv("RT0LAB_STATE", str(home / "state.json"))
        value = FULL
        for _ in range(rng.choice((1, 1, 2, 5))):
            value = mutated(value, rng)
        text = json.dumps(value)
        (home / "state.json").write_text(text)
        assert cli.status(verb) in (0, 1)
        errors = capsys.readouterr().err
        damaged = (home / "state.json.damaged-1").exists()
        assert not damaged or (home / "state.json.damaged-1").read_text() == text
        assert "Traceback" not in errors and errors.count("\n") <= 2 and damaged == ("was damaged" in errors), (
            text,
            errors,
        )


def test_a_link_stays_a_link(store, tmp_path):
    (tmp_path / "elsewhere.json").write_text(json.dumps(GOOD))
    store.path.symlink_to(tmp_path / "elsewhere.json")
    with store.change() as progress:
        progress["current"] = "newproc"
    assert store.path.is_symlink() and json.loads((tmp_path / "elsewhere.json").read_text())["current"] == "newproc"


def test_a_newer_lab_is_named_and_its_file_left_alone(store):
    store.path.write_text(json.dumps(GOOD | {"schema": 2}))
    with pytest.raises(Failure, match="newer lab"):
        store.read()
    assert json.loads(store.path.read_text())["schema"] == 2


def test_a_full_disk_leaves_the_old_progress(store):
    store.path.write_text(json.dumps(GOOD))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.raises(Failure, match="what was saved before is untouched"):
            with store.change() as progress:
                progress["current"] = "newproc"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert json.loads(store.path.read_text()) == GOOD and sorted(os.listdir(store.home)) == [".lock", "state.json"]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure, match="cannot save your progress"):
        with state.Store(tmp_path / "file" / "state.json", print).change():
            pass


def test_a_change_that_fails_saves_nothing(store):
    store.path.write_text(json.dumps(GOOD))
    with pytest.raises(KeyboardInterrupt):
        with store.change() as progress:
            progress["current"] = "newproc"
            raise KeyboardInterrupt
    assert json.loads(store.path.read_text()) == GOOD


def test_changes_at_the_same_time_are_all_kept(tmp_path):
    def add(number):
        with state.Store(tmp_path / "state.json", print).change() as progress:
            state.record(progress, f"exercise-{number}")

    threads = [threading.Thread(target=add, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(json.loads((tmp_path / "state.json").read_text())["exercises"]) == 12


def test_looking_makes_no_record():
    progress = {"exercises": {}}
    assert state.look(progress, "entry")["status"] == "open" and progress == {"exercises": {}}


# ---- a project that cannot be written to -----------------------------------------------------------------------------


@pytest.fixture
def locked_project(monkeypatch):
    monkeypatch.setattr(state, "writable", lambda: False)


def test_progress_is_kept_at_home_where_the_project_cannot_be_written_to(locked_project):
    assert str(state.location({"XDG_STATE_HOME": "/x"})) == "/x/rt0lab/state.json"


def test_answers_are_beside_it(locked_project):
    from runner.exercises import answers, forms

    entry = forms.load(ROOT / "labs" / "01-entry")
    assert str(answers.location(entry, {"XDG_STATE_HOME": "/x"})) == "/x/rt0lab/answers/01-entry.toml"


def test_what_is_built_is_used_as_it_is(monkeypatch):
    from runner.host import build

    monkeypatch.setattr(build, "writable", lambda _: False)
    monkeypatch.setattr(build, "locked", None)  # would need to write
    assert build.build("debug") == ROOT / "build" / "debug"


def test_what_is_not_built_as_the_source_is_now_is_refused(monkeypatch, tmp_path):
    from runner.failure import Failure
    from runner.host import build

    with pytest.raises(Failure, match="cannot be written to"):
        build.as_it_is(tmp_path)
