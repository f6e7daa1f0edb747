"""What the core promises, fact by fact: each is a check of one of these programs."""

import re
import signal
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PROGRAMS = ("stacks", "memory", "ends", "handlers", "boot", "files")
SOURCES = {program: (HERE / f"{program}.cpp").read_text() for program in PROGRAMS}
# What must not be, and what is said then, as a pattern.
FATAL = {
    "segments_count_together_against_the_limit": "runtime: goroutine stack exceeds 65536-byte limit",
    "a_system_stack_does_not_grow": "fatal: morestack on g0",
    "no_segment_where_the_stack_must_not_split": "fatal error: newstack: stack split at a bad time",
    "stacks_come_from_g0_only": "fatal error: stackalloc: not on g0",
    "stacks_are_powers_of_two": "fatal error: stackalloc: size is not a power of two",
    "what_is_too_large_is_refused": "fatal error: mallocgc: too large",
    "the_second_page_is_not": "unexpected fault address 0x1000\nfatal error: fault",
    "no_panic_on_a_system_stack": "panic: x\nfatal error: panic on system stack",
    "no_panic_in_malloc": "panic: x\nfatal error: panic during malloc",
    "no_panic_while_the_world_is_stopped": "panic: x\nfatal error: panic during preemptoff",
    "no_panic_with_a_lock": "panic: x\nfatal error: panic holding locks",
    "a_fault_stands_in_its_line": "panic: runtime error: invalid memory address or nil pointer dereference",
    "no_fault_with_a_lock": "fatal error: unexpected signal during runtime execution",
    "no_fault_in_malloc": "fatal error: unexpected signal during runtime execution",
    "main_waits_for_deferred_calls": "panic: late",
    "main_waits_for_a_report": "panic: said",
    "who_runs_is_asked_to_yield_before_a_report": "panic: asked",
    "a_fault_in_a_report_is_told_too": "fatal error: unexpected signal during runtime execution\npanic during panic",
    "a_fault_among_the_others_is_told_once": "fatal error: first",
    "no_panic_begins_where_the_stack_must_not_split": "SIGSEGV: segmentation violation",
    "no_panic_begins_on_a_strange_stack": "SIGSEGV: segmentation violation",
    "no_panic_begins_on_a_stack_above": "SIGSEGV: segmentation violation",
    "a_thread_that_cannot_be_made_is_the_end": r"runtime: failed to create new OS thread \(have \d already; errno=11\)",
    "a_failing_epoll_is_the_end": r"runtime: epollwait on fd \d failed with 9\nfatal error: runtime: netpoll failed",
    "a_ticker_needs_an_interval": "panic: non-positive interval for NewTicker",
}
# Those that need a second P.
TWO = {
    "main_waits_for_a_report",
    "who_runs_is_asked_to_yield_before_a_report",
    "two_reports_at_once",
    "a_call_that_a_signal_interrupts_is_taken_up_again",
    "words_of_two_threads_do_not_mix",
    "a_file_is_closed_by_who_uses_it_last",
}
HOLDS = [
    (program, check)
    for program, source in SOURCES.items()
    for check in re.findall(r"^    CHECK\((\w+)\);", source, re.MULTILINE)
    if check not in FATAL and check not in ("two_reports_at_once", "a_signal_that_kills_does_so_though_it_is_caught")
]


@pytest.fixture
def result(run):
    """Of a program's check, which takes a tenth of a second; where one hangs it is not waited for."""
    return lambda program, check: run(program, check, timeout=6, GOMAXPROCS="2" if check in TWO else "1")


@pytest.mark.parametrize("program, check", HOLDS)
def test_it_holds(result, program, check):
    ended = result(program, check)
    assert (ended.stdout, ended.stderr) == ("ok\n", "")


@pytest.mark.parametrize("check", FATAL)
def test_it_is_the_end(result, check):
    (program,) = (name for name, source in SOURCES.items() if re.search(rf"\b{check}\b", source))
    ended = result(program, check)
    assert re.match(FATAL[check] + "\n", ended.stderr)
    assert ended.returncode == 2


def test_two_reports_are_told_one_after_the_other_and_to_the_end(result):
    ended = result("ends", "two_reports_at_once")
    report = r"panic: together\n\ngoroutine \d+ \[running\]:\nmain\.two_.*\n\t.*\n(created by .*\n\t.*\n)?"
    assert re.fullmatch(f"({report}){{2}}", ended.stderr)
    assert ended.returncode == 2


def test_a_signal_that_kills_does_so_though_it_is_caught(result):
    assert result("handlers", "a_signal_that_kills_does_so_though_it_is_caught").returncode == -signal.SIGTERM


@pytest.fixture
def asked(run):
    """The report of a goroutine beside one that runs."""
    return run("ends", "who_runs_is_asked_to_yield_before_a_report", GOTRACEBACK="all", GOMAXPROCS="2").stderr


def test_a_goroutine_that_runs_elsewhere_has_no_stack_to_show(asked):
    assert re.search(r"\n\ngoroutine \d+ \[running\]:\n\tgoroutine running on other thread; stack unavailable\n", asked)


def test_who_has_failed_is_shown_once(asked):
    assert asked.count("\ngoroutine 1 [") == 1


def test_a_fault_stands_in_its_line(result):
    here = [n for n, line in enumerate(SOURCES["ends"].splitlines(), 1) if line.endswith("// here")]
    report = result("ends", "a_fault_stands_in_its_line").stderr
    assert re.findall(r"main\.a_fault_stands_in_its_line\(\)\n\t\S+:(\d+)", report) == [str(n) for n in here]


def test_a_report_shows_a_hundred_frames(result):
    report = result("stacks", "segments_count_together_against_the_limit").stderr
    assert report.count("\nmain.down(") + report.count("\n__morestack(") == 100


def test_nobody_made_main(run):
    report = run("ends", "a_fault_stands_in_its_line", GOTRACEBACK="system").stderr
    first, *others = re.split(r"\n\n(?=goroutine)", report)[1:]
    assert "created by" not in first and "created by" in "".join(others)
