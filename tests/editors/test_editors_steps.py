"""An editor's steps stay with the goroutine: one stop for each, where the goroutine goes on, whatever thread that
is."""

import pytest
from moves import built


@pytest.fixture(scope="session", params=["mirror", "go"])
def moves(request):
    """The program that moves about, in both worlds."""
    return built(request, request.param)


# One P: who takes the thread of the goroutine that is stepped certainly makes it go on on another one.
ONE_P = {"env": {"GOMAXPROCS": "1"}}
STEPS = {"next": ("begins", "moved"), "stepOut": ("receives", "begins")}


def launched(editor, moves, mark):
    """Launches the program, and the thread that has come to the marked line."""
    launch = editor.send("launch")
    editor.request("setBreakpoints", source={"path": str(moves.path)}, breakpoints=[{"line": moves.line(mark)}])
    editor.request("configurationDone")
    editor.answer(launch)
    return editor.wait("stopped")["threadId"]


@pytest.mark.parametrize("step, places", STEPS.items())
def test_dap_steps_end_where_the_goroutine_goes_on(dap, moves, step, places):
    editor = dap(moves.program, **ONE_P)
    thread = launched(editor, moves, places[0])
    editor.request(step, threadId=thread)
    stop = editor.wait("stopped")
    assert stop["reason"] == "step" and stop["threadId"] != thread
    assert editor.frames(stop["threadId"])[0]["line"] == moves.line(places[1])


def test_dap_tells_of_one_stop_a_step(dap, moves):
    editor = dap(moves.program, **ONE_P)
    thread = launched(editor, moves, "begins")
    editor.events("stopped")
    for _ in range(3):
        editor.request("next", threadId=thread)
        thread = editor.wait("stopped")["threadId"]
    editor.request("threads")
    assert editor.events("stopped") == []


@pytest.fixture
def stopped_at(mi, moves):
    """stopped_at(MARK): an MI client whose program stands there, and the thread."""

    def start(mark, *settings):
        editor = mi(moves.program, **ONE_P)
        for setting in settings:
            editor.command(setting)
        editor.command(f"-break-insert -t {moves.at(mark)}")
        editor.command("-exec-run")
        return editor, editor.wait("stopped")["thread-id"]

    return start


@pytest.mark.parametrize("step, begin, end", [("next", "begins", "moved"), ("finish", "receives", "begins")])
def test_mi_steps_end_where_the_goroutine_goes_on(stopped_at, moves, step, begin, end):
    editor, thread = stopped_at(begin)
    editor.command(f"-exec-{step}")
    stop = editor.wait("stopped")
    assert stop["thread-id"] != thread and int(stop["frame"]["line"]) == moves.line(end)
    assert stop["reason"] in ("end-stepping-range", "function-finished")


def test_mi_tells_of_one_stop_a_step(stopped_at):
    editor, _ = stopped_at("begins")
    for _ in range(3):
        editor.command("-exec-next")
        assert "frame" in editor.wait("stopped")
    editor.command("-thread-info")
    assert editor.events("stopped") == []


def test_mi_until_waits_for_the_goroutine(stopped_at, moves):
    editor, _ = stopped_at("counts")
    goid = editor.command('-data-evaluate-expression "$goid()"')["value"]
    editor.command(f"-exec-until {moves.at('last')}")
    assert int(editor.wait("stopped")["frame"]["line"]) == moves.line("last")
    assert editor.command('-data-evaluate-expression "$goid()"')["value"] == goid


def test_mi_takes_requests_while_a_step_waits_in_the_background(stopped_at):
    editor, thread = stopped_at("begins", "-gdb-set mi-async on")
    editor.command("-exec-next")
    stop = editor.wait("stopped")
    assert stop["thread-id"] != thread and stop["reason"] == "end-stepping-range"


def test_an_editor_s_breakpoint_can_ask_for_the_goroutine(mi, moves):
    editor = mi(moves.program, **ONE_P)
    editor.command(f'-break-insert -c "$goid() != 1" {moves.at("receives")}')
    editor.command(f'-break-insert -c "$goid() == 1" {moves.at("received")}')
    editor.command("-exec-run")
    assert int(editor.wait("stopped")["frame"]["line"]) == moves.line("received")
