"""`lab test --matrix`: its parts chosen, the program's word read, planted differences noticed, and one cell of it."""

import json
import re
import shutil
import subprocess

import pytest
from test_verbs import ROOT  # conftest beside it has the runner in the path

SAID = """goroutine 1 [running]:
main.parked()
\t/src/main.go:176 +0x58
main.main()
\t/src/main.go:191 +0x1c

goroutine 7 [chan receive, 2 minutes, locked to thread]:
main.(*store[...]).wait(0x4c6b60, {0x4bc020, 0x1})
\t/src/main.go:37 +0x3d
created by main.start in goroutine 1
\t/src/main.go:156 +0x36f

goroutine 8 [syscall]:
syscall.Read(...)
\t/go/src/syscall/syscall_unix.go:183
main.caller()
\t/src/main.go:124 +0x45
created by main.start in goroutine 1
\t/src/main.go:152 +0x2f2
"""


def row(number, state, function, line, start, made, status="waiting"):
    place = {"function": function, "file": "/src/main.go", "line": line}
    creator = {"function": "main.start", "file": "/src/main.go", "line": made} if made else None
    waiting = status == "waiting"
    return {
        "id": number,
        "reason": state if waiting else "",
        "status": status,
        "address": number,
        "at": place,
        "creator": creator,
        "start": {"function": start, "file": "/src/main.go", "line": 1},
    }


ROWS = [
    row(1, "", "main.ready", 132, "runtime.main", 0, "running"),
    row(2, "force gc (idle)", "runtime.forcegchelper", 1, "runtime.forcegchelper", 0),
    row(7, "chan receive", "main.(*store[go.shape.string,go.shape.int]).wait", 37, "main.start.gowrap1", 156),
    row(8, "", "main.caller", 124, "main.caller", 152, "syscall"),
]
BT = """goroutine 1 [running]:
#0  main.ready () at /src/main.go:132
#1  0x0000000000462000 in main.main () at /src/main.go:199

goroutine 7 [chan receive]:
#0  <parked: chan receive> ()
#1  0x0000000000432876 in runtime.gopark (...) at /go/src/runtime/proc.go:363
#2  0x0000000000485765 in main.(*store[go.shape.string,go.shape.int]).wait (...) at /src/main.go:37
#3  0x00000000004856c7 in main.start.gowrap1 () at /src/main.go:156
#4  0x000000000047cd81 in runtime.goexit () at /go/src/runtime/asm_amd64.s:1264

goroutine 8 [syscall]:
#0  syscall.RawSyscall6 (...) at /go/src/syscall/syscall_linux.go:38
#1  syscall.Read (...) at /go/src/syscall/syscall_unix.go:190
#2  0x000000000047cd81 in main.caller () at /src/main.go:124
"""
WAITS = {"things": [{"waiting": [7]}], "deadlock": False}


def faults(rows=ROWS, bt=BT, waits=WAITS, crash=False, said=SAID):
    from runner.matrix import held
    from runner.matrix.said import goroutines

    texts = {"info goroutines -json": json.dumps(rows), "goroutine all bt": bt, "rt0 waits -json": json.dumps(waits)}
    answers = {command: {"text": text, "failed": False} for command, text in texts.items()}
    return held.faults({"answers": answers}, goroutines(said), crash)


def test_what_agrees_has_no_fault():
    assert faults() == []


@pytest.mark.parametrize(
    "planted",
    [
        {"rows": ROWS[:-1]},
        {"rows": [*ROWS, row(9, "sleep", "main.f", 1, "main.f", 0)]},
        {"rows": [*ROWS[:2], ROWS[2] | {"reason": "chan send"}, ROWS[3]]},
        {"rows": [*ROWS[:2], ROWS[2] | {"creator": None}, ROWS[3]]},
        {"rows": [*ROWS[:2], ROWS[2] | {"at": ROWS[3]["at"]}, ROWS[3]]},
        {"rows": [*ROWS[:2], ROWS[2] | {"at": None}, ROWS[3]]},
        {"bt": BT.replace("main.go:37", "main.go:38")},
        {"bt": BT.replace("in main.caller", "in main.called")},
        {"bt": BT.replace("#2  0x000000000047cd81 in main.caller () at /src/main.go:124", "")},
        {"bt": BT.replace("runtime.gopark", "main.other")},
        {"bt": BT.partition("goroutine 8")[0]},
        {"bt": BT + "Python Exception <class 'TypeError'>"},
        {"waits": {"things": [], "deadlock": False}},
        {"waits": WAITS | {"deadlock": True}},
        {"said": ""},
    ],
    ids=lambda planted: "",
)
def test_each_planted_difference_is_a_fault(planted):
    assert len(faults(**planted)) == 1


def test_a_crash_names_every_frame():
    assert len(faults(crash=True)) == 3  # the system's goroutine, what is no panic, a wrapper: this text lacks them


def test_frames_that_are_left_out_are_not_missed():
    from runner.matrix.said import goroutines

    text = SAID.replace("main.caller()", "...51 frames elided...\nmain.caller()")
    assert [frame.function for frame in goroutines(text)[8].outer or ()] == ["main.caller"]


def test_a_tour_without_a_card_is_a_fault():
    from runner.matrix.held import tour

    assert tour(0, "stopped") and tour(0, "== stage 1/45  x =") and not tour(0, "== stage 45/45  x =")


def test_words_choose_a_part():
    from runner.matrix import cells

    assert [str(cell) for cell in cells.chosen(["go=1.27,gdb=18", "build=pie"])] == [
        "Go 1.27 pie, gdb 18, live",
        "Go 1.27 pie, gdb 18, core",
    ]


def test_the_table_fits_eighty_columns():
    from runner.matrix import cells

    results = [cells.Result(cell) for cell in cells.chosen([])]
    assert max(map(len, cells.table(results))) <= 80


def test_what_the_matrix_does_not_have_is_wrong_usage(lab, one_line):
    assert "go=1.19|" in one_line(lab("test", "--matrix", "go=1.5"), 2)


def test_what_no_suite_has_is_a_reason_and_no_fault(monkeypatch, tmp_path):
    from runner.host import suites

    monkeypatch.setattr(suites, "SUITES", ("nonsense",))
    monkeypatch.setattr(suites, "mirrors", list)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(suites.NotHere, match="nonsense: its lists cannot be read"):
        suites.go("1.5")


def own(*command):
    said = subprocess.run(command, capture_output=True, text=True).stdout
    return re.search(r"(\d+)\.(\d+)", said).groups()


@pytest.mark.parametrize("look", ["live", "core"])
def test_a_cell_with_this_machines_own_tools(lab, look):
    from runner.matrix import cells, witness

    if not shutil.which("go") or look == "core" and re.search("[|/]", witness.PATTERN.read_text()):
        pytest.skip("no go here (`apt-get install golang-go`), or cores go elsewhere (/proc/sys/kernel/core_pattern)")
    go, gdb = ".".join(own("go", "version")), own("gdb", "--version")[0]
    if go not in cells.AXES["go"] or gdb not in cells.AXES["gdb"]:
        pytest.skip(f"the matrix has no Go {go} or no gdb {gdb}: `./lab test --matrix` brings those that it has")
    result = lab("test", "--matrix", f"go={go},gdb={gdb},build=N-l,look={look}")
    assert result.returncode == 0, (ROOT / "build" / "matrix.txt").read_text()
