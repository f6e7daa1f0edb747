"""The boot in Python beside the boot of the static program: after each step the same state, field by field."""

import pytest
from boots import STEPS

# Where they must differ: the static program's first thread has its TLS in m0, here it is the C library's.
TLS = {"m0.tls[0]", "m0.tlsguard"}
CHANCE = {"m0.fastrand[0]", "m0.fastrand[1]"}
ROOTS = ["g0", "m0", "sched", "allgs", "allp", "globals"]


def flat(module, path, value, kind, into):
    """As gdb_hello.py writes it: the structures inside, pointers by who they point at, large numbers as addresses."""
    if isinstance(value, list):
        if kind.startswith("slice"):
            into[path] = len(value)
        for i, element in enumerate(value):
            flat(module, f"{path}[{i}]", element, kind.split("<")[-1].split("[")[0].rstrip("*>"), into)
    elif kind.endswith("*"):
        who = {"g*": "goid", "m*": "id", "p*": "id"}.get(kind)
        into[path] = None if not value else f"{kind[0]}{getattr(value, who)}" if who else "address"
    elif isinstance(value, module.Object):
        for field in module.layout(kind)["fields"]:
            flat(module, f"{path}.{field['name']}", getattr(value, field["name"]), field["type"], into)
    else:
        large = isinstance(value, int) and abs(value) >= 1 << 22
        into[path] = "address" if large else value


def state(module, runtime, gdb_state):
    """The same roots as gdb's."""
    kinds = {
        "g0": "g",
        "m0": "m",
        "sched": "schedt",
        "allgs": "slice<g*>",
        "allp": "slice<p*>",
        "allm": "m*",
        "main_init_done": "hchan*",
    }
    into = {}
    for root in dict.fromkeys(path.split(".")[0].split("[")[0] for path in gdb_state):
        flat(module, root, getattr(runtime, root), kinds.get(root, ""), into)
    return into


def part(whole, root):
    """The paths that begin at this root; globals are those that are no structure."""
    named = {path: value for path, value in whole.items() if path.split(".")[0].split("[")[0] == root}
    return named or {path: value for path, value in whole.items() if path.isidentifier()}


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("steps", range(len(STEPS)), ids=["begin", *STEPS[:-1]])
def test_the_state_is_the_static_program_s(rt0lab, boot, gdb, steps, root):
    theirs = gdb["states"][steps]
    ours = state(rt0lab, boot(steps, argv=["hello"], ncpu=max(1, gdb["states"][-1]["ncpu"])), theirs)
    theirs, ours = part(theirs, root), part(ours, root)
    assert {
        path: (theirs.get(path), ours.get(path))
        for path in sorted({*theirs, *ours} - TLS - CHANCE)
        if theirs.get(path) != ours.get(path)
    } == {}


def test_the_comparison_sees_much(gdb):
    assert len(gdb["states"][-1]) > 500


def test_newproc_puts_g1_into_runnext(boot):
    assert boot("newproc").p[0].runnext.goid == 1


def test_a_pointer_and_its_structure_are_equal(boot):
    runtime = boot("schedinit")
    assert runtime.m0.p == runtime.p[0] and runtime.p[0].m == runtime.m0 and runtime.m0.g0 == runtime.g0


def test_before_schedinit_there_is_no_p(boot):
    assert boot("osinit").p == []


def test_the_arguments_arrive(boot):
    assert boot("schedinit", argv=["one", "two", "ümlaut"]).argslice == ["one", "two", "ümlaut"]


def test_the_environment_is_the_one_given(boot):
    assert boot("schedinit", env={"A": "1", "B": ""}).envs == ["A=1", "B="]


def test_gomaxprocs_comes_from_that_environment(boot):
    assert boot("schedinit", env={"GOMAXPROCS": "5"}, ncpu=3).gomaxprocs == 5


@pytest.mark.parametrize("ncpu", [1, 2, 64, 1000])
def test_as_many_processors_as_told(boot, ncpu):
    assert boot("osinit", ncpu=ncpu).ncpu == ncpu


def test_after_mstart_the_program_has_run(boot):
    runtime = boot("mstart")
    assert (runtime.exit_code, runtime.stdout, runtime.stderr) == (0, b"hello world\n", b"")


def test_the_end_can_be_looked_at(boot):
    runtime = boot("mstart")
    assert [g.goid for g in runtime.allgs[:2]] == [1, 2] and len(runtime.allgs) == runtime.allglen == 4


def test_repr_says_who_and_how(boot):
    assert repr(boot("newproc").p[0]).startswith("<p 0 status=_Prunning m=<m 0>")
