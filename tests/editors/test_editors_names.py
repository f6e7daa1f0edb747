"""Frames in an editor have Go's names and full paths, before and behind gdb's frame filters."""

import pytest

from gdbrun import ROOT


@pytest.fixture(params=["mirror", "go"])
def program(request):
    """Each of the two worlds' hello in turn."""
    return request.getfixturevalue("hello" if request.param == "mirror" else "go_hello")


def _stopped(editor, place):
    editor.command(f"-break-insert {place}")
    editor.command("-exec-run")
    return editor.wait("stopped")["frame"]


@pytest.mark.parametrize("place", ["runtime.schedinit", "main.main"])
def test_a_stop_names_its_function_as_go_does(mi, program, place):
    assert _stopped(mi(program), place)["func"] == place


@pytest.mark.parametrize("filters", [False, True])
def test_frames_of_mi_are_named_as_go_names_them(mi, program, filters):
    editor = mi(program)
    _stopped(editor, "main.main")
    if filters:
        editor.command("-enable-frame-filters")
    names = [frame["func"].removesuffix(".abi0") for frame in editor.command("-stack-list-frames")["stack"]]
    assert names[:3] == ["main.main", "runtime.main", "runtime.goexit"]


def test_a_closure_is_named_as_go_names_it(mi, mirror_program):
    editor = mi(mirror_program("prodcons"))
    editor.command("-enable-frame-filters")
    lines = (ROOT / "runtime" / "programs" / "prodcons.cpp").read_text().splitlines()
    _stopped(editor, f"prodcons.cpp:{next(n for n, line in enumerate(lines, 1) if 'producers.Done()' in line)}")
    assert "main.main.func1" in [frame["func"] for frame in editor.command("-stack-list-frames")["stack"]]


def test_filtered_frames_of_mi_have_full_paths(mi, hello):
    editor = mi(hello)
    editor.command("-enable-frame-filters")
    _stopped(editor, "main.main")
    assert all(frame["file"].startswith("/") for frame in editor.command("-stack-list-frames")["stack"])


@pytest.mark.parametrize("place", ["runtime.schedinit", "main.main"])
def test_frames_of_dap_are_named_as_go_names_them(dap, program, place):
    editor = dap(program)
    editor.launch(place)
    assert editor.frames()[0]["name"] == place


def test_frames_of_dap_have_full_paths(dap, program):
    editor = dap(program)
    editor.launch("main.main")
    assert all(frame["source"]["path"].startswith("/") for frame in editor.frames())
