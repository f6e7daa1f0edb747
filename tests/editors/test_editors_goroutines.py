"""Goroutines that are on no thread, in an editor: a variable of the innermost frame lists those that are parked, with
their frames."""

import pytest


@pytest.fixture
def stopped(dap, mirror_program):
    """An adapter at main.standing, and the frames of the thread that is there."""
    editor = dap(mirror_program("standing", "tests/runtime"))
    thread = editor.launch("main.standing")["threadId"]
    return editor, editor.frames(thread)


def listed(editor, frame):
    """The variables beside a frame's own: {name: variable}"""
    return {each["name"]: each for each in editor.variables(editor.scopes(frame["id"]).get("Locals", 0) or 1)}


def opened(editor, variable):
    count = variable.get("indexedVariables") or variable["namedVariables"]
    return editor.variables(variable["variablesReference"], start=0, count=count)


def test_the_innermost_frame_lists_the_parked_ones(stopped):
    editor, frames = stopped
    goroutines = listed(editor, frames[0])["goroutines"]
    rows = opened(editor, goroutines)
    assert (
        goroutines["value"] == f"{len(rows)} parked"
        and sum("chan receive main.worker" in row["value"] for row in rows) == 20
    )


def test_other_frames_do_not(stopped):
    editor, frames = stopped
    assert "goroutines" not in listed(editor, frames[1])


def test_a_goroutine_opens_to_its_frames(stopped):
    editor, frames = stopped
    row = next(row for row in opened(editor, listed(editor, frames[0])["goroutines"]) if "main.worker" in row["value"])
    names = [each["value"].partition(" ")[0] for each in opened(editor, row)]
    assert names[0] == "runtime.gopark" and "main.worker" in names and names[-1] == "runtime.goexit"


def test_the_threads_frames_are_there_afterwards(stopped):
    editor, frames = stopped
    opened(editor, opened(editor, listed(editor, frames[0])["goroutines"])[0])
    assert [frame["name"] for frame in editor.frames()] == [frame["name"] for frame in frames]


def test_after_a_step_it_lists_them_anew(stopped):
    editor, frames = stopped
    listed(editor, frames[0])
    editor.request("stepIn", threadId=1, granularity="instruction")
    editor.wait("stopped")
    assert listed(editor, editor.frames()[0])["goroutines"]["value"].endswith(" parked")


def test_gdbs_own_lists_of_variables_do_not_have_it(mi, mirror_program):
    editor = mi(mirror_program("standing", "tests/runtime"))
    editor.command("-enable-frame-filters")
    editor.command("-break-insert main.standing")
    editor.command("-exec-run")
    editor.wait("stopped")
    assert "goroutines" not in str(editor.command("-stack-list-variables --all-values"))
