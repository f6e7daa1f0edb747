"""./lab tour, gdb and trace: to the end without a terminal, on a terminal of 80 by 24, and when they are cut short."""

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pexpect
import pytest
from runner.verbs import tour

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def go_hello(tmp_path_factory):
    """Go's hello, built so that gdb sees everything."""
    if not shutil.which("go"):
        pytest.skip("no go here")
    folder = tmp_path_factory.mktemp("go")
    source = ROOT / "tests" / "bench" / "peers" / "fmt.go"
    environment = os.environ | {"GOFLAGS": "", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    subprocess.run(
        ["go", "build", "-gcflags", "all=-N -l", "-o", folder / "hello", source], env=environment, check=True
    )
    return folder / "hello"


@pytest.fixture
def terminal():
    """Starts ./lab on a terminal of 80 by 24 and ends it whatever happens."""
    started = []

    def start(*arguments):
        child = pexpect.spawn(
            str(ROOT / "lab"),
            list(map(str, arguments)),
            dimensions=(24, 80),
            encoding="utf-8",
            timeout=30,
            env=os.environ | {"TERM": "xterm"},
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.close(force=True)


def session_members(session):
    """The processes of a session that still live."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            members.append(int(stat.parent.name))
    return members


@pytest.fixture(scope="module", autouse=True)
def once(lab):
    """The first tour of all: it may say that it makes the films."""
    return lab("tour")


def test_the_tour_ends_with_its_films(once):
    found = [ROOT / line.strip() for line in once.stdout.splitlines()[-2:]]
    assert [path.name for path in found] == ["boot.html", "boot-beside-go1.10.2.html"]
    assert all(path.read_text("utf-8").startswith("<!DOCTYPE html>") for path in found)


def test_without_what_makes_films_the_tour_says_so_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(tour.needs, "TO_SHOW", {"python3-jinja2": (lambda: False, "")})
    monkeypatch.setattr(tour.packages.shutil, "which", lambda name: None)  # nor apt-get
    tour.show_films()
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and "python3-jinja2" in said.err


@pytest.mark.parametrize(
    "arguments", [[], ["--batch"], ["--release"], ["pingpong"]], ids=lambda words: " ".join(words) or "plain"
)
def test_tour_without_a_terminal_ends_0(lab, arguments):
    result = lab("tour", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    assert "main.main" in result.stdout


def test_tour_shows_the_programs_own_words(lab):
    assert "hello world" in lab("tour").stdout


def test_tour_of_a_path(lab):
    assert lab("tour", lab("path", "hello").stdout.strip()).returncode == 0


def test_tour_of_a_go_program(lab, go_hello):
    result = lab("tour", go_hello)
    assert (result.returncode, result.stderr) == (0, "")
    assert "main.main" in result.stdout


def test_tour_fits_eighty_columns(lab):
    assert [line for line in lab("tour").stdout.splitlines() if len(line) > 80] == []


def test_neither_environment_nor_folder_moves_the_stack(lab, tmp_path):
    def stack(**options):
        words = ["-batch", "-ex", "set startup-with-shell off", "-ex", "starti", "-ex", "x/8gx $sp"]  # a shell adds PWD
        return lab("gdb", "hello", *words, **options).stdout

    here = stack(cwd="/")
    assert "0x7f" in here and stack(env=os.environ | {"SOMETHING": "x" * 3000}, cwd=tmp_path) == here


def test_two_traces_show_the_same(deterministic):
    assert deterministic() == deterministic()


def test_gomaxprocs_reaches_the_program(lab):
    words = ["-batch", "-ex", "rt0 until schedinit", "-ex", "finish", "-ex", "output gomaxprocs"]
    said = lab("gdb", "hello", *words, env=os.environ | {"GOMAXPROCS": "1"}).stdout
    assert said.splitlines()[-1] == "1"


def test_enter_goes_on(terminal):
    child = terminal("tour")
    child.expect("stage 1/.*quit -- ")
    child.sendline("")
    child.expect("stage 2/")


def test_g_drops_into_gdb_and_rt0_next_goes_on(terminal):
    child = terminal("tour")
    child.expect("stage 1/.*quit -- ")
    child.sendline("g")
    child.expect(r"\(gdb\) ")
    child.sendline("rt0 next")
    child.expect(r"stage 2/.*\(gdb\) ")


def test_q_leaves_with_0_and_leaves_nothing_behind(terminal):
    child = terminal("tour")
    child.expect("stage 1/.*quit -- ")
    child.sendline("q")
    child.expect(pexpect.EOF)
    child.wait()
    assert (child.exitstatus, session_members(child.pid)) == (0, [])
    assert "boot.html" not in child.before  # who leaves is not kept waiting for films


def test_gdb_does_not_ask_whether_one_is_sure_to_leave_the_tour(terminal):
    child = terminal("tour")
    child.expect("stage 1/.*quit -- ")
    child.send("g")
    child.expect(r"\(gdb\) ")
    child.sendline("q")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0


def test_ctrl_c_at_the_tour_s_prompt_ends_everything(terminal):
    child = terminal("tour")
    child.expect("stage 1/.*quit -- ")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.wait()
    assert (child.exitstatus, session_members(child.pid)) == (130, [])


def test_the_tour_ends_with_what_comes_next(terminal):
    child = terminal("tour")
    child.expect("stage 1/.*quit -- ")
    child.send("j45\r")
    child.expect("stage 45/.*quit -- ")
    child.send("\r")
    child.expect(pexpect.EOF)
    assert "./lab run" in child.before


def test_the_end_of_the_program_is_the_end_of_the_tour(terminal):
    child = terminal("tour")
    while child.expect([r"q: quit -- ", pexpect.EOF]) == 0:
        child.sendline("")
    child.wait()
    assert child.exitstatus == 0 and "boot.html" in child.before


def test_every_card_fits_the_terminal(terminal):
    child = terminal("tour")
    cards = []
    while child.expect([r"q: quit -- ", pexpect.EOF]) == 0:
        cards.append(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", child.before + child.after))
        child.sendline("")
    assert len(cards) > 20
    assert [card for card in cards if len(card.splitlines()) > 24 or max(map(len, card.splitlines())) > 80] == []


def test_gdb_loads_the_commands_without_a_warning(lab):
    result = lab("gdb", "hello", "-batch", "-ex", "rt0 stages")
    assert result.returncode == 0 and "schedinit" in result.stdout
    assert "auto-load" not in result.stdout + result.stderr


def test_gdb_needs_no_program_name(lab):
    assert "build/debug/runtime/programs/hello" in lab("gdb", "-batch", "-ex", "info files").stdout


def test_gdb_on_a_go_program_has_the_commands(lab, go_hello):
    assert lab("gdb", go_hello, "-batch", "-ex", "rt0 stages").returncode == 0


def test_trace_is_of_format_1(hello_trace):
    trace = json.loads(hello_trace.read_text())
    assert (trace["format"], trace["runtime"], trace["exit"]) == (1, "rt0lab", 0)


STOP = set(
    """
    stage kind symbol file line thread pc sp fs_base tls_g g0 m0 p0 sched globals allgs allm allp bt changed
""".split()
)


def test_every_stop_of_a_trace_has_every_key(hello_trace):
    stages = json.loads(hello_trace.read_text())["stages"]
    assert len(stages) > 100 and all(STOP <= set(stop) for stop in stages)


def test_a_trace_holds_no_address(hello_trace):
    assert re.findall(r"0x(?:7f|c4|4)[0-9a-f]{5,}", hello_trace.read_text()) == []


def test_trace_of_a_go_program(lab, go_hello, tmp_path):
    assert lab("trace", go_hello, "-o", tmp_path / "trace.json").returncode == 0
    assert json.loads((tmp_path / "trace.json").read_text())["runtime"].startswith("go1.")


def interrupted(number):
    """Sends a signal to ./lab tour as soon as it has said something; its exit status, standard error and what still
    lives."""
    child = subprocess.Popen(
        [ROOT / "lab", "tour"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    child.stdout.readline()
    os.kill(child.pid, number) if number == signal.SIGTERM else os.killpg(child.pid, number)
    _, errors = child.communicate(timeout=30)
    return child.returncode, errors, session_members(child.pid)


def test_ctrl_c_ends_everything():
    assert interrupted(signal.SIGINT) == (130, "", [])


def test_sigterm_ends_everything():
    assert interrupted(signal.SIGTERM) == (143, "", [])


def test_a_reader_that_leaves_ends_everything():
    child = subprocess.Popen(
        [ROOT / "lab", "tour"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    child.stdout.readline()
    child.stdout.close()
    assert child.wait(30) == 141
    assert (child.stderr.read(), session_members(child.pid)) == ("", [])
