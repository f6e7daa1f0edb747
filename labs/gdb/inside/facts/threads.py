"""What the Ms and the Ps do: who is in a system call, who sleeps, who ends."""

from typing import Any

from rt0lab import program
from rt0lab.goroutines.census import Census
from rt0lab.program import Problem

FACTS = (
    "follow",
    "in_calls",
    "in_calls_with_p",
    "asleep",
    "procs",
    "most_ms",
    "ended",
    "began_as",
    "explained",
)
_FEW = 4  # Ms that are just going from one thing to another, and sysmon


def _in_calls() -> list[tuple[Any, Any]]:
    """[(goroutine, its M)] of those in a system call."""
    census = Census()
    found = [row for row in census.rows if census.status.get(row.status, "").startswith("syscall")]
    return [(row, census.m_by_address.get(row.m)) for row in found]


def in_calls() -> int:
    """How many threads are in a system call for a goroutine."""
    return sum(m is not None for _, m in _in_calls())


def in_calls_with_p() -> int:
    """How many of those have a P still."""
    return sum(m is not None and program.p_of(m)[1] for _, m in _in_calls())


def _asleep():
    census = Census()
    return [row for row in census.rows if census.state(row) == "sleep"]


def asleep() -> int:
    """How many goroutines sleep at this moment."""
    return len(_asleep())


def procs() -> int:
    """GOMAXPROCS: how many Ps there are."""
    return _scalar("gomaxprocs")


def _scalar(name):
    value = program.scalar(name)
    if value is None:
        raise Problem(f"the program has no {name}.")
    return value


def _sched() -> program.Struct:
    sched = program.variable("sched")
    if not isinstance(sched, program.Struct):
        raise Problem("sched cannot be read.")
    return sched


def most_ms() -> int:
    """How many Ms there may be."""
    return _sched().get("maxmcount")


def ended() -> str:
    """How many of the Ms that were made are no more: `all` but the few that run, `some` or `nobody`."""
    made, left = _sched().get("mnext", "mcount"), len(program.all_ms())
    return "nobody" if left == made else "all" if left <= procs() + _FEW else "some"


def follow() -> str:
    """What the number of Ms follows: `calls` if each system call has one, `ps` if there are hardly more than Ps."""
    count, calls = len(program.all_ms()), in_calls()
    if calls < count <= calls + procs() + _FEW:
        return "calls"
    return "ps" if count <= procs() + _FEW else "goroutines"


def began_as() -> int:
    """The function with which the selected thread began, as its M notes it: in Go a function value."""
    g = program.read_struct("g", program.current_g(program.tls_g()[1]) or 0)
    m = program.read_struct("m", g.get("m") or 0) if g else None
    code = program.read_word(m.get("mstartfn") or 0) if m else None
    if not isinstance(code, int):
        raise Problem("the thread began with no function of its own.")
    return code


def explained() -> str:
    """`yes` if each M is in a system call, idle, has a P, is sysmon or is about to look for work; else `no`."""
    census, sched = Census(), _sched()
    idle = {m.addr for m in program.idle_ms(sched)}
    called = {m.addr for _, m in _in_calls() if m is not None}
    left = [
        m
        for m in census.ms
        if m.addr not in idle | called and not program.p_of(m)[1] and not program.is_sysmon(m.get("mstartfn") or 0)
    ]
    return "yes" if len(left) <= _FEW else "no"
