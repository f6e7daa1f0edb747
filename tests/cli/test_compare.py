"""./lab compare: how two boots are laid side by side, and that no difference passes without a written reason."""

import copy
import json
import os
import shutil
from collections import Counter

import pytest
from runner.host import debugger, traces
from runner.likeness import comparison, fields, reasons
from runner.likeness.fields import Difference, compose
from runner.likeness.reasons import Reason, Reasons
from runner.verbs import compare

GO = compare.recorded()


def changed_at(trace, stage, kind):
    """The changes of the first stop of that name."""
    return next(stop["changed"] for stop in trace["stages"] if (stop["stage"], stop["kind"]) == (stage, kind))


def not_same(ours):
    """What compare finds between Go's recorded boot and this one."""
    return [difference for difference in fields.compare(GO, ours) if not difference.same]


@pytest.fixture
def ours():
    """A copy of Go's recorded boot, to be changed."""
    return copy.deepcopy(GO)


def test_a_boot_is_the_same_as_itself(ours):
    assert not_same(ours) == []


def test_the_comparison_is_not_empty(ours):
    assert len(fields.compare(GO, ours)) > 100


def test_another_value_is_seen(ours):
    changed_at(ours, "moduledataverify", "entry")["sched.maxmcount"] = [0, 20000]
    assert not_same(ours) == [Difference("moduledataverify entry", "sched.maxmcount", (0, 10000), (0, 20000))]


def test_a_change_that_is_missing_is_seen(ours):
    del changed_at(ours, "moduledataverify", "entry")["sched.maxmcount"]
    assert not_same(ours) == [Difference("moduledataverify entry", "sched.maxmcount", (0, 10000), None)]


def test_a_change_that_go_does_not_make_is_seen(ours):
    changed_at(ours, "check", "return")["m0.locks"] = [0, 1]
    assert not_same(ours) == [Difference("check return", "m0.locks", None, (0, 1))]


def test_a_stop_that_is_missing_is_seen_and_its_changes_join_the_next(ours):
    ours["stages"] = [stop for stop in ours["stages"] if (stop["stage"], stop["kind"]) != ("mpreinit", "entry")]
    changed_at(ours, "malg", "entry").update(changed_at(copy.deepcopy(GO), "mpreinit", "entry"))
    assert not_same(ours) == [Difference("mpreinit entry", "(stop)", "reached", "not reached")]


def test_a_stop_in_another_order_is_seen(ours):
    stages = ours["stages"]
    at = next(i for i, stop in enumerate(stages) if stop["stage"] == "alginit")
    stages[at : at + 2], stages[at + 2 : at + 4] = stages[at + 2 : at + 4], stages[at : at + 2]
    assert {difference.path for difference in not_same(ours)} >= {"(stop)"}


def test_times_are_compared_by_kind_only(ours):
    changed_at(ours, "procresize", "entry")["sched.lastpoll"] = [0, 12345]
    assert not_same(ours) == []


def test_a_time_that_stays_zero_is_seen(ours):
    del changed_at(ours, "procresize", "entry")["sched.lastpoll"]
    assert [difference.path for difference in not_same(ours)] == ["sched.lastpoll"]


def test_sysmons_preemption_is_not_the_first_threads_doing(ours):
    changed_at(ours, "newm", "return")["g1.stackguard0"] = ["g1.stack.lo+880", "stackPreempt"]
    assert not_same(ours) == []


def test_nothing_after_sysmons_thread_is_compared(ours):
    changed_at(ours, "main.main", "entry")["m0.locks"] = [0, 7]
    assert not_same(ours) == []


def test_changes_that_another_threads_stop_shows_are_kept(ours):
    stages = ours["stages"]
    at = next(i for i, stop in enumerate(stages) if stop["stage"] == "newosproc" and stop["kind"] == "return")
    stages.insert(at, copy.deepcopy(stages[at]) | {"thread": 2, "stage": "mstart", "changed": {"p0.schedtick": [0, 1]}})
    assert not_same(ours) == [Difference("newosproc return", "p0.schedtick", None, (0, 1))]


def test_two_changes_in_a_row_are_one():
    assert compose({"a": [0, 1]}, {"a": [1, 2], "b": [0, 3]}) == {"a": [0, 2], "b": [0, 3]}


def test_there_and_back_is_no_change():
    assert fields.normal(compose({"m0.locks": [0, 1]}, {"m0.locks": [1, 0]})) == {}


def test_a_difference_without_a_reason_counts(ours):
    changed_at(ours, "check", "return")["m0.locks"] = [0, 1]
    result = comparison.comparison(GO, ours)
    assert result["totals"]["unexplained"] == 1
    assert [
        row["reason"] for row in result["fields"] if row["path"] == "m0.locks" and row["stage"] == "check return"
    ] == [comparison.UNEXPLAINED]


def test_a_written_reason_gives_the_verdict():
    reason = Reason("not mirrored", "because", stage="check *", path="m0.locks sched.*")
    assert reason.explains(Difference("check return", "sched.mnext", 0, 1))
    assert not reason.explains(Difference("args return", "sched.mnext", 0, 1))


@pytest.mark.parametrize("version, holds", [("go1.16", False), ("go1.17.2", True), ("devel go1.28-8a9f", False)])
def test_a_reason_holds_for_its_range_of_versions(ours, version, holds):
    ours["runtime"] = version
    assert Reason("differs", "because", since="1.17", until="1.27").holds(ours, True) == holds


def test_a_reason_can_ask_what_go_shows():
    reason = Reason("differs", "because", n=19, go="no mpreinit *")
    assert [reason.observes(19, go) for go in ("no mpreinit entry", [0, 8])] == [True, False]


def test_what_the_recorded_boot_does_not_show_needs_no_reason_there():
    assert not any(reason.live for reason in Reasons(GO).list)
    assert any(reason.live for reason in Reasons(GO, live=True).list)


def linked(trace, fs_base, without=()):
    """A boot whose first stop has this FS, without the stops of these stages."""
    trace["stages"] = [stop for stop in trace["stages"] if stop["stage"] not in without]
    trace["stages"][0]["fs_base"] = fs_base
    return reasons.beside(trace)


def test_a_program_that_the_kernel_starts_is_linked_with_nothing(ours):
    assert linked(ours, 0) == set()


def test_a_program_after_ld_so_is_known_by_its_fs(ours):
    assert linked(ours, "mmap/os-stack") == {"ld.so"}


def test_a_program_that_leaves_fs_to_c_is_known_by_what_it_does_not_call(ours):
    assert linked(ours, "mmap/os-stack", ["settls"]) == {"ld.so", "libc"}


def test_what_was_looked_up_before_is_no_difference(ours):
    changed_at(ours, "procresize", "entry")["m0.pcvalueCache.entries.0.1.val"] = [0, 14]
    assert not_same(ours) == []


def test_every_reason_is_written_out():
    for reason in reasons.every():
        assert reason.verdict in ("differs", "not mirrored") and len(reason.reason) > 20, reason


def test_every_reason_says_where_it_holds_in_words_that_are_known():
    for reason in reasons.every():
        assert reason.beside in ("", "ld.so", "libc"), reason
        assert all(reasons.minor("go" + end) < reasons.NEWEST for end in (reason.since, reason.until) if end), reason


def test_a_reason_that_is_not_needed_is_stale(ours):
    assert comparison.comparison(GO, ours)["totals"]["stale"] == [reason.title for reason in Reasons(GO).list]


def test_no_reason_is_stale_beside_a_program(ours):
    assert comparison.comparison(GO, ours, live=True)["totals"]["stale"] == []


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """What ./lab compare prints and writes about our hello."""
    import subprocess

    from runner.tree import ROOT

    file = tmp_path_factory.mktemp("compare") / "compare.json"
    result = subprocess.run(
        [ROOT / "lab", "compare", "--json", file], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return result, json.loads(file.read_text())


def test_our_boot_has_no_unexplained_difference(compared):
    result, data = compared
    assert [row for row in data["observations"] + data["fields"] if row["reason"] == comparison.UNEXPLAINED] == []
    assert result.returncode == 0


def test_our_boot_makes_every_written_reason_true(compared):
    assert compared[1]["totals"]["stale"] == []


def test_at_most_four_observations_differ(compared):
    assert sum(row["verdict"] != "same" for row in compared[1]["observations"]) <= 4


def test_json_has_every_key(compared):
    data = compared[1]
    assert sorted(data) == ["fields", "observations", "totals"]
    assert all(set(row) == {"n", "text", "go", "ours", "verdict", "reason"} for row in data["observations"])
    assert all(set(row) == {"stage", "path", "go", "ours", "verdict", "reason"} for row in data["fields"])


def test_output_fits_eighty_columns(compared):
    assert max(map(len, compared[0].stdout.splitlines())) <= 80


def test_totals_count_the_rows(compared):
    data = compared[1]
    for name in ("observations", "fields"):
        assert sum(data["totals"][name].values()) == len(data[name])


def test_no_value_is_obeyed_by_the_terminal(capsys):
    """What a traced program has for names stands on lines of ours."""
    row = {
        "stage": "schedinit entry",
        "path": "m0\nx",
        "go": ("\x1b[31m", "a\nb"),
        "ours": ["\u202e"],
        "verdict": "differs",
        "reason": "none",
    }
    compare.show(
        {
            "observations": [],
            "fields": [row],
            "totals": {"observations": Counter(), "fields": Counter(), "unexplained": 0, "stale": []},
        },
        "go1.19",
    )
    said = capsys.readouterr().out
    assert (
        "m0\\nx" in said
        and "\\x1b[31m → a\\nb" in said
        and "\\u202e" in said
        and "\x1b" not in said
        and "\u202e" not in said
    )


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="the boot that is compared with had two processors")
@pytest.mark.parametrize(
    "source, flags",
    [
        pytest.param("package main\n\nfunc main() { println(1) }\n", ["-buildmode=pie"], id="PIE"),
        pytest.param(
            'package main\n\n// static void hi(void) {}\nimport "C"\n\nfunc main() { C.hi() }\n',
            [],
            id="cgo",
            marks=pytest.mark.skipif(
                not shutil.which("gcc"), reason="cgo wants a C compiler: `apt-get install gcc` brings one"
            ),
        ),
    ],
)
def test_no_difference_of_a_go_program_passes_without_a_reason(go_build, source, flags):
    program = compare.go_program(str(go_build("compared", source, *flags)))
    processors = set(sorted(os.sched_getaffinity(0))[:2])
    live = [traces.live(each, affinity=processors) for each in (program, debugger.program("hello"))]
    result = comparison.comparison(*live, True)
    rows = [*result["observations"], *result["fields"]]
    assert [row for row in rows if row["reason"] == comparison.UNEXPLAINED] == []
