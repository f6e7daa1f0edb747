"""`rt0 record`: a whole run as data, on the mirror and on Go."""

import json
import re

import pytest
from gdbrun import run_gdb

FIRST = """
    _rt0_amd64_linux _rt0_amd64 rt0_go nocpuinfo needtls settls ok check args sysargs sysauxv osinit schedinit
    moduledataverify moduledataverify1 stackinit mallocinit mcommoninit mpreinit malg alginit modulesinit typelinksinit
    itabsinit msigsave goargs goenvs goenvs_unix parsedebugvars gcinit procresize acquirep acquirep1 newproc newproc1
    gfget malg allgadd gostartcallfn runqput mstart mstart1 asminit minit mstartm0 initsig schedule runqget execute gogo
""".split()
# Times, thread ids, random numbers and what calls before left behind: all that may differ between two runs of the same
# program.
VARIES = re.compile(r"fastrand|lastpoll|procresizetime|procid|runtimeInitTime|startupRandomData|^regs\.|^stack_words")


def boot(trace):
    """The stops up to runtime.main's entry; from there on threads run side by side."""
    names = [stop["stage"] for stop in trace["stages"]]
    return trace["stages"][: names.index("runtime.main") + 1]


def flat(value, path=""):
    if isinstance(value, dict):
        return {k: v for key, item in value.items() for k, v in flat(item, f"{path}.{key}" if path else key).items()}
    if isinstance(value, list):
        return {k: v for i, item in enumerate(value) for k, v in flat(item, f"{path}[{i}]").items()}
    return {path: value}


def normal(trace):
    return [{k: v for k, v in flat(stop).items() if not VARIES.search(k)} for stop in boot(trace)]


def stop(trace, stage, kind="entry", nth=0):
    return [s for s in trace["stages"] if (s["stage"], s["kind"]) == (stage, kind)][nth]


def test_random_addresses_change_nothing(trace, hello, tmp_path):
    path = tmp_path / "random.json"
    run_gdb(hello, "-iex", "set disable-randomization off", "-ex", f"rt0 record -bare {path}")
    assert normal(json.loads(path.read_text())) == normal(trace(hello))


def test_the_mirror_boots_in_gos_order(trace, hello):
    entries = [s["stage"] for s in boot(trace(hello)) if s["kind"] in ("entry", "label")]
    assert entries == [*FIRST, "runtime.main"]


def test_three_records_are_equal_up_to_runtime_main(trace, hello):
    first, *others = [normal(trace(hello, i)) for i in range(3)]
    assert all(other == first for other in others)


def test_no_raw_address_in_a_trace(trace, either):
    assert set(re.findall(r'"(0x[0-9a-f]{5,})"', json.dumps(trace(either)))) == set()


def test_the_exit_code_is_kept(trace, either):
    assert trace(either)["exit"] == 0


def test_every_backtrace_ends_at_a_root(trace, either):
    # gdb cannot tell the caller of a goroutine that was put off at a function's first instruction
    stops = [s["bt"] for s in trace(either)["stages"] if not any(f.startswith("runtime.asyncPreempt") for f in s["bt"])]
    roots = {frames[-1].partition(" ")[0] for frames in stops}
    assert roots <= {
        "_rt0_amd64_linux",
        "_rt0_amd64",
        "runtime.rt0_go",
        "runtime.goexit",
        "runtime.clone",
        "runtime.mcall",
        "runtime.systemstack",
        "runtime.morestack",
        "runtime.gogo",
        "gogo",
        "make_fcontext",
    }


def test_every_call_of_the_boot_returns_or_never_does(trace, hello):
    done = trace(hello)
    entered = {s["stage"] for s in boot(done) if s["kind"] == "entry"}
    returned = {s["stage"] for s in boot(done) if s["kind"] == "return"}
    assert entered - returned == {
        "_rt0_amd64_linux",
        "_rt0_amd64",
        "rt0_go",
        "mstart",
        "mstart1",
        "schedule",
        "execute",
        "gogo",
        "runtime.main",
    }


@pytest.mark.parametrize(
    "stage, path, value",
    [
        ("rt0_go", "g0.stack.hi", 0),
        ("ok", "tls_g", "0x123"),
        ("check", "tls_g", "&runtime.g0"),
        ("check", "fs_base", None),
        ("check", "g0.m", "&runtime.m0"),
        ("osinit", "globals.runtime.argv", "entry_sp+0x8"),
        ("newproc", "p0.status", 1),
        ("newproc", "sched.goidgen", 0),
        ("mstart", "p0.runnext", "g1"),
        ("mstart", "allgs[0].status", "_Grunnable"),
        ("mstart", "allgs[0].sched.sp", "g1.stack.hi-40"),
        ("mstart", "allgs[0].startpc", "runtime.main"),
        ("gogo", "m0.curg", "g1"),
        ("gogo", "allgs[0].status", "_Grunning"),
        ("runtime.main", "tls_g", "g1"),
        ("runtime.main", "sp", "g1.stack.hi-40"),
    ],
)
def test_state_at_a_stage(trace, either, stage, path, value):
    found = flat(next(s for s in trace(either)["stages"] if s["stage"] == stage))[path]
    assert found.startswith("&runtime.m0+0x") if value is None else found == value


def test_a_second_goroutine_gets_its_own_name(trace, hello):
    names = [g["name"] for g in trace(hello)["stages"][-1]["allgs"]]
    assert names[:2] == ["g1", "g2"]


def test_a_change_is_before_and_after(trace, either):
    assert stop(trace(either), "osinit", "return")["changed"]["globals.runtime.ncpu"][0] == 0


def test_a_trace_says_what_it_recorded(trace, either):
    done = trace(either)
    assert done["format"] == 1 and done["program"] == either.name and done["build_id"]


def test_a_file_that_cannot_be_written_is_a_sentence(gdb_json, hello):
    assert "cannot write" in gdb_json(hello, "result = do('rt0 record /nonexistent/trace.json')")


def test_a_running_program_is_not_recorded(gdb_json, hello, tmp_path):
    assert "kill" in gdb_json(hello, f"until('check'); result = do('rt0 record {tmp_path}/x.json')")


def test_nothing_is_left_in_the_users_breakpoints(gdb_json, hello, tmp_path):
    script = f"do('rt0 record -bare {tmp_path}/x.json'); result = [b.number for b in gdb.breakpoints()]"
    assert gdb_json(hello, script) == []


# ---- who wrote what ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def written(hello, tmp_path_factory):
    """The file of a run of the mirror that says who wrote what."""
    path = tmp_path_factory.mktemp("writers") / "run.json"
    run_gdb(hello, "-ex", f"rt0 record {path}")
    return path


def test_each_change_of_the_boot_that_is_the_same_in_every_run_has_its_writer(written):
    first, *stages = boot(json.loads(written.read_text()))
    unknown = {path for stop in stages for path in stop["changed"].keys() - stop["writers"].keys()}
    assert {path for path in unknown if not VARIES.search(path) and not path.startswith("allgs[")} == set()


def test_the_writer_is_the_instruction_that_did_it(written):
    stages = json.loads(written.read_text())["stages"]
    who = next(stop["writers"]["m0.curg"] for stop in stages if "m0.curg" in stop.get("writers", ()))
    assert (
        who["function"] == "runtime.execute"
        and who["pc"].startswith("runtime.execute+")
        and "mov" in who["instruction"]
    )


def test_what_another_run_would_have_written_has_no_writer(written):
    stages = json.loads(written.read_text())["stages"]
    assert not any(path.endswith(("procresizetime", "procid")) for stop in stages for path in stop.get("writers", ()))


def test_of_what_comes_after_the_boot_no_writer_is_named(written):
    stages = json.loads(written.read_text())["stages"]
    later = stages[next(i for i, stop in enumerate(stages) if stop["stage"] == "main.main") :]
    assert not any("writers" in stop for stop in later)


def test_why_answers_from_a_recorded_run(gdb_json, written):
    script = f"do('rt0 replay {written}'); result = json.loads(do('rt0 why m0.curg -json'))['writer']['function']"
    assert gdb_json("/nonexistent", script) == "runtime.execute"


def test_a_recorded_run_without_writers_says_so(gdb_json, written, tmp_path):
    run = json.loads(written.read_text())
    for stop in run["stages"]:
        stop.pop("writers", None)
    (tmp_path / "plain.json").write_text(json.dumps(run))
    script = f"do('rt0 replay {tmp_path}/plain.json'); result = do('rt0 why m0.curg')"
    assert "was not recorded" in gdb_json("/nonexistent", script)


@pytest.mark.parametrize("failing", [False, True])
def test_a_process_that_goes_while_it_is_looked_at_makes_no_stop_and_no_error(gdb_json, hello, failing):
    script = f"""
import os
until('main.main'); recording, describe = recorder.Recorder(), recorder.trace.describe
def goes(*what):
    row = describe(*what)
    os.kill(gdb.selected_inferior().pid, 9)
    while not stops.gone(): pass
    if {failing}: raise gdb.error('No stack.')
    return row
recorder.trace.describe = goes
recording.guarded(recording.entered, stops.places()['main.main'])
result = [str(recording.error), len(recording.rows)]
"""
    assert gdb_json(hello, script) == ["None", 0]
