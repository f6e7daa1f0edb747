"""The rt0 commands that let the program run, typed in an editor's console: the editor hears that it runs and where it
stops."""

import pytest

from mi import Refused


@pytest.fixture
def on_mi(mi, hello):
    """An MI client in front of the program."""
    return mi(hello)


@pytest.fixture
def on_dap(dap, hello):
    """A DAP client whose program stands at runtime.schedinit."""
    editor = dap(hello)
    editor.launch("runtime.schedinit")
    return editor


@pytest.mark.parametrize(
    "command, function",
    [
        ("rt0 run", "_rt0_amd64_linux"),
        ("rt0 next", "_rt0_amd64_linux"),
        ("rt0 until schedinit", "runtime.schedinit"),
        ("rt0 until main.main", "main.main"),
    ],
)
def test_mi_hears_of_the_run_and_where_it_ends(on_mi, command, function):
    on_mi.console(command)
    on_mi.wait("running")
    stops = [on_mi.wait("stopped")]
    while stops[-1].get("frame", {}).get("func") != function:
        stops.append(on_mi.wait("stopped"))
    assert {stop["reason"] for stop in stops} == {"end-stepping-range"}


def test_mi_hears_of_one_stop_a_step(on_mi):
    on_mi.shown("rt0 run")
    on_mi.events("stopped")
    on_mi.shown("rt0 next")
    assert len(on_mi.events("stopped")) == 1


def test_mi_shows_the_card(on_mi):
    assert "main.main at hello.cpp:" in on_mi.shown("rt0 until main.main")


def test_mi_hears_of_the_end(on_mi):
    on_mi.console("rt0 until main.main")
    on_mi.console("rt0 until exit")
    on_mi.console("rt0 next")
    on_mi.wait("stopped", reason="exited-normally")


def test_mi_reads_no_breakpoint_of_ours(on_mi):
    on_mi.shown("rt0 until schedinit")
    assert on_mi.events("breakpoint-created") == []


def test_names_are_go_s_in_what_mi_shows(on_mi):
    on_mi.shown("rt0 until main.main")
    assert "_Z" not in on_mi.shown("info goroutines")


def test_what_gdb_prints_in_a_goroutine_is_plain(on_mi):
    on_mi.shown("rt0 until main.main")
    assert on_mi.shown("goroutine 1 info frame").startswith("Stack level 0, frame at 0x")


def test_dap_hears_of_the_run_and_where_it_ends(on_dap):
    on_dap.evaluate("rt0 until main.main", "repl")
    on_dap.wait("continued")
    on_dap.wait("stopped", threadId=1, reason="step")
    assert on_dap.frames(levels=1)[0]["name"] == "main.main"


def test_dap_gets_the_card_as_the_answer(on_dap):
    assert "stage 44/45  main.main" in on_dap.evaluate("rt0 until main.main", "repl")["result"]


def test_dap_hears_of_no_breakpoint_of_ours(on_dap):
    on_dap.events("breakpoint")
    on_dap.evaluate("rt0 next", "repl")
    on_dap.wait("stopped")
    assert on_dap.events("breakpoint") == []


def test_dap_hears_of_the_end(on_dap):
    assert (
        "exit code 0" in [on_dap.evaluate(f"rt0 {command}", "repl")["result"] for command in ("until exit", "next")][-1]
    )
    assert on_dap.wait("exited")["exitCode"] == 0


def test_an_editor_s_own_stop_ends_a_run_of_ours(on_mi):
    on_mi.command("-break-insert runtime.newproc")
    assert "stopped at breakpoint 1" in on_mi.shown("rt0 until main.main")
    on_mi.wait("stopped", bkptno="1")


def test_dap_hears_of_no_breakpoint_of_a_step_s(dap, mirror_program):
    editor = dap(mirror_program("prodcons"))
    thread = editor.launch("main.main")["threadId"]
    editor.events("breakpoint")
    for _ in range(3):
        editor.send("next", threadId=thread)
        thread = editor.wait("stopped")["threadId"]
    assert {body["reason"] for body in editor.events("breakpoint")} <= {"changed"}


@pytest.mark.parametrize("command", ["advance nosuch", "until nosuch"])
def test_a_place_that_is_not_there_lets_nothing_run(on_mi, command):
    on_mi.shown("rt0 until main.main")
    with pytest.raises(Refused, match="no such place"):
        on_mi.console(command)
