"""The core's own sources in every order of their steps: no order of a case shows a fault. And the explorer itself: what
it must find it finds, what cannot be it does not, and a fault comes again by its schedule."""

import itertools
import re
import shlex
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def named_in(*sources):
    """The cases of these files."""
    return [name for source in sources for name in re.findall(r"^CASE\((\w+),", source.read_text(), re.MULTILINE)]


CASES = named_in(*sorted(HERE.glob("cases/*.cpp")))

# All orders of these are had, up to their number of preemptions. Others may say "cut": they have some of the orders.
COMPLETE = {
    "a_wake_up_is_one_futex_call",
    "two_take_turns_in_the_lock",
    "a_note_wakes_its_sleeper",
    "only_a_note_wakes_its_sleeper",
    "a_note_that_ends_or_is_woken",
    "a_thief_and_the_owner",
    "a_thief_and_the_owner_want_runnext",
    "two_put_into_the_global_queue",
    "somebody_is_always_there",
    "a_call_ends_while_its_p_is_taken",
    "a_call_ends_while_one_of_two_ps_is_taken",
    "two_stop_the_world",
}

# Cases about the explorer: what must be found, and what cannot be.
OURS = named_in(HERE / "litmus.cpp", HERE / "left_waiting.cpp")
LEFT = "a goroutine waits beside an idle P, and nobody looks for it"
FAULTY = {
    "buffered_plain": "each has read what was there before the other wrote",
    "buffered_released": "each has read what was there before the other wrote",
    "passed_backwards": "the flag was seen before the word",
    "counted_plainly": "a count was lost",
    "ended_early": "what was written second was seen, and the first was not",
    "lost_wake_up": "nobody gets any further",
    "each_waits_for_the_other": "nobody gets any further",
    "stores_without_end": "it does not end, and still somebody stores something",
    "nobody_looks": LEFT,
    "yields_as_an_m_gives_up": LEFT,
    "handed_off_as_a_search_ends": LEFT,
    "no_such_memory": "SIGSEGV",
    "no_more_stack": "exit status 2: fatal: morestack on g0",
    "an_empty_loop": "it does not end, and does nothing that others can notice",
    "thrown": "exit status 2: fatal error: litmus: the second came second",
}
RIGHT = {"buffered_exchanged", "passed", "counted", "counted_under_a_lock", "three_steps_each"}


@pytest.fixture(scope="session")
def explore(mirror_program):
    """explore(case, option...): what a search through its orders said."""
    program = mirror_program("explore", "tests/explore")

    def search(*words):
        return subprocess.run([program, *words], capture_output=True, text=True, timeout=120)

    return search


def fault(result):
    """The fault that a search has found, without how many runs it took; and the words that show it again."""
    said = re.search(r"fault after \d+ runs: (.*)", result.stdout)
    again = re.search(r"^again:  \S+ (\S+) (\S+)$", result.stdout, re.MULTILINE)
    assert result.returncode == 1 and said and again, result.stdout + result.stderr
    return said.group(1), again.groups()


def outcomes(result):
    return set(re.search(r"outcomes: (.*)", result.stdout).group(1).split())


@pytest.mark.parametrize("case", CASES)
def test_no_order_shows_a_fault(explore, case):
    result = explore(case)
    assert (result.returncode, result.stderr) == (0, ""), result.stdout + result.stderr
    assert case not in COMPLETE or "cut" not in result.stdout, result.stdout


def test_every_case_is_in_the_program(explore):
    assert sorted(explore("--list").stdout.split()) == sorted(CASES + OURS)


def test_no_two_have_a_name():
    assert sorted(set(CASES)) == sorted(CASES)


def test_the_complete_ones_are_there():
    assert COMPLETE <= set(CASES)


# ---- the explorer itself ---------------------------------------------------------------------------------------------


def test_every_case_about_the_explorer_is_expected_to_be_faulty_or_not():
    assert sorted(OURS) == sorted([*FAULTY, *RIGHT])


@pytest.mark.parametrize("case", FAULTY)
def test_what_is_there_is_found(explore, case):
    said, _ = fault(explore(case, "--random", "0"))
    assert said.startswith(FAULTY[case])


@pytest.mark.parametrize("case", FAULTY)
def test_a_fault_comes_again_by_its_schedule(explore, case):
    said, (name, schedule) = fault(explore(case))
    assert fault(explore(name, schedule)) == (said, (name, schedule))


@pytest.mark.parametrize("case", ["buffered_released", "lost_wake_up", "counted_plainly"])
def test_a_fault_that_chance_has_found_comes_again_too(explore, case):
    said, (name, schedule) = fault(explore(case, "--preemptions", "-1"))
    assert fault(explore(name, schedule)) == (said, (name, schedule))


@pytest.mark.parametrize("case", sorted(RIGHT))
def test_what_cannot_be_is_not_found(explore, case):
    result = explore(case)
    assert result.returncode == 0 and "cut" not in result.stdout, result.stdout


@pytest.mark.parametrize("case", ["buffered_plain", "buffered_released"])
def test_stores_that_are_seen_at_once_are_not_seen_late(explore, case):
    result = explore(case, "--late", "0")
    assert result.returncode == 0, result.stdout


def test_a_schedule_of_something_else_does_not_fit(explore):
    said, _ = fault(explore("counted", "--schedule=1000000=0"))
    assert said == "the schedule does not fit: nothing happens at event 1000000"


@pytest.mark.parametrize(
    "case, functions",
    [
        ("counted_plainly", ["counted_plainly"]),
        ("lost_wake_up", ["both", "lost_wake_up"]),
    ],
)
def test_gdb_shows_where_the_fault_is(explore, case, functions):
    """The command that a fault is told with, and one to say which functions are on the stack."""
    command = shlex.split(re.search(r"^in gdb: (.*)", explore(case).stdout, re.MULTILINE).group(1))
    ask = "python f = gdb.newest_frame()\nwhile f: print('frame', f.name()); f = f.older()"
    at = command.index("--args")
    command[at:at] = ["-nx", "-batch", "-ex", "set debuginfod enabled off", "-ex", ask]
    said = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120).stdout
    found = re.findall(r"^frame ([\w.]+)", said, re.MULTILINE)
    assert [name for name in found if name in functions] == functions, said


def orders(preemptions):
    """Three steps of one and three of two, in all orders in which so often one comes though the other could go on. One
    goes first."""
    found = set()
    for order in set(itertools.permutations("111222")):
        broken = sum(a != b and a in order[i + 1 :] for i, (a, b) in enumerate(zip("1" + "".join(order), order)))
        if broken <= preemptions:
            found.add("".join(order))
    return found


@pytest.mark.parametrize("preemptions", range(6))
@pytest.mark.parametrize("how", [(), ("--unmerged",)], ids=["merged", "unmerged"])
def test_all_orders_are_had_and_no_other(explore, preemptions, how):
    result = explore("three_steps_each", "--random", "0", "--preemptions", str(preemptions), "--most", "100000", *how)
    assert outcomes(result) == orders(preemptions), result.stdout
