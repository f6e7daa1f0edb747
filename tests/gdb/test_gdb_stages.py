"""The stage table and the plain step files that go with it."""

import pathlib
import subprocess

import pytest

from rt0lab.boot import stages

TABLE = stages.load()
TOUR = [stage for stage in TABLE if stage.tour]
STEPS = sorted((pathlib.Path(__file__).resolve().parents[2] / "gdb-scripts" / "steps").glob("*.gdb"))


def test_names_are_unique():
    assert len({stage.name for stage in TABLE}) == len(TABLE)


def test_a_stage_is_found_by_its_symbol_too():
    assert stages.named(TABLE, "runtime.schedinit").name == "schedinit"


def test_an_unknown_stage_is_none():
    assert stages.named(TABLE, "nosuch") is None


def test_why_is_one_sentence_that_fits_two_lines():
    assert [s.name for s in TABLE if not s.why.endswith(".") or len(s.why) > 150] == []


def test_an_unknown_kind_is_refused(tmp_path):
    table = tmp_path / "stages.toml"
    table.write_text('[[stage]]\nname = "x"\nkind = "exit"\nsymbols = ["x"]\ngo = ""\nwhy = ""\n')
    with pytest.raises(ValueError):
        stages.load(table)


def test_every_tour_stage_has_its_step_file():
    assert [step.stem.partition("-")[2] for step in STEPS] == [stage.name.strip("_") for stage in TOUR]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.stem)
def test_a_step_stops_at_its_stage(step, mirror_program, tmp_path):
    stage = TOUR[STEPS.index(step)]
    program = str(mirror_program("sieve"))  # in hello nobody need be parked: what a channel is to bring may be there
    command = ["gdb", "-nx", "-batch", "-iex", "set auto-load off", "-x", str(step), program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, cwd=tmp_path)
    # gdb writes some dotted names as runtime[check]
    shown = done.stdout.replace("[", ".").replace("]", "")
    wanted = "runtime.rt0_go + " if stage.kind == "label" else f"{stage.symbols[0]} in section .text"
    assert wanted in shown and shown.count("stackguard0 = ") >= 2
