"""Stopping and changing the world: proc_world.cpp, procresize."""

import pytest


@pytest.mark.parametrize(
    "build, procs",
    [(("g++", "debug"), "16"), (("g++", "release"), "1"), (("clang++", "debug"), "1"), (("clang++", "release"), "16")],
    indirect=["build"],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_the_number_of_ps_changes_under_load_and_nothing_is_lost(run, procs):
    assert run("world", GOMAXPROCS=procs).stdout.splitlines() == [
        "gomaxprocs wrong 0 now 3",
        "messages ok",
        "goroutines 1 ok",
        "slept ok echoed ok locked ok",
    ]
