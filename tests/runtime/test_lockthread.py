"""Goroutines bound to their threads, and threads that end: LockOSThread, mexit."""

import pytest


@pytest.mark.parametrize("procs", ["1", "2", "16"])
def test_a_locked_goroutine_has_its_thread_for_itself_and_takes_it_along(run, procs):
    assert run("lockthread", GOMAXPROCS=procs).stdout.splitlines() == [
        "moved 0 shared 0",
        "made many died all threads few unused few",
        "first thread sleeps goroutines run on",
    ]
