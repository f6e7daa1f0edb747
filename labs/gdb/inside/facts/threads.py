"""What the Ms and the Ps do: who is in a system call, who sleeps, whom an M began as."""

from typing import Any

from rt0lab import program
from rt0lab.goroutines.census import Census
from rt0lab.program import Problem, names

FACTS = (
    "in_calls",
    "in_calls_with_p",
    "asleep",
    "asleep_on_threads",
    "processors",
    "most_ms",
    "ended",
    "began_as",
    "explained",
)


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


def asleep_on_threads() -> int:
    """How many of those have an M."""
    return sum(bool(row.m) for row in _asleep())


def processors() -> int:
    """How many processors the runtime found."""
    return _scalar("ncpu")


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


def ended() -> int:
    """How many Ms were made and are no more."""
    made = _sched().get("mnext", "mcount")
    return made - len(program.all_ms())


def began_as() -> str:
    """The function with which the selected thread began, as its M notes it: `runtime.sysmon`."""
    g = program.read_struct("g", program.current_g(program.tls_g()[1]) or 0)
    m = program.read_struct("m", g.get("m") or 0) if g else None
    fn = m.get("mstartfn") if m else None
    if not fn:
        raise Problem("the thread began with no function of its own.")
    for address in (fn, program.read_word(fn) or 0):  # a code pointer in the mirror, a function value in Go
        symbol = program.world().symbol_at(address)
        if symbol and not symbol[1]:
            return names.function(symbol[0])
    raise Problem("what the thread began with is no function.")


def explained() -> str:
    """`yes` if each M is in a system call, idle, has a P, is sysmon or is about to look for work; else `no`."""
    census, sched = Census(), _sched()
    idle = {m.addr for m in program.idle_ms(sched)}
    called = {m.addr for _, m in _in_calls() if m is not None}
    spare = sched.get("nmspinning", "nmspinning.value") or 0
    left = [
        m
        for m in census.ms
        if m.addr not in idle | called and not program.p_of(m)[1] and not program.is_sysmon(m.get("mstartfn") or 0)
    ]
    return "yes" if len(left) <= spare + 1 else "no"
