"""An editor at `./lab serve`: goroutines as threads, read only; it is told so by a sentence, and the session goes
on."""

import re
import subprocess

import mi as mi_client
import pytest
from dap import Refused
from gdbrun import ROOT

SENTENCE = "this is a view of goroutines to look at"


@pytest.fixture(scope="module")
def view(mirror_program, tmp_path_factory):
    """(the program, the socket at which its goroutines are served)"""
    program = mirror_program("standing", "tests/runtime")
    path = tmp_path_factory.mktemp("serve") / "socket"
    with subprocess.Popen([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        server = None
        try:
            assert process.stdout.readline() == "standing\n"
            server = subprocess.Popen(
                [ROOT / "lab", "serve", str(process.pid), "--unix", path],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            line = server.stdout.readline()
            assert re.search("target remote", line), line
            yield program, path
        finally:
            if server is not None:
                server.terminate()
                server.communicate(timeout=60)
            process.kill()


@pytest.fixture
def adapter(dap, view):
    """A debug adapter at the view, and the thread it shows first."""
    program, path = view
    editor = dap(program)
    editor.start("main.standing", request="attach", target=str(path), program=str(program))
    thread = editor.wait("stopped")["threadId"]
    yield editor, thread
    editor.evaluate("disconnect", context="repl")  # what editors send would end the server


def test_the_adapter_hears_where_it_is(adapter):
    editor, _ = adapter
    assert editor.take(
        lambda each: each.get("event") == "output" and SENTENCE in each["body"]["output"], "the sentence"
    )


def test_every_way_to_move_says_so_and_stops_again(adapter):
    editor, thread = adapter
    before, frames = editor.request("threads"), editor.frames(thread)
    for command in ("continue", "next", "stepIn", "stepOut"):
        editor.output()
        editor.request(command, threadId=thread)
        editor.wait("stopped")
        assert editor.take(
            lambda each: each.get("event") == "output" and SENTENCE in each["body"]["output"],
            f"the sentence to {command}",
        )
        assert editor.request("threads") == before and [f["name"] for f in editor.frames(thread)] == [
            f["name"] for f in frames
        ], command


def test_breakpoints_can_be_set_in_a_view(adapter):
    editor, _ = adapter
    assert editor.request("setFunctionBreakpoints", breakpoints=[{"name": "main.main"}])["breakpoints"][0]["verified"]


def test_our_commands_at_its_console_say_so(adapter):
    editor, thread = adapter
    with pytest.raises(Refused, match=SENTENCE):
        editor.evaluate("rt0 next", context="repl")
    assert editor.frames(thread)


@pytest.mark.parametrize("command", ["-exec-continue", "-exec-next", "-exec-finish"])
def test_the_machine_interface_says_so_and_stops_again(mi, view, command):
    program, path = view
    editor = mi(program)
    editor.command(f"-target-select remote {path}")
    editor.command("-break-insert main.standing")
    editor.wait("stopped")
    editor.output("log")
    editor.command(command)
    editor.wait("stopped")
    assert SENTENCE in editor.output("log") and len(editor.command("-thread-list-ids")["thread-ids"]["thread-id"]) > 20
    editor.command("-target-disconnect")


def test_our_commands_in_the_machine_interface_say_so(mi, view):
    program, path = view
    editor = mi(program)
    editor.command(f"-target-select remote {path}")
    with pytest.raises(mi_client.Refused, match=SENTENCE):
        editor.console("rt0 next")
    editor.command("-target-disconnect")


def test_goroutines_as_another_inferior_are_refused_to_an_adapter(dap, hello):
    editor = dap(hello)
    editor.launch("main.main")
    with pytest.raises(Refused, match="one inferior"):
        editor.evaluate("rt0 threads", context="repl")
    assert editor.frames()[0]["name"] == "main.main"
