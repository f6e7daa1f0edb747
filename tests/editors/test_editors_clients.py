"""The two clients themselves: they start a gdb, understand it, fail clearly, and leave nothing behind."""

import os
import select

import dap as dap_client
import mi as mi_client
import pytest
from talking import PATIENCE, Silence


def test_dap_stops_where_it_is_asked_to(dap, hello):
    editor = dap(hello)
    assert editor.launch("main.main")["reason"] == "breakpoint"
    assert editor.frames()[0]["name"] == "main.main"


def test_dap_refuses_with_the_sentence_of_gdb(dap, hello):
    with pytest.raises(dap_client.Refused, match="nosuch"):
        dap(hello).evaluate("nosuch")


def test_mi_stops_where_it_is_asked_to(mi, hello):
    editor = mi(hello)
    editor.command("-break-insert main.main")
    editor.command("-exec-run")
    assert editor.wait("stopped", reason="breakpoint-hit")["frame"]["file"].endswith("hello.cpp")


def test_mi_has_our_commands(mi, hello):
    editor = mi(hello)
    editor.console("rt0")
    assert "the program is not running" in editor.output()


def test_mi_refuses_with_the_sentence_of_gdb(mi, hello):
    with pytest.raises(mi_client.Refused, match="nosuch"):
        mi(hello).command("-data-evaluate-expression nosuch")


def test_what_does_not_come_is_named(mi, hello):
    with pytest.raises(Silence, match="no event stopped"):
        mi(hello).wait("stopped", seconds=0)


def test_an_end_is_not_waited_for(mi, hello):
    editor = mi(hello)
    editor.send("-gdb-exit")
    with pytest.raises(Silence, match="gdb has ended"):
        editor.wait("stopped")


def test_nothing_outlives_a_talk(mi, hello):
    editor = mi(hello)
    editor.command("-break-insert main.main")
    editor.command("-exec-run")
    editor.wait("stopped")
    process = os.pidfd_open(int(editor.command("-list-thread-groups")["groups"][0]["pid"]))
    editor.end()
    assert select.select([process], [], [], PATIENCE)[0] == [process]
    os.close(process)


@pytest.mark.parametrize(
    "line, message",
    [
        (
            '12^done,a="b",c={d="e",f=["g","h"]},i=[],j={}',
            {
                "kind": "^",
                "token": "12",
                "name": "done",
                "fields": {"a": "b", "c": {"d": "e", "f": ["g", "h"]}, "i": [], "j": {}},
            },
        ),
        (
            '*stopped,frame={level="0",args=[{name="n",value="\\"x\\\\n\\""}]}',
            {
                "kind": "*",
                "token": "",
                "name": "stopped",
                "fields": {"frame": {"level": "0", "args": [{"name": "n", "value": '"x\\n"'}]}},
            },
        ),
        (
            '^done,stack=[frame={level="0"},frame={level="1"}]',
            {"kind": "^", "token": "", "name": "done", "fields": {"stack": [{"level": "0"}, {"level": "1"}]}},
        ),
        ('~"\\303\\251\\t\\033[m\\n"', {"kind": "console", "text": "é\t\x1b[m\n"}),
        ("(gdb) ", {"kind": "prompt", "text": "(gdb) \n"}),
        ("hello world", {"kind": "other", "text": "hello world\n"}),
    ],
)
def test_lines_of_mi_are_understood(line, message):
    assert mi_client.parsed(line + "\n") == message
