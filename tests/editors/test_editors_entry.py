"""An editor's "stop at the beginning": `main` is main.main."""

import pytest


@pytest.mark.parametrize("command", ["-break-insert -t main", "-break-insert -f main"])
def test_mi_finds_main(mi, hello, command):
    editor = mi(hello)
    editor.command(command)
    editor.command("-exec-run")
    assert editor.wait("stopped")["frame"]["func"] == "main.main"


def test_dap_finds_main(dap, hello):
    editor = dap(hello)
    editor.launch("main")
    assert editor.frames(levels=1)[0]["name"] == "main.main"


@pytest.mark.parametrize("program", ["hello", "go_hello"])
def test_start_stops_at_main(mi, request, program):
    editor = mi(request.getfixturevalue(program))
    editor.console("start")
    assert editor.wait("stopped")["frame"]["func"] == "main.main"


@pytest.mark.parametrize("program", ["hello", "go_hello"])
def test_dap_stops_at_the_beginning(dap, request, program):
    editor = dap(request.getfixturevalue(program))
    editor.launch(stopAtBeginningOfMainSubprogram=True)
    assert editor.frames(levels=1)[0]["name"] == "main.main"
