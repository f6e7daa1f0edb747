"""./lab bench: its programs and the shape of its figures. What they say is no test's business: machines differ."""

import dataclasses
import json
import subprocess
import types
from pathlib import Path

import pytest
from runner import cli
from runner.bench import gdb, peers, rounds, sched, startup
from runner.exercises import forms


def unhurried(*names):
    """A pace that gives figures all their rounds."""
    return rounds.Pace(dict.fromkeys(names, 1.0))


@pytest.fixture(scope="module")
def driver():
    """The timing program."""
    return peers.compiled("startup", "startup.cpp", peers.CXX)


def test_the_floor_says_hello_and_ends():
    floor = peers.compiled("floor", "peers/floor.S", ["gcc", "-nostdlib", "-static"])
    result = subprocess.run([floor], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "hello world\n")


@pytest.mark.parametrize("steps", range(1, 9))
def test_the_ladder_says_hello_and_ends_at_each_step(tmp_path, steps):
    command = [word.replace("STEPS=8", f"STEPS={steps}") for word in startup.LADDER]
    subprocess.run([*command, "-o", tmp_path / "ladder", peers.SOURCES / "peers/ladder.cpp"], check=True)
    result = subprocess.run([tmp_path / "ladder"], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "hello world\n")


def test_timing_gives_a_median_and_a_minimum_for_each(driver):
    lines = subprocess.run([driver, "5", "/bin/true", "/bin/echo"], capture_output=True, text=True).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["/bin/true", "/bin/echo"]
    assert all(0 < float(line.split()[2]) <= float(line.split()[1]) for line in lines)


@pytest.mark.parametrize("program", ["/bin/false", "/nonsense"])
def test_timing_stops_at_a_program_that_fails(driver, program):
    result = subprocess.run([driver, "1", program], capture_output=True, text=True)
    assert result.returncode == 1 and f"{program} could not be run or failed" in result.stderr


KEYS = {"name", "unit", "ours", "go", "floor", "peers", "ratio_go", "ratio_floor", "goal", "met"}


def test_json_has_the_startup_figure(lab, tmp_path):
    assert lab("bench", "startup", "--rounds", "20", "--json", tmp_path / "bench.json").returncode == 0
    (figure,) = json.loads((tmp_path / "bench.json").read_text())["figures"]
    assert KEYS <= set(figure)
    assert figure["ratio_floor"] == pytest.approx(figure["ours"] / figure["floor"], abs=0.001)


def test_json_has_the_grader_s_figure_and_both_runs_say_the_same(monkeypatch, tmp_path):
    """Of three exercises, one of which is a file of source, as all of them take four times as long."""
    some = [exercise for exercise in forms.load_all() if exercise.id in ("entry", "newproc", "impl-newproc")]
    monkeypatch.setattr(forms, "load_all", lambda: some)
    assert cli.run(["bench", "grade", "--rounds", "2", "--json", str(tmp_path / "bench.json")]) == 0
    (figure,) = json.loads((tmp_path / "bench.json").read_text())["figures"]
    assert figure["submissions"] == 2 and figure["same"] and figure["each"] > 0


def test_json_has_how_large_films_are(lab, tmp_path):
    assert lab("bench", "film", "--only", "film-size", "--json", tmp_path / "bench.json").returncode == 0
    short, long = json.loads((tmp_path / "bench.json").read_text())["figures"]
    assert 0 < short["ours"] < long["ours"] and long["met"] == {"ours": True}


def test_json_has_the_scheduler_s_figures_that_are_asked_for(lab, tmp_path):
    result = lab("bench", "--only", "yield", "--rounds", "1", "--json", tmp_path / "bench.json")
    figures = json.loads((tmp_path / "bench.json").read_text())["figures"]
    assert (result.returncode, [figure["name"] for figure in figures]) == (0, ["yield2", "yield1000"])
    assert all(KEYS <= set(figure) and len(figure["peers"]) == 4 for figure in figures)
    assert all(len(figure["placements"]) == 5 for figure in figures)


@pytest.mark.parametrize("arguments", [["--rounds", "0"], ["nonsense"]])
def test_wrong_usage(lab, arguments):
    assert lab("bench", *arguments).returncode == 2


@pytest.mark.parametrize("part, names", [([], "startup, yield2, "), (["gdb"], "gdb-list, gdb-list-go, ")])
def test_who_asks_for_a_figure_that_is_not_there_is_told_which_are(lab, one_line, part, names):
    said = one_line(lab("bench", *part, "--only", "nonsense"), 2)
    assert f"no figure's name begins with nonsense; there are: {names}" in said


def test_without_gdbserver_only_what_is_seen_through_it_is_left_out(monkeypatch):
    monkeypatch.setattr(gdb.shutil, "which", lambda name: None)
    through, direct = (next(each for each in gdb.FIGURES if each.remote == remote) for remote in (True, False))
    programs = {"mirror": Path("parked")}
    assert gdb.tools(through, programs) == {} and list(gdb.tools(direct, programs)) == ["ours"]


def test_a_missing_peer_is_not_an_error(monkeypatch, capsys):
    monkeypatch.setattr(sched, "go", lambda name: None)
    figure = sched.FIGURES[0]
    result = sched.measured(figure, sched.built(), 1, unhurried(figure.name))
    assert (result["go"], result["ratio_go"], result["met"]) == (None, None, {"ratio_go": None})
    sched.show(figure, result)
    assert capsys.readouterr().out.split()[-3:] == ["-", str(figure.goals()["ratio_go"]), "-"]


def test_a_peer_that_takes_too_long_is_left_out(monkeypatch, tmp_path):
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sched, "LIMIT", 0.1)
    assert sched.once(sched.FIGURES[0], "Boost.Fiber", slow, unhurried()) is None


@pytest.mark.parametrize(
    "figure", {figure.what: figure for figure in sched.FIGURES}.values(), ids=lambda figure: figure.what
)
def test_each_program_does_each_figure(figure):
    """A thousandth of the work will do; only the floor has no tree of goroutines."""
    small = dataclasses.replace(figure, n=1000)
    programs = sched.built()
    done = [name for name in programs if sched.once(small, name, programs[name], unhurried()) is not None]
    moved = [f"ours+{bytes_}" for bytes_ in sched.MOVED]
    assert done == ["ours", *moved, "go", "Boost.Fiber"] + ["floor"] * (figure.what != "skynet")


def test_processor_time_does_not_count_waiting():
    before = sched.processor()
    subprocess.run(["sleep", "0.3"], check=True)
    assert 0 < sched.processor() - before < 0.2e9


def test_a_line_of_the_table_fits_the_screen():
    longest = max(len(figure.title) for figure in sched.FIGURES)
    cells = ["12345", "19.1-24.3", "12345", "12345", "12345", "0.99", "0.35", "yes", "+100%"]
    assert longest <= 23 and len(sched.line("x" * 23, *cells)) <= 80


@pytest.fixture(scope="module")
def looked_at():
    """The programs that the gdb figures look at."""
    programs = gdb.built({"reach"})
    return programs | {"large": programs["hello"]}  # the large one takes minutes to build


@pytest.mark.parametrize("figure", gdb.FIGURES, ids=lambda figure: figure.name)
def test_each_gdb_figure_is_measured_by_all_who_can(figure, looked_at):
    small = dataclasses.replace(figure, n=20, peer=figure.peer and 20)
    result = gdb.measured(small, looked_at, 1, unhurried(figure.name))
    peers_ = {"info goroutines": {"ours", "runtime-gdb.py", "delve"}, "goroutine all bt": {"ours", "runtime-gdb.py"}}
    assert set(result["peers"]) == (peers_[figure.command] if figure.peer else {"ours"})
    assert KEYS <= set(result) and result["met"].keys() == figure.goal.keys()


def test_json_has_the_gdb_figure_that_is_asked_for(lab, tmp_path):
    result = lab("bench", "gdb", "--only", "gdb-stop", "--rounds", "1", "--json", tmp_path / "bench.json")
    figures = json.loads((tmp_path / "bench.json").read_text())["figures"]
    assert (result.returncode, [figure["name"] for figure in figures]) == (0, ["gdb-stop"])


def test_a_missing_debugger_is_not_an_error(monkeypatch, looked_at, capsys):
    monkeypatch.setattr(gdb, "go_script", lambda: None)
    monkeypatch.setattr(gdb, "shutil", types.SimpleNamespace(which=lambda name: None))
    figure = dataclasses.replace(gdb.FIGURES[0], n=20)
    result = gdb.measured(figure, looked_at, 1, unhurried(figure.name))
    assert (set(result["peers"]), result["ratio_go"], result["met"]["ratio_go"]) == ({"ours"}, None, None)
    gdb.show(figure, result)
    assert capsys.readouterr().out.splitlines()[0].split()[-6:-3] == ["-", "-", "-"]


def test_a_line_of_the_gdb_table_fits_the_screen():
    longest = max(len(figure.title) for figure in gdb.FIGURES)
    cells = ["12345", "123456", "12345", "0.123", "3 0.05", "yes", "+100%"]
    assert longest <= 32 and len(gdb.line("x" * 32, *cells)) <= 80
