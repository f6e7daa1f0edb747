"""Damaged copies of programs, of their debug information and of recorded runs: each is shown as far as it goes, or
refused with a sentence. sweep.py runs more of them."""

import pathlib

import pytest
from sweep import sweep


@pytest.fixture(scope="module")
def go_parked(go_build):
    """The Go program whose goroutines wait for each kind of thing."""
    return go_build("parked", pathlib.Path(__file__).with_name("parked.go.txt").read_text(), "-gcflags=all=-N -l")


@pytest.mark.parametrize(
    "kind, world, count", [("elf", "mirror", 30), ("elf", "go", 20), ("dwarf", "mirror", 30), ("traces", "mirror", 60)]
)
def test_damaged_copies(request, mirror_test, hello, tmp_path, kind, world, count):
    program = (
        hello
        if kind == "traces"
        else (mirror_test("parked") if world == "mirror" else request.getfixturevalue("go_parked"))
    )
    rows, _ = sweep(kind, program, count, 1, tmp_path)
    assert [row for row in rows if row["faults"]] == [] and len(rows) == count


def test_a_copy_is_damaged(mirror_test, tmp_path):
    """gdb takes some of them for no program at all, and not all: else nothing would be tried."""
    rows, _ = sweep("elf", mirror_test("parked"), 20, 1, tmp_path)
    assert {row["refused"] for row in rows} == {False, True}
