"""GODEBUG=schedtrace=N,scheddetail=1: Go 1.10's lines, field for field. netwait is the program: main waits for a
socket."""

import re

import pytest

BRIEF = re.compile(
    r"SCHED \d+ms: gomaxprocs=(\d+) idleprocs=\d+ threads=\d+ spinningthreads=\d+ idlethreads=\d+ "
    r"runqueue=\d+ \[([\d ]+)\]"
)
FIELDS = {
    "SCHED": (
        "gomaxprocs idleprocs threads spinningthreads idlethreads runqueue gcwaiting nmidlelocked stopwait sysmonwait"
    ),
    "P": "status schedtick syscalltick m runqsize gfreecnt",
    "M": "p curg mallocing throwing preemptoff locks dying helpgc spinning blocked lockedg",
    "G": "status m lockedm",
}


def whole(stderr):
    """The lines of the traces that were certainly written to their end: of the last one, written piece by piece while
    main may return and end the process, any part can be missing."""
    lines = stderr.splitlines()
    last = max(at for at, line in enumerate(lines) if line.startswith("SCHED"))
    assert last > 0, "no trace but the last"
    return lines[:last]


def traces(stderr):
    """Each trace as {"SCHED": [fields], "P0": ..., "M1": ..., "G17": ...}, fields being {name: text}."""
    found = []
    for line in whole(stderr):
        head, fields = re.fullmatch(r"(?:SCHED|  )? ?(\w+): (.*)", line).groups()
        if line.startswith("SCHED"):
            head = "SCHED"
            found.append({})
        found[-1][head] = dict(re.findall(r"(\w+)=(\d+\([^=]*\)|\S*)", fields))
    return found


@pytest.fixture
def trace(run):
    """All traces of a run on three Ps."""
    return traces(run("netwait", GOMAXPROCS="3", GODEBUG="schedtrace=10,scheddetail=1").stderr)


def kind(trace, letter):
    return {name: fields for name, fields in trace.items() if re.fullmatch(letter + r"\d+", name)}


def test_the_short_form_has_go_s_fields_and_a_queue_for_each_p(run):
    stderr = run("netwait", GOMAXPROCS="3", GODEBUG="schedtrace=10").stderr
    seen = [BRIEF.fullmatch(line).groups() for line in whole(stderr)]
    assert {(procs, len(queues.split())) for procs, queues in seen} == {("3", 3)}


def test_the_long_form_has_go_s_fields_in_go_s_order(trace):
    for each in trace:
        for name, fields in each.items():
            assert " ".join(fields) == FIELDS[name.rstrip("0123456789")]


def test_every_p_and_every_m_has_its_line(trace):
    for each in trace:
        assert sorted(kind(each, "P")) == ["P0", "P1", "P2"]
        assert len(kind(each, "M")) == int(each["SCHED"]["threads"])


def test_p_and_m_name_each_other(trace):
    """sysmon has no P, and an M that is in a system call may have lost its own."""
    for each in trace:
        assert each["M1"]["p"] == "-1"
        assert {fields["m"] for fields in kind(each, "P").values()} <= {"-1", *(name[1:] for name in kind(each, "M"))}


def test_main_is_seen_waiting_for_its_socket(trace):
    assert "4(IO wait)" in {each["G1"]["status"] for each in trace if "G1" in each}


@pytest.mark.parametrize("value", ["0", "-5", "x", "", "99999999999999999999"])
def test_other_values_print_nothing(run, value):
    assert run("hello", GODEBUG=f"schedtrace={value},scheddetail=1").stderr == ""
