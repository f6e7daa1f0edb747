"""The 48 observations: each sees on the recorded boot what it says, and each sees when that is changed."""

import copy

import pytest
from runner.likeness import comparison, observations
from runner.verbs import compare

ROWS = {row["n"]: row for row in comparison.texts()}
GO = compare.recorded()

# For each observation something to spoil in the trace: (stage, kind, path, value).
SPOIL = {
    1: ("_rt0_amd64_linux", "entry", "sp_mod16", 8),
    2: ("_rt0_amd64_linux", "entry", "regs/rdx", 7),
    3: ("_rt0_amd64_linux", "entry", "stack_words", [2, "entry_sp+0x20", "entry_sp+0x30", 0, "entry_sp+0x40"]),
    4: ("nocpuinfo", "label", "sp_off", -64),
    5: ("nocpuinfo", "label", "sp", "g0.stack.hi-8"),
    6: ("nocpuinfo", "label", "g0/stack_size", 65536),
    7: ("mstart", "entry", "g0/stackguard0", "g0.stack.lo+880"),
    8: ("mstart1", "entry", "g0/stackguard1", "g0.stack.lo"),
    9: ("settls", "return", "fs_base", "&runtime.m0+0x88"),
    10: ("ok", "label", "m0/tls/0", 0),
    11: ("check", "entry", "g0/m", 0),
    12: ("malg", "entry", "g0/atomicstatus", 2),
    13: ("schedule", "entry", "m0/id", 1),
    14: ("args", "return", "globals/runtime.argv", "entry_sp+0x10"),
    15: ("sysauxv", "entry", "globals/runtime.physPageSize", 4096),
    16: ("osinit", "return", "changed", {"globals.runtime.ncpu": [0, 2], "sched.mnext": [0, 1]}),
    17: ("schedinit", "return", "sched/maxmcount", 20000),
    18: ("mcommoninit", "return", "allm", []),
    19: ("mpreinit", "return", "gsignal_stack_size", 8192),
    20: ("procresize", "entry", "globals/runtime.gomaxprocs", 2),
    21: ("acquirep", "entry", "allp_status", [0, 0]),
    22: ("schedinit", "return", "p0/m", 0),
    23: ("schedinit", "return", "sched/pidle", 0),
    24: ("schedinit", "return", "m0/procid", 12),
    25: ("schedinit", "return", "g0/sched/sp", "g0.stack.hi-40"),
    26: ("newproc", "return", "allgs/0/goid", 2),
    27: ("newproc", "return", "p0/goidcacheend", 33),
    28: ("newproc", "return", "allgs/0/status", "_Grunning"),
    29: ("newproc", "return", "allgs/0/stackguard0", "g1.stack.lo+928"),
    30: ("newproc", "return", "allgs/0/stktopsp", "g1.stack.hi-40"),
    31: ("newproc", "return", "allgs/0/sched.ctxt", "runtime.main"),
    32: ("gogo JMP BX", "insn", "stack_words/0", "runtime.goexit"),
    33: ("newproc", "return", "allgs/0/gopc", "runtime.newproc+37"),
    34: ("execute", "entry", "allgs/0/m", "&runtime.m0"),
    35: ("newproc", "return", "p0/runqtail", 1),
    36: ("newproc", "return", "sched/npidle", 0),
    37: ("minit", "entry", "g0/sched/pc", "runtime.mstart1+1"),
    38: ("minit", "return", "m0/procid", 1),
    39: ("runqget", "return", "p0/runnext", "g1"),
    40: ("gogo", "entry", "p0/schedtick", 1),
    41: ("gogo", "entry", "tls_g", "g1"),
    42: ("runtime.main", "entry", "sp", "g1.stack.hi-48"),
    43: ("runtime.main", "entry", "allgs/0/sched.sp", "g1.stack.hi-40"),
    44: ("main.func1", "entry", "globals/runtime.maxstacksize", 1 << 20),
    45: ("newm", "return", "allm", ["&runtime.m0", "m1"]),
    46: ("main.init", "entry", "m0/lockedInt", 0),
    47: ("main.main", "entry", "sched/ngsys", 2),
    48: ("main.main", "return", "pc", "runtime.goexit+1"),
}


def put(node, path, value):
    """Puts a value at a path of keys in nested dicts and lists."""
    *keys, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    for key in keys:
        node = node[key]
    assert node[last] != value
    node[last] = value


def spoiled(stage, kind, path, value):
    """The recorded boot with one value changed, at the first stop of that name."""
    trace = copy.deepcopy(GO)
    stop = next(stop for stop in trace["stages"] if (stop["stage"], stop["kind"]) == (stage, kind))
    put(stop, path, value)
    return trace


def test_all_forty_eight_are_there():
    assert sorted(ROWS) == sorted(observations.OBSERVATIONS) == sorted(SPOIL) == list(range(1, 49))


@pytest.mark.parametrize("n", range(1, 49))
def test_is_what_go_1_10_2_does(n):
    assert observations.observe(n, GO) == ROWS[n]["go"]


@pytest.mark.parametrize("n", range(1, 49))
def test_sees_a_spoiled_boot(n):
    row = comparison.observed_row(ROWS[n], GO, spoiled(*SPOIL[n]), comparison.Reasons(GO))
    assert (row["verdict"], row["reason"]) == ("differs", comparison.UNEXPLAINED)


@pytest.mark.parametrize("n", range(1, 49))
def test_says_what_is_not_there(n):
    empty = copy.deepcopy(GO) | {"stages": [stop for stop in GO["stages"] if stop["stage"] == "rt0_go"]}
    # these speak of any stop, or of the first
    assert observations.observe(n, empty) != ROWS[n]["go"] or n in (2, 3, 12, 13)


@pytest.mark.parametrize(
    "value, expected",
    [
        ("0x10", 16),
        ("g0.stack.hi-0", "g0.stack.hi"),
        ("&runtime.m0+0x0", "&runtime.m0"),
        ("g1.stack.hi-40", "g1.stack.hi-40"),
        (["0x1"], [1]),
        (False, False),
    ],
)
def test_plain(value, expected):
    assert observations.plain(value) == expected


@pytest.mark.parametrize(
    "value, expected",
    [
        ("runtime.mstart+118", "runtime.mstart"),
        ("runtime.newproc.abi0+37", "runtime.newproc"),
        ("runtime.goexit+1", "runtime.goexit+1"),
        ("runtime.goexit.abi0+1", "runtime.goexit+1"),
        ("g1.stack.hi-40", "g1.stack.hi-40"),
        (5, 5),
    ],
)
def test_code(value, expected):
    assert observations.code(value) == expected


def test_what_ld_so_left_in_the_registers_is_compared_too():
    trace = copy.deepcopy(GO)
    trace["stages"][0]["regs"] |= {"rax": "entry_sp+0x18", "rbx": 56}
    assert observations.observe(2, trace) == [0, 0, [0, 56, "entry_sp+0x18"]]


def test_a_goroutine_that_runs_nothing_is_compared_too():
    trace = copy.deepcopy(GO)
    next(stop for stop in trace["stages"] if stop["stage"] == "main.main")["allgs"][1]["startpc"] = 0
    assert 0 in observations.observe(47, trace)[-1]
