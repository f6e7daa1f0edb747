"""What an editor's list of threads shows of a program that is debugged: Ms, and which goroutine each runs."""

import pytest


@pytest.fixture(params=["mirror", "go"])
def either(request):
    """Each of the two worlds' hello in turn."""
    return request.getfixturevalue("hello" if request.param == "mirror" else "go_hello")


def test_the_adapter_lists_ms(dap, either):
    editor = dap(either)
    thread = editor.launch("main.main")["threadId"]
    names = {each["id"]: each["name"] for each in editor.request("threads")["threads"]}
    assert names[thread].endswith(" (g1)")


def test_the_machine_interface_lists_ms(mi, either):
    editor = mi(either)
    editor.command("-break-insert main.main")
    editor.command("-exec-run")
    editor.wait("stopped")
    found = editor.command("-thread-info")
    names = {each["id"]: each["name"] for each in found["threads"]}
    assert names[found["current-thread-id"]].endswith(" (g1)")


def test_goroutines_as_threads_leave_the_editor_where_it_is(mi, hello):
    editor = mi(hello)
    editor.shown("rt0 until main.main")
    editor.shown("rt0 threads")
    editor.shown("rt0 threads")
    assert editor.events("thread-selected") == []
