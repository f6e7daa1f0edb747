"""How a run ends where gdb has lost its threads: of a process that is ending, and of one that goes on."""

LOST = """
import os
until('main.main'); pid = gdb.selected_inferior().pid
stops.gone = lambda: False  # its memory can still be read
stops._has_frame = lambda: False
"""


def test_a_process_that_is_ending_has_ended(gdb_json, hello):
    script = """
def lost(command):
    os.kill(pid, 9)
    while stops._stands_still(pid): pass
    return ''
stops._let_run = lost
outcome = stops.go('continue'); result = [outcome.what, gdb.selected_inferior().pid]
"""
    assert gdb_json(hello, LOST + script) == ["exited", 0]


def test_a_thread_that_ended_alone_is_waited_for_by_nobody(gdb_json, hello):
    script = """
stops.ENDING = 10**9
stops._let_run = lambda command: ''
outcome = stops.go('continue'); result = [outcome.what, outcome.place, gdb.selected_inferior().pid == pid]
"""
    assert gdb_json(hello, LOST + script) == ["stopped", "", True]


ALONE = """
until('main.main'); do('break runtime.exitThread'); stops.go('continue'); do('set scheduler-locking on')
"""


def test_a_thread_that_ended_while_it_alone_might_run_is_a_stop(gdb_json, mirror_program):
    script = "outcome = stops.go('continue'); result = [outcome.what, outcome.place]"
    assert gdb_json(mirror_program("lockthread", "tests/runtime"), ALONE + script) == ["stopped", ""]


def test_who_steps_is_told_that_other_threads_are_left(gdb_json, mirror_program):
    script = "result = [line for line in do('rt0 next').splitlines() if line]"
    told = gdb_json(mirror_program("lockthread", "tests/runtime"), ALONE + script)
    assert "`info threads`" in " ".join(told) and not told[-1].endswith(":")
