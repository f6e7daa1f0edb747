"""The programs of runtime/programs that learners read: each comes to the result that its text promises, in every
build."""

import re

import pytest

PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]


def numbers(result):
    """The last word of each line, as a number."""
    assert result.returncode == 0
    return [int(line.split()[-1]) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("procs", ["1", "2"])
def test_the_sieve_finds_the_primes_in_order(run, procs):
    assert numbers(run("sieve", GOMAXPROCS=procs)) == PRIMES


@pytest.mark.parametrize("procs", ["1", "2"])
def test_skynet_adds_up_a_million_goroutines(run, procs):
    assert numbers(run("skynet", GOMAXPROCS=procs)) == [999999 * 1000000 // 2]


@pytest.mark.parametrize("procs", ["1", "2"])
def test_what_is_produced_is_consumed(run, procs):
    assert numbers(run("prodcons", GOMAXPROCS=procs)) == [sum(range(3000))] * 2


@pytest.mark.parametrize("procs", ["1", "2"])
def test_the_sum_of_the_parts_is_the_whole(run, procs):
    assert numbers(run("parsum", GOMAXPROCS=procs)) == [sum(range(4 << 20))] * 2


def test_each_sleeper_of_sleepsort_reports_once(run):
    """In order, too, on a quiet machine; that is not promised."""
    assert sorted(numbers(run("sleepsort"))) == list(range(1, 9))


def test_a_deadlock_ends_the_program_with_status_2(run):
    result = run("deadlock")
    assert (result.returncode, result.stdout.splitlines()) == (2, ["waiting for a result"])
    assert result.stderr.splitlines()[0] == "fatal error: all goroutines are asleep - deadlock!"


def test_with_one_p_only_a_loop_that_calls_gives_way(run):
    result = run("spin", GOMAXPROCS="1")
    assert [line.split()[-1] for line in result.stdout.splitlines()] == ["runs", "over"]


def test_a_yield_is_over_before_all_have_run(run):
    first, second = numbers(run("crowd", GOMAXPROCS="1"))
    assert 0 < first < 200 and 0 < second < 200 and first != second


def test_a_stack_overflow_ends_the_program_at_go_s_limit(run):
    result = run("overflow")
    assert (result.returncode, result.stdout.splitlines()) == (2, ["sum(1000) is 500500"])
    assert result.stderr.splitlines()[:2] == [
        "runtime: goroutine stack exceeds 1000000000-byte limit",
        "fatal error: stack overflow",
    ]


@pytest.mark.parametrize("procs", ["1", "2"])
def test_the_echo_comes_back_whole(run, procs):
    result = run("echo", GOMAXPROCS=procs)
    assert (result.returncode, result.stdout.splitlines()) == (
        0,
        ["echo: hello", "echo: anybody there?", "echo: goodbye"],
    )


def test_a_panic_runs_the_deferred_calls_and_stops_where_one_recovers(run):
    result = run("panic")
    assert result.stdout.splitlines() == [
        "7 / 2 is 3",
        "recovered: division by zero",
        "7 / 0 is 0",
        "deferred at 3",
        "deferred at 2",
        "deferred at 1",
    ]
    assert (result.returncode, result.stderr.splitlines()[0]) == (2, "panic: fell")


def test_a_deadlock_s_report_shows_both_that_wait(run):
    assert re.findall(r"^goroutine \d+ \[(.+)\]:$", run("deadlock").stderr, re.M) == ["chan receive", "chan receive"]
