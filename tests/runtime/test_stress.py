"""Everything at once, with every invariant checked meanwhile; and the runtime's programs preempted at every prologue.

As long with the preemption, and in every build: lab test tests/runtime/test_stress.py -k operations --operations
100000000"""

import re
import subprocess

import pytest

PROCS = ["1", "2", "4", "16"]

# What a program prints however often it is preempted: the same as without (test_runtime.py).
OUTPUT = {
    "grow": r"stacks 8 of 8\n",
    "churn": r"spawned ok \d+\nring ok \d+\nmany ok \d+\n",
    "chans": r"len 3 cap 3\norder 1 2 3 then 0 closed\nmoved 5050\nalive 0\nnil channel waits\n",
    "preempt": r"preempted\n",
    "finalize": r"finalizer elsewhere\n",
    "selects": r"sent ok 80000\nfair ok \ndefault ok close ok\n",
    "locks": r"mutex ok 100000\nrwmutex ok 0\nonce 1\n",
    "conds": r"order ok\nbroadcast 100\ntickets ok\nbuffer 199990000 of 199990000\n",
    "sematreap": r"waiting 21200\nreleased 20000 left 0 lines in order 100 wrong 0\n",
    "timers": r"early 0\nslept ok\ntimeout ok ticks 5\n",
    "timerload": r"timers ok wrong 0\norder ok\nstopped ok wrong 0\n",
}


def program(build, name, *arguments, procs, timeout=120):
    return subprocess.run(
        [build / "tests/runtime" / name, *arguments],
        env={"GOMAXPROCS": procs},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=timeout,
    )


@pytest.mark.parametrize("procs", PROCS)
@pytest.mark.parametrize("name, usual", [("stress", 500_000), ("stress-poisoned", 20_000)])
def test_operations_lose_double_and_starve_nobody(build, name, usual, procs, request):
    nobody_is_lost(build, name, request.config.getoption("operations") or usual, procs)


@pytest.mark.parametrize("procs", ["2", "16"])
@pytest.mark.parametrize("build", [("g++", "release")], ids="-".join, indirect=True)
def test_nor_do_ten_million(build, procs):
    nobody_is_lost(build, "stress", 10_000_000, procs)


@pytest.mark.parametrize("procs", ["4"])
@pytest.mark.parametrize("build", [("g++", "release")], ids="-".join, indirect=True)
def test_nor_do_a_hundred_million(build, procs):
    nobody_is_lost(build, "stress", 100_000_000, procs)


def nobody_is_lost(build, name, wanted, procs):
    """The program ends well, having done and looked at enough."""
    result = program(build, name, str(wanted), procs=procs, timeout=120 + wanted / 10_000)
    assert (result.stderr, result.returncode) == ("", 0)
    counts = {word: int(n) for word, n in re.findall(r"(\w+) (\d+)", result.stdout)}
    assert counts["operations"] >= wanted
    assert counts["looks"] > 0


@pytest.mark.parametrize("build", [("g++", "release")], ids="-".join, indirect=True)
@pytest.mark.parametrize(
    "fault, words", [("lose", "lost"), ("double", "two owners|on a run queue|the global queue"), ("starve", "starved")]
)
def test_the_watcher_notices(build, fault, words):
    result = program(build, "stress-faulty", "100000000", fault, procs="4")
    assert result.returncode == 1
    assert re.match(f"stress: .*({words})", result.stderr)


def test_only_a_poisoned_program_yields_at_every_prologue(build):
    assert program(build, "prologues", procs="1").stdout == "preempted 0 locked 0 unlocked 0\n"
    assert program(build, "prologues-poisoned", procs="1").stdout == "preempted 1000 locked 0 unlocked 1\n"


# Two builds suffice here: what matters is how much a compiler keeps in registers over a call.
@pytest.mark.parametrize(
    "build, procs",
    [(("g++", "release"), "1"), (("g++", "release"), "4"), (("clang++", "debug"), "16")],
    indirect=["build"],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
@pytest.mark.parametrize("name", OUTPUT)
def test_a_program_preempted_everywhere_does_the_same(build, name, procs):
    result = program(build, name + "-poisoned", procs=procs)
    assert re.fullmatch(OUTPUT[name], result.stdout), result.stderr
