"""What an editor shows beside the code: every scope can be read, at every moment of the boot. One variable that cannot
is one row."""

import pathlib
import tomllib

import hostile
import pytest
from dap import Refused

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "gdb-scripts"
STAGES = tomllib.loads((SCRIPTS / "rt0lab" / "boot" / "stages.toml").read_text())["stage"]
FUNCTIONS = [symbol for stage in STAGES if stage.get("kind", "entry") == "entry" for symbol in stage["symbols"]]


def stops(editor, functions):
    """Yields the thread at each of these functions, where it is called first, until the program has ended."""
    left = list(functions)
    editor.start(*left)
    while stopped := editor.take(lambda each: each.get("event") in ("stopped", "terminated"), "stop or end").get(
        "body"
    ):
        yield stopped["threadId"]
        numbers = [
            each["id"]
            for each in editor.request("setFunctionBreakpoints", breakpoints=[{"name": name} for name in left])[
                "breakpoints"
            ]
        ]
        left = [name for name, number in zip(left, numbers) if number not in stopped.get("hitBreakpointIds", numbers)]
        editor.request("setFunctionBreakpoints", breakpoints=[{"name": name} for name in left])
        editor.send("continue", threadId=stopped["threadId"])


def read(editor, thread):
    """[(frame, scope, how many rows it has, or what gdb says instead)] of the innermost frames of a thread."""
    found = []
    for frame in editor.frames(thread, levels=3):
        for name, reference in editor.scopes(frame["id"]).items():
            try:
                found.append((frame["name"], name, len(editor.variables(reference))))
            except Refused as error:
                found.append((frame["name"], name, str(error)))
    return found


@pytest.fixture(params=["mirror", "go", "go-O2"])
def program(request):
    """A hello of each world."""
    if request.param == "go-O2":
        return request.getfixturevalue("go_build")("hello", 'package main\n\nfunc main() { println("hello") }\n')
    return request.getfixturevalue("hello" if request.param == "mirror" else "go_hello")


def test_every_scope_can_be_read_at_every_stage(dap, program):
    editor = dap(program)
    found = [row for thread in stops(editor, FUNCTIONS) for row in read(editor, thread)]
    assert len({scope for _, scope, _ in found}) >= 3 and [row for row in found if isinstance(row[2], str)] == []


def test_globals_are_there_before_the_thread_has_its_word_for_g(dap, hello):
    editor = dap(hello)
    editor.launch("runtime.schedinit")
    names = [row["name"] for row in editor.variables(editor.scopes()["Globals"])]
    assert {"g0", "m0", "sched"} <= set(names) and "tls_g" not in names


def test_a_name_that_a_terminal_would_obey_is_one_row(dap, go_build, tmp_path):
    plain = go_build("hostile", hostile.go_source(), "-gcflags=all=-N -l", "-ldflags=-compressdwarf=false")
    editor = dap(hostile.patched(plain, tmp_path / "hostile"))
    thread = editor.launch("runtime.chanrecv1")["threadId"]
    for _ in range(50):
        frame = editor.frames(thread, levels=2)[1]
        if frame["name"].startswith("main.") and "\\" in frame["name"]:  # one of those that cannot be shown as they are
            break
        editor.request("continue", threadId=thread)
        thread = editor.wait("stopped")["threadId"]
    scopes = editor.scopes(frame["id"])
    names = [row["name"] for scope in ("Arguments", "Locals") for row in editor.variables(scopes[scope])]
    assert len(names) >= 3 and [name for name in names if not name.isprintable()] == []
