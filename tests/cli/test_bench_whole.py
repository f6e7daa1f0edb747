"""./lab bench as a whole, without measuring: how many rounds there is time for, what a figure says of its goals, what
an earlier run is worth, which machine this is, and what is kept of a run that is ended early."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import types

import pytest
from runner import cli
from runner.bench import against, gdb, judge, machine, rounds, sched, table, whole
from runner.failure import Failure
from runner.host import build

# ---- rounds --------------------------------------------------------------------------------------------------------


class Clock:
    """One that goes on only when somebody works."""

    now = 0.0

    def __call__(self):
        return self.now


def had(planned, times=1.0, most=10, **options):
    """(how many rounds each figure got, the pace) where each round takes so many times as long as planned."""
    clock = Clock()
    pace = rounds.Pace(planned, clock=clock, **options)
    got = dict.fromkeys(planned, 0)
    for name, seconds in planned.items():
        for _ in pace.rounds(name, most):
            clock.now += seconds / most * times
            got[name] += 1
    return got, pace


FOUR = dict.fromkeys("abcd", 10.0)


def test_without_a_limit_all_rounds_are_had_however_long_they_take():
    assert had(FOUR, times=100)[0] == dict.fromkeys("abcd", 10)


def test_with_a_limit_that_suffices_all_rounds_are_had():
    assert had(FOUR, limit=41)[0] == dict.fromkeys("abcd", 10)


@pytest.mark.parametrize("times", [1.5, 3, 10, 40])
def test_a_limit_is_kept_however_slow_the_machine_is(times):
    got, pace = had(FOUR, times=times, limit=40)
    assert pace.clock() <= 40 + times  # no round is broken off
    assert {name for name, n in got.items() if not n} == set(pace.left_out)


def test_a_slow_machine_takes_rounds_from_every_figure_not_from_the_last():
    got, pace = had(FOUR, times=2, limit=40)
    assert set(got.values()) <= {4, 5, 6} and not pace.left_out


@pytest.mark.parametrize("times", [2, 4, 9])
def test_on_a_very_slow_machine_the_first_figures_leave_something_to_the_last(times):
    assert all(had(FOUR, times=times, limit=40)[0].values())


@pytest.mark.parametrize("times, limit", [(3, None), (3, 40), (8, 40)])
def test_how_slow_a_machine_is_is_told_from_the_rounds_that_were_had(times, limit):
    assert had(FOUR, times=times, limit=limit)[1]._slower() == pytest.approx(times)


def test_what_there_is_no_time_for_is_named():
    assert had(FOUR, times=39, limit=40)[1].left_out == ["b", "c", "d"]


def test_what_is_built_does_not_count():
    clock = Clock()
    pace = rounds.Pace({"a": 10.0}, limit=10, clock=clock)
    with pace.apart():
        clock.now += 1000
    assert list(pace.rounds("a", 3)) == [0, 1, 2]


def test_the_line_says_which_figure_how_far_and_how_long_and_goes():
    screen = io.StringIO()
    had({"first": 10.0, "second": 30.0}, times=2, most=4, screen=screen)
    shown = screen.getvalue().split("\r\x1b[K")
    assert shown[1] == "first, round 1 of 4; figure 1 of 2; about 40 s left"
    assert shown[-2] == "second, round 4 of 4; figure 2 of 2; about 15 s left" and shown[-1] == ""


def test_the_line_is_gone_when_something_else_is_said(capsys):
    screen = io.StringIO()
    pace = rounds.Pace({"a": 1.0}, screen=screen)
    under_way = pace.rounds("a", 1)
    next(under_way)
    pace.say("what")
    assert screen.getvalue().endswith("\r\x1b[K") and capsys.readouterr().err == "lab: what\n"


@pytest.mark.parametrize(
    "out, err, term, there", [(1, 1, "xterm", 1), (0, 1, "xterm", 0), (1, 0, "xterm", 0), (1, 1, "dumb", 0)]
)
def test_only_a_terminal_is_shown_a_line(monkeypatch, out, err, term, there):
    monkeypatch.setattr("sys.stdout", types.SimpleNamespace(isatty=lambda: bool(out)))
    monkeypatch.setattr("sys.stderr", types.SimpleNamespace(isatty=lambda: bool(err)))
    monkeypatch.setenv("TERM", term)
    assert (rounds.terminal() is not None) == bool(there)


def test_on_a_quiet_machine_there_is_time_for_all_that_three_minutes_are_planned_for():
    asked = rounds.Asked(quick=True)
    assert sum(seconds for part in whole.PARTS.values() for seconds in part.planned(asked).values()) <= whole.LIMIT


def test_what_is_quick_is_among_the_figures():
    assert set(gdb.QUICK) <= {figure.name for figure in gdb.FIGURES}


@pytest.mark.parametrize("arguments", [["sched"], ["--all"], ["--only", "yield"], ["--rounds", "3"]])
def test_whoever_asks_for_something_gets_it_whole(monkeypatch, arguments):
    seen = []
    monkeypatch.setattr(whole, "measure", lambda asked, *others: seen.append(asked))
    assert cli.run(["bench", *arguments]) == 0
    assert not seen[0].quick and whole.left_out(seen[0], ["sched"]) == []


# ---- verdicts ------------------------------------------------------------------------------------------------------


def made(ours, go=(), goal=0.3, **options):
    """A figure whose goal is a ratio to Go."""
    took = {"ours": list(ours), "go": list(go)}
    return judge.figure("name", "ns", took, {"ratio_go": goal}, {"ratio_go": "go"}, **options)


STEADY = [98, 99, 100, 101, 102]
WILD = [70, 100, 130, 80, 120]


@pytest.mark.parametrize("ours, goal, met", [(STEADY, 0.3, True), (STEADY, 0.2, False), (STEADY, 0.2501, True)])
def test_a_steady_figure_is_judged(ours, goal, met):
    assert made(ours, [400] * 5, goal)["met"] == {"ratio_go": met}


@pytest.mark.parametrize("goal, met", [(0.26, None), (0.24, None), (0.6, True), (0.1, False)])
def test_a_goal_among_what_varies_is_not_judged(goal, met):
    assert made(WILD, [400] * 5, goal)["met"] == {"ratio_go": met}


def test_a_spread_that_is_too_large_is_named():
    assert judge.remarks(made(WILD, [400] * 5, 0.26)) == ["spread of ratio go 40%: too large to judge"]


def test_what_slows_both_at_once_is_no_spread():
    assert made(WILD, [4 * each for each in WILD])["spread"] == {"ratio_go": 0}


@pytest.mark.parametrize("n, said", [(1, "1 round: too few to judge"), (2, "2 rounds: too few to judge")])
def test_too_few_rounds_are_not_judged(n, said):
    figure = made([100] * n, [400] * n)
    assert (figure["met"], judge.remarks(figure)) == ({"ratio_go": None}, [said])


def test_what_was_not_measured_is_neither_judged_nor_remarked():
    figure = made(STEADY)
    assert (figure["met"], judge.remarks(figure)) == ({"ratio_go": None}, [])
    assert judge.verdict(figure, "ratio_go") == "-"


def test_bytes_are_judged_of_one_run():
    figure = judge.figure("name", "B", {"ours": [2509]}, {"ours": 2500}, {})
    assert figure["met"] == {"ours": False} and judge.remarks(figure) == []


def test_a_peer_that_had_fewer_rounds_counts_with_its_median():
    assert judge.paired([10, 20, 30], [5, 10]) == pytest.approx([10 / 7.5, 20 / 7.5, 30 / 7.5])


@pytest.mark.parametrize("maker, goal", [("GenuineIntel", 0.28), ("AuthenticAMD", 0.48), ("Hygon", 0.48)])
def test_goals_are_those_of_the_processor_s_maker(monkeypatch, tmp_path, maker, goal):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nvendor_id\t: {maker}\n\nvendor_id\t: other\n")
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    assert sched.FIGURES[0].goals() == {"ratio_go": goal}


# ---- placements ----------------------------------------------------------------------------------------------------


def fakes(monkeypatch, took):
    """The programs of the scheduler's figures, which take so long."""
    monkeypatch.setattr(sched, "once", lambda figure, name, program, pace: took[name] * figure.n)
    return {name: name for name in took}


TOOK = {"ours": 20, "ours+80": 33, "ours+416": 21, "go": 60, "Boost.Fiber": 40, "floor": 15}


def test_a_figure_is_the_median_of_its_placements(monkeypatch):
    programs = fakes(monkeypatch, TOOK)
    result = sched.measured(sched.FIGURES[0], programs, 3, rounds.Pace({"yield2": 1.0}))
    assert (result["ours"], result["ratio_go"]) == (21, 0.35)
    assert result["placements"] == {"+0": 20, "+80": 33, "+416": 21}


def test_luck_is_shown(monkeypatch, capsys):
    programs = fakes(monkeypatch, TOOK)
    sched.show(sched.FIGURES[0], sched.measured(sched.FIGURES[0], programs, 3, rounds.Pace({"yield2": 1.0})))
    assert "21.0 20.0-33.0" in capsys.readouterr().out


def test_of_yield_1000_it_is_said_whether_boost_is_faster(monkeypatch, capsys):
    programs = fakes(monkeypatch, TOOK | {"Boost.Fiber": 20})
    sched.show(sched.FIGURES[1], sched.measured(sched.FIGURES[1], programs, 3, rounds.Pace({"yield1000": 1.0})))
    assert "    1.05 of Boost.Fiber, goal 1: NO\n" in capsys.readouterr().out


def test_each_program_begins_in_turn(monkeypatch):
    order = []
    monkeypatch.setattr(sched, "once", lambda figure, name, program, pace: order.append(name) or figure.n)
    sched.measured(sched.FIGURES[0], {"ours": 1, "go": 2, "floor": 3}, 3, rounds.Pace({"yield2": 1.0}))
    assert order[::3] == ["ours", "go", "floor"]


@pytest.mark.parametrize("moved", sched.MOVED)
def test_a_placement_is_the_same_code_so_many_bytes_further_on(moved):
    folder = build.build("release") / "tests" / "bench"
    first, second = (addresses(folder / name) for name in ("sched", f"sched-moved-{moved}"))
    for name in ("runtime.gogo", "runtime.schedule", "runtime.newproc1"):
        assert 0 < second[name] - first[name] < moved + 64  # functions may have to begin at a line of the cache


def addresses(program):
    """{symbol: where} of a program."""
    said = subprocess.run(["nm", program], capture_output=True, text=True, check=True).stdout
    return {name: int(where, 16) for where, name in re.findall(r"^(\w+) \w (\S+)$", said, re.MULTILINE)}


def test_columns_stay_apart_on_a_machine_that_is_very_slow():
    assert table.line("what", ["123456", "12345-67890"], (6, 6, 10)).split() == ["what", "123456", "12345-67890"]


@pytest.mark.parametrize("values, text", [([20, 33.3], "20.0-33.3"), ([120, 99.9], "99.9-120"), ([5, 5], "5.0")])
def test_a_range_is_set_short(values, text):
    assert table.between(values, 1) == text


def test_a_round_is_broken_off_when_the_time_is_over(monkeypatch):
    clock, pace = Clock(), None
    pace = rounds.Pace({"yield2": 1.0}, 10, clock=clock)

    def once(figure, name, program, pace):
        clock.now += 4
        return figure.n

    monkeypatch.setattr(sched, "once", once)
    assert sched.measured(sched.FIGURES[0], dict.fromkeys(TOOK), 3, pace) is None
    assert (clock.now, pace.left_out) == (12, ["yield2"])


# ---- an earlier run ------------------------------------------------------------------------------------------------

HERE = {"maker": "Intel", "cpu": "X", "cpus": 2, "kernel": "6", "compiler": "c++ 12", "go": "go1.19"}
FIGURE = {"name": "yield2", "unit": "ns", "ours": 20.0, "ratio_go": 0.3}


@pytest.fixture
def earlier(tmp_path):
    """Writes an earlier run's file and reads it."""

    def make(figures, **other):
        (tmp_path / "then.json").write_text(json.dumps({"figures": figures, "machine": HERE | other}))
        return against.read(str(tmp_path / "then.json"), HERE)

    return make


def test_on_the_same_machine_ours_is_compared(earlier):
    was = earlier([FIGURE | {"ours": 25.0}])
    assert was.change(FIGURE) == "-20%"
    assert was.legend() == ["since: by how much ours has changed since the file"]


@pytest.mark.parametrize("part", ["maker", "cpu", "cpus", "kernel", "compiler"])
def test_of_another_machine_or_compiler_only_ratios_are_compared(earlier, part):
    was = earlier([FIGURE | {"ours": 1.0, "ratio_go": 0.2}], **{part: "another"})
    assert was.change(FIGURE) == "+50%"
    assert was.legend()[0] == f"the file has another {part}: absolute figures do not compare, only ratios"


def test_what_the_file_does_not_say_is_not_taken_to_be_the_same(earlier):
    was = earlier([FIGURE], maker=None, go=None)
    assert was.legend()[0].startswith("it does not say its maker and go: ") and len(was.legend()) == 3


def test_bytes_compare_on_any_machine(earlier):
    figure = {"name": "memory", "unit": "B", "ours": 2500, "ratio_go": 0.9}
    assert earlier([figure | {"ours": 2000}], cpu="Y").change(figure) == "+25%"


def test_what_is_the_same_has_no_sign(earlier):
    assert earlier([FIGURE | {"ours": 20.01}]).change(FIGURE) == "0%"


@pytest.mark.parametrize(
    "bad",
    [
        {"ours": "much"},
        {"ours": None},
        {"ours": True},
        {"ours": 0},
        {"ours": float("nan")},
        {"unit": "ms"},
        {"name": "no"},
    ],
    ids=str,
)
def test_a_bad_figure_costs_itself_alone(earlier, bad):
    other = FIGURE | {"name": "other"}
    was = earlier([FIGURE | bad, other, 7, {"name": []}])
    assert (was.change(FIGURE), was.change(other)) == ("-", "0%")


DAMAGED = ["", "{", '{"figures": [', "[]", "7", "{}", '{"figures": {}, "machine": {}}', '{"figures": [], "machine": 3}']


@pytest.mark.parametrize("text", [*DAMAGED, "[" * 100_000, "\0\xff"], ids=lambda text: repr(text[:30]))
def test_a_damaged_or_foreign_file_is_one_line(lab, one_line, tmp_path, text):
    (tmp_path / "then.json").write_text(text, "latin-1")
    line = one_line(lab("bench", "startup", "--against", tmp_path / "then.json"), 2)
    assert "then.json is damaged, or not what `./lab bench --json` writes" in line


def test_a_file_without_figures_is_one_line(lab, one_line, tmp_path):
    (tmp_path / "then.json").write_text('{"figures": [], "machine": {}}')
    assert "there is no figure in" in one_line(lab("bench", "--against", tmp_path / "then.json"), 2)


@pytest.mark.parametrize("name", ["missing", "pipe", ""])
def test_no_file_is_one_line(lab, one_line, tmp_path, name):
    os.mkfifo(tmp_path / "pipe")
    assert "cannot read" in one_line(lab("bench", "--against", tmp_path / name), 2)


# ---- the machine ---------------------------------------------------------------------------------------------------


def test_the_machine_is_named_with_its_maker_model_and_processors():
    here = machine.machine()
    said = "\n".join(machine.lines(here))
    assert HERE.keys() <= here.keys() and f"{os.cpu_count()} processors" in said and here["kernel"] in said


def test_a_machine_that_says_nothing_of_itself_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "missing")
    assert machine.machine()["maker"] == "unknown maker"


def test_no_go_no_boost_and_no_gdbserver_are_a_line_each_with_the_package(monkeypatch):
    monkeypatch.setattr(machine.shutil, "which", lambda name: None)
    monkeypatch.setitem(machine.needs.TO_TEST, "libboost-fiber-dev", (lambda: False, ""))
    one, other, third = machine.missing()
    assert "no Go here" in one and "golang-go" in one
    assert "no Boost.Fiber here" in other and "libboost-fiber-dev" in other
    assert "no gdbserver here" in third and "apt-get install gdbserver" in third


@pytest.fixture
def processors(monkeypatch, tmp_path):
    """Writes how many ticks the processors have been at what: user, nice, system, idle, wait, irq, soft, steal."""
    monkeypatch.setattr(machine, "STAT", tmp_path / "stat")

    def write(**ticks):
        names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal", "guest", "guest_nice")
        (tmp_path / "stat").write_text(f"cpu  {' '.join(str(ticks.get(name, 0)) for name in names)}\ncpu0 1\n")

    return write


@pytest.mark.parametrize("who", ["user", "system", "steal", "softirq"])
def test_what_others_use_is_seen(processors, who):
    processors(idle=1000)
    others = machine.Others()
    processors(idle=1000 + 6_000_000, **{who: 4_000_000})
    assert others.part() == pytest.approx(0.4, abs=0.01)


def test_waiting_for_a_disk_is_not_busy(processors):
    processors()
    others = machine.Others()
    processors(user=1_000_000, iowait=9_000_000)
    assert others.part() == pytest.approx(0.1, abs=0.01)


def test_what_we_use_is_not_others(processors):
    processors()
    others = machine.Others()
    machine_before = others._before
    others._before = (*machine_before[:2], machine_before[2] - 400)  # seconds of ours
    processors(idle=60_000, user=40_000)
    assert others.part() == pytest.approx(0, abs=0.01)


def test_a_busy_machine_is_a_line(processors, monkeypatch):
    processors()
    monkeypatch.setattr(machine.time, "sleep", lambda seconds: processors(user=900_000, idle=100_000))
    assert re.match(r"this machine is busy: others use (89|90)% of its processors \(load ", machine.busy_now())


def test_a_quiet_machine_is_not_spoken_of(processors, monkeypatch):
    processors()
    monkeypatch.setattr(machine.time, "sleep", lambda seconds: processors(user=100_000, idle=900_000))
    assert machine.busy_now() is None


def test_a_machine_without_counts_is_not_called_busy(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "STAT", tmp_path / "missing")
    assert machine.Others().part() == 0


# ---- from beginning to end -----------------------------------------------------------------------------------------


@pytest.fixture
def parts(monkeypatch):
    """Puts parts in the place of all: each a list of what it does, a name of a figure or an exception."""
    monkeypatch.setattr(machine, "busy_now", lambda: None)
    monkeypatch.setattr(machine, "missing", list)

    def put(**doing):
        monkeypatch.setattr(whole, "PARTS", {name: part(steps) for name, steps in doing.items()})

    return put


def part(steps):
    """One that does that."""

    def run(asked, pace):
        for step in steps:
            if isinstance(step, BaseException):
                raise step
            print(f"{step}: {asked.change(FIGURE | {'name': step})}")
            yield FIGURE | {"name": step}

    return types.SimpleNamespace(
        planned=lambda asked: dict.fromkeys([*map(str, steps), *["slow"] * (not asked.quick)], 1.0),
        run=run,
    )


def figures_in(file):
    """(the figures of a file, whether it says that these are all)."""
    kept = json.loads(file.read_text())
    return [figure["name"] for figure in kept["figures"]], kept["complete"]


def test_all_parts_are_measured_and_kept_with_the_machine(parts, tmp_path):
    parts(one=["a", "b"], two=["c"])
    assert cli.run(["bench", "--json", str(tmp_path / "now.json")]) == 0
    assert figures_in(tmp_path / "now.json") == (["a", "b", "c"], True)
    assert HERE.keys() <= json.loads((tmp_path / "now.json").read_text())["machine"].keys()


def test_the_change_since_an_earlier_run_is_said(parts, tmp_path, capsys):
    parts(one=["a"])
    for _ in range(2):  # also of a file that is then written anew
        file = str(tmp_path / "now.json")
        cli.run(["bench", "--json", file, *["--against", file] * (tmp_path / "now.json").exists()])
    assert "since: by how much ours has changed since the file" in capsys.readouterr().out.splitlines()


def test_what_is_left_out_is_said(parts, capsys):
    parts(one=["a"])
    assert cli.run(["bench"]) == 0
    assert capsys.readouterr().out.endswith(
        "figures left out, to end within three minutes: 1; `./lab bench --all` measures\nthem, too\n"
    )


def test_a_part_for_which_there_is_no_time_is_named(parts, monkeypatch, capsys):
    parts(one=["a"], two=["b", "c"])
    monkeypatch.setattr(whole.Pace, "over", lambda pace: not pace._ahead.pop("a", None))
    assert cli.run(["bench"]) == 0
    assert "no time was left for b, c\n" in capsys.readouterr().out


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), SystemExit(143)])
def test_a_run_that_is_ended_early_keeps_what_it_has(parts, tmp_path, capsys, ending):
    parts(one=["a"], two=["b", ending])
    with pytest.raises(type(ending)):
        cli.run(["bench", "--json", str(tmp_path / "now.json")])
    assert figures_in(tmp_path / "now.json") == (["a", "b"], False)
    said = f"lab: ended early, figures measured: 2; {tmp_path}/now.json has them, marked as not complete\n"
    assert capsys.readouterr().err == said


def test_a_part_that_fails_does_not_lose_what_was_measured(parts, tmp_path, capsys):
    parts(one=["a"], two=[Failure("no gdb", 3)])
    with pytest.raises(Failure):
        cli.run(["bench", "--json", str(tmp_path / "now.json")])
    assert figures_in(tmp_path / "now.json") == (["a"], False) and capsys.readouterr().err == ""


def test_a_run_that_measured_nothing_leaves_an_earlier_file_as_it_is(parts, tmp_path, capsys):
    parts(one=[KeyboardInterrupt()])
    (tmp_path / "now.json").write_text("earlier")
    with pytest.raises(KeyboardInterrupt):
        cli.run(["bench", "--json", str(tmp_path / "now.json")])
    assert (tmp_path / "now.json").read_text() == "earlier"
    assert capsys.readouterr().err == "lab: ended early, figures measured: 0\n"


def test_a_file_is_never_half_written(monkeypatch, tmp_path):
    def half(path, text):
        path.write_text(text[: len(text) // 2])
        raise KeyboardInterrupt

    (tmp_path / "now.json").write_text("earlier")
    with open(tmp_path / "now.json") as reader:
        whole.keep(tmp_path / "now.json", {})
        assert reader.read() == "earlier"
    (tmp_path / "now.json").write_text("earlier")
    monkeypatch.setattr(whole, "write", half)
    with contextlib.suppress(KeyboardInterrupt):
        whole.keep(tmp_path / "now.json", {"figures": []})
    assert (tmp_path / "now.json").read_text() == "earlier" and len(list(tmp_path.iterdir())) == 1


def test_a_file_that_is_replaced_keeps_its_mode_and_its_name(tmp_path):
    (tmp_path / "file").write_text("earlier")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "link").symlink_to("file")
    whole.keep(tmp_path / "link", {})
    assert (tmp_path / "link").is_symlink() and (tmp_path / "file").read_text() == "{}\n"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_what_is_no_file_is_written_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE, text=True)
    whole.keep(tmp_path / "pipe", {})
    assert reader.communicate()[0] == "{}\n" and not (tmp_path / "pipe").is_file()


def test_ctrl_c_ends_what_runs_with_one_line(tmp_path):
    """A run of ours that would take an hour: it is there, then nothing of it is."""
    code = (
        "import sys; sys.path[:0] = ['labs', 'gdb-scripts'];"
        "from runner.bench import sched; from runner import cli;"
        "sched.FIGURES = [sched.Figure('yield2', '', 'yield2', 10**12, 1, 1, 1, 1, {})]; sched.MOVED = ();"
        "sys.exit(cli.main(['bench', 'sched']))"
    )
    build.build("release")
    lab = subprocess.Popen(
        ["/usr/bin/python3", "-c", code],
        cwd=build.ROOT,
        stderr=subprocess.PIPE,
        text=True,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        waited_for = children_of(lab, "yield2")
        lab.send_signal(signal.SIGINT)
        _, said = lab.communicate(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(lab.pid, signal.SIGKILL)
    lines = [line for line in said.splitlines() if "busy" not in line and "building" not in line]
    assert (lab.returncode, lines) == (130, ["lab: ended early, figures measured: 0"])
    assert waited_for and not any(runs(pid, "yield2") for pid in waited_for)


def children_of(process, word):
    """The processes that it has started with this word, once there is one."""
    while process.poll() is None:
        said = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout
        found = [pid for pid in said.split() if runs(pid, word)]
        if found:
            return found
    return []


def runs(pid, word):
    """Whether a process, no zombie, has just this word in its command line. One being started has its maker's."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline") as stream:
        return word in stream.read().split("\0")
    return False


def test_who_is_interrupted_while_it_starts_a_program_ends_that(tmp_path):
    """Ctrl-C comes when the program is there and nobody knows it yet."""
    code = (
        "import os, signal, subprocess, sys; sys.path[:0] = ['labs', 'gdb-scripts'];"
        "from runner.host import interruption; started = subprocess.Popen.__init__\n"
        "def pressed(self, *words, **options):\n"
        "    started(self, *words, **options)\n"
        "    print(self.pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "subprocess.Popen.__init__ = pressed; interruption.arm()\n"
        "interruption.run(['sleep', '1000'])"
    )
    done = subprocess.run(["/usr/bin/python3", "-c", code], cwd=build.ROOT, capture_output=True, text=True, timeout=60)
    assert "KeyboardInterrupt" in done.stderr and not runs(int(done.stdout), "1000")
